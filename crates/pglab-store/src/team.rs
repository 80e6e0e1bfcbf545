//! The table `team`, and who is in which. What a team earned is written for each of its members when it is earned; who joins
//! later is given it here.

use chrono::{DateTime, Utc};
use pglab_core::{
    access_code::AccessCode,
    id::{LabId, MemberId, TeamId},
};
use sqlx::PgExecutor;

use crate::{Error, Tx};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    pub id: TeamId,
    pub lab: LabId,
    pub name: String,
    /// Students of the lab join by it.
    pub code: String,
    pub created_at: DateTime<Utc>,
    /// Login and name of those who are in it and in the lab, by login.
    pub members: Vec<(String, String)>,
}

/// By name, of a lab; or the one of a member.
pub async fn of_lab(
    executor: impl PgExecutor<'_>,
    lab: LabId,
    of: Option<MemberId>,
) -> Result<Vec<Team>, Error> {
    Ok(sqlx::query!(
        r#"SELECT t.id, t.lab_id, t.name, t.code, t.created_at,
             coalesce(array_agg(p.login ORDER BY p.login) FILTER (WHERE p.login IS NOT NULL), '{}') AS "logins!",
             coalesce(array_agg(p.name ORDER BY p.login) FILTER (WHERE p.login IS NOT NULL), '{}') AS "names!"
           FROM team t
           LEFT JOIN member m ON m.team_id = t.id AND m.removed_at IS NULL
           LEFT JOIN person p ON p.id = m.person_id
           WHERE t.lab_id = $1 AND ($2::uuid IS NULL OR t.id = (SELECT o.team_id FROM member o WHERE o.id = $2))
           GROUP BY t.id ORDER BY t.name"#,
        lab.uuid(),
        of.map(MemberId::uuid),
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| Team {
        id: row.id.into(),
        lab: row.lab_id.into(),
        name: row.name,
        code: row.code,
        created_at: row.created_at,
        members: row.logins.into_iter().zip(row.names).collect(),
    })
    .collect())
}

/// Member and team of all who are in one.
pub async fn places(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Vec<(MemberId, TeamId)>, Error> {
    Ok(sqlx::query!(
        r#"SELECT id, team_id AS "team_id!" FROM member WHERE lab_id = $1 AND team_id IS NOT NULL"#,
        lab.uuid()
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| (row.id.into(), row.team_id.into()))
    .collect())
}

/// # Errors
/// [`Error::Taken`] if the lab has a team of this name, or somebody has the code.
pub async fn insert(tx: &mut Tx, team: &Team) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO team (id, lab_id, name, code, created_at) VALUES ($1, $2, $3, $4, $5)",
        team.id.uuid(),
        team.lab.uuid(),
        team.name,
        team.code,
        team.created_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// False: there is none, or somebody is in it.
pub async fn delete_empty(tx: &mut Tx, lab: LabId, team: TeamId) -> Result<bool, Error> {
    let done = sqlx::query!(
        "DELETE FROM team t WHERE t.lab_id = $1 AND t.id = $2
           AND NOT EXISTS (SELECT FROM member m WHERE m.team_id = t.id)",
        lab.uuid(),
        team.uuid(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn by_code(
    executor: impl PgExecutor<'_>,
    lab: LabId,
    code: &AccessCode,
) -> Result<Option<TeamId>, Error> {
    let team = sqlx::query_scalar!(
        "SELECT id FROM team WHERE lab_id = $1 AND code = $2",
        lab.uuid(),
        code.as_str()
    )
    .fetch_optional(executor)
    .await?;
    Ok(team.map(TeamId::from))
}

/// The team of a member, who stays in it until the transaction ends; and whether they answered or earned anything.
pub async fn place_locked(tx: &mut Tx, member: MemberId) -> Result<(Option<TeamId>, bool), Error> {
    let row = sqlx::query!(
        r#"SELECT m.team_id,
             (EXISTS (SELECT FROM attempt a WHERE a.member_id = m.id AND a.outcome <> 'unfit')
              OR EXISTS (SELECT FROM answer_tally t WHERE t.member_id = m.id)
              OR EXISTS (SELECT FROM task_score s WHERE s.member_id = m.id AND s.best > 0)) AS "has_begun!"
           FROM member m WHERE m.id = $1 FOR UPDATE"#,
        member.uuid()
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((row.team_id.map(TeamId::from), row.has_begun))
}

/// Nobody comes into the team before the transaction ends.
pub async fn lock_shared(tx: &mut Tx, team: TeamId) -> Result<(), Error> {
    sqlx::query!("SELECT id FROM team WHERE id = $1 FOR SHARE", team.uuid())
        .fetch_optional(&mut **tx)
        .await?;
    Ok(())
}

/// Puts a member into a team, or out of it, and gives them what it has earned by answers so far.
pub async fn set(tx: &mut Tx, member: MemberId, team: Option<TeamId>) -> Result<(), Error> {
    // An answer of the team that is being written now is written for who is in the team then: after it, or before.
    sqlx::query!(
        "SELECT id FROM team WHERE id = $1 FOR UPDATE",
        team.map(TeamId::uuid)
    )
    .fetch_optional(&mut **tx)
    .await?;
    sqlx::query!(
        "UPDATE member SET team_id = $2 WHERE id = $1",
        member.uuid(),
        team.map(TeamId::uuid)
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "WITH earned AS (
           INSERT INTO completion (member_id, task_id, attempt_id, at, points, late_percent)
           SELECT DISTINCT ON (c.task_id) $1, c.task_id, c.attempt_id, c.at, c.points, c.late_percent
           FROM completion c JOIN member m ON m.id = c.member_id
           WHERE m.team_id = $2 AND m.id <> $1 ORDER BY c.task_id, c.at
           ON CONFLICT (member_id, task_id) DO NOTHING
           RETURNING task_id, points, at)
         INSERT INTO task_score (member_id, task_id, best, now, state, best_at, completed_at, changed_at)
         SELECT $1, task_id, points, points, 'done', at, at, at FROM earned
         ON CONFLICT (member_id, task_id) DO NOTHING",
        member.uuid(),
        team.map(TeamId::uuid),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
