//! Who is connected, and which databases were touched: two cheap queries over one kept connection, for a whole cluster.
//! What a touched database deserves is not decided here.

mod changed;

pub use changed::changed;

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use tokio::time::timeout;
use tokio_postgres::Statement;

use crate::{Cluster, Connection, Error};

/// How long the two queries may take together.
const DEADLINE: Duration = Duration::from_secs(5);

/// What a session does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionState {
    Active,
    Idle,
    IdleInTransaction,
}

/// One session of a student, as `pg_stat_activity` tells it. Times are the server's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub pid: i32,
    pub database: String,
    pub role: String,
    pub application: String,
    /// The client's address; `None` for a local socket.
    pub client: Option<String>,
    pub state: SessionState,
    pub backend_start: DateTime<Utc>,
    pub xact_start: Option<DateTime<Utc>>,
    pub query_start: Option<DateTime<Utc>>,
    pub state_change: Option<DateTime<Utc>>,
    pub waits_for_lock: bool,
    /// Processes that hold what it waits for, or wait before it.
    pub blocked_by: Vec<i32>,
    /// The last statement, at most 1,000 characters.
    pub query: String,
}

/// What two counters of a database say: a new `oid` is a new database of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    pub oid: u32,
    /// Rows inserted, updated and deleted since the statistics were reset.
    pub n_written: i64,
}

/// The cluster at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sweep {
    /// The server's clock. `None` only in a sweep that was never made.
    pub server_now: Option<DateTime<Utc>>,
    pub sessions: Vec<Session>,
    pub databases: HashMap<String, Counters>,
}

/// A kept maintenance connection with its two statements.
#[derive(Debug)]
pub struct Sweeper {
    connection: Connection,
    sessions: Statement,
    databases: Statement,
    clock: Statement,
}

impl Sweeper {
    /// # Errors
    /// The server can't be reached.
    pub async fn open(cluster: &Cluster) -> Result<Self, Error> {
        let connection = cluster.maintenance().await?;
        // Compiling these two would take longer than running them.
        connection.batch_execute("SET jit = off").await?;
        let sessions = connection.prepare(include_str!("sql/sessions.sql")).await?;
        let databases = connection.prepare(include_str!("sql/databases.sql")).await?;
        let clock = connection.prepare("SELECT pg_catalog.clock_timestamp()").await?;
        Ok(Self {
            connection,
            sessions,
            databases,
            clock,
        })
    }

    /// For what else is said over the maintenance connection now and then.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// # Errors
    /// The server does not answer within 5 s; a new sweeper is needed then.
    pub async fn sweep(&self) -> Result<Sweep, Error> {
        // Counters first: what is written between the two is told by the next sweep, and a session that ended in
        // between had written its counters before.
        let both = async {
            let answers = futures::future::try_join3(
                self.connection.query(&self.databases, &[]),
                self.connection.query(&self.sessions, &[]),
                self.connection.query_one(&self.clock, &[]),
            )
            .await?;
            Ok::<_, Error>(answers)
        };
        let (databases, sessions, clock) = timeout(DEADLINE, both)
            .await
            .map_err(|_| Error::Deadline(DEADLINE))??;
        let mut sweep = Sweep {
            server_now: Some(clock.try_get(0)?),
            databases: HashMap::with_capacity(databases.len()),
            ..Sweep::default()
        };
        for row in databases {
            let counters = Counters {
                oid: row.try_get(0)?,
                n_written: row.try_get(2)?,
            };
            sweep.databases.insert(row.try_get(1)?, counters);
        }
        for row in sessions {
            let state: Option<&str> = row.try_get("state")?;
            sweep.sessions.push(Session {
                pid: row.try_get("pid")?,
                database: row.try_get("database")?,
                role: row.try_get("role")?,
                application: row
                    .try_get::<_, Option<String>>("application")?
                    .unwrap_or_default(),
                client: row.try_get("client")?,
                state: match state {
                    Some("active" | "fastpath function call") => SessionState::Active,
                    Some("idle in transaction" | "idle in transaction (aborted)") => {
                        SessionState::IdleInTransaction
                    }
                    _ => SessionState::Idle,
                },
                backend_start: row.try_get("backend_start")?,
                xact_start: row.try_get("xact_start")?,
                query_start: row.try_get("query_start")?,
                state_change: row.try_get("state_change")?,
                waits_for_lock: row.try_get("waits_for_lock")?,
                blocked_by: row.try_get("blocked_by")?,
                query: row.try_get::<_, Option<String>>("query")?.unwrap_or_default(),
            });
        }
        Ok(sweep)
    }
}
