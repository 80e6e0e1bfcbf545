//! Deriving again without losing what an instructor did by hand, and leaving out what a start template gives away.

use std::collections::{HashMap, HashSet};

use super::fact_key;
use crate::{
    check::VerdictState,
    judge::{self, Observation},
    lab::TypeRule,
    snapshot::ExpectedRows,
    task::Task,
};

/// The keys of tasks that somebody wrote by hand start so. They are kept when tasks are derived again.
pub const HAND_MADE: &str = "own:";
/// What the keys of tasks of a pack's challenges begin with: `pack:<challenge>/<component>`.
pub const OF_A_PACK: &str = "pack:";

/// The newly derived tasks with what an instructor set on the old ones.
///
/// * A task whose key is still there keeps its id, title, explanation and points, and its place among the old ones.
/// * A check that asks for the same keeps its id, weight and words. One about the same thing that now asks for
///   something else (a column whose type changed) keeps its id and weight, and gets new words.
/// * Tasks made by hand stay. Other tasks and checks that are no longer derived go.
/// * New tasks come behind the one that they follow in the new order.
pub fn rederive(old: &[Task], new: Vec<Task>) -> Vec<Task> {
    let old_by_key: HashMap<&str, &Task> = old.iter().map(|task| (task.key.as_str(), task)).collect();
    let mut previous: Option<String> = None;
    let mut fresh = Vec::new();
    let mut kept: HashMap<String, Task> = HashMap::new();
    for task in new {
        let key = task.key.clone();
        match old_by_key.get(key.as_str()) {
            Some(old) => {
                kept.insert(key.clone(), merge(old, task));
            }
            None => fresh.push((previous, task)),
        }
        previous = Some(key);
    }
    let mut tasks: Vec<Task> = old
        .iter()
        .filter_map(|task| {
            kept.remove(&task.key)
                .or_else(|| task.key.starts_with(HAND_MADE).then(|| task.clone()))
        })
        .collect();
    for (previous, task) in fresh {
        let at = previous
            .and_then(|previous| tasks.iter().position(|task| task.key == previous))
            .map_or(0, |at| at + 1);
        tasks.insert(at, task);
    }
    tasks
}

fn merge(old: &Task, new: Task) -> Task {
    let old_checks: HashMap<String, _> = old
        .checks
        .iter()
        .map(|check| (fact_key(&check.fact), check))
        .collect();
    let checks = new
        .checks
        .into_iter()
        .map(|mut check| {
            match old_checks.get(&fact_key(&check.fact)) {
                Some(old) if old.fact == check.fact => check = (*old).clone(),
                Some(old) => {
                    check.id = old.id;
                    check.weight = old.weight;
                }
                None => {}
            }
            check
        })
        .collect();
    Task {
        id: old.id,
        key: new.key,
        title: old.title.clone(),
        explanation: old.explanation.clone(),
        points: old.points,
        checks,
    }
}

/// The tasks without the checks that the start template passes already, and without tasks that have none left, so that
/// an untouched database scores nothing. `start` must hold the rows that [`judge::rows_needed`] names.
pub fn without_start(
    tasks: Vec<Task>,
    rows: &[ExpectedRows],
    start: &Observation,
    rule: TypeRule,
) -> Vec<Task> {
    let passed: HashSet<_> = judge::judge(&tasks, rows, start, rule)
        .into_iter()
        .filter(|verdict| verdict.state == VerdictState::Passed)
        .map(|verdict| verdict.check)
        .collect();
    tasks
        .into_iter()
        .filter_map(|mut task| {
            task.checks.retain(|check| !passed.contains(&check.id));
            (!task.checks.is_empty()).then_some(task)
        })
        .collect()
}
