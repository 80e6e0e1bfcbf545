//! A lab: an event with people, tasks, a start and settings.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The short name of a lab in URLs, on the command line and in the names of its databases: `[a-z0-9-]`, 1 to 40
/// characters, a letter or digit first and last.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} can't be the short name of a lab: use 1 to 40 of a-z, 0-9 and \"-\", with a letter or digit first and last"
)]
pub struct SlugError(String);

impl Slug {
    /// # Errors
    /// Not of the form above.
    pub fn parse(text: &str) -> Result<Self, SlugError> {
        let fine = (1..=40).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if fine {
            Ok(Self(text.to_owned()))
        } else {
            Err(SlugError(text.to_owned()))
        }
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slug({:?})", self.0)
    }
}

impl TryFrom<String> for Slug {
    type Error = SlugError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

/// Where a lab stands. A lab can be prepared in `draft` and `open`; students get in only while it is `open`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabState {
    Draft,
    Open,
    /// Students can no longer connect; databases and results stay. Can be opened again.
    Closed,
    /// Dumps are written, databases are gone, results stay.
    Archived,
}

impl LabState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Archived => "archived",
        }
    }
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Draft, Self::Open, Self::Closed, Self::Archived]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberRole {
    Instructor,
    Assistant,
    Student,
}

impl MemberRole {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Instructor => "instructor",
            Self::Assistant => "assistant",
            Self::Student => "student",
        }
    }
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Instructor, Self::Assistant, Self::Student]
            .into_iter()
            .find(|role| role.as_str() == text)
    }
}

/// How types are compared.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TypeRule {
    /// As declared, with length and precision.
    #[default]
    Strict,
    /// Any type of the same family will do: integers, texts, exact numbers, floating numbers, timestamps, times of day,
    /// JSON.
    Lenient,
}

/// By which name students appear in metrics, which others than the lab's staff may see.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricNames {
    /// By their login.
    #[default]
    Logins,
    /// By a name that leads back to the person only with pglab's own key; another one in every lab.
    Pseudonyms,
    /// Not at all: only numbers of the whole lab.
    Off,
}

/// What a student's database holds at the beginning. In `lab.yaml`: `empty`, `schema`, `{ tables: [a, b] }` or
/// `{ dump: other.sql }`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    #[default]
    Empty,
    /// All of the example but its rows.
    Schema,
    /// These tables of the example with their rows; `schema.table`, or `table` for one in `public`.
    Tables(Vec<String>),
    /// Another dump, uploaded beside the example; the name is the file's.
    Dump(String),
}

/// What an instructor may set. Kept as one JSON document, so that a new setting needs no migration; what is missing
/// has the default below.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LabSettings {
    pub types: TypeRule,
    /// Students must change the initial password on the page before they can do anything else there.
    pub must_change_password: bool,
    /// Students see where the class is on their own page.
    pub show_class_progress: bool,
    /// Students may reset their own database.
    pub student_reset: bool,
    /// Grade what the databases hold at the end, instead of what was earned once.
    pub grade_final_state: bool,
    /// By which name students appear in metrics.
    pub metrics: MetricNames,
    /// Concurrent connections of a student to their database.
    pub max_connections: u16,
    /// A statement that runs longer is cancelled. Seconds.
    pub statement_timeout_s: u32,
    /// Idle inside a transaction for longer: the session is ended. Seconds.
    pub idle_in_transaction_timeout_s: u32,
    /// Temporary files of one session. MiB.
    pub temp_file_limit_mib: u32,
    /// A database that is larger turns read-only. MiB.
    pub database_quota_mib: u32,
    /// Where a directory checks passwords: PostgreSQL also keeps a verifier of the last known one, for the time when the
    /// directory is away.
    pub scram_fallback: bool,
    /// Students are in teams: what one earns by an answer all have earned, attempts count for the team, and the standings
    /// rank teams.
    pub teams: bool,
    /// Who has an access code of the lab and no account may make one. Only where pglab itself keeps the passwords.
    pub self_registration: bool,
    /// Extensions that are not trusted, but that an admin has allowed. Created by pglab in the templates.
    pub extensions: Vec<String>,
}

impl Default for LabSettings {
    fn default() -> Self {
        Self {
            types: TypeRule::Strict,
            must_change_password: false,
            show_class_progress: true,
            student_reset: true,
            grade_final_state: false,
            metrics: MetricNames::Logins,
            max_connections: 10,
            statement_timeout_s: 60,
            idle_in_transaction_timeout_s: 600,
            temp_file_limit_mib: 512,
            database_quota_mib: 512,
            scram_fallback: false,
            teams: false,
            self_registration: false,
            extensions: Vec::new(),
        }
    }
}
