//! Changing the words, the points, the place of a task, and the weights of its checks.

use pglab_core::{
    access::Actor,
    id::{CheckId, TaskId},
    task::Points,
};
use serde_json::json;

use super::{PlacedTask, create::thousandths, edit::Edit};
use crate::{
    Control, Error,
    lab::title::{text, title},
};

/// What is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct TaskChange {
    pub title: Option<String>,
    pub explanation: Option<String>,
    pub points: Option<f64>,
    /// From 0, among the tasks that are not dropped.
    pub position: Option<usize>,
    pub checks: Vec<CheckChange>,
}

#[derive(Debug, Clone)]
pub struct CheckChange {
    pub id: CheckId,
    pub weight: Option<u32>,
    pub title: Option<String>,
    pub explanation: Option<String>,
}

/// # Errors
/// Not an instructor of the lab; no such task or check; values that make no sense.
pub async fn change(
    control: &Control,
    actor: &Actor,
    slug: &str,
    id: TaskId,
    change: TaskChange,
) -> Result<PlacedTask, Error> {
    let mut edit = Edit::begin(control, actor, slug).await?;
    let kept = edit.task(id)?;
    if let Some(given) = &change.title {
        kept.task.title = title("title", given)?;
    }
    if let Some(given) = &change.explanation {
        kept.task.explanation = text("explanation", given)?;
    }
    if let Some(given) = change.points {
        kept.task.points = points("points", given)?;
    }
    for (at, given) in change.checks.iter().enumerate() {
        let dropped = kept.dropped_checks.contains_key(&given.id);
        let check = kept
            .task
            .checks
            .iter_mut()
            .find(|check| check.id == given.id && !dropped)
            .ok_or_else(|| Error::invalid(&format!("checks[{at}].id"), "the task has no such check"))?;
        if let Some(weight) = given.weight {
            check.weight = check_weight(&format!("checks[{at}].weight"), weight)?;
        }
        if let Some(text) = &given.title {
            check.title = title(&format!("checks[{at}].title"), text)?;
        }
        if let Some(given) = &given.explanation {
            check.explanation = text(&format!("checks[{at}].explanation"), given)?;
        }
    }
    if let Some(position) = change.position {
        move_to(&mut edit, id, position);
    }
    let detail = json!({
        "task": id,
        "title": change.title,
        "points": change.points,
        "position": change.position,
        "weights": change.checks.iter().filter_map(|check| Some((check.id, check.weight?))).collect::<Vec<_>>(),
    });
    let placed = edit
        .live()
        .enumerate()
        .find(|(_, task)| task.id == id)
        .map(|(position, task)| PlacedTask { position, task });
    edit.finish(control, actor, "task_change", detail).await?;
    placed.ok_or_else(|| Error::NotFound(format!("task {id} in this lab")))
}

fn move_to(edit: &mut Edit, id: TaskId, position: usize) {
    let Some(from) = edit.tasks.iter().position(|kept| kept.task.id == id) else {
        return;
    };
    let moved = edit.tasks.remove(from);
    let at = edit
        .tasks
        .iter()
        .enumerate()
        .filter(|(_, kept)| kept.dropped_at.is_none())
        .map(|(at, _)| at)
        .nth(position)
        .unwrap_or(edit.tasks.len());
    edit.tasks.insert(at, moved);
}

/// 0 to 10 000, to a thousandth.
pub(super) fn points(path: &str, points: f64) -> Result<Points, Error> {
    if (0.0..=10_000.0).contains(&points) {
        Ok(thousandths(points))
    } else {
        Err(Error::invalid(path, "points are between 0 and 10000"))
    }
}

pub(super) fn check_weight(path: &str, weight: u32) -> Result<u32, Error> {
    if (1..=1000).contains(&weight) {
        Ok(weight)
    } else {
        Err(Error::invalid(path, "a weight is between 1 and 1000"))
    }
}
