//! What pglab reads in a document: metadata, databases, tasks, apps. How it is read is in `read`; what is not known stays
//! in the document.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Problem, question::Question};
use crate::lab::Start;

/// The kinds of challenge. Written in any case and with `-` or `_` wherever one likes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChallengeType {
    /// pglab's own: tasks in databases.
    SqlLab,
    FullOs,
    Web,
    Container,
    Metasploit,
    SqlInjection,
    /// Installed by somebody else; as written.
    Other(String),
}

impl ChallengeType {
    pub fn parse(text: &str) -> Self {
        let plain: String = text
            .trim()
            .chars()
            .filter(|c| *c != '-' && *c != '_')
            .flat_map(char::to_lowercase)
            .collect();
        match plain.as_str() {
            "sqllab" => Self::SqlLab,
            "fullos" => Self::FullOs,
            "web" => Self::Web,
            "container" => Self::Container,
            "metasploit" => Self::Metasploit,
            "sqlinjection" => Self::SqlInjection,
            _ => Self::Other(text.trim().to_owned()),
        }
    }
    /// As the format writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::SqlLab => "sql-lab",
            Self::FullOs => "fullOS",
            Self::Web => "web",
            Self::Container => "container",
            Self::Metasploit => "metasploit",
            Self::SqlInjection => "sql-injection",
            Self::Other(text) => text,
        }
    }
}

impl fmt::Display for ChallengeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// As stored and told by the Database API. The document keeps its own word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Difficulty {
    Easy,
    Medium,
    Hard,
    Expert,
}

impl Difficulty {
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_lowercase().as_str() {
            "beginner" | "easy" => Some(Self::Easy),
            "intermediate" | "medium" => Some(Self::Medium),
            "advanced" | "hard" => Some(Self::Hard),
            "expert" => Some(Self::Expert),
            _ => None,
        }
    }
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Easy => "EASY",
            Self::Medium => "MEDIUM",
            Self::Hard => "HARD",
            Self::Expert => "EXPERT",
        }
    }
}

/// A document that can be installed, and what should be looked at all the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    pub challenge: Challenge,
    pub warnings: Vec<Problem>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Challenge {
    /// By which the challenge is found again within its pack: `metadata.id`, else made from the name.
    pub key: String,
    pub name: String,
    pub version: String,
    pub challenge_type: ChallengeType,
    pub description: String,
    pub difficulty: Option<Difficulty>,
    /// Minutes.
    pub estimated_time: Option<u32>,
    pub learning_objectives: Vec<String>,
    pub pack_id: Option<String>,
    pub author: String,
    pub license: String,
    pub tags: Vec<String>,
    /// Challenges that must be completed before, by key or name.
    pub prerequisites: Vec<String>,
    pub databases: Vec<Database>,
    /// In the order in which they are shown.
    pub questions: Vec<Question>,
    pub apps: Vec<App>,
    /// Ids of the components that run as containers, for an instance manager.
    pub containers: Vec<String>,
    pub config_maps: Vec<Texts>,
    pub secrets: Vec<Texts>,
}

impl Challenge {
    /// The files of the pack that the challenge speaks of, each once.
    pub fn files(&self) -> BTreeSet<&str> {
        self.databases.iter().flat_map(Database::files).collect()
    }
}

/// A `configMap` or a `secret`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    pub id: String,
    pub data: BTreeMap<String, String>,
}

/// What a member's database is made from. Files are paths within the pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// The component's id.
    pub id: String,
    pub example: Option<String>,
    pub start: Start,
    /// Run in each member's own database after it was cloned, with variables filled in: plants flags.
    pub seed: Vec<String>,
    /// Other contents on which answers are judged.
    pub hidden: Vec<Dataset>,
}

impl Database {
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let start = match &self.start {
            Start::Dump(file) => Some(file),
            Start::Empty | Start::Schema | Start::Tables(_) => None,
        };
        let hidden = self.hidden.iter().flat_map(|dataset| &dataset.files);
        self.example
            .iter()
            .chain(start)
            .chain(&self.seed)
            .chain(hidden)
            .map(String::as_str)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dataset {
    /// Unique within its database.
    pub name: String,
    pub title: String,
    /// Scripts that make it, run in this order.
    pub files: Vec<String>,
    pub base: DatasetBase,
    /// Rows that differ may be shown to the student, where the dataset has at most 20.
    pub show_rows: bool,
}

/// What a dataset's scripts find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatasetBase {
    #[default]
    Start,
    Empty,
}

/// A window of the desktop that front ends show.
#[derive(Debug, Clone, PartialEq)]
pub struct App {
    pub id: String,
    pub app_type: String,
    pub title: String,
    pub icon: String,
    pub url: String,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub screen: String,
    pub disabled: bool,
    pub favourite: bool,
    pub desktop_shortcut: bool,
    pub launch_on_startup: bool,
    pub additional_config: Value,
}
