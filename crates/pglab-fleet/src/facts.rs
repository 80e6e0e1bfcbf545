//! What a cluster is and what the maintenance role may do there: the facts that `pglab doctor` judges.

use crate::{Connection, Error};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterFacts {
    /// `server_version_num`, e.g. 150018.
    pub version: u32,
    pub role: String,
    pub superuser: bool,
    pub create_database: bool,
    pub create_role: bool,
    /// Member of `pg_signal_backend`: can end what runs too long.
    pub signal_backend: bool,
    /// Member of `pg_read_all_stats`: sees what students do.
    pub read_all_stats: bool,
    /// Can read the server's log through SQL.
    pub read_log: bool,
    pub log_connections: bool,
    /// Can read `pg_authid`: notices a password that was changed with psql.
    pub read_passwords: bool,
    pub max_connections: i32,
    pub n_connections: i64,
    pub logging_collector: bool,
    pub log_destination: String,
    /// Databases besides templates and `postgres` that anybody may connect to.
    pub open_databases: Vec<String>,
    pub in_recovery: bool,
}

/// # Errors
/// The server can't be reached or refuses.
pub async fn observe(connection: &Connection) -> Result<ClusterFacts, Error> {
    let sql = include_str!("sql/facts.sql");
    let row = connection.query_one(sql, &[]).await?;
    Ok(ClusterFacts {
        version: u32::try_from(row.get::<_, i32>("version")).unwrap_or_default(),
        role: row.get("role"),
        superuser: row.get("superuser"),
        create_database: row.get("create_database"),
        create_role: row.get("create_role"),
        signal_backend: row.get("signal_backend"),
        read_all_stats: row.get("read_all_stats"),
        read_log: row.get("read_log"),
        log_connections: row.get("log_connections"),
        read_passwords: row.get("read_passwords"),
        max_connections: row.get("max_connections"),
        n_connections: row.get("n_connections"),
        logging_collector: row.get("logging_collector"),
        log_destination: row.get("log_destination"),
        open_databases: row.get("open_databases"),
        in_recovery: row.get("in_recovery"),
    })
}
