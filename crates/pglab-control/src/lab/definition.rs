//! A lab in its declarative form, as `lab.yaml` writes it: what it takes to make the same lab again. Tasks stand in it
//! only as far as they differ from what the example gives by itself.

use std::collections::HashMap;

use pglab_core::{
    access::{Actor, Operation},
    check::{Check, Fact},
    derive::{HAND_MADE, fact_key},
    lab::{LabSettings, Start, TypeRule},
    task::{Points, Task},
};
use pglab_store::{
    example::{self, ExampleSource},
    lab_source, pack as pack_table,
    task::{self as task_table, KeptTask},
};

use super::{FromPack, find};
use crate::{Control, Error, task};

#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    pub lab: String,
    pub title: String,
    pub example: Option<ExampleFrom>,
    /// The pack that it was made of, with the keys of its challenges: then example and start are the pack's.
    pub pack: Option<FromPack>,
    pub start: Start,
    pub types: TypeRule,
    /// What differs from the defaults, without `types`.
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// What an instructor edited.
    pub tasks: Vec<DefinitionTask>,
    /// The keys of all tasks in their order, where it is not the derived one.
    pub order: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExampleFrom {
    /// The name of the file.
    Dump(String),
    /// Without its password.
    Uri(String),
}

/// What differs in one task; what is `None` is as derived.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DefinitionTask {
    pub key: String,
    pub drop: bool,
    pub title: Option<String>,
    pub explanation: Option<String>,
    pub points: Option<Points>,
    pub checks: Vec<DefinitionCheck>,
}

/// What differs in one check of a derived task, or all of a check made by hand.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DefinitionCheck {
    /// What it is about; none for a check made by hand.
    pub key: Option<String>,
    pub drop: bool,
    pub title: Option<String>,
    pub explanation: Option<String>,
    pub weight: Option<u32>,
    /// Only for a check made by hand.
    pub fact: Option<Fact>,
}

/// # Errors
/// No such lab, or the actor is not of its staff.
pub async fn definition(control: &Control, actor: &Actor, slug: &str) -> Result<Definition, Error> {
    let (lab, place) = find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabView(place))?;
    let pool = control.store.pool();
    let example = example::of_lab(pool, lab.id)
        .await?
        .map(|example| match example.source {
            ExampleSource::Dump => ExampleFrom::Dump(example.name),
            ExampleSource::Uri => ExampleFrom::Uri(example.name),
        });
    let pack = match lab_source::of_lab(pool, lab.id).await? {
        Some(source) => {
            let wanted = lab_source::challenges(pool, lab.id).await?;
            let rows = pack_table::challenges(pool, &source.pack).await?;
            let keys = rows
                .into_iter()
                .filter(|row| wanted.contains(&row.id))
                .map(|row| row.key);
            Some(FromPack {
                id: source.pack,
                challenges: keys.collect(),
            })
        }
        None => None,
    };
    let kept = task_table::all(pool, lab.id).await?;
    let derived = task::derived_now(control, &lab).await?;
    Ok(Definition {
        settings: differing(&lab.settings),
        tasks: edits(&kept, &derived),
        order: order(&kept, &derived),
        lab: lab.slug.as_str().to_owned(),
        title: lab.title,
        example: example.filter(|_| pack.is_none()),
        start: if pack.is_some() { Start::Empty } else { lab.start },
        pack,
        types: lab.settings.types,
    })
}

fn differing(settings: &LabSettings) -> serde_json::Map<String, serde_json::Value> {
    let object = |settings: &LabSettings| match serde_json::to_value(settings) {
        Ok(serde_json::Value::Object(object)) => object,
        _ => serde_json::Map::new(),
    };
    let defaults = object(&LabSettings::default());
    object(settings)
        .into_iter()
        .filter(|(key, value)| key != "types" && defaults.get(key) != Some(value))
        .collect()
}

fn edits(kept: &[KeptTask], derived: &[Task]) -> Vec<DefinitionTask> {
    let derived: HashMap<&str, &Task> = derived.iter().map(|task| (task.key.as_str(), task)).collect();
    kept.iter()
        .filter_map(|kept| match derived.get(kept.task.key.as_str()) {
            Some(derived) => edited(kept, derived),
            None if kept.task.key.starts_with(HAND_MADE) => Some(by_hand(&kept.task)),
            None => None,
        })
        .collect()
}

fn edited(kept: &KeptTask, derived: &Task) -> Option<DefinitionTask> {
    let differs = |mine: &str, theirs: &str| (mine != theirs).then(|| mine.to_owned());
    let task = &kept.task;
    let originals: HashMap<String, &Check> = derived
        .checks
        .iter()
        .map(|check| (fact_key(&check.fact), check))
        .collect();
    let checks = task
        .checks
        .iter()
        .filter_map(|check| {
            let key = fact_key(&check.fact);
            let original = originals.get(&key)?;
            let edit = DefinitionCheck {
                drop: kept.dropped_checks.contains_key(&check.id),
                title: differs(&check.title, &original.title),
                explanation: differs(&check.explanation, &original.explanation),
                weight: (check.weight != original.weight).then_some(check.weight),
                key: Some(key.clone()),
                fact: None,
            };
            let untouched = DefinitionCheck {
                key: Some(key),
                ..DefinitionCheck::default()
            };
            (edit != untouched).then_some(edit)
        })
        .collect();
    let edit = DefinitionTask {
        key: task.key.clone(),
        drop: kept.dropped_at.is_some(),
        title: differs(&task.title, &derived.title),
        explanation: differs(&task.explanation, &derived.explanation),
        points: (task.points != derived.points).then_some(task.points),
        checks,
    };
    let untouched = DefinitionTask {
        key: task.key.clone(),
        ..DefinitionTask::default()
    };
    (edit != untouched).then_some(edit)
}

fn by_hand(task: &Task) -> DefinitionTask {
    DefinitionTask {
        key: task.key.clone(),
        drop: false,
        title: Some(task.title.clone()),
        explanation: Some(task.explanation.clone()).filter(|text| !text.is_empty()),
        points: Some(task.points),
        checks: task
            .checks
            .iter()
            .map(|check| DefinitionCheck {
                key: None,
                drop: false,
                title: Some(check.title.clone()),
                explanation: Some(check.explanation.clone()).filter(|text| !text.is_empty()),
                weight: Some(check.weight),
                fact: Some(check.fact.clone()),
            })
            .collect(),
    }
}

/// Empty when the tasks are in the derived order, with those made by hand behind it.
fn order(kept: &[KeptTask], derived: &[Task]) -> Vec<String> {
    let live: Vec<&str> = kept
        .iter()
        .filter(|kept| kept.dropped_at.is_none())
        .map(|kept| kept.task.key.as_str())
        .collect();
    let natural = derived
        .iter()
        .map(|task| task.key.as_str())
        .filter(|key| live.contains(key))
        .chain(live.iter().copied().filter(|key| key.starts_with(HAND_MADE)));
    if natural.eq(live.iter().copied()) {
        Vec::new()
    } else {
        live.into_iter().map(str::to_owned).collect()
    }
}
