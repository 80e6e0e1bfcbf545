//! What an example holds, as what students' databases will be judged by.

use std::time::{Duration, Instant};

use pglab_core::snapshot::{ExpectedRows, ObjectName, ObservedRows, SchemaSnapshot};

use super::{RowLimits, RowsWanted, read};
use crate::{Connection, Error};

/// The content of an example.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expected {
    pub rows: Vec<ExpectedRows>,
    /// Relations whose content can't be asked for, with the reason for people.
    pub left_out: Vec<(ObjectName, String)>,
}

/// [`expected_within`] limits that suit an example.
///
/// # Errors
/// The connection is lost.
pub async fn expected(connection: &Connection, schema: &SchemaSnapshot) -> Result<Expected, Error> {
    let limits = RowLimits {
        total: Duration::from_secs(1800),
        ..RowLimits::default()
    };
    expected_within(connection, schema, limits).await
}

/// Reads every table and view, its columns sorted by name. Views are read twice: one that says something else each time
/// (`now()`, `random()`) is no fair question.
///
/// # Errors
/// The connection is lost.
pub async fn expected_within(
    connection: &Connection,
    schema: &SchemaSnapshot,
    limits: RowLimits,
) -> Result<Expected, Error> {
    let deadline = Instant::now() + limits.total;
    let relations = schema
        .tables
        .iter()
        .map(|table| (&table.name, &table.columns, false));
    let views = schema.views.iter().map(|view| (&view.name, &view.columns, true));
    let mut expected = Expected::default();
    for (name, columns, is_view) in relations.chain(views) {
        let mut columns: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        columns.sort();
        let wanted = RowsWanted {
            name: name.clone(),
            columns,
            hashes: true,
        };
        let left = || deadline.saturating_duration_since(Instant::now());
        let first = read(connection, &wanted, schema, limits, left()).await?;
        let again = match &first {
            ObservedRows::Digest { .. } if is_view => {
                read(connection, &wanted, schema, limits, left()).await?
            }
            _ => first.clone(),
        };
        match first {
            ObservedRows::Digest { .. } if first != again => {
                let why = "its rows are different every time it is read";
                expected.left_out.push((wanted.name, why.to_owned()));
            }
            ObservedRows::Digest { digest, hashes } => expected.rows.push(ExpectedRows {
                name: wanted.name,
                columns: wanted.columns,
                digest,
                hashes,
            }),
            // The columns are those of this schema.
            ObservedRows::Missing | ObservedRows::Counted { .. } => expected
                .left_out
                .push((wanted.name, "it was not there any more".to_owned())),
            ObservedRows::Failed(message) => expected.left_out.push((wanted.name, message)),
        }
    }
    Ok(expected)
}
