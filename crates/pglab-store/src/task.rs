//! The tables `task` and `task_check`: the tasks of a lab with their checks, those that were dropped too. A dropped
//! one stays in the table, so that deriving again does not bring it back.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use pglab_core::{
    check::{Check, Fact},
    id::{CheckId, LabId, TaskId},
    task::{Points, Task},
};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    Error, Tx,
    pool::{document, json},
};

/// A task with all of its checks, and what of it was dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptTask {
    pub task: Task,
    pub dropped_at: Option<DateTime<Utc>>,
    pub dropped_checks: HashMap<CheckId, DateTime<Utc>>,
    /// It is answered, or judged when somebody asks: it needs no checks.
    pub is_answered: bool,
}

impl KeptTask {
    /// As students meet it; `None` when it was dropped, or all of its checks were and it is not answered.
    pub fn live(mut self) -> Option<Task> {
        self.task
            .checks
            .retain(|check| !self.dropped_checks.contains_key(&check.id));
        (self.dropped_at.is_none() && (self.is_answered || !self.task.checks.is_empty())).then_some(self.task)
    }
}

/// In their order, with dropped ones.
pub async fn all(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Vec<KeptTask>, Error> {
    let rows = sqlx::query!(
        r#"SELECT t.id AS task_id, t.key, t.title AS task_title, t.explanation AS task_explanation, t.points,
             t.dropped_at AS task_dropped_at, c.id AS "check_id?", c.title AS "title?", c.explanation AS "explanation?",
             c.weight AS "weight?", c.fact AS "fact?", c.dropped_at AS "check_dropped_at?",
             EXISTS (SELECT FROM task_content n WHERE n.task_id = t.id AND n.content -> 'kind' ->> 'kind' <> 'state')
               AS "is_answered!"
           FROM task t LEFT JOIN task_check c ON c.task_id = t.id
           WHERE t.lab_id = $1
           ORDER BY t.position, t.id, c.position, c.id"#,
        lab.uuid(),
    )
    .fetch_all(executor)
    .await?;
    let mut tasks: Vec<KeptTask> = Vec::new();
    for row in rows {
        let id = TaskId::from(row.task_id);
        if tasks.last().is_none_or(|last| last.task.id != id) {
            tasks.push(KeptTask {
                task: Task {
                    id,
                    key: row.key,
                    title: row.task_title,
                    explanation: row.task_explanation,
                    points: Points(row.points),
                    checks: Vec::new(),
                },
                dropped_at: row.task_dropped_at,
                dropped_checks: HashMap::new(),
                is_answered: row.is_answered,
            });
        }
        let (Some(last), Some(check), Some(fact)) = (tasks.last_mut(), row.check_id, row.fact) else {
            continue;
        };
        let check = CheckId::from(check);
        if let Some(at) = row.check_dropped_at {
            last.dropped_checks.insert(check, at);
        }
        last.task.checks.push(Check {
            id: check,
            title: row.title.unwrap_or_default(),
            explanation: row.explanation.unwrap_or_default(),
            weight: row
                .weight
                .and_then(|weight| u32::try_from(weight).ok())
                .unwrap_or(1),
            fact: document::<Fact>("a check", fact)?,
        });
    }
    Ok(tasks)
}

/// As students meet them, in their order.
pub async fn live(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Vec<Task>, Error> {
    Ok(all(executor, lab)
        .await?
        .into_iter()
        .filter_map(KeptTask::live)
        .collect())
}

/// Makes these the tasks of the lab, in this order. What is no longer among them goes, with its scores; what is,
/// keeps its id and its scores.
pub async fn replace(tx: &mut Tx, lab: LabId, tasks: &[KeptTask]) -> Result<(), Error> {
    let ids: Vec<Uuid> = tasks.iter().map(|kept| kept.task.id.uuid()).collect();
    sqlx::query!(
        "DELETE FROM task WHERE lab_id = $1 AND NOT id = ANY ($2)",
        lab.uuid(),
        &ids
    )
    .execute(&mut **tx)
    .await?;
    let texts = |of: fn(&Task) -> &str| -> Vec<String> {
        tasks.iter().map(|kept| of(&kept.task).to_owned()).collect()
    };
    let positions: Vec<i32> = (0_i32..).take(tasks.len()).collect();
    let points: Vec<i64> = tasks.iter().map(|kept| kept.task.points.0).collect();
    let dropped: Vec<Option<DateTime<Utc>>> = tasks.iter().map(|kept| kept.dropped_at).collect();
    let by_hand: Vec<bool> = tasks
        .iter()
        .map(|kept| kept.task.key.starts_with(pglab_core::derive::HAND_MADE))
        .collect();
    sqlx::query!(
        "INSERT INTO task (id, lab_id, key, position, title, explanation, points, dropped_at, by_hand)
         SELECT n.id, $1, n.key, n.position, n.title, n.explanation, n.points, n.dropped_at, n.by_hand
         FROM unnest($2::uuid[], $3::text[], $4::int[], $5::text[], $6::text[], $7::bigint[], $8::timestamptz[], $9::bool[])
           AS n (id, key, position, title, explanation, points, dropped_at, by_hand)
         ON CONFLICT (id) DO UPDATE SET key = excluded.key, position = excluded.position, title = excluded.title,
           explanation = excluded.explanation, points = excluded.points, dropped_at = excluded.dropped_at",
        lab.uuid(),
        &ids,
        &texts(|task| &task.key),
        &positions,
        &texts(|task| &task.title),
        &texts(|task| &task.explanation),
        &points,
        &dropped as &[Option<DateTime<Utc>>],
        &by_hand,
    )
    .execute(&mut **tx)
    .await?;
    replace_checks(tx, &ids, tasks).await
}

async fn replace_checks(tx: &mut Tx, task_ids: &[Uuid], tasks: &[KeptTask]) -> Result<(), Error> {
    let mut ids = Vec::new();
    let mut owners = Vec::new();
    let mut positions = Vec::new();
    let mut titles = Vec::new();
    let mut explanations = Vec::new();
    let mut weights = Vec::new();
    let mut facts = Vec::new();
    let mut dropped = Vec::new();
    for kept in tasks {
        for (position, check) in (0_i32..).zip(&kept.task.checks) {
            ids.push(check.id.uuid());
            owners.push(kept.task.id.uuid());
            positions.push(position);
            titles.push(check.title.clone());
            explanations.push(check.explanation.clone());
            weights.push(i32::try_from(check.weight).unwrap_or(i32::MAX));
            facts.push(json("a check", &check.fact)?);
            dropped.push(kept.dropped_checks.get(&check.id).copied());
        }
    }
    sqlx::query!(
        "DELETE FROM task_check WHERE task_id = ANY ($1) AND NOT id = ANY ($2)",
        task_ids,
        &ids,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "INSERT INTO task_check (id, task_id, position, title, explanation, weight, fact, dropped_at)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::int[], $7::jsonb[], $8::timestamptz[])
         ON CONFLICT (id) DO UPDATE SET task_id = excluded.task_id, position = excluded.position, title = excluded.title,
           explanation = excluded.explanation, weight = excluded.weight, fact = excluded.fact,
           dropped_at = excluded.dropped_at",
        &ids,
        &owners,
        &positions,
        &titles,
        &explanations,
        &weights,
        &facts,
        &dropped as &[Option<DateTime<Utc>>],
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
