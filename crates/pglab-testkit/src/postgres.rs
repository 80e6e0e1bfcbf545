//! A private PostgreSQL server per test. The cluster is initialised once per machine and copied, so that a test waits
//! a third of a second for its server. A watchdog process ends the server and removes its files also when the test
//! was killed.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use pglab_fleet::{
    Connection,
    private::{Binaries, PrivateServer, ServerSettings},
};

/// Every test server has this superuser password; it listens on loopback only, for as long as the test runs.
const PASSWORD: &str = "test-only";

#[derive(Debug)]
pub struct TestServer {
    server: PrivateServer,
    folder: PathBuf,
    watchdog: Child,
}

impl TestServer {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With lines for the server's configuration.
    pub async fn start_with(extra: &[(&str, &str)]) -> Self {
        let binaries = Binaries::find(None).expect("PostgreSQL is installed");
        let template = template(&binaries).await;
        let folder = tempfile::Builder::new()
            .prefix("pglab-test-server-")
            .tempdir()
            .expect("a folder for the server")
            .keep();
        // The account that PostgreSQL runs as must get through.
        set_mode(&folder, 0o755);
        let cluster = folder.join("cluster");
        let copied = Command::new("cp")
            .args(["-a", "--reflink=auto"])
            .arg(&template)
            .arg(&cluster)
            .status();
        assert!(
            copied.expect("cp runs").success(),
            "the initialised cluster could not be copied"
        );
        let mut extra: Vec<(String, String)> = extra
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        if !extra.iter().any(|(name, _)| name == "shared_buffers") {
            extra.push(("shared_buffers".to_owned(), "32MB".to_owned()));
        }
        let mut settings = ServerSettings {
            binaries,
            folder: cluster,
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: free_port(),
            superuser_password: PASSWORD.to_owned(),
            durable: false,
            tls: None,
            extra,
        };
        let server = loop {
            match PrivateServer::start(settings.clone()).await {
                Ok(server) => break server,
                // Somebody was quicker to take the port.
                Err(error) if error.port_is_taken() => settings.port = free_port(),
                Err(error) => panic!("the test server did not start: {error}"),
            }
        };
        let watchdog = watch(server.pid(), &folder);
        Self {
            server,
            folder,
            watchdog,
        }
    }

    pub fn server(&self) -> &PrivateServer {
        &self.server
    }

    pub fn port(&self) -> u16 {
        self.server.address().port
    }

    pub fn superuser_password(&self) -> &'static str {
        PASSWORD
    }

    /// A connection of the superuser.
    pub async fn superuser(&self, database: &str) -> Connection {
        Connection::open(&self.server.superuser_config(database))
            .await
            .expect("the superuser gets in")
    }

    /// A connection URI of the superuser.
    pub fn superuser_uri(&self, database: &str) -> String {
        let user = pglab_fleet::private::SUPERUSER;
        format!(
            "postgresql://{user}:{PASSWORD}@127.0.0.1:{}/{database}",
            self.port()
        )
    }

    /// Makes an empty database, and gives the superuser's URI for it.
    pub async fn database(&self, name: &str) -> String {
        let statement = format!("CREATE DATABASE {}", pglab_core::ident::quote_ident(name));
        self.superuser("postgres")
            .await
            .batch_execute(&statement)
            .await
            .expect("the database can be made");
        self.superuser_uri(name)
    }

    /// Everything of level ERROR and above that the server logged so far: (SQLSTATE, message).
    pub fn logged_errors(&self) -> Vec<(String, String)> {
        let mut errors = Vec::new();
        for entry in fs::read_dir(self.server.log_folder())
            .into_iter()
            .flatten()
            .flatten()
        {
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            if entry.path().extension().is_some_and(|kind| kind == "csv") {
                errors.extend(errors_of_csvlog(&text));
            } else if entry.path().extension().is_none_or(|kind| kind != "json") {
                continue;
            }
            for line in text.lines() {
                let line: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
                let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
                if ["ERROR", "FATAL", "PANIC"].contains(&text("error_severity").as_str()) {
                    errors.push((text("state_code"), text("message")));
                }
            }
        }
        errors
    }
}

/// PostgreSQL 14 writes no JSON. A record may have line breaks in it; its severity, SQLSTATE and message stand together.
fn errors_of_csvlog(text: &str) -> Vec<(String, String)> {
    let mut errors = Vec::new();
    for severity in ["ERROR", "FATAL", "PANIC"] {
        for (at, found) in text.match_indices(&format!(",{severity},")) {
            let rest = &text[at + found.len()..];
            let (code, rest) = rest.split_once(',').unwrap_or((rest, ""));
            let message = rest.split("\",").next().unwrap_or_default();
            errors.push((code.to_owned(), message.trim_start_matches('"').to_owned()));
        }
    }
    errors
}

impl Drop for TestServer {
    fn drop(&mut self) {
        // Immediate shutdown: nobody will look at this cluster again.
        let _ = nix_quit(self.server.pid());
        let _ = self.watchdog.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn nix_quit(pid: i32) -> std::io::Result<()> {
    Command::new("kill")
        .args(["-QUIT", &pid.to_string()])
        .stderr(Stdio::null())
        .status()
        .map(|_| ())
}

/// A shell that waits for this test or the server to end, then ends the server and removes its files.
fn watch(postmaster: i32, folder: &Path) -> Child {
    let script = "while kill -0 $1 2>/dev/null && kill -0 $2 2>/dev/null && \
                  ! grep -q 'State:.Z' /proc/$2/status 2>/dev/null; do sleep 0.1; done; \
                  kill -QUIT $2 2>/dev/null; \
                  kill -0 $1 2>/dev/null || { sleep 1; rm -rf \"$3\"; }";
    Command::new("sh")
        .args(["-c", script, "watchdog"])
        .arg(std::process::id().to_string())
        .arg(postmaster.to_string())
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("sh runs")
}

/// A port that nobody listens on, and that no other test process gets while this one lives: what was killed must find it
/// free when it starts again. Below the range from which the kernel takes ports for outgoing connections, so that none of
/// those can take it in between; spread by process, so that tests that run at the same time look at different ones.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    static OURS: Mutex<Vec<fs::File>> = Mutex::new(Vec::new());
    let user = std::env::var("USER").unwrap_or_else(|_| "root".to_owned());
    let folder = std::env::temp_dir().join(format!("pglab-test-ports-{user}"));
    fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let spread = std::process::id()
            .wrapping_mul(7919)
            .wrapping_add(step.wrapping_mul(104_729));
        let port = 10_000 + u16::try_from(spread % 22_000).unwrap_or(0);
        let lock = fs::File::create(folder.join(port.to_string())).expect("the lock of a port can be made");
        if lock.try_lock().is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            OURS.lock().expect("nobody panics with it").push(lock);
            return port;
        }
    }
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("we own the folder");
}

/// The initialised cluster that tests copy: made once per PostgreSQL version and user, under the system's folder for
/// temporary files.
async fn template(binaries: &Binaries) -> PathBuf {
    let user = std::env::var("USER").unwrap_or_else(|_| "root".to_owned());
    let base = std::env::temp_dir().join(format!("pglab-test-template-{}-{user}", binaries.version));
    let ready = base.join("ready");
    fs::create_dir_all(&base).expect("the folder for temporary files can be written");
    set_mode(&base, 0o755);
    let lock = fs::File::create(base.join("lock")).expect("the lock file can be made");
    lock.lock().expect("the lock can be taken");
    let cluster = base.join("cluster");
    if !ready.exists() {
        let _ = fs::remove_dir_all(&cluster);
        let server = PrivateServer::start(ServerSettings {
            binaries: binaries.clone(),
            folder: cluster.clone(),
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: free_port(),
            superuser_password: PASSWORD.to_owned(),
            durable: false,
            tls: None,
            extra: Vec::new(),
        })
        .await
        .expect("the template server starts");
        server.stop().await.expect("the template server stops");
        let _ = fs::remove_dir_all(cluster.join("log"));
        fs::write(&ready, "").expect("the mark can be written");
    }
    cluster
}
