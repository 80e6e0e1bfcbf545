//! Dropping a task or a check. Derived ones are remembered as dropped, so that deriving again does not bring them
//! back; what was made by hand is gone.

use pglab_core::{
    access::Actor,
    derive::HAND_MADE,
    id::{CheckId, TaskId},
};
use serde_json::json;

use super::edit::Edit;
use crate::{Control, Error};

/// # Errors
/// Not an instructor of the lab, or no such task.
pub async fn drop(control: &Control, actor: &Actor, slug: &str, id: TaskId) -> Result<(), Error> {
    let mut edit = Edit::begin(control, actor, slug).await?;
    let now = control.now();
    let kept = edit.task(id)?;
    let key = kept.task.key.clone();
    if key.starts_with(HAND_MADE) {
        edit.tasks.retain(|kept| kept.task.id != id);
    } else {
        kept.dropped_at = Some(now);
    }
    edit.finish(control, actor, "task_drop", json!({ "task": id, "key": key }))
        .await
}

/// # Errors
/// Not an instructor of the lab; no such task or check; it is the task's last one.
pub async fn check_drop(
    control: &Control,
    actor: &Actor,
    slug: &str,
    task: TaskId,
    check: CheckId,
) -> Result<(), Error> {
    let mut edit = Edit::begin(control, actor, slug).await?;
    let now = control.now();
    let kept = edit.task(task)?;
    let live = kept
        .task
        .checks
        .iter()
        .filter(|check| !kept.dropped_checks.contains_key(&check.id));
    let n_live = live.clone().count();
    if !live.clone().any(|live| live.id == check) {
        return Err(Error::NotFound(format!("check {check} in this task")));
    }
    if n_live == 1 {
        return Err(Error::Conflict(
            "this is the last check of its task; drop the task instead".to_owned(),
        ));
    }
    if kept.task.key.starts_with(HAND_MADE) {
        kept.task.checks.retain(|other| other.id != check);
    } else {
        kept.dropped_checks.insert(check, now);
    }
    let detail = json!({ "task": task, "check": check });
    edit.finish(control, actor, "check_drop", detail).await
}
