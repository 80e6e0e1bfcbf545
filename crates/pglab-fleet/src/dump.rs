//! Writing a database to a file with PostgreSQL's own `pg_dump`, in its custom format. It signs in as a role of no
//! power: what students defined in the database runs with no more than their own.

use std::{
    io,
    path::{Path, PathBuf},
    process::Stdio,
};

use pglab_core::ident::Ident;
use tokio::process::Command;

use crate::{Cluster, private::Binaries};

/// How much of what `pg_dump` complains about is told, in bytes.
const MAX_COMPLAINT: usize = 2000;

#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    #[error("pg_dump was not found: {0}")]
    NoProgram(String),
    #[error("pg_dump could not be run: {0}")]
    Io(#[from] io::Error),
    /// What it wrote to its error output.
    #[error("pg_dump failed: {0}")]
    Refused(String),
}

/// `pg_dump` in `bindir` where it is given, else beside the newest server programs, else in `PATH`.
///
/// # Errors
/// There is none.
pub fn program(bindir: Option<&Path>) -> Result<PathBuf, DumpError> {
    let folder = match bindir {
        Some(folder) => folder.to_owned(),
        None => match Binaries::find(None) {
            Ok(binaries) => binaries.folder,
            Err(_) => return in_path().ok_or_else(|| missing(Path::new("PATH"))),
        },
    };
    let program = folder.join("pg_dump");
    if program.is_file() {
        Ok(program)
    } else {
        Err(missing(&folder))
    }
}

fn in_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join("pg_dump"))
        .find(|program| program.is_file())
}

fn missing(looked: &Path) -> DumpError {
    DumpError::NoProgram(format!(
        "there is none in {}; install PostgreSQL's client programs",
        looked.display()
    ))
}

/// Writes `file` anew. A dump that fails or is given up leaves it incomplete: the caller writes beside and renames.
///
/// # Errors
/// `pg_dump` can't be run, or fails.
pub async fn write(
    program: &Path,
    cluster: &Cluster,
    role: &Ident,
    password: &str,
    database: &Ident,
    file: &Path,
) -> Result<(), DumpError> {
    let address = cluster.address();
    let output = Command::new(program)
        .args(["--format=custom", "--no-password", "--no-sync"])
        .arg(format!("--host={}", address.host))
        .arg(format!("--port={}", address.port))
        .arg(format!("--username={}", role.as_str()))
        .arg(format!("--dbname={}", connection_string(database)))
        .arg(format!("--file={}", file.display()))
        // Nothing of our own environment: PGSERVICE and the like would lead elsewhere.
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("LC_ALL", "C.UTF-8")
        .env("PGPASSWORD", password)
        .env("PGAPPNAME", "pglab archive")
        .envs(cluster.tls().environment())
        .env("PGCONNECT_TIMEOUT", "10")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .output()
        .await?;
    if output.status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let mut end = complaint.len().min(MAX_COMPLAINT);
    while !complaint.is_char_boundary(end) {
        end -= 1;
    }
    Err(DumpError::Refused(complaint[..end].trim().to_owned()))
}

/// A database whose name looks like a connection string would be taken for one: so every name is put into one.
fn connection_string(database: &Ident) -> String {
    let name = database.as_str().replace('\\', "\\\\").replace('\'', "\\'");
    format!("dbname='{name}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_connection_string() {
        let name = Ident::new("x' host='evil").unwrap();
        assert_eq!(connection_string(&name), "dbname='x\\' host=\\'evil'");
    }
}
