//! The private server of `pglab up`: a PostgreSQL that pglab finds, initialises, starts, adopts after a crash and
//! stops. What runs on it, and how its death is handled, is not decided here.

mod access;
mod account;
mod binaries;
pub mod certificate;
mod configuration;
mod initialise;
pub mod logs;
mod own_database;
mod process;
mod said;
mod server;
pub mod slapd;

pub use access::{AccessError, Applied, PrivateAccess};
pub use account::Account;
pub use binaries::{Binaries, OLDEST_MAJOR, YOUNGEST_MAJOR};
pub use certificate::ServerTls;
pub use configuration::ServerSettings;
pub use server::PrivateServer;

use std::path::PathBuf;

/// The name of the superuser of a private server. Only pglab knows its password.
pub const SUPERUSER: &str = "pglab_super";

#[derive(Debug, thiserror::Error)]
pub enum PrivateError {
    #[error(
        "no PostgreSQL server binaries of version {OLDEST_MAJOR} to {YOUNGEST_MAJOR} were found (looked in PATH and {looked}). \
         Install them ({install}) or name their folder with --pg-bindir"
    )]
    NoBinaries { looked: String, install: &'static str },
    #[error("{path} is no folder of PostgreSQL server binaries: {why}")]
    BadBindir { path: PathBuf, why: String },
    #[error(
        "PostgreSQL does not run as root, and there is no account \"postgres\" to run it as. Make one \
         (useradd --system --no-create-home postgres) or start pglab as an ordinary user"
    )]
    NoAccount,
    #[error("{what} {path}: {source}")]
    File {
        what: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("could not run {program}: {source}")]
    Run {
        program: PathBuf,
        source: std::io::Error,
    },
    #[error("initdb failed: {0}")]
    Initdb(String),
    #[error(
        "the data directory {path} was made by PostgreSQL {found}, but the binaries are of version {have}. \
         Install PostgreSQL {found} or name its folder with --pg-bindir"
    )]
    WrongVersion { path: PathBuf, found: String, have: u16 },
    #[error("the server's certificate can't be made: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("PostgreSQL did not start: {log}")]
    DidNotStart { log: String },
    #[error("PostgreSQL (pid {pid}) did not stop within {seconds} s")]
    DidNotStop { pid: i32, seconds: u64 },
}

impl PrivateError {
    /// Somebody else listens on the port that PostgreSQL was to have.
    pub fn port_is_taken(&self) -> bool {
        matches!(self, Self::DidNotStart { log } if log.contains("could not bind"))
    }
}
