//! A session that looks into a student's database, kept open while the student works: structure in one round trip,
//! content relation by relation. What is to be looked at, and what it means, is decided elsewhere.
//!
//! A look may execute what the student wrote (views, and the functions in them), so a session belongs to a login that
//! may do no more than the student; every look is a read-only transaction that is rolled back; what does not end by
//! itself is ended by terminating the backend, because a function can trap a cancellation.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use pglab_core::snapshot::{ObjectName, ObservedRows, SchemaSnapshot};
use tokio::time::{Instant, timeout_at};
use tokio_postgres::SimpleQueryMessage;

use crate::{
    Cluster, Connection, Error, Target, introspect,
    rows::{self, OUT_OF_TIME, RowLimits, RowsWanted},
    session::Pins,
};

/// How long a look may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckLimits {
    /// One statement, on the server's clock.
    pub statement: Duration,
    /// Waiting for a lock that the student holds.
    pub lock: Duration,
    /// A whole look, on ours. Then the backend is terminated.
    pub deadline: Duration,
}

impl Default for CheckLimits {
    fn default() -> Self {
        Self {
            statement: Duration::from_secs(5),
            lock: Duration::from_millis(250),
            deadline: Duration::from_secs(10),
        }
    }
}

/// One backend, told from a later one with the same process id by when it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    pub pid: i32,
    /// `backend_start` of `pg_stat_activity`, as text in UTC.
    pub started: String,
}

/// Terminates a backend.
pub type Terminate = Arc<dyn Fn(Backend) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Terminates by a maintenance connection of its own each time, which is fine for what is rare.
pub fn terminate_by(cluster: Cluster) -> Terminate {
    Arc::new(move |backend| {
        let cluster = cluster.clone();
        Box::pin(async move {
            let ended = async { terminate(&cluster.maintenance().await?, &backend).await };
            if let Err(error) = ended.await {
                tracing::warn!(pid = backend.pid, %error, "a check that takes too long could not be ended");
            }
        })
    })
}

/// Terminates a backend over a connection that may do so. Nothing happens if it has ended meanwhile.
///
/// # Errors
/// The connection broke, or may not do that.
pub async fn terminate(maintenance: &Connection, backend: &Backend) -> Result<(), Error> {
    maintenance
        .query(
            "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
             WHERE pid OPERATOR(pg_catalog.=) $1 AND backend_start OPERATOR(pg_catalog.=) $2::text::timestamptz",
            &[&backend.pid, &backend.started],
        )
        .await?;
    Ok(())
}

/// The longest message that is taken from such a database: the largest snapshot, and something around it.
const MAX_MESSAGE_BYTES: u32 = introspect::MAX_BYTES + (1 << 20);

pub struct CheckSession {
    connection: Connection,
    backend: Backend,
    limits: CheckLimits,
    terminate: Terminate,
    usable: bool,
}

impl std::fmt::Debug for CheckSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckSession")
            .field("backend", &self.backend)
            .field("usable", &self.usable)
            .finish_non_exhaustive()
    }
}

impl CheckSession {
    /// Signs in. `target` has address, database, and the login of the member's checker: see
    /// [`Cluster::login_config`].
    ///
    /// # Errors
    /// The server can't be reached in time, or refuses.
    pub async fn open(target: &Target, limits: CheckLimits, terminate: Terminate) -> Result<Self, Error> {
        let pins = Pins::new(limits.statement, limits.lock);
        let mut config = target.clone();
        config.options(pins.options());
        let connection = Connection::open_limited(&config, MAX_MESSAGE_BYTES).await?;
        let messages = connection
            .simple_query(
                "SELECT pid, backend_start FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()",
            )
            .await?;
        let backend = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(Backend {
                pid: row.get(0)?.parse().ok()?,
                started: row.get(1)?.to_owned(),
            }),
            _ => None,
        });
        Ok(Self {
            backend: backend.ok_or_else(|| Error::Unexpected("no row about our own backend".to_owned()))?,
            connection,
            limits,
            terminate,
            usable: true,
        })
    }

    /// Whether another look can be made with it. Not after a look that had to be ended.
    pub fn is_usable(&self) -> bool {
        self.usable && !self.connection.is_closed()
    }

    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// The schema, in one round trip.
    ///
    /// # Errors
    /// A table is locked by the student (55P03: look again later), the database is too large, it takes too long
    /// ([`Error::Deadline`]), or the connection broke.
    pub async fn observe_structure(&mut self) -> Result<SchemaSnapshot, Error> {
        let deadline = Instant::now() + self.limits.deadline;
        let statement = format!(
            "{}; {}; ROLLBACK",
            Pins::new(self.limits.statement, self.limits.lock).begin(),
            introspect::statement(self.connection.server_version())
        );
        let look = async {
            match self.connection.simple_query(&statement).await {
                Ok(messages) => introspect::parse(&messages),
                Err(error) => {
                    if !self.connection.is_closed() {
                        self.connection.batch_execute("ROLLBACK").await?;
                    }
                    Err(error.into())
                }
            }
        };
        match timeout_at(deadline, look).await {
            Ok(outcome) => outcome,
            Err(_) => {
                self.end().await;
                Err(Error::Deadline(self.limits.deadline))
            }
        }
    }

    /// The content of relations, one round trip for each, in the order asked for: put tables before views, which may
    /// take all the time there is. `schema` is what [`Self::observe_structure`] has just found. What can't be read
    /// fails alone; where the session had to be ended, the rest fails too, and [`Self::is_usable`] says so.
    pub async fn observe_rows(
        &mut self,
        wanted: &[RowsWanted],
        schema: &SchemaSnapshot,
    ) -> Vec<(ObjectName, ObservedRows)> {
        let deadline = Instant::now() + self.limits.deadline;
        let limits = RowLimits {
            statement: self.limits.statement,
            lock: self.limits.lock,
            total: self.limits.deadline,
        };
        let mut observed = Vec::with_capacity(wanted.len());
        for rows in wanted {
            let found = if self.is_usable() {
                let left = deadline.saturating_duration_since(Instant::now());
                let look = rows::read(&self.connection, rows, schema, limits, left);
                match timeout_at(deadline, look).await {
                    Ok(Ok(found)) => found,
                    Ok(Err(error)) => {
                        self.usable = false;
                        ObservedRows::Failed(error.to_string())
                    }
                    Err(_) => {
                        self.end().await;
                        ObservedRows::Failed("reading it took too long and had to be ended".to_owned())
                    }
                }
            } else {
                ObservedRows::Failed(OUT_OF_TIME.to_owned())
            };
            observed.push((rows.name.clone(), found));
        }
        observed
    }

    async fn end(&mut self) {
        self.usable = false;
        (self.terminate)(self.backend.clone()).await;
    }
}
