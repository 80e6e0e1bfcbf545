//! What went wrong with a script, for the person who chose it: where, in which statement, what PostgreSQL said, and what
//! to do about it.

use std::fmt;

use tokio_postgres::error::{DbError, ErrorPosition};

use super::script::ScriptError;
use crate::Error;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadFault {
    /// The file itself: not a script, cut off, of a format that is not read.
    File,
    /// Something that scripts may not do here.
    Forbidden,
    /// PostgreSQL refused a statement.
    Statement,
    /// Longer, larger or slower than the limits allow.
    Limit,
    Cancelled,
    /// Not the script's fault: the server can't be reached, a program is missing.
    Server,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    pub fault: LoadFault,
    /// Line of the file, from 1.
    pub line: Option<u64>,
    /// How the statement begins.
    pub statement: Option<String>,
    pub message: String,
    pub hint: Option<String>,
    pub sqlstate: Option<String>,
}

const STATEMENT_CHARS: usize = 300;
const MESSAGE_CHARS: usize = 1000;

impl LoadError {
    pub(crate) fn new(fault: LoadFault, message: impl Into<String>) -> Self {
        Self {
            fault,
            line: None,
            statement: None,
            message: clip(&message.into(), MESSAGE_CHARS),
            hint: None,
            sqlstate: None,
        }
    }

    pub(crate) fn at(mut self, line: u64, statement: &str) -> Self {
        self.line = Some(line);
        if !statement.is_empty() {
            self.statement = Some(clip(statement, STATEMENT_CHARS));
        }
        self
    }

    pub(crate) fn with_hint(mut self, hint: &str) -> Self {
        self.hint = Some(hint.to_owned());
        self
    }

    /// PostgreSQL refused this statement, which begins on `line`.
    pub(super) fn refused(error: &tokio_postgres::Error, line: u64, statement: &str) -> Self {
        let Some(refused) = error.as_db_error() else {
            return Self::new(
                LoadFault::Server,
                format!("the connection to PostgreSQL failed: {error}"),
            )
            .at(line, statement);
        };
        let mut said = Self::new(LoadFault::Statement, refused.message()).at(line, statement);
        if let Some(detail) = refused.detail() {
            said.message = clip(&format!("{} ({detail})", said.message), MESSAGE_CHARS);
        }
        if refused.code().code() == "53400" {
            // temp_file_limit
            said.fault = LoadFault::Limit;
        }
        said.sqlstate = Some(refused.code().code().to_owned());
        said.hint = refused.hint().map(|hint| clip(hint, MESSAGE_CHARS));
        if said.hint.is_none() && looks_like_mysql(statement) {
            said.hint = Some("This looks like a script for MySQL; it must be one for PostgreSQL.".to_owned());
        }
        said
    }
}

/// Where in a text that was sent PostgreSQL saw the error, as a byte offset.
pub(super) fn position(refused: &DbError, sent: &str) -> Option<usize> {
    match refused.position()? {
        ErrorPosition::Original(position) => {
            let n_chars = usize::try_from(*position).ok()?.checked_sub(1)?;
            Some(sent.char_indices().nth(n_chars).map_or(sent.len(), |(at, _)| at))
        }
        ErrorPosition::Internal { .. } => None,
    }
}

/// The line of the data of a COPY in which PostgreSQL saw the error, from 1: `COPY album, line 12, column title: …`.
pub(super) fn copy_line(refused: &DbError) -> Option<u64> {
    let (_, rest) = refused.where_()?.split_once(", line ")?;
    rest.chars()
        .take_while(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .ok()
}

fn looks_like_mysql(statement: &str) -> bool {
    let head: String = statement
        .chars()
        .take(4000)
        .collect::<String>()
        .to_ascii_uppercase();
    head.contains('`') || head.contains("AUTO_INCREMENT") || head.contains("ENGINE=")
}

pub(super) fn clip(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, " {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadError {}

impl From<Error> for LoadError {
    fn from(error: Error) -> Self {
        let sqlstate = error.code().map(str::to_owned);
        Self {
            sqlstate,
            ..Self::new(LoadFault::Server, error.to_string())
        }
    }
}

impl From<tokio_postgres::Error> for LoadError {
    fn from(error: tokio_postgres::Error) -> Self {
        Error::from(error).into()
    }
}

impl From<ScriptError> for LoadError {
    fn from(error: ScriptError) -> Self {
        let fault = match error {
            ScriptError::TooLong { .. } | ScriptError::CommandTooLong { .. } => LoadFault::Limit,
            _ => LoadFault::File,
        };
        let said = Self {
            line: Some(error.line()),
            ..Self::new(fault, error.to_string())
        };
        match error {
            ScriptError::NotUtf8 { .. } => {
                said.with_hint("Convert the file, for example with: iconv -f WINDOWS-1252 -t UTF-8.")
            }
            _ => said,
        }
    }
}
