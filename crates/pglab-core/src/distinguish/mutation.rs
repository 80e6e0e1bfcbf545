//! Other data for the same tables, as data: a dataset is a list of changes to the start's rows, each with a sentence for the
//! author. Which changes are made is planned in `plan`, and carried out elsewhere.

use serde::{Deserialize, Serialize};

use crate::{snapshot::ObjectName, words};

/// A dataset: the start with these changes, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mutated {
    /// Of small letters; unique among the datasets of a plan.
    pub name: String,
    /// What it is, for the author.
    pub sentence: String,
    pub changes: Vec<Change>,
}

/// Some of the rows of a table: numbered from 1 in an order that the seed decides, those whose number leaves `rest` when
/// divided by `every`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub every: u32,
    pub rest: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// These rows have this value in this column.
    Set {
        table: ObjectName,
        column: String,
        rows: Share,
        value: Value,
    },
    /// These rows stand there once more.
    Duplicate {
        table: ObjectName,
        rows: Share,
        columns: Vec<Copied>,
    },
    /// These rows are gone.
    Remove { table: ObjectName, rows: Share },
    /// All rows are gone that have some of the values of these columns: `rows` counts the values.
    Unmatch {
        table: ObjectName,
        columns: Vec<String>,
        rows: Share,
    },
    /// All rows of these tables are gone.
    Empty { tables: Vec<ObjectName> },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    Null,
    /// As PostgreSQL reads it, for the type of the column.
    Literal(String),
    /// So much more than this.
    Beside {
        of: String,
        by: i32,
        unit: Unit,
    },
    /// So much more than the largest, or less than the smallest where it is below 0.
    Beyond {
        by: i32,
        unit: Unit,
    },
    /// That of the first row.
    OfFirst,
}

/// What a column counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Number,
    Day,
}

/// A column of a row that is written once more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    pub column: String,
    pub fresh: Fresh,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fresh {
    /// As in the row.
    Same,
    /// Larger than all that are there.
    Number,
    /// Another text.
    Text,
}

impl Change {
    /// For the author.
    pub fn sentence(&self) -> String {
        match self {
            Self::Set {
                table,
                column,
                rows,
                value,
            } => {
                let value = match value {
                    Value::Null => "NULL".to_owned(),
                    Value::Literal(text) if text.is_empty() => "the empty text".to_owned(),
                    Value::Literal(text) => text.clone(),
                    Value::Beside { of, by, .. } => format!("{of} {by:+}"),
                    Value::Beyond { by, .. } if *by < 0 => "one less than the smallest".to_owned(),
                    Value::Beyond { .. } => "one more than the largest".to_owned(),
                    Value::OfFirst => "the same value".to_owned(),
                };
                format!(
                    "{}: {} in {} of the rows",
                    table.short(),
                    words::name(column) + " is " + &value,
                    rows.words()
                )
            }
            Self::Duplicate { table, rows, .. } => format!(
                "{}: {} of the rows stand there twice",
                table.short(),
                rows.words()
            ),
            Self::Remove { table, rows } => {
                format!("{}: {} of the rows are gone", table.short(), rows.words())
            }
            Self::Unmatch { table, columns, rows } => format!(
                "{}: no rows any more for {} of the values of {}",
                table.short(),
                rows.words(),
                words::list(columns)
            ),
            Self::Empty { tables } => {
                let names: Vec<String> = tables.iter().map(ObjectName::short).collect();
                format!("no rows in {}", words::list(&names))
            }
        }
    }
}

impl Share {
    fn words(self) -> String {
        match self.every {
            0 | 1 => "all".to_owned(),
            2 => "half".to_owned(),
            3 => "a third".to_owned(),
            more => format!("one in {more}"),
        }
    }
}
