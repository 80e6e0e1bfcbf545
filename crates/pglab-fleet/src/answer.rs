//! Running what somebody sent as an answer: a query, an expression, statements, a plan. Untrusted SQL: one statement at a
//! time, in a transaction that is rolled back, within time, rows and bytes. What it means is judged in `pglab_core`.

use std::{pin::pin, time::Duration};

use futures::StreamExt;
use pglab_core::answer::{
    behaviour::StepOutcome,
    rows::{Column, RowSet},
};
use serde_json::Value;
use tokio::time::timeout;
use tokio_postgres::{SimpleQueryMessage, error::ErrorPosition};

use crate::{
    Connection, Error, Target,
    check::{Backend, Terminate},
    session::Pins,
};

/// How much one answer may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerLimits {
    /// One statement, on the server's clock.
    pub statement: Duration,
    /// Waiting for a lock.
    pub lock: Duration,
    /// All of one call, on ours. Then the backend is terminated.
    pub deadline: Duration,
    pub max_rows: usize,
    /// Of all values together.
    pub max_bytes: usize,
}

impl Default for AnswerLimits {
    fn default() -> Self {
        Self {
            statement: Duration::from_secs(5),
            lock: Duration::from_secs(1),
            deadline: Duration::from_secs(10),
            max_rows: 10_000,
            max_bytes: 4 << 20,
        }
    }
}

/// Longer messages end the connection instead of being read.
const MAX_MESSAGE_BYTES: u32 = 4 << 20;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// PostgreSQL refused the statement.
    #[error("{message}")]
    Refused {
        sqlstate: String,
        message: String,
        hint: Option<String>,
        /// In characters from 1.
        position: Option<u32>,
    },
    #[error("the statement returns no rows")]
    NoResult,
    #[error("the result has more than {0}")]
    TooMuch(String),
    #[error("it did not end within {} s", .0.as_secs())]
    OutOfTime(Duration),
    /// The server, not the answer.
    #[error(transparent)]
    Away(Error),
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            // Terminated, or the server stops.
            Some(refused) if refused.code().code().starts_with("57P") => Self::Away(error.into()),
            Some(refused) => Self::Refused {
                sqlstate: refused.code().code().to_owned(),
                message: refused.message().to_owned(),
                hint: refused.hint().map(str::to_owned),
                position: refused.position().and_then(|position| match position {
                    ErrorPosition::Original(at) => Some(*at),
                    ErrorPosition::Internal { .. } => None,
                }),
            },
            None => Self::Away(error.into()),
        }
    }
}

/// Statements that would end the transaction that everything is rolled back with, or leave its pins.
const OF_SESSIONS: [&str; 15] = [
    "abort",
    "begin",
    "commit",
    "end",
    "prepare",
    "release",
    "reset",
    "rollback",
    "savepoint",
    "set",
    "start",
    "listen",
    "load",
    "discard",
    "deallocate",
];

/// A session for one answer. Its login may do no more than whoever sent it.
pub struct AnswerSession {
    connection: Connection,
    limits: AnswerLimits,
    terminate: Terminate,
    backend: Backend,
}

impl std::fmt::Debug for AnswerSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnswerSession")
            .field("backend", &self.backend)
            .finish_non_exhaustive()
    }
}

impl AnswerSession {
    /// # Errors
    /// The server can't be reached in time, or refuses.
    pub async fn open(target: &Target, limits: AnswerLimits, terminate: Terminate) -> Result<Self, Error> {
        let mut config = target.clone();
        config.options(Pins::new(limits.statement, limits.lock).options());
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
        })
    }

    /// The rows of one statement, in a read-only transaction.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn query(&self, sql: &str) -> Result<RowSet, Fault> {
        self.bounded(async {
            self.connection.batch_execute(&self.pins().begin()).await?;
            let found = self.rows(sql).await;
            self.rollback(found).await
        })
        .await
    }

    /// The value of an expression, as PostgreSQL prints it; `None` for NULL.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn value(&self, expression: &str) -> Result<Option<String>, Fault> {
        // The line ends a comment that the expression may end with.
        let found = self.query(&format!("SELECT ({expression}\n)")).await?;
        Ok(found
            .rows
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().next().flatten()))
    }

    /// What EXPLAIN says of one statement, which is not executed.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn explain(&self, sql: &str) -> Result<Value, Fault> {
        self.bounded(async {
            self.connection.batch_execute(&self.pins().begin()).await?;
            let found = async {
                // Alone first: what follows must be one statement, and one that has a result.
                if self.connection.prepare(sql).await?.columns().is_empty() {
                    return Err(Fault::NoResult);
                }
                self.rows(&format!("EXPLAIN (FORMAT JSON) {sql}")).await
            };
            let found = found.await;
            self.rollback(found).await
        })
        .await
        .map(|found| {
            let text: Vec<&str> = found
                .rows
                .iter()
                .filter_map(|row| row.first()?.as_deref())
                .collect();
            serde_json::from_str(&text.join("\n")).unwrap_or(Value::Null)
        })
    }

    /// What comes of statements, one after the other, as the database would be used; all of it is rolled back. One that
    /// is refused does not end the rest.
    ///
    /// # Errors
    /// See [`Fault`]; never [`Fault::Refused`] for a step of its own.
    pub async fn behave(&self, steps: &[&str]) -> Result<Vec<StepOutcome>, Fault> {
        self.bounded(async {
            self.connection
                .batch_execute(&self.pins().begin_writing())
                .await?;
            let mut outcomes = Vec::new();
            for sql in steps {
                self.connection
                    .batch_execute("SET CONSTRAINTS ALL IMMEDIATE; SAVEPOINT step")
                    .await?;
                outcomes.push(match self.step(sql).await {
                    Ok(outcome) => {
                        self.connection.batch_execute("RELEASE SAVEPOINT step").await?;
                        outcome
                    }
                    Err(Fault::Refused {
                        sqlstate, message, ..
                    }) => {
                        self.connection
                            .batch_execute("ROLLBACK TO SAVEPOINT step")
                            .await?;
                        StepOutcome::Refused { sqlstate, message }
                    }
                    Err(other) => return Err(other),
                });
            }
            self.rollback(Ok(outcomes)).await
        })
        .await
    }

    async fn step(&self, sql: &str) -> Result<StepOutcome, Fault> {
        let first = sql
            .trim_start()
            .split(|c: char| !c.is_ascii_alphabetic())
            .next()
            .unwrap_or_default();
        if first.is_empty() || OF_SESSIONS.contains(&first.to_ascii_lowercase().as_str()) {
            return Err(Fault::Refused {
                sqlstate: "0A000".to_owned(),
                message: "this statement can't be a step".to_owned(),
                hint: None,
                position: None,
            });
        }
        if !self.connection.prepare(sql).await?.columns().is_empty() {
            return self.rows(sql).await.map(StepOutcome::Rows);
        }
        let mut affected = 0;
        let mut messages = pin!(self.connection.simple_query_raw(sql).await?);
        while let Some(message) = messages.next().await {
            if let SimpleQueryMessage::CommandComplete(n) = message? {
                affected = n;
            }
        }
        Ok(StepOutcome::Done { affected })
    }

    async fn rows(&self, sql: &str) -> Result<RowSet, Fault> {
        // The extended protocol takes one statement only, and says what the columns are.
        let statement = self.connection.prepare(sql).await?;
        if statement.columns().is_empty() {
            return Err(Fault::NoResult);
        }
        let columns = statement.columns().iter();
        let mut set = RowSet {
            columns: columns
                .map(|column| Column::new(column.name(), column.type_().name()))
                .collect(),
            rows: Vec::new(),
        };
        let mut n_bytes = 0;
        let mut messages = pin!(self.connection.simple_query_raw(sql).await?);
        while let Some(message) = messages.next().await {
            let SimpleQueryMessage::Row(row) = message? else {
                continue;
            };
            let row: Vec<Option<String>> = (0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect();
            n_bytes += row.iter().flatten().map(String::len).sum::<usize>();
            set.rows.push(row);
            let too_much = if set.rows.len() > self.limits.max_rows {
                Some(format!("{} rows", self.limits.max_rows))
            } else if n_bytes > self.limits.max_bytes {
                Some(format!("{} MiB", self.limits.max_bytes >> 20))
            } else {
                None
            };
            if let Some(limit) = too_much {
                // The rest is on its way, and nobody wants it.
                self.end().await;
                return Err(Fault::TooMuch(limit));
            }
        }
        Ok(set)
    }

    async fn rollback<T>(&self, outcome: Result<T, Fault>) -> Result<T, Fault> {
        if !matches!(outcome, Err(Fault::TooMuch(_) | Fault::Away(_))) {
            self.connection.batch_execute("ROLLBACK").await?;
        }
        outcome
    }

    async fn bounded<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let outcome = match timeout(self.limits.deadline, work).await {
            Ok(outcome) => outcome,
            Err(_) => {
                self.end().await;
                Err(Fault::OutOfTime(self.limits.deadline))
            }
        };
        match outcome {
            Err(Fault::Refused { sqlstate, .. }) if sqlstate == "57014" => {
                Err(Fault::OutOfTime(self.limits.statement))
            }
            outcome => outcome,
        }
    }

    fn pins(&self) -> Pins {
        Pins::new(self.limits.statement, self.limits.lock).for_content()
    }

    async fn end(&self) {
        (self.terminate)(self.backend.clone()).await;
    }
}
