//! The table `task_content`: what a task of a challenge asks for, beside its row in `task`.

use std::collections::HashMap;

use pglab_core::{
    id::{ChallengeId, LabId, TaskId},
    task::TaskContent,
};
use sqlx::PgExecutor;

use crate::{
    Error, Tx,
    pool::{document, json},
};

#[derive(Debug, Clone, PartialEq)]
pub struct KeptContent {
    pub task: TaskId,
    pub challenge: ChallengeId,
    /// The id of the component.
    pub component: String,
    pub content: TaskContent,
}

/// Of all tasks of a lab that come from a challenge, dropped ones too.
pub async fn of_lab(
    executor: impl PgExecutor<'_>,
    lab: LabId,
) -> Result<HashMap<TaskId, KeptContent>, Error> {
    sqlx::query!(
        "SELECT c.task_id, c.challenge_id, c.component, c.content FROM task_content c JOIN task t ON t.id = c.task_id
         WHERE t.lab_id = $1",
        lab.uuid()
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| {
        let task = TaskId::from(row.task_id);
        let kept = KeptContent {
            task,
            challenge: row.challenge_id.into(),
            component: row.component,
            content: document("the content of a task", row.content)?,
        };
        Ok((task, kept))
    })
    .collect()
}

pub async fn put(tx: &mut Tx, kept: &KeptContent) -> Result<(), Error> {
    let content = json("the content of a task", &kept.content)?;
    sqlx::query!(
        "INSERT INTO task_content (task_id, challenge_id, component, content) VALUES ($1, $2, $3, $4)
         ON CONFLICT (task_id) DO UPDATE SET challenge_id = excluded.challenge_id, component = excluded.component,
           content = excluded.content",
        kept.task.uuid(),
        kept.challenge.uuid(),
        kept.component,
        content,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
