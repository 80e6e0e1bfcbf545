//! Did a statement do what a task wants? Running it, in a savepoint of a transaction that is rolled back, is
//! `pglab-fleet`'s business.

use super::rows::{Comparison, Ready, RowSet};
use crate::{
    check::VerdictState,
    task::kind::{Contract, Expectation, Order},
    words,
};

/// What came of one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepOutcome {
    Rows(RowSet),
    /// Done, with the number of rows that it inserted, changed or deleted.
    Done {
        affected: u64,
    },
    Refused {
        sqlstate: String,
        message: String,
    },
}

/// What is said of one step or assertion, as a verdict is before it belongs to a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub state: VerdictState,
    pub expected: String,
    pub found: String,
}

impl Said {
    fn new(passed: bool, expected: String, found: String) -> Self {
        let state = if passed {
            VerdictState::Passed
        } else {
            VerdictState::Failed
        };
        Self {
            state,
            expected,
            found,
        }
    }
}

pub fn judge(expectation: &Expectation, outcome: &StepOutcome) -> Said {
    let (passed, expected, found) = match (expectation, outcome) {
        (Expectation::Success, StepOutcome::Refused { .. }) => (false, "it works".to_owned(), told(outcome)),
        (Expectation::Success, _) => (true, "it works".to_owned(), "it works".to_owned()),
        (Expectation::Error(wanted), _) => (
            matches!(outcome, StepOutcome::Refused { sqlstate, .. } if state_fits(wanted, sqlstate)),
            format!("refused with {}", error_in_words(wanted)),
            told(outcome),
        ),
        (Expectation::Affected(wanted), StepOutcome::Done { affected }) => (
            wanted == affected,
            words::count(*wanted, "row"),
            words::count(*affected, "row"),
        ),
        (Expectation::Affected(wanted), _) => (false, words::count(*wanted, "row"), told(outcome)),
        (Expectation::Rows(wanted), StepOutcome::Rows(rows)) => {
            let comparison = compare(wanted, rows);
            let (expected, found) = comparison.sentences(true);
            match wanted.as_slice() {
                // One value is best told as it is.
                [row] if row.len() == 1 => {
                    let shown = |row: Option<&Vec<Option<String>>>| match row.and_then(|row| row.first()) {
                        Some(Some(text)) => words::clip(text),
                        Some(None) => "NULL".to_owned(),
                        None => "no row".to_owned(),
                    };
                    let found = if rows.rows.len() > 1 {
                        found
                    } else {
                        shown(rows.rows.first())
                    };
                    (comparison.is_equal(), shown(wanted.first()), found)
                }
                _ => (comparison.is_equal(), expected, found),
            }
        }
        (Expectation::Rows(wanted), _) => (false, words::count(wanted.len() as u64, "row"), told(outcome)),
    };
    Said::new(passed, expected, found)
}

/// An assertion's value as PostgreSQL prints it: `t`, `f` or NULL; or why there is none.
pub fn judge_assertion(title: &str, value: Result<Option<&str>, &str>) -> Said {
    match value {
        Ok(Some("t" | "true")) => Said::new(true, title.to_owned(), "it is so".to_owned()),
        Ok(Some(_)) => Said::new(false, title.to_owned(), "it is not so".to_owned()),
        Ok(None) => Said::new(false, title.to_owned(), "that is unknown: NULL".to_owned()),
        Err(message) => Said {
            state: VerdictState::NotYet,
            expected: title.to_owned(),
            found: words::clip(message),
        },
    }
}

/// Expected rows have no names and no types: each column takes the family of what was found.
fn compare(wanted: &[Vec<Option<String>>], found: &RowSet) -> Comparison {
    let n_columns = wanted.first().map_or(found.columns.len(), Vec::len);
    let mut columns = found.columns.clone();
    columns.resize_with(n_columns, || super::rows::Column::new("?", "text"));
    let expected = RowSet {
        columns,
        rows: wanted.to_vec(),
    };
    let contract = Contract {
        order: Order::Columns(Vec::new()),
        ..Contract::default()
    };
    match Ready::new(&contract, "", &expected.columns) {
        Ok(ready) => ready.compare(&expected, found),
        // A contract without order and tolerance fits everything.
        Err(_) => Comparison {
            n_expected: wanted.len(),
            n_found: found.rows.len(),
            difference: None,
        },
    }
}

fn state_fits(wanted: &str, sqlstate: &str) -> bool {
    if wanted.len() == 2 {
        sqlstate.starts_with(wanted)
    } else {
        sqlstate == wanted
    }
}

fn told(outcome: &StepOutcome) -> String {
    match outcome {
        StepOutcome::Rows(rows) => format!("{} returned", words::count(rows.rows.len() as u64, "row")),
        StepOutcome::Done { .. } => "it works".to_owned(),
        StepOutcome::Refused { sqlstate, message } => {
            format!(
                "refused with {}: {}",
                error_in_words(sqlstate),
                words::clip(message)
            )
        }
    }
}

/// The states that tasks ask for, with their names.
fn error_in_words(sqlstate: &str) -> String {
    let name = match sqlstate {
        "23502" => "a missing value, NOT NULL",
        "23503" => "a foreign key",
        "23505" => "a duplicate, UNIQUE or PRIMARY KEY",
        "23514" => "a CHECK",
        "23P01" => "an exclusion constraint",
        "23" => "a constraint",
        "22P02" => "a value that can't be read",
        "22003" => "a number out of range",
        "22001" => "a text that is too long",
        "42501" => "a missing privilege",
        "P0001" => "an exception raised by a function",
        _ => return format!("SQLSTATE {sqlstate}"),
    };
    format!("{sqlstate} ({name})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::rows::Column;

    fn said(expectation: &Expectation, outcome: &StepOutcome) -> String {
        let said = judge(expectation, outcome);
        format!("{} | {} | {}", said.state.as_str(), said.expected, said.found)
    }

    #[test]
    fn sentences_of_all_outcomes() {
        let refused = |sqlstate: &str| StepOutcome::Refused {
            sqlstate: sqlstate.to_owned(),
            message: "no".to_owned(),
        };
        let one = |text: Option<&str>| {
            StepOutcome::Rows(RowSet {
                columns: vec![Column::new("f", "int4")],
                rows: vec![vec![text.map(str::to_owned)]],
            })
        };
        let done = StepOutcome::Done { affected: 2 };
        let error = Expectation::Error("23503".to_owned());
        let seven = Expectation::Rows(vec![vec![Some("7.0".to_owned())]]);
        insta::assert_snapshot!(
            [
                said(&Expectation::Success, &done),
                said(&Expectation::Success, &refused("23505")),
                said(&error, &refused("23503")),
                said(&error, &refused("23502")),
                said(&error, &done),
                said(&Expectation::Error("23".to_owned()), &refused("23P01")),
                said(&Expectation::Affected(2), &done),
                said(&Expectation::Affected(3), &done),
                said(&Expectation::Affected(3), &refused("40001")),
                said(&seven, &one(Some("7"))),
                said(&seven, &one(Some("8"))),
                said(&seven, &one(None)),
                said(&seven, &refused("42883")),
                said(&Expectation::Rows(vec![]), &one(None)),
            ]
            .join("\n"),
            @"
            passed | it works | it works
            failed | it works | refused with 23505 (a duplicate, UNIQUE or PRIMARY KEY): no
            passed | refused with 23503 (a foreign key) | refused with 23503 (a foreign key): no
            failed | refused with 23503 (a foreign key) | refused with 23502 (a missing value, NOT NULL): no
            failed | refused with 23503 (a foreign key) | it works
            passed | refused with 23 (a constraint) | refused with 23P01 (an exclusion constraint): no
            passed | 2 rows | 2 rows
            failed | 3 rows | 2 rows
            failed | 3 rows | refused with SQLSTATE 40001: no
            passed | 7.0 | 7
            failed | 7.0 | 8
            failed | 7.0 | NULL
            failed | 1 row | refused with SQLSTATE 42883: no
            failed | 0 rows | 1 row; 1 too many: (NULL)
            "
        );
        let assertion = |value| judge_assertion("no ship is lost", value).state;
        assert_eq!(assertion(Ok(Some("t"))), VerdictState::Passed);
        assert_eq!(assertion(Ok(Some("f"))), VerdictState::Failed);
        assert_eq!(assertion(Ok(None)), VerdictState::Failed);
        assert_eq!(assertion(Err("relation does not exist")), VerdictState::NotYet);
    }
}
