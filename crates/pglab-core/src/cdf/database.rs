//! A component of type `database`: what a member's database is made from, and the hidden datasets.

use serde_json::Value;

use super::{
    challenge::{Database, Dataset, DatasetBase},
    reader::{Node, Object},
};
use crate::{lab::Start, pack::path::PackPath};

/// The most hidden datasets of one database.
const MAX_DATASETS: usize = 50;

pub(super) fn database(id: &str, config: &Object<'_>) -> Option<Database> {
    let example = config.get("example").and_then(|node| file(&node));
    let start = config
        .get("start")
        .map_or(Some(Start::Empty), |node| start(&node));
    if matches!(start, Some(Start::Schema | Start::Tables(_))) && config.get("example").is_none() {
        config.error("start speaks of the example, and there is none");
    }
    let seed = files(config, "seed");
    let mut hidden: Vec<Dataset> = Vec::new();
    for node in config.list("hidden") {
        let Some(dataset) = node.object().and_then(|object| dataset(&object)) else {
            continue;
        };
        if hidden.iter().any(|other| other.name == dataset.name) {
            node.error(format!("another dataset is named {:?} already", dataset.name));
        }
        hidden.push(dataset);
    }
    if hidden.len() > MAX_DATASETS {
        config.error(format!("holds more than {MAX_DATASETS} hidden datasets"));
    }
    Some(Database {
        id: id.to_owned(),
        example,
        start: start?,
        seed,
        hidden,
    })
}

fn start(node: &Node<'_>) -> Option<Start> {
    let wrong = || {
        node.error("must be empty, schema, {\"tables\": [names]} or {\"dump\": file}");
        None
    };
    match node.value {
        Value::String(text) if text == "empty" => Some(Start::Empty),
        Value::String(text) if text == "schema" => Some(Start::Schema),
        Value::Object(map) if map.len() == 1 => {
            let object = node.object()?;
            match (object.get("tables"), object.get("dump")) {
                (Some(tables), _) => tables.texts().map(Start::Tables),
                (None, Some(dump)) => file(&dump).map(Start::Dump),
                (None, None) => wrong(),
            }
        }
        _ => wrong(),
    }
}

fn dataset(object: &Object<'_>) -> Option<Dataset> {
    let name = object.required("name").and_then(|node| node.name());
    let files = match object.get("file") {
        Some(node) => file(&node).into_iter().collect(),
        None => {
            object.required("files");
            files(object, "files")
        }
    };
    let base = match object.get("base") {
        None => Some(DatasetBase::Start),
        Some(node) => match node.text() {
            Some("start") => Some(DatasetBase::Start),
            Some("empty") => Some(DatasetBase::Empty),
            Some(_) => {
                node.error("must be start or empty");
                None
            }
            None => None,
        },
    };
    Some(Dataset {
        name: name?.to_owned(),
        title: object.text("title"),
        files,
        base: base?,
        show_rows: object.flag("show_rows", false),
    })
}

fn files(object: &Object<'_>, key: &str) -> Vec<String> {
    match object.get(key) {
        Some(node) if node.value.is_string() => file(&node).into_iter().collect(),
        Some(node) => node.list().unwrap_or_default().iter().filter_map(file).collect(),
        None => Vec::new(),
    }
}

/// A file of the pack, in its `shared_resources/`.
fn file(node: &Node<'_>) -> Option<String> {
    let text = node.name()?;
    match PackPath::parse(text) {
        Ok(path) if path.as_str().starts_with("shared_resources/") => Some(path.into_string()),
        Ok(_) => {
            node.error("must name a file in shared_resources/");
            None
        }
        Err(error) => {
            node.error(error.to_string());
            None
        }
    }
}

/// The database that a question is about: the one that it names, else the only one.
pub(super) fn database_of<'d>(config: &Object<'_>, databases: &'d [Database]) -> Option<&'d Database> {
    match config.get("database") {
        Some(node) => {
            let name = node.name()?;
            let found = databases.iter().find(|database| database.id == name);
            if found.is_none() {
                node.error(format!(
                    "there is no component of type database with the id {name:?}"
                ));
            }
            found
        }
        None => match databases {
            [only] => Some(only),
            _ => None,
        },
    }
}
