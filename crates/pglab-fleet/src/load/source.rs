//! Where a script comes from, as a stream of bytes: a file as it is or compressed, a file of `pg_dump`'s custom format by
//! way of `pg_restore`, or a live database by way of `pg_dump`. The programs run without privileges.

use std::{
    fs::File,
    io::{Read, Seek},
    path::Path,
    process::Stdio,
};

use tokio::{
    io::AsyncReadExt,
    process::{Child, Command},
    sync::mpsc,
    task::JoinHandle,
};

use super::error::{LoadError, LoadFault, clip};
use crate::private::Account;

const CHUNK_BYTES: usize = 256 << 10;
/// Of what a program says on its standard error.
const MAX_STDERR_BYTES: u64 = 64 << 10;

#[derive(Debug)]
pub(super) struct Input {
    from: From,
    /// Shares its position with the one that is read.
    file: Option<File>,
    n_read: u64,
    n_total: Option<u64>,
}

#[derive(Debug)]
enum From {
    Reader(mpsc::Receiver<std::io::Result<Vec<u8>>>),
    Program(Box<Program>),
}

#[derive(Debug)]
struct Program {
    name: &'static str,
    child: Child,
    stdout: tokio::process::ChildStdout,
    stderr: Option<JoinHandle<String>>,
    buffer: Vec<u8>,
}

fn unreadable(error: &std::io::Error) -> LoadError {
    LoadError::new(LoadFault::File, format!("the file can't be read: {error}"))
}

impl Input {
    /// Looks at the first bytes to see what the file is. `programs` is the folder of the PostgreSQL programs.
    pub(super) fn open(path: &Path, programs: &Path) -> Result<Self, LoadError> {
        let mut file = File::open(path).map_err(|error| unreadable(&error))?;
        let n_total = file.metadata().map_err(|error| unreadable(&error))?.len();
        let mut head = Vec::new();
        let mut take = (&mut file).take(512);
        take.read_to_end(&mut head).map_err(|error| unreadable(&error))?;
        let skip = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        file.seek(std::io::SeekFrom::Start(skip))
            .map_err(|error| unreadable(&error))?;
        if let Some(why) = unsupported(&head) {
            return Err(LoadError::new(LoadFault::File, why));
        }
        let twin = file.try_clone().map_err(|error| unreadable(&error))?;
        let from = if head.starts_with(b"PGDMP") {
            let mut command = command(programs, "pg_restore");
            command.args([
                "--no-owner",
                "--no-privileges",
                "--no-publications",
                "--no-subscriptions",
                "-f",
                "-",
            ]);
            command.stdin(Stdio::from(file));
            From::Program(Box::new(Program::start("pg_restore", command)?))
        } else if head.starts_with(b"\x1f\x8b") {
            From::Reader(read_by_thread(flate2::read::MultiGzDecoder::new(file)))
        } else {
            From::Reader(read_by_thread(file))
        };
        Ok(Self {
            from,
            file: Some(twin),
            n_read: 0,
            n_total: Some(n_total),
        })
    }

    /// The output of `pg_dump`, with its connection in the environment.
    pub(super) fn of_database(
        programs: &Path,
        environment: &[(&'static str, String)],
    ) -> Result<Self, LoadError> {
        let mut command = command(programs, "pg_dump");
        command
            .args([
                "--format=plain",
                "--no-owner",
                "--no-privileges",
                "--no-tablespaces",
                "--no-publications",
            ])
            .args([
                "--no-subscriptions",
                "--no-security-labels",
                "--encoding=UTF8",
                "--exclude-schema=pglab",
            ])
            .args(["--lock-wait-timeout=30s", "--no-password"])
            .envs(environment.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null());
        Ok(Self {
            from: From::Program(Box::new(Program::start("pg_dump", command)?)),
            file: None,
            n_read: 0,
            n_total: None,
        })
    }

    /// Bytes of the file read so far, and its size where there is one.
    pub(super) fn progress(&mut self) -> (u64, Option<u64>) {
        let read = self.file.as_mut().and_then(|file| file.stream_position().ok());
        (read.unwrap_or(self.n_read), self.n_total)
    }

    /// `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, LoadError> {
        let chunk = match &mut self.from {
            From::Reader(chunks) => chunks
                .recv()
                .await
                .transpose()
                .map_err(|error| unreadable(&error))?,
            From::Program(program) => program.read().await?,
        };
        self.n_read += chunk.as_ref().map_or(0, Vec::len) as u64;
        Ok(chunk)
    }
}

impl Program {
    fn start(name: &'static str, mut command: Command) -> Result<Self, LoadError> {
        let not_started = |why: String| {
            LoadError::new(LoadFault::Server, format!("{name} could not be started: {why}"))
                .with_hint("It comes with PostgreSQL's client programs (apt-get install postgresql-client).")
        };
        let mut child = command.spawn().map_err(|error| not_started(error.to_string()))?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(not_started("it has no output".to_owned()));
        };
        let stderr = tokio::spawn(async move {
            let mut said = Vec::new();
            let mut stderr = stderr;
            // What it says beyond that is read and forgotten, so that it never waits for us.
            let _ = (&mut stderr).take(MAX_STDERR_BYTES).read_to_end(&mut said).await;
            let _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
            String::from_utf8_lossy(&said).trim().to_owned()
        });
        Ok(Self {
            name,
            child,
            stdout,
            stderr: Some(stderr),
            buffer: vec![0; CHUNK_BYTES],
        })
    }

    async fn read(&mut self) -> Result<Option<Vec<u8>>, LoadError> {
        let failed = |name, why: String| LoadError::new(LoadFault::File, format!("{name} failed: {why}"));
        let n = self
            .stdout
            .read(&mut self.buffer)
            .await
            .map_err(|error| failed(self.name, error.to_string()))?;
        if n > 0 {
            return Ok(Some(self.buffer[..n].to_vec()));
        }
        let status = self
            .child
            .wait()
            .await
            .map_err(|error| failed(self.name, error.to_string()))?;
        if status.success() {
            return Ok(None);
        }
        let said = match self.stderr.take() {
            Some(stderr) => stderr.await.unwrap_or_default(),
            None => String::new(),
        };
        Err(explain(self.name, &said))
    }
}

/// What the programs say where their version is too old, in words that say what to do.
fn explain(name: &str, said: &str) -> LoadError {
    let error = LoadError::new(LoadFault::File, format!("{name} failed: {}", clip(said, 600)));
    if said.contains("unsupported version") {
        error.with_hint("The dump was made by a younger PostgreSQL: install its client programs here, or dump it as plain SQL.")
    } else if said.contains("server version mismatch") {
        error.with_hint(
            "The database is of a younger PostgreSQL than the programs here: install its client programs.",
        )
    } else {
        error
    }
}

fn command(programs: &Path, name: &str) -> Command {
    let mut command = Command::new(programs.join(name));
    command
        .env_clear()
        .env("LC_ALL", "C")
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .current_dir("/")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if let Some(account) = Account::for_programs() {
        account.apply(&mut command);
    }
    command
}

fn read_by_thread(mut reader: impl Read + Send + 'static) -> mpsc::Receiver<std::io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel(4);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut chunk = vec![0; CHUNK_BYTES];
            let read = match reader.read(&mut chunk) {
                Ok(0) => return,
                Ok(n) => {
                    chunk.truncate(n);
                    Ok(chunk)
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let failed = read.is_err();
            // An error means that nobody wants to know any more.
            if sender.blocking_send(read).is_err() || failed {
                return;
            }
        }
    });
    receiver
}

/// Files that are something else, by their first bytes.
fn unsupported(head: &[u8]) -> Option<&'static str> {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        Some("the file is in UTF-16, as PowerShell's > writes it. Write it in UTF-8: pg_dump -f FILE does")
    } else if head.starts_with(b"PK\x03\x04") {
        Some("the file is a zip archive: unpack it first")
    } else if head.get(257..262) == Some(b"ustar") {
        Some("the file is a tar archive. Use pg_dump's plain or custom format (-Fc)")
    } else if head.starts_with(b"\x28\xb5\x2f\xfd")
        || head.starts_with(b"\xfd7zXZ")
        || head.starts_with(b"BZh")
    {
        Some(
            "the file is compressed in a way that is not read here: unpack it first, or compress it with gzip",
        )
    } else if head.starts_with(b"SQLite format 3") {
        Some("the file is an SQLite database, not an SQL script for PostgreSQL")
    } else {
        None
    }
}
