//! Deriving the tasks of a lab from its example again, without losing what an instructor did by hand.

use std::collections::HashMap;

use pglab_core::{
    access::Actor,
    derive::{self, DeriveOptions, OF_A_PACK, fact_key},
    id::TaskId,
    judge::Observation,
    task::{Task, TaskKind},
};
use pglab_store::{
    Tx, example, example_rows,
    lab::Lab,
    lab_source,
    task::{self, KeptTask},
    task_content::{self, KeptContent},
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
        let tasks = if lab_source::of_lab(&mut **tx, lab.id).await?.is_some() {
            filled(old, &task_content::of_lab(&mut **tx, lab.id).await?, &new)
        } else {
            merged(old, new)
        };
        task::replace(tx, lab.id, &tasks).await?;
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
    let mut of_packs = Vec::new();
    for kept in old {
        if kept.task.key.starts_with(OF_A_PACK) {
            of_packs.push(kept);
            continue;
        }
        if let Some(at) = kept.dropped_at {
            dropped.insert(kept.task.id, at);
        }
        dropped_checks.extend(kept.dropped_checks);
        old_tasks.push(kept.task);
    }
    let others = derive::rederive(&old_tasks, new)
        .into_iter()
        .map(|task| KeptTask {
            dropped_at: dropped.get(&task.id).copied(),
            dropped_checks: task
                .checks
                .iter()
                .filter_map(|check| Some((check.id, *dropped_checks.get(&check.id)?)))
                .collect(),
            is_answered: false,
            task,
        });
    of_packs.into_iter().chain(others).collect()
}

/// The tasks of a pack are its own; what they name of the derived ones becomes their checks.
fn filled(mut old: Vec<KeptTask>, contents: &HashMap<TaskId, KeptContent>, new: &[Task]) -> Vec<KeptTask> {
    for kept in &mut old {
        let Some(TaskKind::State(state)) = contents.get(&kept.task.id).map(|one| &one.content.kind) else {
            continue;
        };
        let known: Vec<String> = kept
            .task
            .checks
            .iter()
            .map(|check| fact_key(&check.fact))
            .collect();
        let wanted = new.iter().filter(|task| state.derived.contains(&task.key));
        let fresh = wanted
            .flat_map(|task| &task.checks)
            .filter(|check| !known.contains(&fact_key(&check.fact)));
        kept.task.checks.extend(fresh.cloned());
    }
    old
}
