//! What pglab reads in a document: metadata, databases, tasks, apps. What it does not know stays in the document.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    MAX_COMPONENTS, Problem,
    question::{self, Question},
    reader::{Node, Object, Sink},
    sql, variables,
};
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

pub(super) fn check(root: &Map<String, Value>) -> Result<Checked, Vec<Problem>> {
    let sink = Sink::default();
    let challenge = read(&Object::root(root, &sink));
    let mut errors_of = sink.into_problems();
    match challenge {
        Some(challenge) if errors_of.0.is_empty() => Ok(Checked {
            challenge,
            warnings: std::mem::take(&mut errors_of.1),
        }),
        _ => Err(errors_of.0),
    }
}

fn read(root: &Object<'_>) -> Option<Challenge> {
    let metadata = root.required("metadata").and_then(|node| node.object());
    let components = root.required("components").and_then(|node| node.list());
    root.get("typeConfig").map(|node| node.object());
    let variables = root.get("variables").and_then(|node| node.object());
    for template in root.list("templates") {
        if let Some(template) = template.object() {
            for key in ["name", "path", "destination"] {
                template.required(key).map(|node| node.name().is_some());
            }
        }
    }
    let own = variables.map(|object| object.map);
    warn_of_variables(&Value::Object(root.map.clone()), "", own, root.sink());
    let metadata = metadata?;
    let mut challenge = read_metadata(&metadata);
    let components = components?;
    if components.is_empty() {
        root.sink()
            .error("components", "must hold at least one component");
    }
    if components.len() > MAX_COMPONENTS {
        root.sink().error(
            "components",
            format!("holds more than {MAX_COMPONENTS} components"),
        );
        return None;
    }
    read_components(&components, challenge.as_mut());
    challenge
}

fn read_metadata(metadata: &Object<'_>) -> Option<Challenge> {
    let name = metadata.required("name").and_then(|node| node.name());
    let version = metadata.required("version").and_then(|node| node.scalar());
    let challenge_type = metadata.required("challenge_type").and_then(|node| node.name());
    let id = metadata.get("id").and_then(|node| node.name());
    let difficulty = metadata.get("difficulty").and_then(|node| {
        let found = Difficulty::parse(node.text()?);
        if found.is_none() {
            node.error("must be beginner, intermediate, advanced or expert");
        }
        found
    });
    let estimated_time = metadata
        .get("estimated_time")
        .and_then(|node| node.whole(0, u64::from(u32::MAX)))
        .and_then(|minutes| u32::try_from(minutes).ok());
    let name = name?;
    if id.is_none() {
        metadata.warn("has no id: the challenge is found again by its name only");
    }
    Some(Challenge {
        key: id.map_or_else(|| key_of_name(name), str::to_owned),
        name: name.to_owned(),
        version: version?,
        challenge_type: ChallengeType::parse(challenge_type?),
        description: metadata.text("description"),
        difficulty,
        estimated_time,
        learning_objectives: metadata.texts("learning_objectives"),
        pack_id: metadata
            .get("pack_id")
            .and_then(|node| node.text())
            .map(str::to_owned),
        author: metadata.text("author"),
        license: metadata.text("license"),
        tags: metadata.texts("tags"),
        prerequisites: metadata.texts("prerequisites"),
        databases: Vec::new(),
        questions: Vec::new(),
        apps: Vec::new(),
        containers: Vec::new(),
        config_maps: Vec::new(),
        secrets: Vec::new(),
    })
}

/// `The Harbour's Log` is `the-harbour-s-log`.
pub(super) fn key_of_name(name: &str) -> String {
    let mut key = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_alphanumeric() {
            key.push(c);
        } else if !key.ends_with('-') && !key.is_empty() {
            key.push('-');
        }
    }
    key.trim_end_matches('-').to_owned()
}

/// `challenge` is none where the metadata can't be read: the components are looked at all the same.
fn read_components(components: &[Node<'_>], challenge: Option<&mut Challenge>) {
    let mut ids = BTreeSet::new();
    let mut read: Vec<(String, &str, Object<'_>)> = Vec::new();
    for component in components {
        let Some(component) = component.object() else {
            continue;
        };
        let kind = component.required("type").and_then(|node| node.name());
        let id = component.required("id").and_then(|node| node.name());
        let config = component.required("config").and_then(|node| node.object());
        if let Some(id) = id
            && !ids.insert(id.to_owned())
        {
            component.error(format!("another component has the id {id:?} already"));
        }
        if let (Some(kind), Some(id), Some(config)) = (kind, id, config) {
            read.push((id.to_owned(), kind, config));
        }
    }
    let databases: Vec<Database> = read
        .iter()
        .filter(|(_, kind, _)| *kind == "database")
        .filter_map(|(id, _, config)| sql::database(id, config))
        .collect();
    let mut questions = Vec::new();
    let mut apps = Vec::new();
    let mut containers = Vec::new();
    let mut config_maps = Vec::new();
    let mut secrets = Vec::new();
    for (id, kind, config) in &read {
        match *kind {
            "question" => questions.extend(question::question(id, questions.len(), config, &databases)),
            "webosApp" => apps.extend(app(id, config)),
            "container" => {
                container(config);
                containers.push(id.clone());
            }
            "configMap" => config_maps.extend(texts(id, config)),
            "secret" => secrets.extend(texts(id, config)),
            "database" => {}
            other => config.warn(format!("pglab does not know components of type {other:?}")),
        }
    }
    question::sort(&mut questions, &read);
    if let Some(challenge) = challenge {
        challenge.databases = databases;
        challenge.questions = questions;
        challenge.apps = apps;
        challenge.containers = containers;
        challenge.config_maps = config_maps;
        challenge.secrets = secrets;
    }
}

fn app(id: &str, config: &Object<'_>) -> Option<App> {
    let app_type = config.required("app_type").and_then(|node| node.name());
    let size = |key: &str| -> Option<u32> {
        let position = config.get("position").and_then(|node| node.object());
        let node = config
            .get(key)
            .or_else(|| position.as_ref().and_then(|position| position.get(key)))?;
        node.number().map(|number| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "clamped; a size in pixels"
            )]
            let pixels = number.clamp(0.0, 100_000.0) as u32;
            pixels
        })
    };
    let (width, height) = (size("width"), size("height"));
    let title = config.text("title");
    Some(App {
        id: id.to_owned(),
        app_type: app_type?.to_owned(),
        title: if title.is_empty() { id.to_owned() } else { title },
        icon: config.text("icon"),
        url: config.text("url"),
        width,
        height,
        screen: config
            .get("screen")
            .and_then(|node| node.scalar())
            .unwrap_or_default(),
        disabled: config.flag("disabled", false),
        favourite: config.flag("favourite", false),
        desktop_shortcut: config.flag("desktop_shortcut", false),
        launch_on_startup: config.flag("launch_on_startup", false),
        additional_config: config
            .map
            .get("additional_config")
            .cloned()
            .unwrap_or(Value::Null),
    })
}

/// pglab runs no containers itself: only what an instance manager would stumble over is looked at.
fn container(config: &Object<'_>) {
    config.required("image").map(|node| node.name().is_some());
    config.texts("command");
    config.texts("args");
    config.get("env").map(|node| node.object().is_some());
    for port in config.list("ports") {
        if let Some(port) = port.object() {
            port.required("containerPort").map(|node| node.whole(1, 65535));
            port.get("hostPort").map(|node| node.whole(1, 65535));
            if let Some(node) = port.get("protocol")
                && let Some(protocol) = node.text()
                && !["TCP", "UDP"].contains(&protocol.to_uppercase().as_str())
            {
                node.error("must be TCP or UDP");
            }
        }
    }
    for volume in config.list("volumes") {
        if let Some(volume) = volume.object() {
            volume.required("name").map(|node| node.name().is_some());
            volume.required("mountPath").map(|node| node.name().is_some());
        }
    }
}

fn texts(id: &str, config: &Object<'_>) -> Option<Texts> {
    let data = config.required("data")?.object()?;
    let data = data
        .map
        .keys()
        .filter_map(|key| Some((key.clone(), data.get(key)?.text()?.to_owned())))
        .collect();
    Some(Texts {
        id: id.to_owned(),
        data,
    })
}

/// Any text may use a variable.
fn warn_of_variables(value: &Value, path: &str, own: Option<&Map<String, Value>>, sink: &Sink) {
    match value {
        Value::String(text) => {
            for name in variables::names(text) {
                if !variables::KNOWN.contains(&name) && own.is_none_or(|own| !own.contains_key(name)) {
                    sink.warn(
                        path,
                        format!("the variable {{{{{name}}}}} is unknown and stays as it is"),
                    );
                }
            }
        }
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                warn_of_variables(value, &format!("{path}[{at}]"), own, sink);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                warn_of_variables(value, &path, own, sink);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
