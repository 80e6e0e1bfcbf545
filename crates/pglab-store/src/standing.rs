//! What the members of a lab earned, by one query over `task_score` and `award`; the rules of a lab and of single members.

use chrono::{DateTime, Utc};
use pglab_core::{
    id::{AwardId, LabId, MemberId, PersonId, TaskId},
    points::Rules,
    task::Points,
};
use sqlx::PgExecutor;

use crate::{
    Error, Tx,
    pool::{document, json},
};

/// One member as the standings need them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earned {
    pub member: MemberId,
    pub login: String,
    pub name: String,
    pub section: Option<String>,
    pub hidden: bool,
    pub points: Points,
    /// The last change of the score.
    pub reached_at: Option<DateTime<Utc>>,
    /// Tasks done, with the points and the time of each.
    pub done: Vec<(TaskId, Points, DateTime<Utc>)>,
}

/// All students of the lab. With `frozen_at`, what was reached at that time or later is left out; a task that was worth
/// something before and more afterwards is worth what the timeline has of it.
pub async fn of_lab(
    executor: impl PgExecutor<'_>,
    lab: LabId,
    frozen_at: Option<DateTime<Utc>>,
) -> Result<Vec<Earned>, Error> {
    Ok(sqlx::query!(
        r#"WITH change AS (
             SELECT s.member_id, s.best AS points, s.best_at AS at,
               CASE WHEN s.completed_at IS NOT NULL THEN s.task_id END AS task_id
             FROM task_score s JOIN task t ON t.id = s.task_id
             WHERE t.lab_id = $1 AND s.best <> 0 AND ($2::timestamptz IS NULL OR s.best_at < $2)
             UNION ALL
             SELECT s.member_id, l.points, l.at, CASE WHEN s.completed_at < $2 THEN s.task_id END
             FROM task_score s JOIN task t ON t.id = s.task_id
             CROSS JOIN LATERAL (
               SELECT e.points, e.at FROM timeline e
               WHERE e.member_id = s.member_id AND e.task_id = s.task_id AND e.at < $2 AND e.points IS NOT NULL
                 AND e.kind IN ('completed', 'progress')
               ORDER BY e.at DESC, e.id DESC LIMIT 1) l
             WHERE t.lab_id = $1 AND s.best <> 0 AND s.best_at >= $2
             UNION ALL
             SELECT a.member_id, a.points, a.at, NULL FROM award a JOIN member m ON m.id = a.member_id
             WHERE m.lab_id = $1)
           SELECT m.id, p.login, p.name, m.section, coalesce(r.hidden, false) AS "hidden!",
             coalesce(sum(c.points), 0)::bigint AS "points!", max(c.at) FILTER (WHERE c.points <> 0) AS reached_at,
             coalesce(array_agg(c.task_id ORDER BY c.at, c.task_id) FILTER (WHERE c.task_id IS NOT NULL), '{}')
               AS "tasks!",
             coalesce(array_agg(c.points ORDER BY c.at, c.task_id) FILTER (WHERE c.task_id IS NOT NULL), '{}')
               AS "task_points!",
             coalesce(array_agg(c.at ORDER BY c.at, c.task_id) FILTER (WHERE c.task_id IS NOT NULL), '{}')
               AS "task_at!"
           FROM member m JOIN person p ON p.id = m.person_id
           LEFT JOIN member_rules r ON r.member_id = m.id
           LEFT JOIN change c ON c.member_id = m.id AND ($2::timestamptz IS NULL OR c.at < $2)
           WHERE m.lab_id = $1 AND m.role = 'student' AND m.removed_at IS NULL
           GROUP BY m.id, p.login, p.name, m.section, r.hidden"#,
        lab.uuid(),
        frozen_at,
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| Earned {
        member: row.id.into(),
        login: row.login,
        name: row.name,
        section: row.section,
        hidden: row.hidden,
        points: Points(row.points),
        reached_at: row.reached_at,
        done: row
            .tasks
            .into_iter()
            .zip(row.task_points)
            .zip(row.task_at)
            .map(|((task, points), at)| (task.into(), Points(points), at))
            .collect(),
    })
    .collect())
}

/// The defaults where none are written.
pub async fn rules(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Rules, Error> {
    let rules = sqlx::query_scalar!("SELECT rules FROM lab_rules WHERE lab_id = $1", lab.uuid())
        .fetch_optional(executor)
        .await?;
    Ok(rules
        .map(|rules| document("the rules of a lab", rules))
        .transpose()?
        .unwrap_or_default())
}

pub async fn set_rules(tx: &mut Tx, lab: LabId, rules: &Rules) -> Result<(), Error> {
    let rules = json("the rules of a lab", rules)?;
    sqlx::query!(
        "INSERT INTO lab_rules (lab_id, rules) VALUES ($1, $2) ON CONFLICT (lab_id) DO UPDATE SET rules = excluded.rules",
        lab.uuid(),
        rules
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Extra time in seconds, and whether the member is hidden.
pub async fn member_rules(executor: impl PgExecutor<'_>, member: MemberId) -> Result<(i32, bool), Error> {
    let row = sqlx::query!(
        "SELECT extra_s, hidden FROM member_rules WHERE member_id = $1",
        member.uuid()
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map_or((0, false), |row| (row.extra_s, row.hidden)))
}

pub async fn set_member_rules(
    tx: &mut Tx,
    member: MemberId,
    extra_s: i32,
    hidden: bool,
) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO member_rules (member_id, extra_s, hidden) VALUES ($1, $2, $3)
         ON CONFLICT (member_id) DO UPDATE SET extra_s = excluded.extra_s, hidden = excluded.hidden",
        member.uuid(),
        extra_s,
        hidden
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn insert_award(
    tx: &mut Tx,
    id: AwardId,
    member: MemberId,
    at: DateTime<Utc>,
    points: Points,
    reason: &str,
    given_by: Option<PersonId>,
) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO award (id, member_id, at, points, reason, given_by) VALUES ($1, $2, $3, $4, $5, $6)",
        id.uuid(),
        member.uuid(),
        at,
        points.0,
        reason,
        given_by.map(PersonId::uuid),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
