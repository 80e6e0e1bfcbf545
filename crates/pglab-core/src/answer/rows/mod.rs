//! Comparing the rows of an answer with those of the reference: as a multiset, with declared tolerance for numbers, and
//! in order where the contract orders. The verdict depends on the two results only, never on how PostgreSQL came to
//! them. Matching itself is in `matching`, what a value is in `value`.

mod matching;
#[cfg(test)]
mod tests;
mod value;

pub use value::{Family, Tolerance, ToleranceError};

use super::order::{self, Key, OrderBy};
use crate::{
    task::kind::{Contract, Order},
    words,
};

/// How many rows that differ a comparison carries, of each side.
pub const N_SHOWN: usize = 3;

/// A column as PostgreSQL describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub family: Family,
}

impl Column {
    /// `type_name` as in `pg_type.typname` (`numeric`, `int4`), or as `format_type` prints it.
    pub fn new(name: impl Into<String>, type_name: &str) -> Self {
        Self {
            name: name.into(),
            family: Family::of(type_name),
        }
    }
}

/// As PostgreSQL prints it; `None` is NULL.
pub type Row = Vec<Option<String>>;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowSet {
    pub columns: Vec<Column>,
    /// Each as long as `columns`.
    pub rows: Vec<Row>,
}

/// Something in the task itself that keeps answers from being judged: for its author.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContractError {
    #[error(
        "the reference is ordered by {0}, which is no column of its result: add it to the result, or declare contract.order"
    )]
    Expression(String),
    #[error("the result of the reference has no column {0} to be ordered by")]
    NoSuchColumn(String),
    #[error("the result of the reference has {0} columns named {1}: give them different names")]
    Ambiguous(usize, String),
    #[error(transparent)]
    Tolerance(#[from] ToleranceError),
}

/// The result of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    pub n_expected: usize,
    pub n_found: usize,
    /// None: the answer is right.
    pub difference: Option<Difference>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    ColumnCount {
        expected: usize,
        found: usize,
    },
    /// `at` from 1.
    ColumnName {
        at: usize,
        expected: String,
        found: String,
    },
    /// One is a number and the other is not. `at` from 1.
    ColumnType {
        at: usize,
        name: String,
        expected: Family,
        found: Family,
    },
    Rows {
        n_missing: usize,
        n_extra: usize,
        /// The first ones of the reference that the answer lacks, in the reference's order.
        missing: Vec<Row>,
        /// The first ones of the answer that the reference lacks, in the answer's order.
        extra: Vec<Row>,
    },
    /// The right rows in another order.
    Order {
        keys: Vec<String>,
        /// Row from 1.
        at: usize,
        expected: Row,
        found: Row,
    },
}

impl Comparison {
    pub fn is_equal(&self) -> bool {
        self.difference.is_none()
    }

    /// What was expected and what was found, for the student. With `show_rows` off, for a hidden dataset, no value of
    /// either result is told.
    pub fn sentences(&self, show_rows: bool) -> (String, String) {
        let counts = (
            words::count(self.n_expected as u64, "row"),
            words::count(self.n_found as u64, "row"),
        );
        let Some(difference) = &self.difference else {
            return (counts.0.clone(), counts.1);
        };
        if !show_rows {
            return (
                "the same rows as the reference, on other data too".to_owned(),
                "on a hidden dataset the rows differ".to_owned(),
            );
        }
        match difference {
            Difference::ColumnCount { expected, found } => (
                words::count(*expected as u64, "column"),
                words::count(*found as u64, "column"),
            ),
            Difference::ColumnName { at, expected, found } => (
                format!("column {at} named {}", words::name(expected)),
                format!("column {at} named {}", words::name(found)),
            ),
            Difference::ColumnType {
                at,
                name,
                expected,
                found,
            } => (
                format!("{} in column {at} ({})", expected.in_words(), words::name(name)),
                found.in_words().to_owned(),
            ),
            Difference::Rows {
                n_missing,
                n_extra,
                missing,
                extra,
            } => {
                let mut found = vec![counts.1];
                if *n_missing > 0 {
                    found.push(format!("{} missing: {}", n_missing, shown(missing, *n_missing)));
                }
                if *n_extra > 0 {
                    found.push(format!("{} too many: {}", n_extra, shown(extra, *n_extra)));
                }
                (counts.0, found.join("; "))
            }
            Difference::Order {
                keys,
                at,
                expected,
                found,
            } => (
                format!(
                    "the rows in order of {}: {} in row {at}",
                    words::list(keys),
                    tuple(expected)
                ),
                format!("the right rows in another order: {} in row {at}", tuple(found)),
            ),
        }
    }
}

fn shown(rows: &[Row], n_all: usize) -> String {
    let mut shown: Vec<String> = rows.iter().map(tuple).collect();
    if n_all > rows.len() {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}

/// `(1, Ada, NULL)`.
fn tuple(row: &Row) -> String {
    let values: Vec<String> = row
        .iter()
        .map(|value| value.as_ref().map_or("NULL".to_owned(), |text| words::clip(text)))
        .collect();
    format!("({})", values.join(", "))
}

/// A reference's contract, made ready for its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    column_names: bool,
    tolerance: Option<Tolerance>,
    /// Places of the columns that are in order.
    keys: Vec<usize>,
}

impl Ready {
    /// `sql` is the reference, `columns` those of its result.
    ///
    /// # Errors
    /// The contract does not fit the reference.
    pub fn new(contract: &Contract, sql: &str, columns: &[Column]) -> Result<Self, ContractError> {
        let keys = match &contract.order {
            Order::Reference => match order::order_by(sql) {
                OrderBy::None => Vec::new(),
                OrderBy::Columns(keys) => keys,
                OrderBy::Expression(text) => return Err(ContractError::Expression(text)),
            },
            Order::Columns(columns) => columns.iter().map(|column| Key::declared(column)).collect(),
        };
        Ok(Self {
            column_names: contract.column_names,
            tolerance: contract.tolerance.as_deref().map(Tolerance::parse).transpose()?,
            keys: keys
                .into_iter()
                .map(|key| place(&key, columns))
                .collect::<Result<_, _>>()?,
        })
    }

    /// What a student may be told beforehand: which contract applies.
    pub fn in_words(&self, columns: &[Column]) -> String {
        let order = if self.keys.is_empty() {
            "rows in any order".to_owned()
        } else {
            let keys: Vec<String> = self.key_names(columns);
            format!("rows in order of {}, ties in any order", words::list(&keys))
        };
        let names = if self.column_names {
            "columns named as asked"
        } else {
            "columns in the order asked for, with any names"
        };
        match &self.tolerance {
            Some(tolerance) => format!("{order}; {names}; numbers within {tolerance}"),
            None => format!("{order}; {names}"),
        }
    }

    fn key_names(&self, columns: &[Column]) -> Vec<String> {
        self.keys
            .iter()
            .filter_map(|&at| columns.get(at))
            .map(|column| words::name(&column.name))
            .collect()
    }

    /// Compares an answer with the reference's result.
    pub fn compare(&self, expected: &RowSet, found: &RowSet) -> Comparison {
        Comparison {
            n_expected: expected.rows.len(),
            n_found: found.rows.len(),
            difference: self.difference(expected, found),
        }
    }

    fn difference(&self, expected: &RowSet, found: &RowSet) -> Option<Difference> {
        if expected.columns.len() != found.columns.len() {
            return Some(Difference::ColumnCount {
                expected: expected.columns.len(),
                found: found.columns.len(),
            });
        }
        let pairs = || expected.columns.iter().zip(&found.columns).enumerate();
        for (at, (wanted, has)) in pairs() {
            if self.column_names && wanted.name != has.name {
                return Some(Difference::ColumnName {
                    at: at + 1,
                    expected: wanted.name.clone(),
                    found: has.name.clone(),
                });
            }
        }
        for (at, (wanted, has)) in pairs() {
            // A column of NULLs only has no type of its own.
            let empty = |set: &RowSet| set.rows.iter().all(|row| row.get(at).is_none_or(Option::is_none));
            let comparable = wanted.family.compares_with(has.family) || (empty(expected) && empty(found));
            if !comparable {
                return Some(Difference::ColumnType {
                    at: at + 1,
                    name: wanted.name.clone(),
                    expected: wanted.family,
                    found: has.family,
                });
            }
        }
        let families: Vec<Family> = pairs()
            .map(|(_, (wanted, has))| wanted.family.with(has.family))
            .collect();
        let rules = value::rules(&families, self.tolerance.as_ref());
        let left_over = matching::left_over(&rules, &expected.rows, &found.rows);
        if !left_over.expected.is_empty() || !left_over.found.is_empty() {
            let first = |rows: &[Row], places: &[usize]| -> Vec<Row> {
                places.iter().take(N_SHOWN).map(|&at| rows[at].clone()).collect()
            };
            return Some(Difference::Rows {
                n_missing: left_over.expected.len(),
                n_extra: left_over.found.len(),
                missing: first(&expected.rows, &left_over.expected),
                extra: first(&found.rows, &left_over.found),
            });
        }
        self.disorder(&rules, expected, found)
    }

    /// The rows are the same: then they are in order exactly where the keys come in the same order, whatever the
    /// direction, the collation and the place of NULLs.
    fn disorder(&self, rules: &[value::Rule], expected: &RowSet, found: &RowSet) -> Option<Difference> {
        let same = |one: &Row, other: &Row| {
            self.keys
                .iter()
                .all(|&at| value::agree(&rules[at], one[at].as_deref(), other[at].as_deref()))
        };
        let (at, (wanted, has)) = expected
            .rows
            .iter()
            .zip(&found.rows)
            .enumerate()
            .find(|(_, (wanted, has))| !same(wanted, has))?;
        Some(Difference::Order {
            keys: self.key_names(&expected.columns),
            at: at + 1,
            expected: wanted.clone(),
            found: has.clone(),
        })
    }
}

fn place(key: &Key, columns: &[Column]) -> Result<usize, ContractError> {
    match key {
        Key::Number(number) => number
            .checked_sub(1)
            .filter(|at| *at < columns.len())
            .ok_or_else(|| ContractError::NoSuchColumn(number.to_string())),
        Key::Name(name) => {
            let mut places = columns
                .iter()
                .enumerate()
                .filter(|(_, column)| column.name == *name)
                .map(|(at, _)| at);
            match (places.next(), places.count()) {
                (None, _) => Err(ContractError::NoSuchColumn(name.clone())),
                (Some(at), 0) => Ok(at),
                (Some(_), others) => Err(ContractError::Ambiguous(others + 1, name.clone())),
            }
        }
    }
}
