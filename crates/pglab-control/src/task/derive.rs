//! Deriving the tasks of a lab from its example again, without losing what an instructor did by hand.

use std::collections::HashMap;

use pglab_core::{
    access::Actor,
    derive::{self, DeriveOptions},
    judge::Observation,
    task::Task,
};
use pglab_store::{
    Tx, example, example_rows,
    lab::Lab,
    task::{self, KeptTask},
};
use serde_json::json;

use super::edit::Edit;
use crate::{Control, Error};

/// `restore` brings back what was dropped.
///
/// # Errors
/// Not an instructor of the lab, or its example is not loaded.
pub async fn derive(control: &Control, actor: &Actor, slug: &str, restore: bool) -> Result<Vec<Task>, Error> {
    let mut edit = Edit::begin(control, actor, slug).await?;
    let Some(new) = derived(control, &mut edit.tx, &edit.lab).await? else {
        return Err(Error::Conflict(format!(
            "the lab {slug:?} has no example that is ready; tasks are derived from it"
        )));
    };
    edit.tasks = merged(edit.tasks, new);
    if restore {
        for kept in &mut edit.tasks {
            kept.dropped_at = None;
            kept.dropped_checks.clear();
        }
    }
    let tasks = edit.live().collect();
    edit.finish(control, actor, "task_derive", json!({ "restore": restore }))
        .await?;
    Ok(tasks)
}

/// After the example, the start or the rule about types changed. Does nothing while there is no example.
pub(crate) async fn derive_again(control: &Control, tx: &mut Tx, lab: &Lab) -> Result<(), Error> {
    if let Some(new) = derived(control, tx, lab).await? {
        let old = task::all(&mut **tx, lab.id).await?;
        task::replace(tx, lab.id, &merged(old, new)).await?;
    }
    Ok(())
}

/// What the example gives by itself, with ids that nobody knows: to tell what was edited.
pub(crate) async fn derived_now(control: &Control, lab: &Lab) -> Result<Vec<Task>, Error> {
    let mut tx = control.store.begin().await?;
    Ok(derived(control, &mut tx, lab).await?.unwrap_or_default())
}

async fn derived(control: &Control, tx: &mut Tx, lab: &Lab) -> Result<Option<Vec<Task>>, Error> {
    let Some(snapshot) = example::snapshot(&mut **tx, lab.id).await? else {
        return Ok(None);
    };
    let Some((start, start_rows)) = example::start(&mut **tx, lab.id).await? else {
        return Ok(None);
    };
    let rows = example_rows::of_lab(&mut **tx, lab.id).await?;
    let (clock, random) = (&*control.clock, &*control.random);
    let tasks = derive::tasks(&snapshot, &rows, DeriveOptions::default(), clock, random);
    let observation = Observation {
        schema: start,
        rows: start_rows.into_iter().collect(),
    };
    Ok(Some(derive::without_start(
        tasks,
        &rows,
        &observation,
        lab.settings.types,
    )))
}

fn merged(old: Vec<KeptTask>, new: Vec<Task>) -> Vec<KeptTask> {
    let (mut dropped, mut dropped_checks) = (HashMap::new(), HashMap::new());
    let mut old_tasks = Vec::new();
    for kept in old {
        if let Some(at) = kept.dropped_at {
            dropped.insert(kept.task.id, at);
        }
        dropped_checks.extend(kept.dropped_checks);
        old_tasks.push(kept.task);
    }
    derive::rederive(&old_tasks, new)
        .into_iter()
        .map(|task| KeptTask {
            dropped_at: dropped.get(&task.id).copied(),
            dropped_checks: task
                .checks
                .iter()
                .filter_map(|check| Some((check.id, *dropped_checks.get(&check.id)?)))
                .collect(),
            task,
        })
        .collect()
}
