//! Rosters: who is in a class, read from the files that people have. Reading never fails as a whole: what can't be
//! read becomes a problem with its line, and whoever applies a roster refuses one with errors.

mod diff;
mod header;
mod parse;
mod table;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use diff::{Change, RosterDiff, diff, merge};
pub use parse::parse;

use crate::person::Login;

/// More lines than any class has.
pub const MAX_LINES: usize = 10_000;
/// The largest cell that is read at all, in bytes.
pub const MAX_CELL_BYTES: usize = 1 << 20;
/// The longest name, e-mail address, section, seat or id that is kept, in characters.
pub const MAX_KEPT_CHARS: usize = 255;

/// A person as a roster describes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub login: Login,
    pub name: String,
    pub email: Option<String>,
    pub section: Option<String>,
    pub seat: Option<String>,
    /// The id that the roster's system knows the person by.
    pub external_id: Option<String>,
}

/// An entry and where it stands. Lines count from 1, over the whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub number: u64,
    pub entry: Entry,
}

/// Recognised by the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Plain,
    /// No header, one column of logins or e-mail addresses.
    Logins,
    Moodle,
    /// Canvas gradebook export.
    Canvas,
    /// Canvas SIS `users.csv`.
    CanvasSis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The roster can't be applied.
    Error,
    /// Something was left out or ignored.
    Warning,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub line: u64,
    /// The beginning of the line, so that it is found.
    pub text: String,
    pub message: String,
    pub severity: Severity,
}

/// Which of an [`Entry`]'s fields the file has a column for. The others of a member stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Given {
    pub name: bool,
    pub email: bool,
    pub section: bool,
    pub seat: bool,
    pub external_id: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    pub format: Format,
    pub given: Given,
    pub lines: Vec<Line>,
    pub problems: Vec<Problem>,
}

impl Roster {
    pub fn has_errors(&self) -> bool {
        self.problems
            .iter()
            .any(|problem| problem.severity == Severity::Error)
    }
}
