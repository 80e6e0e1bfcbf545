//! What is said of an answer, to whoever sent it. Nothing of a reference or of hidden data stands here but what the author
//! allows.

use pglab_core::answer::rows::{Comparison, Difference, RowSet};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Verdict {
    pub right: bool,
    /// A sentence.
    pub message: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub expected: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub found: String,
    /// By what the rows were compared, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub contract: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowsThatDiffer>,
    /// Of a task that has several: each assertion, step or rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<SqlProblem>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsThatDiffer {
    pub columns: Vec<String>,
    /// The first of those that the answer lacks.
    pub missing: Vec<Vec<Option<String>>>,
    /// The first of those that it has too much.
    pub extra: Vec<Vec<Option<String>>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub title: String,
    pub passed: bool,
    pub expected: String,
    pub found: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SqlProblem {
    pub sqlstate: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// In the query, in characters from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
}

impl Verdict {
    pub(super) fn plain(right: bool, message: &str) -> Self {
        Self {
            right,
            message: message.to_owned(),
            ..Self::default()
        }
    }

    /// `show` off: the data are hidden, and nothing of them is told.
    pub(super) fn of_rows(comparison: &Comparison, reference: &RowSet, show: bool, contract: String) -> Self {
        let (expected, found) = comparison.sentences(show);
        let rows = match &comparison.difference {
            Some(Difference::Rows { missing, extra, .. }) if show => Some(RowsThatDiffer {
                columns: reference
                    .columns
                    .iter()
                    .map(|column| column.name.clone())
                    .collect(),
                missing: missing.clone(),
                extra: extra.clone(),
            }),
            _ => None,
        };
        let message = match &comparison.difference {
            None => "Right.".to_owned(),
            Some(_) if show => format!("Not yet: expected {expected}, found {found}."),
            Some(_) => {
                "Right on the data that you see, but not on other data: think of NULLs, duplicates, rows without a match."
                    .to_owned()
            }
        };
        Self {
            right: comparison.is_equal(),
            message,
            expected,
            found,
            contract,
            rows,
            ..Self::default()
        }
    }

    /// Right when all are.
    pub(super) fn of_parts(parts: Vec<Part>) -> Self {
        let n_passed = parts.iter().filter(|part| part.passed).count();
        let right = n_passed == parts.len() && !parts.is_empty();
        Self {
            right,
            message: if right {
                "Right.".to_owned()
            } else {
                format!("{n_passed} of {} are as they should be.", parts.len())
            },
            parts,
            ..Self::default()
        }
    }
}
