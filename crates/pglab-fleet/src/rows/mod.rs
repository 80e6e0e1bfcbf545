//! The content of tables and views as digests that do not depend on the order of rows. What a digest is compared with
//! is decided elsewhere.
//!
//! A row is hashed as the text of `ROW(…)`, which PostgreSQL makes with the output functions of the types. Those are
//! its own (a user-defined one takes a superuser), and no cast is looked up by name, so that reading a table executes
//! nothing of the student's; reading a view executes what its author wrote, with the power of who reads.

mod expected;
mod statement;

use std::time::{Duration, Instant};

use pglab_core::snapshot::{MAX_HASHED_ROWS, ObjectName, ObservedRows, RowDigest, SchemaSnapshot};
use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

pub use expected::{Expected, expected, expected_within};

use crate::{Connection, Error, introspect, session::Pins};

/// A relation whose content is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowsWanted {
    pub name: ObjectName,
    /// The columns that the hash covers, in this order.
    pub columns: Vec<String>,
    /// Give the hash of each row too, if there are at most [`MAX_HASHED_ROWS`].
    pub hashes: bool,
}

/// How long reading may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowLimits {
    /// One relation.
    pub statement: Duration,
    /// Waiting for a lock.
    pub lock: Duration,
    /// All of them together.
    pub total: Duration,
}

impl Default for RowLimits {
    fn default() -> Self {
        Self {
            statement: Duration::from_secs(30),
            lock: Duration::from_secs(2),
            total: Duration::from_secs(120),
        }
    }
}

/// Looks up the schema, then reads each relation in a transaction of its own, in the order asked for. A relation that
/// can't be read fails alone.
///
/// # Errors
/// The connection is lost, or the schema can't be read.
pub async fn observe(
    connection: &Connection,
    wanted: &[RowsWanted],
) -> Result<Vec<(ObjectName, ObservedRows)>, Error> {
    let schema = introspect::snapshot(connection).await?;
    observe_known(connection, wanted, &schema, RowLimits::default()).await
}

/// The same for who has just read the schema.
///
/// # Errors
/// The connection is lost.
pub async fn observe_known(
    connection: &Connection,
    wanted: &[RowsWanted],
    schema: &SchemaSnapshot,
    limits: RowLimits,
) -> Result<Vec<(ObjectName, ObservedRows)>, Error> {
    let deadline = Instant::now() + limits.total;
    let mut observed = Vec::with_capacity(wanted.len());
    for rows in wanted {
        let left = deadline.saturating_duration_since(Instant::now());
        let found = read(connection, rows, schema, limits, left).await?;
        observed.push((rows.name.clone(), found));
    }
    Ok(observed)
}

/// Said of what was not even begun.
pub(crate) const OUT_OF_TIME: &str = "there was no time left to read it";

/// Is this what [`ObservedRows::Failed`] says of a relation that was locked, or for which no time was left? Then it may
/// be read at the next look; everything else it said of itself.
pub fn is_late(message: &str) -> bool {
    message == OUT_OF_TIME || message == "canceling statement due to lock timeout"
}

/// Reads one relation within `left`.
pub(crate) async fn read(
    connection: &Connection,
    rows: &RowsWanted,
    schema: &SchemaSnapshot,
    limits: RowLimits,
    left: Duration,
) -> Result<ObservedRows, Error> {
    let Some(select) = statement::select(rows, schema) else {
        return Ok(ObservedRows::Missing);
    };
    if left.is_zero() {
        return Ok(ObservedRows::Failed(OUT_OF_TIME.to_owned()));
    }
    let pins = Pins::new(limits.statement.min(left), limits.lock).for_content();
    let statement = format!("{}; {select}; ROLLBACK", pins.begin());
    match connection.simple_query(&statement).await {
        Ok(messages) => parse(messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        })),
        Err(error) => {
            let error = Error::from(error);
            if connection.is_closed() {
                return Err(error);
            }
            connection.batch_execute("ROLLBACK").await?;
            Ok(match error.code() {
                // Gone or changed since the schema was read.
                Some("42P01" | "3F000") => ObservedRows::Missing,
                _ => ObservedRows::Failed(said(&error)),
            })
        }
    }
}

/// The message of a student's own making may be of any length.
fn said(error: &Error) -> String {
    const MAX: usize = 500;
    let text = match error {
        Error::Refused(refused) => refused.message().to_owned(),
        other => other.to_string(),
    };
    match text.char_indices().nth(MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// The statement that digests a table, where reading it executes nothing of a student's: then several can be read in
/// one transaction. `None` for views, and for tables whose policies are asked for every row.
pub(crate) fn plain_select(rows: &RowsWanted, schema: &SchemaSnapshot) -> Option<String> {
    let table = schema.tables.iter().find(|table| table.name == rows.name)?;
    if table.row_security {
        return None;
    }
    statement::select(rows, schema)
}

/// From the row that the statement gives.
pub(crate) fn parse(row: Option<&SimpleQueryRow>) -> Result<ObservedRows, Error> {
    let row = row.ok_or_else(|| Error::Unexpected("no row with the digest".to_owned()))?;
    let n_rows = u64::try_from(number(row, 0)?).unwrap_or(0);
    if row.len() == 1 {
        return Ok(ObservedRows::Counted { n_rows });
    }
    let digest = RowDigest {
        n_rows,
        sum_low: number(row, 1)?,
        sum_high: number(row, 2)?,
    };
    let hashes = match digest.n_rows {
        _ if row.len() < 4 => None,
        0 => Some(Vec::new()),
        1..=MAX_HASHED_ROWS => row.get(3).map(unpack).transpose()?,
        _ => None,
    };
    Ok(ObservedRows::Digest { digest, hashes })
}

fn number(row: &SimpleQueryRow, column: usize) -> Result<i64, Error> {
    match row.get(column) {
        None => Ok(0),
        Some(text) => text
            .parse()
            .map_err(|_| Error::Unexpected(format!("{text:?} as a number of a digest"))),
    }
}

/// From `\x` and sixteen hexadecimal digits for each hash.
fn unpack(text: &str) -> Result<Vec<i64>, Error> {
    let bad = || Error::Unexpected("the packed hashes are no hexadecimal digits".to_owned());
    let digits = text.strip_prefix("\\x").ok_or_else(bad)?.as_bytes();
    let mut hashes = digits
        .chunks(16)
        .map(|chunk| {
            let hex = std::str::from_utf8(chunk).map_err(|_| bad())?;
            u64::from_str_radix(hex, 16)
                .map(u64::cast_signed)
                .map_err(|_| bad())
        })
        .collect::<Result<Vec<i64>, Error>>()?;
    hashes.sort_unstable();
    Ok(hashes)
}
