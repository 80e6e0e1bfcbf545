//! A session that looks into a student's database, kept open while the student works: a schema that is known, with the
//! content of small tables, in one round trip. What is to be looked at, and what it means, is decided elsewhere.
//!
//! A look may execute what the student wrote (views, and the functions in them), so a session belongs to a login that
//! may do no more than the student; every look is a read-only transaction that is rolled back; what does not end by
//! itself is ended by terminating the backend, because a function can trap a cancellation.

use std::{collections::HashMap, future::Future, pin::Pin, sync::Arc, time::Duration};

use pglab_core::snapshot::{ObjectName, ObservedRows, SchemaSnapshot};
use tokio::time::{Instant, timeout_at};

use crate::{
    Cluster, Connection, Error, Target,
    introspect::{self, Known, Lists, Snapshots, TableMarks},
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

/// The backends of a checker: told by who they are, not by a process id, because asking for that takes a new session
/// longer than a tenth of a look. A checker's role belongs to one database, which is looked at once at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    pub role: String,
    pub database: String,
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
                tracing::warn!(role = backend.role, %error, "a check that takes too long could not be ended");
            }
        })
    })
}

/// Terminates them over a connection that may do so. Nothing happens if they have ended meanwhile.
///
/// # Errors
/// The connection broke, or may not do that.
pub async fn terminate(maintenance: &Connection, backend: &Backend) -> Result<(), Error> {
    maintenance
        .query(
            "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
             WHERE usename OPERATOR(pg_catalog.=) $1::text::name AND datname OPERATOR(pg_catalog.=) $2::text::name",
            &[&backend.role, &backend.database],
        )
        .await?;
    Ok(())
}

/// Tables up to this size are read together.
const AT_ONCE_BYTES: u64 = 256 * 1024;

/// The longest message that is taken from such a database: the largest snapshot, and something around it.
const MAX_MESSAGE_BYTES: u32 = introspect::MAX_BYTES + (1 << 20);

pub struct CheckSession {
    connection: Connection,
    backend: Backend,
    limits: CheckLimits,
    terminate: Terminate,
    usable: bool,
    /// What a student wrote was executed in it.
    executed: bool,
    /// Of the tables, at the last look.
    marks: TableMarks,
}

/// What a look found.
#[derive(Debug)]
pub struct Seen {
    pub known: Arc<Known>,
    pub marks: TableMarks,
    /// Of the tables that were asked for, if they could be read at once.
    pub rows: Vec<(ObjectName, ObservedRows)>,
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
        let name = |name: Option<&str>| name.unwrap_or_default().to_owned();
        Ok(Self {
            backend: Backend {
                role: name(config.get_user()),
                database: name(config.get_dbname()),
            },
            connection,
            limits,
            terminate,
            usable: true,
            executed: false,
            marks: TableMarks::new(),
        })
    }

    /// Whether another look can be made with it. Not after a look that had to be ended.
    pub fn is_usable(&self) -> bool {
        self.usable && !self.connection.is_closed()
    }

    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// The schema.
    ///
    /// # Errors
    /// As [`Self::look`].
    pub async fn observe_structure(&mut self) -> Result<SchemaSnapshot, Error> {
        let seen = self.look(None, &[], &Snapshots::default()).await?;
        Ok(seen.known.with_marks(&seen.marks))
    }

    /// The schema, and what the rows of each table are known by. One round trip where the schema is as `known` says,
    /// and with it the content of the tables in `wanted`, which should be small; two otherwise, or where a database
    /// with the same fingerprint has been read.
    ///
    /// # Errors
    /// A table is locked by the student (55P03: look again later), the database is too large, it takes too long
    /// ([`Error::Deadline`]), or the connection broke.
    pub async fn look(
        &mut self,
        known: Option<(&Arc<Known>, &TableMarks)>,
        wanted: &[RowsWanted],
        snapshots: &Snapshots,
    ) -> Result<Seen, Error> {
        let deadline = Instant::now() + self.limits.deadline;
        let look = async {
            if let Some((known, marks)) = known
                && let Some(seen) = self.look_again(known, marks, wanted).await?
            {
                return Ok(seen);
            }
            let (known, marks) =
                introspect::read(&self.connection, &self.begin(self.pins()), snapshots).await?;
            Ok(Seen {
                known,
                marks,
                rows: Vec::new(),
            })
        };
        match timeout_at(deadline, look).await {
            Ok(Ok(seen)) => {
                self.marks = seen.marks.clone();
                Ok(seen)
            }
            Ok(Err(error)) => {
                // The rest of what is too large is still on its way.
                self.usable &= !matches!(error, Error::TooLarge(_));
                Err(error)
            }
            Err(_) => {
                self.end().await;
                Err(Error::Deadline(self.limits.deadline))
            }
        }
    }

    /// `None` where the schema is another one.
    async fn look_again(
        &self,
        known: &Arc<Known>,
        marks: &TableMarks,
        wanted: &[RowsWanted],
    ) -> Result<Option<Seen>, Error> {
        let pins = self.pins();
        let selects: Vec<(&RowsWanted, String)> = wanted
            .iter()
            .filter_map(|rows| Some((rows, rows::plain_select(rows, known.schema())?)))
            .collect();
        let mut statements = format!(
            "{}; {}; {}; ",
            self.begin(pins),
            introspect::statement(self.connection.server_version()),
            known.marks_statement(marks),
        );
        for (n, (_, select)) in selects.iter().enumerate() {
            if n == 0 {
                statements.push_str(&format!("{}; ", pins.for_content().set_path()));
            }
            statements.push_str(&format!("{select}; "));
        }
        let (sets, end) = introspect::sets(&self.connection, &format!("{statements}ROLLBACK")).await;
        if end.is_err() && !self.connection.is_closed() {
            self.connection.batch_execute("ROLLBACK").await?;
        }
        let mut sets = sets.into_iter();
        if sets.len() < introspect::N_LISTS && end.is_err() {
            return end.map(|()| None);
        }
        if !known.is(&Lists::take(&mut sets)?)? {
            return Ok(None);
        }
        // An error while sizes were read is one of the look; later ones are of the rows.
        let n_left = sets.len();
        let Some(sizes) = sets.next().filter(|_| end.is_ok() || n_left > 1) else {
            return end.map(|()| None);
        };
        let rows = match end {
            Ok(()) => selects
                .iter()
                .zip(sets)
                .map(|((rows, _), set)| Ok((rows.name.clone(), rows::parse(set.first())?)))
                .collect::<Result<_, Error>>()?,
            Err(_) => Vec::new(),
        };
        Ok(Some(Seen {
            known: known.clone(),
            marks: known.marks(&sizes)?,
            rows,
        }))
    }

    fn pins(&self) -> Pins {
        Pins::new(self.limits.statement, self.limits.lock)
    }

    fn begin(&self, pins: Pins) -> String {
        if self.executed {
            pins.begin()
        } else {
            pins.begin_in_new()
        }
    }

    /// The content of relations, in the order asked for: put tables before views, which may take all the time there
    /// is. Small tables are read in one round trip, others in one for each. `schema` is what was found last. What can't
    /// be read fails alone; where the session had to be ended, the rest fails too, and [`Self::is_usable`] says so.
    pub async fn observe_rows(
        &mut self,
        wanted: &[RowsWanted],
        schema: &SchemaSnapshot,
    ) -> Vec<(ObjectName, ObservedRows)> {
        let deadline = Instant::now() + self.limits.deadline;
        let small: Vec<(&RowsWanted, String)> = wanted
            .iter()
            .filter(|rows| {
                self.marks
                    .get(&rows.name)
                    .is_some_and(|(_, bytes)| *bytes <= AT_ONCE_BYTES)
            })
            .filter_map(|rows| Some((rows, rows::plain_select(rows, schema)?)))
            .collect();
        let mut at_once = match timeout_at(deadline, self.read_at_once(&small)).await {
            Ok(found) => found,
            Err(_) => {
                self.end().await;
                HashMap::new()
            }
        };
        let mut observed = Vec::with_capacity(wanted.len());
        for rows in wanted {
            let found = match at_once.remove(&rows.name) {
                Some(found) => found,
                None => self.read(rows, schema, deadline).await,
            };
            observed.push((rows.name.clone(), found));
        }
        observed
    }

    /// Nothing where something went wrong: then each is to be read alone.
    async fn read_at_once(&self, selects: &[(&RowsWanted, String)]) -> HashMap<ObjectName, ObservedRows> {
        if selects.len() < 2 || !self.is_usable() {
            return HashMap::new();
        }
        let mut statements = self.begin(self.pins().for_content());
        for (_, select) in selects {
            statements.push_str("; ");
            statements.push_str(select);
        }
        let (sets, end) = introspect::sets(&self.connection, &format!("{statements}; ROLLBACK")).await;
        let found = end.and_then(|()| {
            selects
                .iter()
                .zip(sets)
                .map(|((rows, _), set)| Ok((rows.name.clone(), rows::parse(set.first())?)))
                .collect()
        });
        match found {
            Ok(found) => found,
            Err(_) => {
                // If this fails too, the next one tells.
                let _ = self.connection.batch_execute("ROLLBACK").await;
                HashMap::new()
            }
        }
    }

    async fn read(&mut self, rows: &RowsWanted, schema: &SchemaSnapshot, deadline: Instant) -> ObservedRows {
        if !self.is_usable() {
            return ObservedRows::Failed(OUT_OF_TIME.to_owned());
        }
        self.executed |= rows::plain_select(rows, schema).is_none();
        let limits = RowLimits {
            statement: self.limits.statement,
            lock: self.limits.lock,
            total: self.limits.deadline,
        };
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
    }

    async fn end(&mut self) {
        self.usable = false;
        (self.terminate)(self.backend.clone()).await;
    }
}
