//! CDF, the challenge definition format: documents as they were written, with all that they hold, and what pglab reads
//! in them. A document is never rebuilt from what was read, so that unknown keys survive import and export.

mod challenge;
pub mod ctfcli;
mod database;
mod hashing;
mod json;
mod question;
mod read;
mod reader;
mod sql;
#[cfg(test)]
mod tests;
pub mod variables;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use challenge::{
    App, Challenge, ChallengeType, Checked, Database, Dataset, DatasetBase, Difficulty, Texts,
};
pub use hashing::{HashesAnswers, Unhashed};
pub use question::{Hint, Question};

/// The longest document, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 4 << 20;
/// The most components of one document.
pub const MAX_COMPONENTS: usize = 1000;

/// Something wrong with a document, at its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = DocumentProblem))]
pub struct Problem {
    /// JSON path from the root: `components[3].config.text`. Empty for the whole.
    pub path: String,
    pub error: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.error)
        } else {
            write!(f, "{}: {}", self.path, self.error)
        }
    }
}

/// A document as it was written: an object of JSON, nothing else is known of it yet.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Document(Map<String, Value>);

impl Document {
    /// # Errors
    /// No JSON, no object, a key twice, a NUL character, or too long.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        json::object(text, MAX_DOCUMENT_BYTES).map(Self)
    }

    /// # Errors
    /// No object.
    pub fn from_value(value: Value) -> Result<Self, Problem> {
        match value {
            Value::Object(map) => Ok(Self(map)),
            _ => Err(Problem {
                path: String::new(),
                error: "a document is a JSON object".to_owned(),
            }),
        }
    }

    pub fn value(&self) -> &Map<String, Value> {
        &self.0
    }

    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    /// The document as text: indented, keys sorted, a newline at the end. The same document always gives the same bytes.
    pub fn to_text(&self) -> String {
        json::text(&self.0)
    }

    /// Reads what pglab uses. All problems are told at once.
    ///
    /// # Errors
    /// The document can't be installed.
    pub fn check(&self) -> Result<Checked, Vec<Problem>> {
        read::check(&self.0)
    }

    /// The same with the answers hashed where they can be; see `hashing`. Gives how many were hashed, and which could
    /// not be.
    pub fn hash_answers(&mut self, hashes: &mut HashesAnswers<'_>) -> (usize, Vec<Unhashed>) {
        hashing::hash_answers(&mut self.0, hashes)
    }
}

/// Parses a JSON object as documents are parsed; for `pack.json`.
pub(crate) fn json_object(text: &str, max_bytes: usize) -> Result<Map<String, Value>, Problem> {
    json::object(text, max_bytes)
}

pub(crate) fn json_text(map: &Map<String, Value>) -> String {
    json::text(map)
}

pub(crate) use reader::{Node, Object, Sink};

pub(crate) fn root<'a>(map: &'a Map<String, Value>, sink: &'a Sink) -> Object<'a> {
    Object::root(map, sink)
}
