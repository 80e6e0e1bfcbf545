//! How one server is, in the few numbers that somebody is woken up for. What an operator wants to know once is `facts`.

use std::path::Path;

use crate::{Connection, Error};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeHealth {
    /// Takes writes.
    pub primary: bool,
    pub n_connections: u64,
    pub max_connections: u64,
    /// Without templates.
    pub n_databases: u64,
    /// Those that stream from this node.
    pub standbys: Vec<Standby>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standby {
    /// Its `application_name`.
    pub name: String,
    /// What it has not replayed yet.
    pub lag_bytes: u64,
}

/// # Errors
/// The server can't be reached or refuses.
pub async fn health(connection: &Connection) -> Result<NodeHealth, Error> {
    let row = connection.query_one(include_str!("sql/health.sql"), &[]).await?;
    let count = |column: &str| u64::try_from(row.get::<_, i64>(column)).unwrap_or(0);
    let standbys = connection.query(include_str!("sql/standbys.sql"), &[]).await?;
    Ok(NodeHealth {
        primary: row.get("is_primary"),
        n_connections: count("n_connections"),
        max_connections: count("max_connections"),
        n_databases: count("n_databases"),
        standbys: standbys
            .iter()
            .map(|row| Standby {
                name: row.get("name"),
                lag_bytes: u64::try_from(row.get::<_, i64>("lag_bytes")).unwrap_or(0),
            })
            .collect(),
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disk {
    /// For who is not root.
    pub free_bytes: u64,
    pub size_bytes: u64,
}

/// The file system that holds `path`.
///
/// # Errors
/// There is no such path.
pub fn disk(path: &Path) -> std::io::Result<Disk> {
    let found = nix::sys::statvfs::statvfs(path)?;
    Ok(Disk {
        free_bytes: found.blocks_available() * found.fragment_size(),
        size_bytes: found.blocks() * found.fragment_size(),
    })
}
