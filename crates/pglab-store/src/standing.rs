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

/// One member, or one team, as the standings need them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earned {
    /// Of a team, its first member.
    pub member: MemberId,
    /// Of a team, its name.
    pub login: String,
    /// Of a team, the names of its members.
    pub name: String,
    /// Logins of the members of a team.
    pub team: Option<Vec<String>>,
    /// Of a team, if all of it are of one.
    pub section: Option<String>,
    /// Of a team, if all of it are.
    pub hidden: bool,
    pub points: Points,
    /// The last change of the score.
    pub reached_at: Option<DateTime<Utc>>,
    /// Tasks done, with the points and the time of each.
    pub done: Vec<(TaskId, Points, DateTime<Utc>)>,
}

/// All students of the lab, those of a team as one: of each task the most that one of them was worth. With `frozen_at`, what
/// was reached at that time or later is left out; a task that was worth something before and more afterwards is worth what the
/// timeline has of it.
pub async fn of_lab(
    executor: impl PgExecutor<'_>,
    lab: LabId,
    frozen_at: Option<DateTime<Utc>>,
) -> Result<Vec<Earned>, Error> {
    Ok(sqlx::query!(
        r#"WITH student AS (
             SELECT m.id, coalesce(m.team_id, m.id) AS unit, m.team_id, p.login, p.name, m.section,
               coalesce(r.hidden, false) AS hidden
             FROM member m JOIN person p ON p.id = m.person_id LEFT JOIN member_rules r ON r.member_id = m.id
             WHERE m.lab_id = $1 AND m.role = 'student' AND m.removed_at IS NULL),
           unit AS (
             SELECT s.unit, (array_agg(s.id ORDER BY s.id))[1] AS member_id,
               CASE WHEN s.team_id IS NULL THEN min(s.login) ELSE min(t.name) END AS login,
               string_agg(s.name, ', ' ORDER BY s.login) AS name,
               CASE WHEN s.team_id IS NOT NULL THEN array_agg(s.login ORDER BY s.login) END AS team,
               CASE WHEN min(s.section) = max(s.section) AND count(s.section) = count(*) THEN min(s.section) END AS section,
               bool_and(s.hidden) AS hidden
             FROM student s LEFT JOIN team t ON t.id = s.team_id GROUP BY s.unit, s.team_id),
           score AS (
             SELECT s.member_id, s.task_id, s.best AS points, s.best_at AS at, s.completed_at IS NOT NULL AS is_done
             FROM task_score s JOIN task t ON t.id = s.task_id
             WHERE t.lab_id = $1 AND s.best <> 0 AND ($2::timestamptz IS NULL OR s.best_at < $2)
             UNION ALL
             SELECT s.member_id, s.task_id, l.points, l.at, coalesce(s.completed_at < $2, false)
             FROM task_score s JOIN task t ON t.id = s.task_id
             CROSS JOIN LATERAL (
               SELECT e.points, e.at FROM timeline e
               WHERE e.member_id = s.member_id AND e.task_id = s.task_id AND e.at < $2 AND e.points IS NOT NULL
                 AND e.kind IN ('completed', 'progress')
               ORDER BY e.at DESC, e.id DESC LIMIT 1) l
             WHERE t.lab_id = $1 AND s.best <> 0 AND s.best_at >= $2),
           change AS (
             SELECT DISTINCT ON (s.unit, c.task_id) s.unit, c.points, c.at, CASE WHEN c.is_done THEN c.task_id END AS task_id
             FROM score c JOIN student s ON s.id = c.member_id
             ORDER BY s.unit, c.task_id, c.points DESC, c.at
           )
           SELECT u.member_id AS "member_id!", u.login AS "login!", u.name AS "name!", u.team, u.section,
             u.hidden AS "hidden!",
             coalesce(sum(c.points), 0)::bigint AS "points!", max(c.at) FILTER (WHERE c.points <> 0) AS reached_at,
             coalesce(array_agg(c.task_id ORDER BY c.at, c.task_id) FILTER (WHERE c.task_id IS NOT NULL), '{}')
               AS "tasks!",
             coalesce(array_agg(c.points ORDER BY c.at, c.task_id) FILTER (WHERE c.task_id IS NOT NULL), '{}')
               AS "task_points!",
             coalesce(array_agg(c.at ORDER BY c.at, c.task_id) FILTER (WHERE c.task_id IS NOT NULL), '{}')
               AS "task_at!"
           FROM unit u LEFT JOIN (
             SELECT unit, points, at, task_id FROM change
             UNION ALL
             SELECT s.unit, a.points, a.at, NULL FROM award a JOIN student s ON s.id = a.member_id
             WHERE $2::timestamptz IS NULL OR a.at < $2) c ON c.unit = u.unit
           GROUP BY u.unit, u.member_id, u.login, u.name, u.team, u.section, u.hidden"#,
        lab.uuid(),
        frozen_at,
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| Earned {
        member: row.member_id.into(),
        login: row.login,
        name: row.name,
        team: row.team,
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
