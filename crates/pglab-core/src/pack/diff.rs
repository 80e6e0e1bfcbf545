//! What differs between two versions of a pack, by the identity of challenges (their key) and tasks (their component's
//! id). What people earned hangs on these, so this is what an update keeps, adds and retires.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Pack, PackChallenge};

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PackDiff {
    pub old_version: String,
    pub new_version: String,
    /// Keys of the manifest that differ, besides `version`.
    pub manifest: Vec<String>,
    /// Keys of challenges.
    pub added: Vec<String>,
    pub removed: Vec<String>,
    pub changed: Vec<ChallengeDiff>,
    /// Files besides the documents.
    pub files_added: Vec<String>,
    pub files_removed: Vec<String>,
    pub files_changed: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChallengeDiff {
    pub key: String,
    /// Ids of question components.
    pub tasks_added: Vec<String>,
    pub tasks_removed: Vec<String>,
    pub tasks_changed: Vec<String>,
    /// Something besides the tasks: metadata, databases, other components, or a file that a database is made from.
    pub rest_changed: bool,
}

impl PackDiff {
    pub fn is_empty(&self) -> bool {
        let Self {
            old_version,
            new_version,
            manifest,
            added,
            removed,
            changed,
            files_added,
            files_removed,
            files_changed,
        } = self;
        old_version == new_version
            && manifest.is_empty()
            && added.is_empty()
            && removed.is_empty()
            && changed.is_empty()
            && files_added.is_empty()
            && files_removed.is_empty()
            && files_changed.is_empty()
    }
}

pub fn diff(old: &Pack, new: &Pack) -> PackDiff {
    let files_of = |pack: &Pack| {
        pack.files
            .keys()
            .map(|path| path.as_str().to_owned())
            .collect::<BTreeSet<_>>()
    };
    let (old_files, new_files) = (files_of(old), files_of(new));
    let files_changed: Vec<String> = old_files
        .intersection(&new_files)
        .filter(|path| old.file(path) != new.file(path))
        .cloned()
        .collect();
    let by_key = |pack: &'_ Pack| -> Vec<String> {
        pack.challenges
            .iter()
            .map(|one| one.challenge.key.clone())
            .collect()
    };
    let (old_keys, new_keys) = (by_key(old), by_key(new));
    let changed = old
        .challenges
        .iter()
        .filter_map(|before| {
            let after = new
                .challenges
                .iter()
                .find(|after| after.challenge.key == before.challenge.key)?;
            challenge_diff(before, after, &files_changed)
        })
        .collect();
    let (old_raw, new_raw) = (old.manifest.value(), new.manifest.value());
    let keys: BTreeSet<&String> = old_raw.keys().chain(new_raw.keys()).collect();
    PackDiff {
        old_version: old.manifest.version.to_string(),
        new_version: new.manifest.version.to_string(),
        manifest: keys
            .into_iter()
            .filter(|key| *key != "version" && old_raw.get(*key) != new_raw.get(*key))
            .cloned()
            .collect(),
        added: without(&new_keys, &old_keys),
        removed: without(&old_keys, &new_keys),
        changed,
        files_added: new_files.difference(&old_files).cloned().collect(),
        files_removed: old_files.difference(&new_files).cloned().collect(),
        files_changed,
    }
}

fn without(all: &[String], others: &[String]) -> Vec<String> {
    all.iter().filter(|one| !others.contains(one)).cloned().collect()
}

fn challenge_diff(
    before: &PackChallenge,
    after: &PackChallenge,
    files_changed: &[String],
) -> Option<ChallengeDiff> {
    let (old_tasks, new_tasks) = (tasks(before), tasks(after));
    let old_ids: Vec<String> = old_tasks.keys().cloned().collect();
    let new_ids: Vec<String> = new_tasks.keys().cloned().collect();
    let files = after.challenge.files();
    let diff = ChallengeDiff {
        key: before.challenge.key.clone(),
        tasks_added: without(&new_ids, &old_ids),
        tasks_removed: without(&old_ids, &new_ids),
        tasks_changed: old_tasks
            .iter()
            .filter(|(id, task)| new_tasks.get(*id).is_some_and(|other| other != *task))
            .map(|(id, _)| id.clone())
            .collect(),
        rest_changed: rest(before) != rest(after)
            || files_changed.iter().any(|file| files.contains(file.as_str())),
    };
    let same = diff.tasks_added.is_empty()
        && diff.tasks_removed.is_empty()
        && diff.tasks_changed.is_empty()
        && !diff.rest_changed;
    (!same).then_some(diff)
}

fn is_task(component: &Value) -> bool {
    component.get("type").and_then(Value::as_str) == Some("question")
}

fn components(one: &PackChallenge) -> impl Iterator<Item = &Value> {
    one.document
        .value()
        .get("components")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn tasks(one: &PackChallenge) -> BTreeMap<String, &Value> {
    components(one)
        .filter(|component| is_task(component))
        .filter_map(|component| Some((component.get("id")?.as_str()?.to_owned(), component)))
        .collect()
}

/// The document without its tasks.
fn rest(one: &PackChallenge) -> Value {
    let mut document = one.document.value().clone();
    let others: Vec<Value> = components(one)
        .filter(|component| !is_task(component))
        .cloned()
        .collect();
    document.insert("components".to_owned(), Value::Array(others));
    Value::Object(document)
}
