//! `pack.json`: what a pack says of itself. Every key is known; another one is an error.

use std::collections::BTreeMap;

use semver::{Version, VersionReq};
use serde_json::{Map, Value};

use super::path::PackPath;
use crate::cdf::{Node, Problem, Sink, json_object, json_text};

const MAX_MANIFEST_BYTES: usize = 1 << 20;
const MAX_CHALLENGES: usize = 500;
const KEYS: [&str; 12] = [
    "id",
    "name",
    "version",
    "challenges",
    "description",
    "author",
    "license",
    "website",
    "tags",
    "prerequisites",
    "shared_resources",
    "dependencies",
];

#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// `[a-z0-9_-]+`
    pub id: String,
    pub name: String,
    pub version: Version,
    /// As written: from the pack's folder, or from `challenges/` in it.
    pub challenges: Vec<String>,
    pub description: String,
    pub author: String,
    pub license: String,
    pub website: String,
    pub tags: Vec<String>,
    pub prerequisites: Vec<String>,
    pub shared_resources: Vec<String>,
    /// Which versions of which other packs.
    pub dependencies: BTreeMap<String, String>,
    pub metadata: Map<String, Value>,
    raw: Map<String, Value>,
}

impl Manifest {
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let raw = json_object(text, MAX_MANIFEST_BYTES).map_err(|problem| vec![problem])?;
        let sink = Sink::default();
        let manifest = read(&raw, &sink);
        let (errors, _) = sink.into_problems();
        match manifest {
            Some(manifest) if errors.is_empty() => Ok(manifest),
            _ => Err(errors),
        }
    }

    /// The manifest as it was written.
    pub fn value(&self) -> &Map<String, Value> {
        &self.raw
    }

    /// The same text for the same manifest.
    pub fn to_text(&self) -> String {
        json_text(&self.raw)
    }
}

/// May a pack be named so?
pub fn is_pack_id(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

/// A constraint on versions: `^1.2`, `>=1.0 <2.0` (with or without a comma).
///
/// # Errors
/// It can't be read.
pub fn version_constraint(text: &str) -> Result<VersionReq, semver::Error> {
    let mut spaced = String::new();
    for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
        if !spaced.is_empty() && !spaced.ends_with(['<', '>', '=', '^', '~']) {
            spaced.push_str(", ");
        }
        spaced.push_str(word);
    }
    VersionReq::parse(&spaced)
}

fn read(raw: &Map<String, Value>, sink: &Sink) -> Option<Manifest> {
    let root = crate::cdf::root(raw, sink);
    for key in raw.keys() {
        if !KEYS.contains(&key.as_str()) && key != "metadata" {
            sink.error(key, "is no key of a pack.json; what is yours goes into metadata");
        }
    }
    let id = root.required("id").and_then(|node| {
        let id = node.text()?;
        if !is_pack_id(id) {
            node.error("must be 1 to 100 of a-z, 0-9, \"-\" and \"_\"");
        }
        Some(id)
    });
    let name = root.required("name").and_then(|node| node.name());
    let version = root.required("version").and_then(|node| {
        Version::parse(node.text()?)
            .map_err(|error| node.error(format!("must be a version like 1.0.2: {error}")))
            .ok()
    });
    let challenges = root.required("challenges").map(|node| paths(&node));
    if let Some(challenges) = &challenges {
        if challenges.is_empty() {
            sink.error("challenges", "must name at least one challenge");
        }
        if challenges.len() > MAX_CHALLENGES {
            sink.error(
                "challenges",
                format!("names more than {MAX_CHALLENGES} challenges"),
            );
        }
        for (at, challenge) in challenges.iter().enumerate() {
            if challenges[..at].contains(challenge) {
                sink.error(&format!("challenges[{at}]"), "stands twice");
            }
        }
    }
    let mut dependencies = BTreeMap::new();
    if let Some(object) = root.get("dependencies").and_then(|node| node.object()) {
        for key in object.map.keys() {
            let Some(node) = object.get(key) else { continue };
            if !is_pack_id(key) {
                node.error("is no id of a pack");
            }
            if let Some(text) = node.text() {
                if let Err(error) = version_constraint(text) {
                    node.error(format!("must be a constraint like ^1.2: {error}"));
                }
                dependencies.insert(key.clone(), text.to_owned());
            }
        }
    }
    let shared_resources = root
        .get("shared_resources")
        .map(|node| paths(&node))
        .unwrap_or_default();
    let metadata = root
        .get("metadata")
        .and_then(|node| node.object())
        .map(|object| object.map.clone());
    Some(Manifest {
        id: id?.to_owned(),
        name: name?.to_owned(),
        version: version?,
        challenges: challenges?,
        description: root.text("description"),
        author: root.text("author"),
        license: root.text("license"),
        website: root.text("website"),
        tags: root.texts("tags"),
        prerequisites: root.texts("prerequisites"),
        shared_resources,
        dependencies,
        metadata: metadata.unwrap_or_default(),
        raw: raw.clone(),
    })
}

fn paths(node: &Node<'_>) -> Vec<String> {
    let mut paths = Vec::new();
    for item in node.list().unwrap_or_default() {
        let Some(text) = item.name() else { continue };
        match PackPath::parse(text.strip_prefix("./").unwrap_or(text)) {
            Ok(path) => paths.push(path.into_string()),
            Err(error) => item.error(error.to_string()),
        }
    }
    paths
}
