//! The order of a lab's tasks.

use std::collections::HashMap;

use pglab_core::{access::Actor, id::TaskId, task::Task};
use serde_json::json;

use super::edit::Edit;
use crate::{Control, Error};

/// Puts the tasks into this order. Those that are not named come behind, as they were.
///
/// # Errors
/// Not an instructor of the lab, or a task that it does not have, or twice.
pub async fn order(
    control: &Control,
    actor: &Actor,
    slug: &str,
    wanted: &[TaskId],
) -> Result<Vec<Task>, Error> {
    let mut edit = Edit::begin(control, actor, slug).await?;
    let mut places: HashMap<TaskId, usize> = HashMap::new();
    for (at, id) in wanted.iter().enumerate() {
        edit.task(*id)
            .map_err(|error| Error::invalid(&format!("tasks[{at}]"), error.to_string()))?;
        if places.insert(*id, at).is_some() {
            return Err(Error::invalid(&format!("tasks[{at}]"), "is there twice"));
        }
    }
    // The sort is stable.
    edit.tasks
        .sort_by_key(|kept| places.get(&kept.task.id).copied().unwrap_or(usize::MAX));
    let tasks = edit.live().collect();
    edit.finish(control, actor, "task_order", json!({ "tasks": wanted }))
        .await?;
    Ok(tasks)
}
