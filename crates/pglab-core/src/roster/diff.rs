//! What applying a roster would change: by value, so that the dry run and the import can't disagree.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{Entry, Given};
use crate::person::Login;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RosterDiff {
    pub new: Vec<Entry>,
    pub changed: Vec<Change>,
    pub gone: Vec<Entry>,
    pub unchanged: usize,
}

/// Somebody who stays, with other data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub login: Login,
    /// The field's name → what it was, what it becomes.
    pub fields: BTreeMap<String, [Option<String>; 2]>,
    /// As the person will be.
    #[serde(skip)]
    pub entry: Option<Entry>,
}

impl RosterDiff {
    pub fn is_empty(&self) -> bool {
        self.new.is_empty() && self.changed.is_empty() && self.gone.is_empty()
    }
}

/// Compares a class with a roster. What the roster has no column for stays; so does a name where its cell is empty.
pub fn diff(current: &[Entry], wanted: &[Entry], given: Given) -> RosterDiff {
    let mut left: HashMap<&Login, &Entry> = current.iter().map(|entry| (&entry.login, entry)).collect();
    let mut diff = RosterDiff::default();
    for entry in wanted {
        let Some(old) = left.remove(&entry.login) else {
            diff.new.push(entry.clone());
            continue;
        };
        let merged = merge(old, entry, given);
        let fields = differences(old, &merged);
        if fields.is_empty() {
            diff.unchanged += 1;
        } else {
            diff.changed.push(Change {
                login: merged.login.clone(),
                fields,
                entry: Some(merged),
            });
        }
    }
    diff.gone = current
        .iter()
        .filter(|entry| left.contains_key(&entry.login))
        .cloned()
        .collect();
    diff
}

/// What a person becomes when a roster speaks of them.
pub fn merge(old: &Entry, new: &Entry, given: Given) -> Entry {
    let named = given.name && new.name != new.login.as_str();
    let pick = |given: bool, new: &Option<String>, old: &Option<String>| {
        if given { new.clone() } else { old.clone() }
    };
    Entry {
        login: old.login.clone(),
        name: if named { new.name.clone() } else { old.name.clone() },
        email: pick(given.email, &new.email, &old.email),
        section: pick(given.section, &new.section, &old.section),
        seat: pick(given.seat, &new.seat, &old.seat),
        external_id: pick(given.external_id, &new.external_id, &old.external_id),
    }
}

fn differences(old: &Entry, new: &Entry) -> BTreeMap<String, [Option<String>; 2]> {
    let name = (Some(old.name.clone()), Some(new.name.clone()));
    [
        ("name", name),
        ("email", (old.email.clone(), new.email.clone())),
        ("section", (old.section.clone(), new.section.clone())),
        ("seat", (old.seat.clone(), new.seat.clone())),
        ("external_id", (old.external_id.clone(), new.external_id.clone())),
    ]
    .into_iter()
    .filter(|(_, (old, new))| old != new)
    .map(|(field, (old, new))| (field.to_owned(), [old, new]))
    .collect()
}
