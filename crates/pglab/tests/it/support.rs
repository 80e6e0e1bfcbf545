//! A `pglab up` of a test: started, asked, killed, and always ended with everything that it started.

use std::{
    io::{BufRead, BufReader, Read},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Output, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use pglab_testkit::postgres::free_port;
use serde_json::Value;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_pglab");

/// A data directory, and how `up` is started on it. Removed with all that runs there when dropped.
#[derive(Debug)]
pub struct Place {
    folder: tempfile::TempDir,
    listen: String,
    pg_listen: String,
    ldap: bool,
}

/// A running `pglab up`.
#[derive(Debug)]
pub struct Up {
    child: Child,
    pub ready: Value,
}

impl Place {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            listen: format!("127.0.0.1:{}", free_port()),
            pg_listen: format!("127.0.0.1:{}", free_port()),
            ldap: false,
        }
    }

    pub fn with_ldap() -> Self {
        let mut place = Self::new();
        place.ldap = true;
        place
    }

    /// The same place, started without the option.
    pub fn without_ldap(mut self) -> Self {
        self.ldap = false;
        self
    }

    /// Host and port of PostgreSQL.
    pub fn postgres(&self) -> (&str, &str) {
        self.pg_listen.rsplit_once(':').unwrap()
    }

    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        command.arg("up").arg("--data-dir").arg(self.data_dir());
        command.args(["--listen", &self.listen, "--pg-listen", &self.pg_listen, "--json"]);
        if self.ldap {
            command.arg("--ldap");
        }
        command.env_remove("PGLAB_URL").env_remove("PGLAB_TOKEN");
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts it and waits for the ready line.
    pub fn up(&self) -> Up {
        let (up, mut log) = self.up_with_log();
        // It must not fill the pipe.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        up
    }

    /// The same, with what it writes to stderr, which must be read.
    pub fn up_with_log(&self) -> (Up, ChildStderr) {
        let mut child = self.command().spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let Ok(ready) = serde_json::from_str(&line) else {
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            panic!("pglab up did not get ready: {line} {said}");
        };
        let log = child.stderr.take().unwrap();
        (Up { child, ready }, log)
    }

    /// The folder of the PostgreSQL cluster.
    pub fn cluster(&self) -> PathBuf {
        self.server_folder("postgres")
    }

    fn server_folder(&self, server: &str) -> PathBuf {
        let link = self.data_dir().join(server);
        link.canonicalize().unwrap_or(link)
    }

    /// Every process that is a slapd of this place.
    pub fn slapds(&self) -> Vec<i32> {
        let configuration = self.server_folder("ldap").join("slapd/slapd.conf");
        processes_with("-f", &configuration)
    }

    pub fn postmaster(&self) -> Option<i32> {
        let text = std::fs::read_to_string(self.cluster().join("postmaster.pid")).ok()?;
        text.lines().next()?.trim().parse().ok()
    }

    /// Every process that is a postmaster of this cluster.
    pub fn postmasters(&self) -> Vec<i32> {
        let found = processes_with("-D", &self.cluster());
        // A child that was forked at this moment still bears the words of its postmaster.
        let child = |pid: &i32| parent(*pid).is_some_and(|parent| found.contains(&parent));
        found.iter().copied().filter(|pid| !child(pid)).collect()
    }
}

fn parent(pid: i32) -> Option<i32> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    line.trim().parse().ok()
}

/// Those that were started with this option and this path behind it.
fn processes_with(option: &str, path: &Path) -> Vec<i32> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<i32>() else {
            continue;
        };
        let words = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let words: Vec<&[u8]> = words.split(|byte| *byte == 0).collect();
        let behind = words.windows(2).find(|pair| pair[0] == option.as_bytes());
        if behind.is_some_and(|pair| Path::new(&*String::from_utf8_lossy(pair[1])) == path) {
            found.push(pid);
        }
    }
    found
}

impl Drop for Place {
    fn drop(&mut self) {
        for pid in self.postmasters() {
            let _ = kill(Pid::from_raw(pid), Signal::SIGQUIT);
            eventually("the server of the test ends", || !alive(pid));
        }
        for pid in self.slapds() {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            eventually("the slapd of the test ends", || !alive(pid));
        }
        let _ = std::fs::remove_dir_all(self.cluster());
        let _ = std::fs::remove_dir_all(self.server_folder("ldap"));
    }
}

impl Up {
    pub fn url(&self) -> &str {
        self.ready["url"].as_str().unwrap()
    }

    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).unwrap();
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; waits for the end and gives the exit code.
    pub fn stop(mut self) -> Option<i32> {
        self.signal(Signal::SIGTERM);
        self.child.wait().unwrap().code()
    }

    /// GET without any library: status and body.
    pub fn get(&self, path: &str) -> (u16, String) {
        use std::io::Write;
        let address: SocketAddr = self.url().trim_start_matches("http://").parse().unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

/// Waits until it holds; fails after a minute.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "waited a minute in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A lab `kept` over a small example, and the roster of its class, driven by the command line as a script would.
#[derive(Debug)]
pub struct Class<'a> {
    place: &'a Place,
    files: tempfile::TempDir,
}

impl<'a> Class<'a> {
    pub fn new(place: &'a Place) -> Self {
        let files = tempfile::tempdir().unwrap();
        std::fs::write(
            files.path().join("kept.sql"),
            "CREATE TABLE work (n bigint PRIMARY KEY);\n",
        )
        .unwrap();
        let lab = "lab: kept\ntitle: Kept\nexample:\n  dump: kept.sql\nstart: empty\n";
        std::fs::write(files.path().join("lab.yaml"), lab).unwrap();
        Self { place, files }
    }

    /// Signs in with the one-time password and gives an API token, as a script would get it.
    pub fn sign_in_as_admin(&self, up: &Up) -> String {
        self.sign_in(up.url(), "admin", up.ready["admin"]["password"].as_str().unwrap())
    }

    /// An API token of this person.
    pub fn sign_in(&self, url: &str, who: &str, password: &str) -> String {
        let config = self.files.path().join("config").join(who);
        let mut login = Command::new(PROGRAM);
        login.args(["login", "--url", url, "--login", who, "--password-stdin"]);
        run_with_input(login.env("XDG_CONFIG_HOME", &config), &format!("{password}\n"));
        let mut token = Command::new(PROGRAM);
        token
            .args(["token", "create", "--name", "test"])
            .env("XDG_CONFIG_HOME", &config);
        run_with_input(&mut token, "").trim().to_owned()
    }

    pub fn apply_lab(&self, up: &Up, token: &str) {
        let mut apply = Command::new(PROGRAM);
        apply
            .args(["lab", "apply"])
            .arg(self.files.path().join("lab.yaml"));
        let slug = run_with_input(apply.env("PGLAB_URL", up.url()).env("PGLAB_TOKEN", token), "");
        assert_eq!(slug.trim(), "kept");
    }

    /// A roster of `s0001` to `s…n`.
    pub fn write_roster(&self, n_students: u64) -> PathBuf {
        let mut roster = "login,name\n".to_owned();
        for number in 1..=n_students {
            roster.push_str(&format!("s{number:04},Student {number}\n"));
        }
        let path = self.files.path().join(format!("roster-{n_students}.csv"));
        std::fs::write(&path, roster).unwrap();
        path
    }

    /// psql as the superuser of the private server.
    pub fn superuser(&self) -> Superuser {
        let text = std::fs::read_to_string(self.place.data_dir().join("secrets.json")).unwrap();
        let secrets: Value = serde_json::from_str(&text).unwrap();
        let (host, port) = self.place.pg_listen.rsplit_once(':').unwrap();
        let password = secrets["superuser_password"].as_str().unwrap().to_owned();
        Superuser {
            uri: format!("postgresql://pglab_super@{host}:{port}/postgres"),
            password,
        }
    }
}

#[derive(Debug)]
pub struct Superuser {
    uri: String,
    password: String,
}

impl Superuser {
    /// In another database.
    pub fn of(mut self, database: &str) -> Self {
        let end = self.uri.rfind('/').unwrap();
        self.uri.replace_range(end + 1.., database);
        self
    }

    /// The lines of the answer.
    pub fn lines(&self, sql: &str) -> Vec<String> {
        let output = Command::new("psql")
            .args(["-XAtc", sql, &self.uri])
            .env("PGPASSWORD", &self.password)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

/// The command line against a pglab that runs.
pub fn client(url: &str, token: &str) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .env("PGLAB_URL", url)
        .env("PGLAB_TOKEN", token)
        .stdin(Stdio::null());
    command
}

pub fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", stderr(output));
}

/// A request without any library: status and body. `None` where no whole answer came.
pub fn request(
    url: &str,
    method: &str,
    path: &str,
    token: &str,
    body: Option<&Value>,
) -> Option<(u16, String)> {
    use std::io::Write;
    let address: SocketAddr = url.trim_start_matches("http://").parse().unwrap();
    let body = body.map(Value::to_string).unwrap_or_default();
    let mut stream = TcpStream::connect(address).ok()?;
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("content-length:")?
            .trim()
            .parse()
            .ok()
    });
    if length.is_some_and(|length: usize| length != body.len()) {
        return None;
    }
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

/// Runs a command that must succeed; gives its stdout.
pub fn run_with_input(command: &mut Command, input: &str) -> String {
    use std::io::Write;
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", stderr(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
