//! Which process works: an advisory lock on our own database, held by a connection of its own. When that connection
//! breaks, PostgreSQL gives the lock to the next.

use sqlx::{Connection, PgConnection};

use crate::{Error, Store};

/// An arbitrary number that is ours: "pglab" in ASCII.
const LOCK: i64 = 0x70_67_6c_61_62;

/// The right to work, for as long as its connection lives.
#[derive(Debug)]
pub struct Leadership(PgConnection);

impl Leadership {
    /// Takes the lock if nobody has it.
    ///
    /// # Errors
    /// The database can't be reached.
    pub async fn acquire(store: &Store) -> Result<Option<Self>, Error> {
        let mut connection = store.pool().acquire().await?.detach();
        let taken = sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "taken!""#, LOCK)
            .fetch_one(&mut connection)
            .await?;
        Ok(taken.then_some(Self(connection)))
    }

    /// Is it still ours?
    ///
    /// # Errors
    /// The connection broke: it is not.
    pub async fn confirm(&mut self) -> Result<(), Error> {
        Ok(self.0.ping().await?)
    }

    /// Lets the next one work at once.
    pub async fn release(self) {
        if let Err(error) = self.0.close().await {
            tracing::debug!(%error, "the connection that held the leadership was gone");
        }
    }
}
