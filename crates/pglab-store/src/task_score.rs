//! The table `task_score`: how a task stands for a member.

use chrono::{DateTime, Utc};
use pglab_core::{
    id::{LabId, MemberId, TaskId},
    task::{Points, TaskState},
};
use sqlx::PgExecutor;

use crate::{Error, Tx, pool::document};

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

/// Of every member, also removed ones, or of these; tasks that nobody touched have none.
pub async fn of_lab(
    executor: impl PgExecutor<'_>,
    lab: LabId,
    members: Option<&[MemberId]>,
) -> Result<Vec<TaskScore>, Error> {
    let members: Option<Vec<uuid::Uuid>> =
        members.map(|members| members.iter().map(|member| member.uuid()).collect());
    sqlx::query!(
        "SELECT s.member_id, s.task_id, s.best, s.now, s.state, s.best_at, s.completed_at
         FROM task_score s JOIN member m ON m.id = s.member_id
         WHERE m.lab_id = $1 AND ($2::uuid[] IS NULL OR m.id = ANY ($2))",
        lab.uuid(),
        members.as_deref(),
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

/// Writes those that changed. The best is never lowered, and the first completion stays.
pub async fn put(tx: &mut Tx, scores: &[TaskScore], at: DateTime<Utc>) -> Result<(), Error> {
    let members: Vec<uuid::Uuid> = scores.iter().map(|score| score.member.uuid()).collect();
    let tasks: Vec<uuid::Uuid> = scores.iter().map(|score| score.task.uuid()).collect();
    let best: Vec<i64> = scores.iter().map(|score| score.best.0).collect();
    let now: Vec<i64> = scores.iter().map(|score| score.now.0).collect();
    let states: Vec<String> = scores
        .iter()
        .map(|score| score.state.as_str().to_owned())
        .collect();
    let best_at: Vec<DateTime<Utc>> = scores.iter().map(|score| score.best_at).collect();
    let completed_at: Vec<Option<DateTime<Utc>>> = scores.iter().map(|score| score.completed_at).collect();
    // A task or member that went while the databases were looked at is left out.
    sqlx::query!(
        "INSERT INTO task_score (member_id, task_id, best, now, state, best_at, completed_at, changed_at)
         SELECT n.member_id, n.task_id, n.best, n.now, n.state, n.best_at, n.completed_at, $8
         FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::timestamptz[], $7::timestamptz[])
           AS n (member_id, task_id, best, now, state, best_at, completed_at)
         JOIN task t ON t.id = n.task_id JOIN member m ON m.id = n.member_id
         ORDER BY n.member_id, n.task_id
         ON CONFLICT (member_id, task_id) DO UPDATE SET best = greatest(task_score.best, excluded.best),
           best_at = CASE WHEN excluded.best > task_score.best THEN excluded.best_at ELSE task_score.best_at END,
           now = excluded.now, state = excluded.state,
           completed_at = coalesce(task_score.completed_at, excluded.completed_at), changed_at = excluded.changed_at",
        &members,
        &tasks,
        &best,
        &now,
        &states,
        &best_at,
        &completed_at as &[Option<DateTime<Utc>>],
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
