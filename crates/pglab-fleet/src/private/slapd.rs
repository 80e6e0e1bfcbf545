//! A private slapd: initialised, started, taken over after a crash and stopped, like the private PostgreSQL. What it is
//! told comes from `pglab_core::directory::slapd`; speaking LDAP to it is not done here.

use std::{
    fs::{self, File},
    io::Write,
    net::{IpAddr, SocketAddr},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use pglab_core::directory::slapd::{ARGON2, MODULES, SCHEMA, ServiceAccount, SlapdFiles};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::{Instant, sleep},
};

use super::{Account, PrivateError};

/// How long slapd may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(15);
/// Where Debian, Fedora and OpenLDAP's own build put it.
const PROGRAM_FOLDERS: [&str; 4] = [
    "/usr/sbin",
    "/usr/local/libexec",
    "/usr/libexec",
    "/usr/lib/openldap",
];

#[derive(Debug, thiserror::Error)]
pub enum SlapdError {
    #[error("slapd was not found (looked in {looked}). Install it: apt-get install slapd ldap-utils")]
    NotFound { looked: String },
    /// Not all of it: modules or schema.
    #[error("slapd lacks {}. Install it whole: apt-get install slapd ldap-utils", .0.join(", "))]
    Incomplete(Vec<String>),
    #[error("the LDAP tree could not be made: {0}")]
    Initialise(String),
    #[error("slapd did not start: {0}")]
    DidNotStart(String),
    #[error("slapd (pid {0}) does not stop")]
    DidNotStop(i32),
    #[error("{what} {path}: {source}")]
    File {
        what: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(transparent)]
    Private(#[from] PrivateError),
}

/// Where a private slapd listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlapdListen {
    pub address: IpAddr,
    /// `ldap://`, for StartTLS.
    pub ldap: u16,
    pub ldaps: u16,
}

#[derive(Debug)]
pub struct PrivateSlapd {
    child: Child,
    pid: i32,
    files: SlapdFiles,
    listen: SlapdListen,
}

/// The folder of slapd's modules and of its schema, where this machine has them.
pub fn module_and_schema_folders() -> (PathBuf, PathBuf) {
    let first = |paths: &[&str]| {
        let found = paths.iter().find(|path| Path::new(path).is_dir());
        PathBuf::from(found.or(paths.first()).copied().unwrap_or_default())
    };
    (
        first(&["/usr/lib/ldap", "/usr/lib64/openldap", "/usr/lib/openldap"]),
        first(&["/etc/ldap/schema", "/etc/openldap/schema"]),
    )
}

fn program(name: &str) -> Result<PathBuf, SlapdError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(PROGRAM_FOLDERS.iter().map(PathBuf::from));
    folders
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
        .ok_or_else(|| SlapdError::NotFound {
            looked: format!("PATH, {}", PROGRAM_FOLDERS.join(", ")),
        })
}

fn has_module(folder: &Path, name: &str) -> bool {
    ["so", "la"]
        .iter()
        .any(|ending| folder.join(format!("{name}.{ending}")).is_file())
}

pub fn has_argon2(module_folder: &Path) -> bool {
    has_module(module_folder, ARGON2)
}

/// Where slapd is.
///
/// # Errors
/// It is not installed, or not whole: each thing that is missing is named.
pub fn find(module_folder: &Path, schema_folder: &Path) -> Result<PathBuf, SlapdError> {
    let slapd = program("slapd")?;
    program("slapadd")?;
    let modules = MODULES
        .iter()
        .filter(|name| !has_module(module_folder, name))
        .map(|name| format!("the module {name} in {}", module_folder.display()));
    let schema = SCHEMA
        .iter()
        .map(|name| schema_folder.join(format!("{name}.schema")))
        .filter(|path| !path.is_file())
        .map(|path| format!("the schema {}", path.display()));
    let missing: Vec<String> = modules.chain(schema).collect();
    if missing.is_empty() {
        Ok(slapd)
    } else {
        Err(SlapdError::Incomplete(missing))
    }
}

fn file_error(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> SlapdError {
    let path = path.to_owned();
    move |source| SlapdError::File { what, path, source }
}

/// Writes the configuration; where there is no tree yet, makes it with its base entries. Safe to run again after a crash
/// at any point. Everything is `account`'s.
///
/// # Errors
/// slapd is not installed, or refuses what it is told.
pub async fn initialise(
    files: &SlapdFiles,
    services: &[ServiceAccount],
    account: Option<Account>,
) -> Result<(), SlapdError> {
    write_configuration(files, account)?;
    make_tree(files, services, account).await
}

/// What the configuration should be, with the lines of the local file beside it if there is one.
pub fn wanted_configuration(files: &SlapdFiles) -> String {
    let local = files.folder.join("slapd.local.conf");
    let mut configuration = files.configuration();
    if local.exists() {
        configuration.push_str(&format!("include \"{}\"\n", local.display()));
    }
    configuration
}

/// # Errors
/// A folder can't be made.
pub fn make_folders(files: &SlapdFiles, account: Option<Account>) -> Result<(), SlapdError> {
    for folder in [&files.folder, &files.data_folder, &files.run_folder()] {
        make_folder(folder, account)?;
    }
    Ok(())
}

/// # Errors
/// The files can't be written.
pub fn write_configuration(files: &SlapdFiles, account: Option<Account>) -> Result<(), SlapdError> {
    make_folders(files, account)?;
    write_private(&files.configuration_file(), &wanted_configuration(files), account)
}

fn made_mark(files: &SlapdFiles) -> PathBuf {
    files.data_folder.join("tree-was-made")
}

/// Has the tree been made?
pub fn has_tree(files: &SlapdFiles) -> bool {
    made_mark(files).exists()
}

/// Makes the tree with its base entries, unless it is there.
///
/// # Errors
/// slapd is not installed, or refuses what it is told.
pub async fn make_tree(
    files: &SlapdFiles,
    services: &[ServiceAccount],
    account: Option<Account>,
) -> Result<(), SlapdError> {
    if has_tree(files) {
        return Ok(());
    }
    let database = files.database_folder();
    if database.exists() {
        fs::remove_dir_all(&database).map_err(file_error("could not remove what was left in", &database))?;
    }
    make_folder(&database, account)?;
    let entries = files.folder.join("base.ldif");
    write_private(&entries, &files.base_entries(services), account)?;
    let mut command = Command::new(program("slapadd")?);
    command
        .arg("-f")
        .arg(files.configuration_file())
        .arg("-l")
        .arg(&entries)
        .current_dir(&files.folder)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    if let Some(account) = account {
        account.apply(&mut command);
    }
    let output = command
        .output()
        .await
        .map_err(|error| SlapdError::Initialise(format!("slapadd can't be run: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(SlapdError::Initialise(said.trim().replace('\n', " / ")));
    }
    // It holds hashes of passwords, and has done its work.
    fs::remove_file(&entries).map_err(file_error("could not remove", &entries))?;
    write_private(&made_mark(files), "", account)
}

impl PrivateSlapd {
    /// Starts slapd on a tree that [`initialise`] made. One that an earlier pglab left running is stopped first.
    ///
    /// # Errors
    /// It does not start: with what it said.
    pub async fn start(files: SlapdFiles, listen: SlapdListen) -> Result<Self, SlapdError> {
        if let Some(pid) = running(&files) {
            stop_process(pid).await?;
        }
        let account = Account::for_servers()?;
        let log_path = files.folder.join("startup.log");
        let log = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&log_path)
            .map_err(file_error("could not write", &log_path))?;
        let also = log
            .try_clone()
            .map_err(file_error("could not write", &log_path))?;
        let host = match listen.address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        };
        let socket = files
            .run_folder()
            .join("ldapi")
            .display()
            .to_string()
            .replace('/', "%2F");
        let mut command = Command::new(program("slapd")?);
        command
            // Level 0 of debugging: nothing is said, but it stays our child.
            .args(["-d", "0"])
            .arg("-f")
            .arg(files.configuration_file())
            .arg("-h")
            .arg(format!(
                "ldap://{host}:{}/ ldaps://{host}:{}/ ldapi://{socket}/",
                listen.ldap, listen.ldaps
            ))
            .current_dir(&files.folder)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(also)
            // Ctrl-C in the terminal is for pglab.
            .process_group(0);
        if let Some(account) = account {
            account.apply(&mut command);
        }
        let child = command
            .spawn()
            .map_err(|error| SlapdError::DidNotStart(error.to_string()))?;
        let pid = child
            .id()
            .and_then(|pid| i32::try_from(pid).ok())
            .unwrap_or_default();
        let mut slapd = Self {
            child,
            pid,
            files,
            listen,
        };
        slapd.wait_until_ready(&log_path).await?;
        Ok(slapd)
    }

    async fn wait_until_ready(&mut self, log: &Path) -> Result<(), SlapdError> {
        let deadline = Instant::now() + PATIENCE;
        let addresses =
            [self.listen.ldap, self.listen.ldaps].map(|port| SocketAddr::new(self.listen.address, port));
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                let said = fs::read_to_string(log).unwrap_or_default();
                let said = said.trim().replace('\n', " / ");
                return Err(SlapdError::DidNotStart(if said.is_empty() {
                    status.to_string()
                } else {
                    said
                }));
            }
            let mut ready = true;
            for address in addresses {
                ready &= TcpStream::connect(address).await.is_ok();
            }
            // The file is written after the listeners are open: somebody else's do not count.
            if ready && pid_in(&self.files) == Some(self.pid) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let _ = self.child.start_kill();
                return Err(SlapdError::DidNotStart(format!(
                    "it did not listen within {} s",
                    PATIENCE.as_secs()
                )));
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    pub fn pid(&self) -> i32 {
        self.pid
    }

    pub fn listen(&self) -> SlapdListen {
        self.listen
    }

    pub fn files(&self) -> &SlapdFiles {
        &self.files
    }

    /// Returns when slapd has ended, however it did.
    pub async fn wait_for_exit(&mut self) {
        if let Err(error) = self.child.wait().await {
            tracing::warn!(%error, "can't wait for slapd");
        }
    }

    /// Stops it in order.
    ///
    /// # Errors
    /// It does not end.
    pub async fn stop(mut self) -> Result<(), SlapdError> {
        signal(self.pid, Signal::SIGTERM);
        if tokio::time::timeout(PATIENCE, self.child.wait()).await.is_err() {
            let _ = self.child.start_kill();
            return Err(SlapdError::DidNotStop(self.pid));
        }
        Ok(())
    }
}

fn pid_in(files: &SlapdFiles) -> Option<i32> {
    fs::read_to_string(files.pid_file()).ok()?.trim().parse().ok()
}

/// The slapd that runs on this tree, if one does: by its working directory, since a pid may be somebody else's by now.
fn running(files: &SlapdFiles) -> Option<i32> {
    let pid = pid_in(files)?;
    let cwd = fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
    (cwd == files.folder.canonicalize().ok()? && is_alive(pid)).then_some(pid)
}

fn is_alive(pid: i32) -> bool {
    let zombie = fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')));
    pid > 0 && !zombie && kill(Pid::from_raw(pid), None).is_ok()
}

fn signal(pid: i32, signal: Signal) {
    if let Err(errno) = kill(Pid::from_raw(pid), signal) {
        tracing::debug!(pid, %errno, "slapd was gone before it was told to stop");
    }
}

async fn stop_process(pid: i32) -> Result<(), SlapdError> {
    signal(pid, Signal::SIGTERM);
    let deadline = Instant::now() + PATIENCE;
    while is_alive(pid) {
        if Instant::now() >= deadline {
            return Err(SlapdError::DidNotStop(pid));
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

fn make_folder(path: &Path, account: Option<Account>) -> Result<(), SlapdError> {
    if !path.is_dir() {
        if let Some(above) = path.parent() {
            fs::create_dir_all(above).map_err(file_error("could not make", above))?;
        }
        fs::DirBuilder::new()
            .mode(0o700)
            .create(path)
            .map_err(file_error("could not make", path))?;
    }
    hand_over(path, account)
}

fn hand_over(path: &Path, account: Option<Account>) -> Result<(), SlapdError> {
    if let Some(account) = account {
        account.own(path)?;
    }
    Ok(())
}

/// Writes beside and renames; for slapd's account alone.
fn write_private(path: &Path, text: &str, account: Option<Account>) -> Result<(), SlapdError> {
    let fresh = path.with_extension("new");
    let _ = fs::remove_file(&fresh);
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)
        .map_err(file_error("could not write", &fresh))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(file_error("could not write", &fresh))?;
    hand_over(&fresh, account)?;
    fs::rename(&fresh, path).map_err(file_error("could not write", path))
}
