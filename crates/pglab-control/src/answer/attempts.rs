//! The attempts of a lab for its staff, and giving back those whose judging was interrupted.

use chrono::TimeDelta;
use pglab_core::{
    access::{Actor, Operation},
    id::{AttemptId, TaskId},
};
use pglab_store::answer::{self as table, Attempt};

use crate::{Control, Error, lab};

/// The most on one page.
pub const MAX_PAGE: i64 = 200;
/// Judging takes seconds: what is older was interrupted.
const INTERRUPTED: TimeDelta = TimeDelta::minutes(5);

/// The latest first.
///
/// # Errors
/// Not of the lab's staff.
pub async fn attempts(
    control: &Control,
    actor: &Actor,
    slug: &str,
    task: Option<TaskId>,
    login: Option<&str>,
    before: Option<AttemptId>,
) -> Result<Vec<Attempt>, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabView(place))?;
    Ok(table::attempts(control.store.pool(), lab.id, task, login, before, MAX_PAGE).await?)
}

/// Attempts that a process was judging when it died count no more. Gives how many members' tasks it was about.
///
/// # Errors
/// Our own database does not answer.
pub async fn give_back(control: &Control) -> Result<u64, Error> {
    Ok(table::give_back(control.store.pool(), control.now() - INTERRUPTED).await?)
}
