//! A running private server: started or adopted, waited for, stopped.

use std::{
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep},
};

use super::{Account, Binaries, PrivateError, SUPERUSER, initialise::initialise};
use crate::connection::Address;

/// How a private server is to run. Written to `pglab.conf` in its data directory at every start.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    pub binaries: Binaries,
    /// The data directory of PostgreSQL itself. Made if missing.
    pub folder: PathBuf,
    pub listen: IpAddr,
    pub port: u16,
    pub superuser_password: String,
    /// Off only in tests: then a crash of the machine may lose data, and everything is faster.
    pub durable: bool,
    /// Lines for `pglab.conf` besides our own.
    pub extra: Vec<(String, String)>,
}

/// A running server. Dropping it leaves the server running: a crash of pglab must not end the students' sessions;
/// the next start adopts it. [`PrivateServer::stop`] ends it.
#[derive(Debug)]
pub struct PrivateServer {
    settings: ServerSettings,
    pid: i32,
    /// `None` for a server that an earlier pglab had started.
    child: Option<Child>,
}

/// How long a start may take. Crash recovery of a class's databases takes seconds; replaying a gigabyte of WAL more.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// Address space of one process of the server, shared memory included.
const SESSION_MEMORY_KIB: u64 = 1536 * 1024;
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

impl PrivateServer {
    /// Initialises the data directory if need be, then starts a server on it, or adopts the one that runs there
    /// already with the same settings. Returns when it accepts connections.
    ///
    /// # Errors
    /// See [`PrivateError`].
    pub async fn start(settings: ServerSettings) -> Result<Self, PrivateError> {
        let account = Account::for_servers()?;
        initialise(
            &settings.binaries,
            account,
            &settings.folder,
            &settings.superuser_password,
        )
        .await?;
        let changed = write_configuration(&settings)?;
        if let Some(pid) = running_postmaster(&settings.folder) {
            if !changed {
                tracing::info!(pid, "found our PostgreSQL still running and took it over");
                let mut server = Self {
                    settings,
                    pid,
                    child: None,
                };
                server.wait_until_ready(Instant::now() + START_TIMEOUT).await?;
                return Ok(server);
            }
            stop_postmaster(pid, STOP_TIMEOUT).await?;
        }
        // The backends of a postmaster that was killed hold its shared memory until they notice; a start in between
        // fails and is tried again.
        let deadline = Instant::now() + START_TIMEOUT;
        let mut attempts = 0;
        loop {
            let child = spawn(&settings, account)?;
            let pid = child
                .id()
                .and_then(|pid| i32::try_from(pid).ok())
                .unwrap_or_default();
            let mut server = Self {
                settings: settings.clone(),
                pid,
                child: Some(child),
            };
            match server.wait_until_ready(deadline).await {
                Ok(()) => return Ok(server),
                Err(error) if attempts >= 20 || Instant::now() >= deadline => return Err(error),
                Err(error) if error.to_string().contains("pre-existing shared memory block") => {
                    attempts += 1;
                    sleep(Duration::from_millis(250)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Where clients of this machine reach it.
    pub fn address(&self) -> Address {
        let host = if self.settings.listen.is_unspecified() {
            "127.0.0.1".to_owned()
        } else {
            self.settings.listen.to_string()
        };
        Address {
            host,
            port: self.settings.port,
        }
    }

    pub fn settings(&self) -> &ServerSettings {
        &self.settings
    }

    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// A connection configuration of the superuser for `database`. Never for a database that a student can write to.
    pub fn superuser_config(&self, database: &str) -> tokio_postgres::Config {
        let mut config = self.address().config();
        config
            .user(SUPERUSER)
            .password(&self.settings.superuser_password)
            .dbname(database);
        config
    }

    /// Where its log files are.
    pub fn log_folder(&self) -> PathBuf {
        self.settings.folder.join("log")
    }

    /// Returns when the postmaster is gone, for whatever reason.
    pub async fn wait_for_exit(&mut self) {
        if let Some(child) = &mut self.child {
            if let Err(error) = child.wait().await {
                tracing::warn!(%error, "could not wait for PostgreSQL");
            }
        } else {
            while is_alive(self.pid) {
                sleep(Duration::from_millis(250)).await;
            }
        }
    }

    /// Ends it: sessions are ended, transactions rolled back, a checkpoint is written.
    ///
    /// # Errors
    /// It does not stop within a minute.
    pub async fn stop(mut self) -> Result<(), PrivateError> {
        let child = self.child.take();
        if let Some(mut child) = child {
            signal(self.pid, Signal::SIGINT);
            match tokio::time::timeout(STOP_TIMEOUT, child.wait()).await {
                Ok(_) => Ok(()),
                Err(_) => Err(PrivateError::DidNotStop {
                    pid: self.pid,
                    seconds: STOP_TIMEOUT.as_secs(),
                }),
            }
        } else {
            stop_postmaster(self.pid, STOP_TIMEOUT).await
        }
    }

    async fn wait_until_ready(&mut self, deadline: Instant) -> Result<(), PrivateError> {
        loop {
            let exited = match &mut self.child {
                Some(child) => child.try_wait().map_or(true, |status| status.is_some()),
                None => !is_alive(self.pid),
            };
            if exited {
                return Err(PrivateError::DidNotStart {
                    log: last_lines(&self.settings.folder).await,
                });
            }
            if PidFile::read(&self.settings.folder).is_some_and(|file| file.pid == self.pid && file.ready) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(PrivateError::DidNotStart {
                    log: "it does not accept connections".to_owned(),
                });
            }
            sleep(Duration::from_millis(20)).await;
        }
    }
}

fn spawn(settings: &ServerSettings, account: Option<Account>) -> Result<Child, PrivateError> {
    let program = settings.binaries.program("postgres");
    let log_path = startup_log(&settings.folder);
    let log = fs::File::create(&log_path).map_err(|source| PrivateError::File {
        what: "could not write",
        path: log_path,
        source,
    })?;
    let log_too = log.try_clone().map_err(|source| PrivateError::Run {
        program: program.clone(),
        source,
    })?;
    // The limit is inherited by every session: a statement that wants more memory gets an error, where the kernel would
    // end some process of the server, and the server with it all sessions.
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!(
            "ulimit -v {SESSION_MEMORY_KIB} 2>/dev/null; exec \"$0\" \"$@\""
        ))
        .arg(&program)
        .arg("-D")
        .arg(&settings.folder)
        .current_dir(&settings.folder)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(log_too)
        // Ctrl-C in the terminal is for pglab, which then stops PostgreSQL in order.
        .process_group(0)
        .env_remove("PGDATA")
        .env_remove("PGPORT");
    if let Some(account) = account {
        account.apply(&mut command);
    }
    command
        .spawn()
        .map_err(|source| PrivateError::Run { program, source })
}

fn startup_log(folder: &Path) -> PathBuf {
    folder.join("startup.log")
}

/// The end of what the server said while starting, for the error message. Its log collector may still be writing when
/// the server is gone: a second is given to it until the reason is there.
async fn last_lines(folder: &Path) -> String {
    let mut lines = said(folder);
    for _ in 0..20 {
        if lines.iter().any(|line| line.contains("FATAL")) {
            break;
        }
        sleep(Duration::from_millis(50)).await;
        lines = said(folder);
    }
    let tail = lines.get(lines.len().saturating_sub(8)..).unwrap_or_default();
    if tail.is_empty() {
        "it said nothing".to_owned()
    } else {
        tail.join(" / ")
    }
}

/// What it said before its log began, and in the newest files of its log, without the lines about the log itself.
fn said(folder: &Path) -> Vec<String> {
    let mut files: Vec<_> = fs::read_dir(folder.join("log"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    files.sort();
    let newest = files.iter().rev().take(2).rev().map(|(_, path)| path.clone());
    std::iter::once(startup_log(folder))
        .chain(newest)
        .flat_map(|path| read_end(&path).lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| !line.trim().is_empty() && !line.contains("log output"))
        .collect()
}

/// The last 8 KiB of a file, as far as they are text.
fn read_end(path: &Path) -> String {
    const MAX: usize = 8 << 10;
    let bytes = fs::read(path).unwrap_or_default();
    String::from_utf8_lossy(bytes.get(bytes.len().saturating_sub(MAX)..).unwrap_or_default()).into_owned()
}

/// Writes `pglab.conf` and `pg_hba.conf`; tells whether that changed anything that needs a restart.
fn write_configuration(settings: &ServerSettings) -> Result<bool, PrivateError> {
    let write = |path: PathBuf, text: &str| {
        let old = fs::read_to_string(&path).unwrap_or_default();
        if old == text {
            return Ok(false);
        }
        fs::write(&path, text).map_err(|source| PrivateError::File {
            what: "could not write",
            path,
            source,
        })?;
        Ok(true)
    };
    let main = settings.folder.join("postgresql.conf");
    let text = fs::read_to_string(&main).unwrap_or_default();
    if !text.lines().any(|line| line.trim() == "include 'pglab.conf'") {
        write(main, &format!("{text}\ninclude 'pglab.conf'\n"))?;
    }
    let mut changed = write(settings.folder.join("pglab.conf"), &configuration(settings))?;
    changed |= write(settings.folder.join("pg_hba.conf"), &host_based_access(settings))?;
    Ok(changed)
}

fn configuration(settings: &ServerSettings) -> String {
    let major = settings.binaries.major;
    let mut lines = vec![
        ("listen_addresses", settings.listen.to_string()),
        ("port", settings.port.to_string()),
        ("unix_socket_directories", String::new()),
        ("password_encryption", "scram-sha-256".to_owned()),
        ("max_connections", "400".to_owned()),
        ("superuser_reserved_connections", "10".to_owned()),
        // Clients that connect and then say nothing hold a slot for this long.
        ("authentication_timeout", "10s".to_owned()),
        ("shared_buffers", "256MB".to_owned()),
        ("max_wal_size", "2GB".to_owned()),
        // Nobody streams from a private server, and loading dumps is faster so.
        ("wal_level", "minimal".to_owned()),
        ("max_wal_senders", "0".to_owned()),
        // The error feed of the board reads this log.
        ("logging_collector", "on".to_owned()),
        (
            "log_destination",
            if major >= 15 { "jsonlog" } else { "csvlog" }.to_owned(),
        ),
        ("log_directory", "log".to_owned()),
        ("log_filename", "postgresql-%Y%m%d-%H%M%S.log".to_owned()),
        ("log_file_mode", "0600".to_owned()),
        ("log_rotation_size", "64MB".to_owned()),
        ("log_rotation_age", "1d".to_owned()),
        ("log_min_messages", "warning".to_owned()),
        ("log_min_error_statement", "error".to_owned()),
        ("log_timezone", "UTC".to_owned()),
        ("lc_messages", "C".to_owned()),
    ];
    if major >= 18 {
        lines.push(("file_copy_method", "clone".to_owned()));
    }
    if cfg!(target_os = "linux") {
        // A class is tens of thousands of small files: after a crash, syncing them one by one takes minutes.
        lines.push(("recovery_init_sync_method", "syncfs".to_owned()));
    }
    if !settings.durable {
        lines.extend([
            ("fsync", "off".to_owned()),
            ("synchronous_commit", "off".to_owned()),
            ("full_page_writes", "off".to_owned()),
        ]);
    }
    let extra = settings
        .extra
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()));
    let mut text =
        "# Written by pglab at every start; changes are lost. Yours belong into postgresql.conf.\n"
            .to_owned();
    for (name, value) in lines.into_iter().chain(extra) {
        text.push_str(&format!("{name} = '{}'\n", value.replace('\'', "''")));
    }
    text
}

fn host_based_access(settings: &ServerSettings) -> String {
    let mut text = "# Written by pglab at every start.\n\
         host all all 127.0.0.1/32 scram-sha-256\n\
         host all all ::1/128 scram-sha-256\n"
        .to_owned();
    if !settings.listen.is_loopback() {
        text.push_str("host all all all scram-sha-256\n");
    }
    text
}

/// What a postmaster writes into `postmaster.pid`.
struct PidFile {
    pid: i32,
    ready: bool,
}

impl PidFile {
    fn read(folder: &Path) -> Option<Self> {
        let text = fs::read_to_string(folder.join("postmaster.pid")).ok()?;
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let pid = lines.first()?.parse().ok()?;
        Some(Self {
            pid,
            ready: lines.get(7) == Some(&"ready"),
        })
    }
}

/// The pid of the postmaster that runs on this folder, if one does. A pid that now belongs to another program is told
/// by its working directory: a postmaster works in its data directory.
fn running_postmaster(folder: &Path) -> Option<i32> {
    let pid = PidFile::read(folder)?.pid;
    if !is_alive(pid) {
        return None;
    }
    let cwd = Path::new("/proc").join(pid.to_string()).join("cwd");
    match (fs::read_link(cwd), folder.canonicalize()) {
        (Ok(cwd), Ok(folder)) => (cwd == folder).then_some(pid),
        _ => Some(pid),
    }
}

fn is_alive(pid: i32) -> bool {
    // A zombie answers the null signal too; its state is in /proc where there is one.
    let zombie = fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')));
    pid > 0 && !zombie && kill(Pid::from_raw(pid), None).is_ok()
}

fn signal(pid: i32, signal: Signal) {
    if let Err(errno) = kill(Pid::from_raw(pid), signal) {
        tracing::debug!(pid, %errno, "PostgreSQL was gone before it was told to stop");
    }
}

async fn stop_postmaster(pid: i32, timeout: Duration) -> Result<(), PrivateError> {
    signal(pid, Signal::SIGINT);
    let deadline = Instant::now() + timeout;
    while is_alive(pid) {
        if Instant::now() >= deadline {
            return Err(PrivateError::DidNotStop {
                pid,
                seconds: timeout.as_secs(),
            });
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
