//! The table `log_position`: how far a server's log has been read. Moved in the transaction that writes what was read.

use sqlx::PgExecutor;

use crate::{Error, Tx};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPosition {
    pub file: String,
    pub offset: u64,
}

pub async fn get(executor: impl PgExecutor<'_>, source: &str) -> Result<Option<LogPosition>, Error> {
    Ok(sqlx::query!(
        "SELECT file, byte_offset FROM log_position WHERE source = $1",
        source
    )
    .fetch_optional(executor)
    .await?
    .map(|row| LogPosition {
        file: row.file,
        offset: u64::try_from(row.byte_offset).unwrap_or(0),
    }))
}

pub async fn put(tx: &mut Tx, source: &str, position: &LogPosition) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO log_position (source, file, byte_offset) VALUES ($1, $2, $3)
         ON CONFLICT (source) DO UPDATE SET file = excluded.file, byte_offset = excluded.byte_offset",
        source,
        position.file,
        i64::try_from(position.offset).unwrap_or(i64::MAX),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
