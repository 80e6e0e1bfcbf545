//! The table `task_score`: how a task stands for a member.

use chrono::{DateTime, Utc};
use pglab_core::{
    id::{LabId, MemberId, TaskId},
    task::{Points, TaskState},
};
use sqlx::PgExecutor;

use crate::{Error, pool::document};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskScore {
    pub member: MemberId,
    pub task: TaskId,
    /// The most it was ever worth.
    pub best: Points,
    pub now: Points,
    pub state: TaskState,
    pub best_at: DateTime<Utc>,
    pub completed_at: Option<DateTime<Utc>>,
}

/// Of every member, also removed ones; tasks that nobody touched have none.
pub async fn of_lab(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Vec<TaskScore>, Error> {
    sqlx::query!(
        "SELECT s.member_id, s.task_id, s.best, s.now, s.state, s.best_at, s.completed_at
         FROM task_score s JOIN member m ON m.id = s.member_id
         WHERE m.lab_id = $1",
        lab.uuid(),
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| {
        Ok(TaskScore {
            member: row.member_id.into(),
            task: row.task_id.into(),
            best: Points(row.best),
            now: Points(row.now),
            state: document("the state of a task", row.state.into())?,
            best_at: row.best_at,
            completed_at: row.completed_at,
        })
    })
    .collect()
}
