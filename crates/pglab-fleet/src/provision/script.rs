//! Running a script of `sql/` with its parameters: one round trip, one transaction. The scripts are constant texts;
//! what varies travels as one JSON document in a setting, and becomes a name only through `format('%I')` on the server.

use pglab_core::ident::quote_literal;
use serde_json::Value;
use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

use crate::{Connection, Error};

/// Runs a script and returns the rows of its SELECTs. All of it happens or nothing: several statements in one simple
/// query are one transaction, and an error leaves no open transaction behind.
pub(crate) async fn run(
    connection: &Connection,
    script: &'static str,
    wanted: &Value,
) -> Result<Vec<SimpleQueryRow>, Error> {
    let text = format!(
        "SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL pglab.wanted = {}; {script}",
        quote_literal(&wanted.to_string())
    );
    let answer = connection.simple_query(&text).await?;
    Ok(answer
        .into_iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        })
        .collect())
}

/// The text in a column that the script promises.
pub(crate) fn text<'r>(row: &'r SimpleQueryRow, column: &str) -> Result<&'r str, Error> {
    row.try_get(column)?
        .ok_or_else(|| Error::Unexpected(format!("the column {column} is null")))
}

/// What two runs that meet each other on the catalog are told; the second try finds what the other made.
pub(crate) fn met_another(error: &Error) -> bool {
    match error {
        Error::Refused(refused) => {
            matches!(
                refused.code().code(),
                "23505" | "42710" | "42P04" | "40001" | "40P01"
            ) || refused.message().starts_with("tuple concurrently")
        }
        _ => false,
    }
}

/// How often something is tried that meets another run of itself: a `pglab` that was killed leaves its last statement
/// running on the server.
pub(crate) const ATTEMPTS: u32 = 40;
pub(crate) const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);
