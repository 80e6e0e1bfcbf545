//! What a database holds, read from its catalog in one statement. Nothing that is defined in the database is executed,
//! and nothing is judged here.

mod assemble;
mod document;
mod parts;

use pglab_core::snapshot::SchemaSnapshot;

use crate::{Connection, Error, session::Pins};

/// A database with more columns than this, those of views and indexes included, is refused.
pub const MAX_COLUMNS: u32 = 100_000;
/// A catalog whose description takes more bytes than this is refused.
pub const MAX_BYTES: u32 = 32 << 20;

/// Reads the schema in a read-only transaction of its own. For one look; who looks again and again keeps a
/// [`crate::check::CheckSession`].
///
/// # Errors
/// The database is larger than the limits above, or PostgreSQL refused.
pub async fn snapshot(connection: &Connection) -> Result<SchemaSnapshot, Error> {
    let statement = format!(
        "{}; {}; ROLLBACK",
        Pins::default().begin(),
        statement(connection.server_version())
    );
    match connection.simple_query(&statement).await {
        Ok(messages) => parse(&messages),
        Err(error) => {
            connection.batch_execute("ROLLBACK").await?;
            Err(error.into())
        }
    }
}

/// The statement for a server of this `server_version_num`. It gives one row with one text.
pub(crate) fn statement(server_version: u32) -> String {
    let text = include_str!("sql/snapshot.sql")
        .replace("{max_columns}", &MAX_COLUMNS.to_string())
        .replace("{max_bytes}", &MAX_BYTES.to_string());
    // Unique constraints that take nulls for equal came with PostgreSQL 15.
    if server_version >= 150_000 {
        text
    } else {
        text.replace("i.indnullsnotdistinct", "false")
    }
}

/// Takes the snapshot from what the simple query answered.
pub(crate) fn parse(messages: &[tokio_postgres::SimpleQueryMessage]) -> Result<SchemaSnapshot, Error> {
    let text = messages
        .iter()
        .find_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) if row.len() == 1 => row.get(0),
            _ => None,
        })
        .ok_or_else(|| Error::Unexpected("no row with the catalog".to_owned()))?;
    assemble::snapshot(text)
}
