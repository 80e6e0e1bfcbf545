//! Carrying out a plan of mutations in a dataset: each change in a savepoint, so that what a constraint does not allow is left
//! out. As the role of the lab, like the scripts of a dataset. Which changes there are is decided in `pglab_core`.

use pglab_core::{
    distinguish::mutation::{Change, Copied, Fresh, Share, Unit, Value},
    ident::{quote_ident, quote_literal},
    snapshot::ObjectName,
};

use crate::{Connection, Error};

/// What is done to a dataset.
#[derive(Debug, Clone, Copy)]
pub struct Mutation<'a> {
    pub changes: &'a [Change],
    /// Decides which rows are meant.
    pub seed: u64,
}

/// Rows of larger tables stay as they are.
const MAX_ROWS: u64 = 20_000;
/// Of the rows of a change that is refused as a whole, so many are tried alone.
const N_ALONE: u32 = 6;

/// Gives how many of the changes were made, if only for some of their rows.
pub(super) async fn carry_out(connection: &Connection, mutation: Mutation<'_>) -> Result<usize, Error> {
    connection
        .batch_execute(
            "BEGIN; SET LOCAL statement_timeout = '5s'; SET LOCAL lock_timeout = '1s'; \
             SET LOCAL search_path = public, pg_temp; SET LOCAL client_min_messages = error; SET LOCAL timezone = 'UTC'",
        )
        .await?;
    let mut n_made = 0;
    for change in mutation.changes {
        n_made += usize::from(made(connection, change, mutation.seed).await?);
    }
    connection.batch_execute("COMMIT").await?;
    Ok(n_made)
}

async fn made(connection: &Connection, change: &Change, seed: u64) -> Result<bool, Error> {
    let rows = match change {
        Change::Empty { tables } => {
            let names: Vec<String> = tables.iter().map(ObjectName::quoted).collect();
            return tried(connection, &format!("TRUNCATE {}", names.join(", "))).await;
        }
        Change::Set { rows, table, .. }
        | Change::Duplicate { rows, table, .. }
        | Change::Remove { rows, table }
        | Change::Unmatch { rows, table, .. } => {
            let sql = format!(
                "SELECT pg_catalog.count(*) FROM (SELECT FROM {} LIMIT {}) AS rows",
                table.quoted(),
                MAX_ROWS + 1
            );
            // A table that can't be read can't be changed either.
            match connection.query_one(&sql, &[]).await {
                Ok(row) if u64::try_from(row.get::<_, i64>(0)).unwrap_or(0) <= MAX_ROWS => *rows,
                Ok(_) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
    };
    let all = format!("p.n % {} = {}", rows.every.max(1), rows.rest);
    if tried(connection, &statement(change, &all, seed)).await? {
        return Ok(true);
    }
    let mut any = false;
    for n in alone(rows) {
        any |= tried(connection, &statement(change, &format!("p.n = {n}"), seed)).await?;
    }
    Ok(any)
}

fn alone(rows: Share) -> impl Iterator<Item = u32> {
    let first = if rows.rest == 0 { rows.every } else { rows.rest };
    (0..N_ALONE).map(move |at| first + at * rows.every)
}

/// False: PostgreSQL refuses it.
async fn tried(connection: &Connection, sql: &str) -> Result<bool, Error> {
    connection.batch_execute("SAVEPOINT change").await?;
    let outcome = connection
        .batch_execute(&format!("{sql}; SET CONSTRAINTS ALL IMMEDIATE"))
        .await;
    match outcome {
        Ok(()) => {
            connection.batch_execute("RELEASE SAVEPOINT change").await?;
            Ok(true)
        }
        Err(error) if error.as_db_error().is_some() && !connection.is_closed() => {
            connection.batch_execute("ROLLBACK TO SAVEPOINT change").await?;
            tracing::debug!(%error, sql, "a mutation is not allowed");
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

fn statement(change: &Change, which: &str, seed: u64) -> String {
    match change {
        Change::Set {
            table, column, value, ..
        } => {
            let (name, column) = (table.quoted(), quote_ident(column));
            let value = match value {
                Value::Null => "NULL".to_owned(),
                Value::Literal(text) => quote_literal(text),
                Value::Beside { of, by, unit } => match unit {
                    Unit::Number => format!("CAST({} AS numeric) + {by}", quote_literal(of)),
                    Unit::Day => format!("CAST({} AS timestamp) + interval '{by} day'", quote_literal(of)),
                },
                Value::Beyond { by, unit } => {
                    let end = if *by < 0 { "min" } else { "max" };
                    let by = match unit {
                        Unit::Number => by.to_string(),
                        Unit::Day => format!("interval '{by} day'"),
                    };
                    format!("(SELECT {end}({column}) + {by} FROM {name})")
                }
                Value::OfFirst => format!(
                    "(SELECT o.{column} FROM {name} AS o JOIN {} AS f ON f.at = o.ctid WHERE f.n = 1)",
                    numbered(table, seed)
                ),
            };
            format!(
                "UPDATE {name} AS t SET {column} = {value} FROM {} AS p WHERE t.ctid = p.at AND {which}",
                numbered(table, seed)
            )
        }
        Change::Duplicate { table, columns, .. } => {
            let name = table.quoted();
            let written: Vec<String> = columns.iter().map(|one| quote_ident(&one.column)).collect();
            let values: Vec<String> = columns.iter().map(|one| copied(&name, one)).collect();
            format!(
                "INSERT INTO {name} ({}) SELECT {} FROM {name} AS t JOIN {} AS p ON t.ctid = p.at WHERE {which}",
                written.join(", "),
                values.join(", "),
                numbered(table, seed)
            )
        }
        Change::Remove { table, .. } => format!(
            "DELETE FROM {} AS t USING {} AS p WHERE t.ctid = p.at AND {which}",
            table.quoted(),
            numbered(table, seed)
        ),
        Change::Unmatch { table, columns, .. } => {
            let columns: Vec<String> = columns.iter().map(|column| quote_ident(column)).collect();
            let alike: Vec<String> = columns
                .iter()
                .map(|column| format!("t.{column} = p.{column}"))
                .collect();
            let listed = columns.join(", ");
            format!(
                "DELETE FROM {name} AS t USING (SELECT d.*, row_number() OVER (ORDER BY md5('{seed}' || CAST(d AS text))) AS n \
                 FROM (SELECT DISTINCT {listed} FROM {name} WHERE ({listed}) IS NOT NULL) AS d) AS p WHERE {} AND {which}",
                alike.join(" AND "),
                name = table.quoted(),
            )
        }
        Change::Empty { .. } => String::new(),
    }
}

fn copied(table: &str, one: &Copied) -> String {
    let column = quote_ident(&one.column);
    match one.fresh {
        Fresh::Same => format!("t.{column}"),
        Fresh::Number => format!("(SELECT max({column}) FROM {table}) + row_number() OVER (ORDER BY p.n)"),
        Fresh::Text => format!("t.{column} || '-' || p.n"),
    }
}

/// The rows of a table, numbered from 1 in an order that the seed decides.
fn numbered(table: &ObjectName, seed: u64) -> String {
    format!(
        "(SELECT s.ctid AS at, row_number() OVER (ORDER BY md5('{seed}' || CAST(s AS text)), s.ctid) AS n FROM {} AS s)",
        table.quoted()
    )
}
