//! A lab as front ends see it: a group with challenges, what members completed in it, and their points. The tables
//! `competition` and `challenge_completion`, and reads over `lab_challenge` and `task_score`.

use chrono::{DateTime, Utc};
use pglab_core::{
    id::{ChallengeId, LabId, MemberId, PersonId, TaskId},
    points::Rules,
    task::Points,
};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{Error, Tx, pool::document};

#[derive(Debug, Clone, PartialEq)]
pub struct Competition {
    pub id: LabId,
    pub name: String,
    pub description: String,
    pub rules: Rules,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

pub async fn by_id(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Option<Competition>, Error> {
    sqlx::query!(
        r#"SELECT l.title, l.created_at, c.description AS "description?", c.updated_at AS "updated_at?",
             r.rules AS "rules?"
           FROM lab l LEFT JOIN competition c ON c.lab_id = l.id LEFT JOIN lab_rules r ON r.lab_id = l.id
           WHERE l.id = $1 AND l.delete_wanted_at IS NULL"#,
        lab.uuid()
    )
    .fetch_optional(executor)
    .await?
    .map(|row| {
        Ok(Competition {
            id: lab,
            name: row.title,
            description: row.description.unwrap_or_default(),
            rules: row
                .rules
                .map(|rules| document("the rules of a lab", rules))
                .transpose()?
                .unwrap_or_default(),
            created_at: row.created_at,
            updated_at: row.updated_at.unwrap_or(row.created_at),
        })
    })
    .transpose()
}

pub async fn describe(tx: &mut Tx, lab: LabId, description: &str, at: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO competition (lab_id, description, updated_at) VALUES ($1, $2, $3)
         ON CONFLICT (lab_id) DO UPDATE SET description = excluded.description, updated_at = excluded.updated_at",
        lab.uuid(),
        description,
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A challenge in a lab.
#[derive(Debug, Clone, PartialEq)]
pub struct LabChallenge {
    pub id: Uuid,
    pub lab: LabId,
    pub challenge: ChallengeId,
    pub name: String,
    /// Of its tasks together; of one without tasks, what it was given.
    pub points: Points,
    pub n_tasks: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Those of a lab in their order, or the one of this id.
pub async fn challenges(
    executor: impl PgExecutor<'_>,
    lab: Option<LabId>,
    id: Option<Uuid>,
) -> Result<Vec<LabChallenge>, Error> {
    Ok(sqlx::query!(
        r#"SELECT lc.id, lc.lab_id, lc.challenge_id, lc.points, lc.created_at, lc.updated_at, h.name,
             coalesce(t.points, 0) AS "task_points!", coalesce(t.n, 0) AS "n_tasks!"
           FROM lab_challenge lc JOIN challenge h ON h.id = lc.challenge_id
           LEFT JOIN LATERAL (SELECT sum(t.points)::bigint AS points, count(*) AS n
             FROM task t JOIN task_content c ON c.task_id = t.id
             WHERE t.lab_id = lc.lab_id AND c.challenge_id = lc.challenge_id AND t.dropped_at IS NULL) t ON true
           WHERE ($1::uuid IS NULL OR lc.lab_id = $1) AND ($2::uuid IS NULL OR lc.id = $2)
             AND ($1 IS NOT NULL OR $2 IS NOT NULL)
           ORDER BY lc.position, lc.id"#,
        lab.map(LabId::uuid),
        id,
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| LabChallenge {
        id: row.id,
        lab: row.lab_id.into(),
        challenge: row.challenge_id.into(),
        name: row.name,
        points: Points(if row.n_tasks > 0 {
            row.task_points
        } else {
            row.points.unwrap_or(0)
        }),
        n_tasks: row.n_tasks,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
    .collect())
}

/// At the end of the lab's challenges. False: it is there already.
pub async fn add_challenge(
    tx: &mut Tx,
    id: Uuid,
    lab: LabId,
    challenge: ChallengeId,
    points: Points,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let added = sqlx::query!(
        "INSERT INTO lab_challenge (id, lab_id, challenge_id, position, points, created_at, updated_at)
         SELECT $1, $2, $3, coalesce(max(position), -1) + 1, $4, $5, $5 FROM lab_challenge WHERE lab_id = $2
         ON CONFLICT (lab_id, challenge_id) DO NOTHING",
        id,
        lab.uuid(),
        challenge.uuid(),
        points.0,
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// What the tasks of challenges are worth together, where the lab says so.
pub async fn prices(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Vec<(ChallengeId, Points)>, Error> {
    Ok(sqlx::query!(
        r#"SELECT challenge_id, points AS "points!" FROM lab_challenge WHERE lab_id = $1 AND points IS NOT NULL"#,
        lab.uuid()
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| (row.challenge_id.into(), Points(row.points)))
    .collect())
}

/// The task of a lab that a component of a challenge became.
pub async fn task(
    executor: impl PgExecutor<'_>,
    lab: LabId,
    challenge: ChallengeId,
    component: &str,
) -> Result<Option<TaskId>, Error> {
    Ok(sqlx::query_scalar!(
        "SELECT t.id FROM task t JOIN task_content c ON c.task_id = t.id
         WHERE t.lab_id = $1 AND c.challenge_id = $2 AND c.component = $3 AND t.dropped_at IS NULL",
        lab.uuid(),
        challenge.uuid(),
        component,
    )
    .fetch_optional(executor)
    .await?
    .map(TaskId::from))
}

/// A task that a member completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completed {
    pub task: TaskId,
    pub component: String,
    pub at: DateTime<Utc>,
    pub points: Points,
}

/// Of one challenge, the first completed first.
pub async fn completed(
    executor: impl PgExecutor<'_>,
    member: MemberId,
    challenge: ChallengeId,
) -> Result<Vec<Completed>, Error> {
    Ok(sqlx::query!(
        r#"SELECT s.task_id, c.component, s.completed_at AS "at!", s.best FROM task_score s
           JOIN task_content c ON c.task_id = s.task_id
           WHERE s.member_id = $1 AND c.challenge_id = $2 AND s.completed_at IS NOT NULL
           ORDER BY s.completed_at, s.task_id"#,
        member.uuid(),
        challenge.uuid(),
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| Completed {
        task: row.task_id.into(),
        component: row.component,
        at: row.at,
        points: Points(row.best),
    })
    .collect())
}

/// Where a member is with a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub challenge: ChallengeId,
    pub n_tasks: i64,
    pub n_done: i64,
    pub earned: Points,
}

/// Of all challenges of the lab that have tasks.
pub async fn progress(
    executor: impl PgExecutor<'_>,
    lab: LabId,
    member: MemberId,
) -> Result<Vec<Progress>, Error> {
    Ok(sqlx::query!(
        r#"SELECT c.challenge_id, count(*) AS "n_tasks!", count(s.completed_at) AS "n_done!",
             coalesce(sum(s.best), 0)::bigint AS "earned!"
           FROM task t JOIN task_content c ON c.task_id = t.id
           LEFT JOIN task_score s ON s.task_id = t.id AND s.member_id = $2
           WHERE t.lab_id = $1 AND t.dropped_at IS NULL GROUP BY c.challenge_id"#,
        lab.uuid(),
        member.uuid(),
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| Progress {
        challenge: row.challenge_id.into(),
        n_tasks: row.n_tasks,
        n_done: row.n_done,
        earned: Points(row.earned),
    })
    .collect())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChallengeCompletion {
    pub id: Uuid,
    pub member: MemberId,
    pub challenge: ChallengeId,
    pub at: DateTime<Utc>,
    pub points: Points,
}

/// False: the member completed it before.
pub async fn complete(tx: &mut Tx, new: &ChallengeCompletion) -> Result<bool, Error> {
    let done = sqlx::query!(
        "INSERT INTO challenge_completion (id, member_id, challenge_id, at, points) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (member_id, challenge_id) DO NOTHING",
        new.id,
        new.member.uuid(),
        new.challenge.uuid(),
        new.at,
        new.points.0,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn completions(
    executor: impl PgExecutor<'_>,
    member: MemberId,
) -> Result<Vec<ChallengeCompletion>, Error> {
    Ok(sqlx::query!(
        "SELECT id, challenge_id, at, points FROM challenge_completion WHERE member_id = $1",
        member.uuid()
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| ChallengeCompletion {
        id: row.id,
        member,
        challenge: row.challenge_id.into(),
        at: row.at,
        points: Points(row.points),
    })
    .collect())
}

/// All that a member earned and was given in their lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberPoints {
    pub member: MemberId,
    pub person: PersonId,
    pub lab: LabId,
    pub points: Points,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Nobody else gives or takes points of this member by hand before the transaction ends.
pub async fn lock_member(tx: &mut Tx, member: MemberId) -> Result<(), Error> {
    sqlx::query!(
        "SELECT id FROM member WHERE id = $1 FOR NO KEY UPDATE",
        member.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(())
}

pub async fn points(executor: impl PgExecutor<'_>, member: MemberId) -> Result<Option<MemberPoints>, Error> {
    Ok(sqlx::query!(
        r#"SELECT m.person_id, m.lab_id, m.added_at,
             coalesce(sum(c.points), 0)::bigint AS "points!", max(c.at) AS last
           FROM member m LEFT JOIN LATERAL (
             SELECT best AS points, best_at AS at FROM task_score WHERE member_id = m.id AND best <> 0
             UNION ALL SELECT points, at FROM award WHERE member_id = m.id) c ON true
           WHERE m.id = $1 GROUP BY m.id"#,
        member.uuid()
    )
    .fetch_optional(executor)
    .await?
    .map(|row| MemberPoints {
        member,
        person: row.person_id.into(),
        lab: row.lab_id.into(),
        points: Points(row.points),
        created_at: row.added_at,
        updated_at: row.last.unwrap_or(row.added_at),
    }))
}

/// Counts an answer that somebody else vouches for: no cap and no limit is asked. False: the task is done.
pub async fn reserve_vouched(
    tx: &mut Tx,
    attempt: pglab_core::id::AttemptId,
    member: MemberId,
    task: TaskId,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let reserved = sqlx::query!(
        "WITH tally AS (
           INSERT INTO answer_tally AS t (member_id, task_id, minute_at)
           SELECT coalesce(m.team_id, m.id), $2, $3 FROM member m WHERE m.id = $1
           ON CONFLICT (member_id, task_id) DO UPDATE SET minute_n = t.minute_n WHERE t.done_at IS NULL
           RETURNING member_id)
         INSERT INTO attempt (id, member_id, task_id, at, answer, outcome)
         SELECT $4, $1, $2, $3, 'null', 'judging' FROM tally
         WHERE NOT EXISTS (SELECT FROM task_score s
           WHERE s.member_id = $1 AND s.task_id = $2 AND s.completed_at IS NOT NULL)",
        member.uuid(),
        task.uuid(),
        at,
        attempt.uuid(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(reserved.rows_affected() == 1)
}
