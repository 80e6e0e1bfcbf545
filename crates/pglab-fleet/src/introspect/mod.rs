//! What a database holds, read from its catalog: first its rows as they are, then what PostgreSQL prints of them, unless
//! a database with the same rows was read before. Nothing that is defined in the database is executed, and nothing is
//! judged here.

mod assemble;
mod document;
mod known;
mod lists;
mod parts;
mod texts;

use futures::TryStreamExt;
use pglab_core::snapshot::SchemaSnapshot;
use tokio_postgres::SimpleQueryMessage;

pub use known::{Known, Snapshots, TableMarks};
pub(crate) use lists::{Lists, N_LISTS, Set, statement};

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
    let (known, marks) = read(connection, &Pins::default().begin(), &Snapshots::default()).await?;
    Ok(known.with_marks(&marks))
}

/// The same, beginning with `begin`; what was read before is taken from `snapshots`, and put there.
pub(crate) async fn read(
    connection: &Connection,
    begin: &str,
    snapshots: &Snapshots,
) -> Result<(std::sync::Arc<Known>, TableMarks), Error> {
    let found = known::read(connection, begin, snapshots).await;
    if found.is_err() && !connection.is_closed() {
        connection.batch_execute("ROLLBACK").await?;
    }
    found
}

/// The rows of each statement that gives any, as far as it went. More than [`MAX_BYTES`] are not kept.
pub(crate) async fn sets(connection: &Connection, statements: &str) -> (Vec<Set>, Result<(), Error>) {
    let mut sets: Vec<Set> = Vec::new();
    let gather = async {
        let answer = connection.simple_query_raw(statements).await?;
        let mut answer = std::pin::pin!(answer);
        let mut n_bytes = 0;
        while let Some(message) = answer.try_next().await? {
            match message {
                SimpleQueryMessage::RowDescription(_) => sets.push(Vec::new()),
                SimpleQueryMessage::Row(row) => {
                    n_bytes += (0..row.len())
                        .map(|column| row.get(column).map_or(4, |text| text.len() + 4))
                        .sum::<usize>();
                    if n_bytes > MAX_BYTES as usize {
                        return Err(Error::TooLarge(format!(
                            "what its catalog says takes more than {MAX_BYTES} bytes"
                        )));
                    }
                    if let Some(set) = sets.last_mut() {
                        set.push(row);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    };
    let end = gather.await;
    (sets, end)
}
