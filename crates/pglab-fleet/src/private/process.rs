//! The processes of a private server: started, recognised by their pid file, told to stop. What they are started with is
//! decided in [`super::configuration`].

use std::{fs, path::Path, process::Stdio, time::Duration};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep},
};

use super::{Account, PrivateError, access::LDAP_CA_FILE, configuration::ServerSettings, said::startup_log};

/// Address space of one process of the server, shared memory included.
const SESSION_MEMORY_KIB: u64 = 1536 * 1024;

pub(super) fn spawn(settings: &ServerSettings, account: Option<Account>) -> Result<Child, PrivateError> {
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
        .env_remove("PGPORT")
        // libldap's: what PostgreSQL can't be told in pg_hba.conf. Somebody's shell must not weaken it.
        .env_remove("LDAPTLS_REQCERT")
        .env_remove("LDAPTLS_CACERTDIR")
        .env("LDAPTLS_CACERT", settings.folder.join(LDAP_CA_FILE))
        // A server that swallows packets must not cost the whole authentication_timeout: the next one is asked.
        .env("LDAPNETWORK_TIMEOUT", "3")
        .env("LDAPTIMEOUT", "5");
    if let Some(account) = account {
        account.apply(&mut command);
    }
    command
        .spawn()
        .map_err(|source| PrivateError::Run { program, source })
}

/// What a postmaster writes into `postmaster.pid`.
pub(super) struct PidFile {
    pub(super) pid: i32,
    pub(super) ready: bool,
}

impl PidFile {
    pub(super) fn read(folder: &Path) -> Option<Self> {
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
pub(super) fn running_postmaster(folder: &Path) -> Option<i32> {
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

pub(super) fn is_alive(pid: i32) -> bool {
    // A zombie answers the null signal too; its state is in /proc where there is one.
    let zombie = fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')));
    pid > 0 && !zombie && kill(Pid::from_raw(pid), None).is_ok()
}

pub(super) fn signal(pid: i32, signal: Signal) {
    if let Err(errno) = kill(Pid::from_raw(pid), signal) {
        tracing::debug!(pid, %errno, "PostgreSQL was gone before it was told to stop");
    }
}

pub(super) async fn stop_postmaster(pid: i32, timeout: Duration) -> Result<(), PrivateError> {
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
