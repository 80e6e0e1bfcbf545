//! The tables `attempt`, `answer_tally`, `hint_use`, `completion`: what members answered, and what it earned. Caps and limits
//! are decided in the one statement that counts an answer, so that no number of answers at once gets around them.

use chrono::{DateTime, Utc};
use pglab_core::{
    id::{AttemptId, LabId, MemberId, TaskId, TeamId},
    points::Rules,
    task::{Points, TaskContent},
};
use serde_json::Value;
use sqlx::PgExecutor;

use crate::{Error, Tx, pool::document};

/// All that decides whether and how an answer to a task is taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub title: String,
    pub points: Points,
    pub content: TaskContent,
    pub rules: Rules,
    /// Of the member who asks, in seconds.
    pub extra_s: i32,
    /// Of the member who asks.
    pub team: Option<TeamId>,
}

/// A task of this lab that is answered, as it is for this member. `None` where there is none, or it was dropped.
pub async fn question(
    executor: impl PgExecutor<'_>,
    lab: LabId,
    task: TaskId,
    member: Option<MemberId>,
) -> Result<Option<Question>, Error> {
    sqlx::query!(
        r#"SELECT t.title, t.points, c.content, r.rules AS "rules?", m.extra_s AS "extra_s?",
             (SELECT o.team_id FROM member o WHERE o.id = $3) AS team_id
           FROM task t JOIN task_content c ON c.task_id = t.id
           LEFT JOIN lab_rules r ON r.lab_id = t.lab_id
           LEFT JOIN member_rules m ON m.member_id = $3
           WHERE t.lab_id = $1 AND t.id = $2 AND t.dropped_at IS NULL"#,
        lab.uuid(),
        task.uuid(),
        member.map(MemberId::uuid),
    )
    .fetch_optional(executor)
    .await?
    .map(|row| {
        Ok(Question {
            title: row.title,
            points: Points(row.points),
            content: document("the content of a task", row.content)?,
            rules: row
                .rules
                .map(|rules| document("the rules of a lab", rules))
                .transpose()?
                .unwrap_or_default(),
            extra_s: row.extra_s.unwrap_or(0),
            team: row.team_id.map(TeamId::from),
        })
    })
    .transpose()
}

/// Titles of the tasks of these challenges (keys or names) that the member has not completed.
pub async fn open_before(
    executor: impl PgExecutor<'_>,
    lab: LabId,
    member: MemberId,
    challenges: &[String],
) -> Result<Vec<String>, Error> {
    Ok(sqlx::query_scalar!(
        "SELECT t.title FROM task t JOIN task_content c ON c.task_id = t.id JOIN challenge h ON h.id = c.challenge_id
         WHERE t.lab_id = $1 AND t.dropped_at IS NULL AND (h.key = ANY ($3) OR h.name = ANY ($3))
           AND NOT EXISTS (SELECT FROM task_score s
             WHERE s.task_id = t.id AND s.member_id = $2 AND s.completed_at IS NOT NULL)
         ORDER BY t.position",
        lab.uuid(),
        member.uuid(),
        challenges,
    )
    .fetch_all(executor)
    .await?)
}

/// An answer that is to be counted.
#[derive(Debug, Clone)]
pub struct NewAttempt<'a> {
    pub id: AttemptId,
    pub member: MemberId,
    pub task: TaskId,
    pub at: DateTime<Utc>,
    pub answer: &'a Value,
    /// Attempts that count at most.
    pub cap: Option<i32>,
    /// No other answer before.
    pub wait_until: Option<DateTime<Utc>>,
    pub per_minute: i32,
}

/// Counts an answer, of a team where the member is in one, and writes it down as one that is being judged. False: it is not taken, because of a cap or limit, or
/// because the task is done.
pub async fn reserve(executor: impl PgExecutor<'_>, new: &NewAttempt<'_>) -> Result<bool, Error> {
    let reserved = sqlx::query!(
        "WITH tally AS (
           INSERT INTO answer_tally AS t (member_id, task_id, n_counted, wait_until, minute_at, minute_n)
           SELECT coalesce(m.team_id, m.id), $2, 1, $4, $3, 1 FROM member m WHERE m.id = $1
           ON CONFLICT (member_id, task_id) DO UPDATE SET
             n_counted = t.n_counted + 1,
             wait_until = excluded.wait_until,
             minute_at = CASE WHEN t.minute_at <= $3 - interval '1 minute' THEN $3 ELSE t.minute_at END,
             minute_n = CASE WHEN t.minute_at <= $3 - interval '1 minute' THEN 1 ELSE t.minute_n + 1 END
           WHERE t.done_at IS NULL
             AND ($5::int IS NULL OR t.n_counted < $5)
             AND (t.wait_until IS NULL OR t.wait_until <= $3)
             AND (t.minute_at <= $3 - interval '1 minute' OR t.minute_n < $6)
           RETURNING member_id)
         INSERT INTO attempt (id, member_id, task_id, at, answer, outcome)
         SELECT $7, $1, $2, $3, $8, 'judging' FROM tally",
        new.member.uuid(),
        new.task.uuid(),
        new.at,
        new.wait_until,
        new.cap,
        new.per_minute,
        new.id.uuid(),
        new.answer,
    )
    .execute(executor)
    .await?;
    Ok(reserved.rows_affected() == 1)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Right,
    Wrong,
    Unfit,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Unfit => "unfit",
        }
    }
}

/// What was said of an attempt.
#[derive(Debug, Clone)]
pub struct Judged<'a> {
    pub attempt: AttemptId,
    pub outcome: Outcome,
    pub verdict: &'a Value,
    pub flag_of: Option<MemberId>,
    /// When the answer came.
    pub at: DateTime<Utc>,
    /// What a right answer earns, before hints.
    pub price: Points,
    pub late_percent: i32,
    /// For the timeline.
    pub title: &'a str,
}

/// How it stands after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    pub n_counted: i32,
    /// What was earned now; `None` where nothing was, or it was earned before.
    pub earned: Option<Points>,
    /// Who earned it: the member, or all of their team.
    pub members: Vec<MemberId>,
}

/// Ends an attempt: an unfit one is given back, a right one earns once. `None`: it was ended before.
pub async fn finish(executor: impl PgExecutor<'_>, judged: &Judged<'_>) -> Result<Option<Settled>, Error> {
    let row = sqlx::query!(
        r#"WITH a AS (
             UPDATE attempt SET outcome = $2, verdict = $3, flag_of = $4 WHERE id = $1 AND outcome = 'judging'
             RETURNING member_id, task_id),
           holder AS (SELECT coalesce(m.team_id, m.id) AS id, a.task_id FROM a JOIN member m ON m.id = a.member_id),
           tally AS (
             UPDATE answer_tally t SET
               n_counted = t.n_counted - CASE WHEN $2 = 'unfit' THEN 1 ELSE 0 END,
               wait_until = CASE WHEN $2 = 'unfit' THEN NULL ELSE t.wait_until END,
               done_at = CASE WHEN $2 = 'right' THEN coalesce(t.done_at, $5) ELSE t.done_at END
             FROM holder WHERE t.member_id = holder.id AND t.task_id = holder.task_id
             RETURNING t.member_id AS holder, t.task_id, t.n_counted, t.hint_price),
           earned AS (
             INSERT INTO completion (member_id, task_id, attempt_id, at, points, late_percent)
             SELECT m.id, t.task_id, $1, $5, greatest(0, $6::bigint - t.hint_price), $7
             FROM tally t CROSS JOIN LATERAL (
               SELECT o.id FROM member o WHERE o.id = t.holder
               UNION ALL
               SELECT o.id FROM member o WHERE o.team_id = t.holder) m
             WHERE $2 = 'right'
             ON CONFLICT (member_id, task_id) DO NOTHING
             RETURNING member_id, task_id, points),
           score AS (
             INSERT INTO task_score (member_id, task_id, best, now, state, best_at, completed_at, changed_at)
             SELECT member_id, task_id, points, points, 'done', $5, $5, $5 FROM earned
             ON CONFLICT (member_id, task_id) DO UPDATE SET best = greatest(task_score.best, excluded.best),
               now = excluded.now, state = 'done', best_at = excluded.best_at,
               completed_at = coalesce(task_score.completed_at, excluded.completed_at), changed_at = excluded.changed_at),
           line AS (
             INSERT INTO timeline (member_id, at, kind, text, task_id, points)
             SELECT member_id, $5, 'completed', 'Completed: ' || $8, task_id, points FROM earned),
           log AS (
             INSERT INTO activity (at, event, severity, person_id, lab_id, challenge_id, task_id, metadata)
             SELECT $5, e.event, e.severity, m.person_id, m.lab_id, c.challenge_id, tally.task_id, e.metadata
             FROM tally CROSS JOIN a JOIN member m ON m.id = a.member_id
             LEFT JOIN task_content c ON c.task_id = tally.task_id
             CROSS JOIN LATERAL (
               SELECT 'QUESTION_ATTEMPTED', 'INFO', jsonb_build_object('correct', $2 = 'right')
               UNION ALL
               SELECT 'QUESTION_COMPLETED', 'INFO', jsonb_build_object('points', earned.points / 1000.0) FROM earned
               WHERE earned.member_id = m.id
               UNION ALL
               SELECT 'SECURITY_EVENT', 'WARNING', jsonb_build_object('what', 'a flag of somebody else', 'flag_of', o.login)
               FROM member om JOIN person o ON o.id = om.person_id WHERE om.id = $4
             ) AS e (event, severity, metadata)
             WHERE $2 <> 'unfit')
           SELECT tally.n_counted AS "n_counted!",
             (SELECT e.points FROM earned e JOIN a ON a.member_id = e.member_id) AS points,
             coalesce((SELECT array_agg(e.member_id) FROM earned e), '{}') AS "members!"
           FROM tally"#,
        judged.attempt.uuid(),
        judged.outcome.as_str(),
        judged.verdict,
        judged.flag_of.map(MemberId::uuid),
        judged.at,
        judged.price.0,
        judged.late_percent,
        judged.title,
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| Settled {
        n_counted: row.n_counted,
        earned: row.points.map(Points),
        members: row.members.into_iter().map(MemberId::from).collect(),
    }))
}

/// How many completed the task; nobody else completes it before the transaction ends. `by_team`: in a lab with teams, where
/// each counts once.
pub async fn n_completed_locked(tx: &mut Tx, task: TaskId, by_team: bool) -> Result<u32, Error> {
    sqlx::query!(
        "INSERT INTO completion_count AS c (task_id, n) VALUES ($1, 0) ON CONFLICT (task_id) DO UPDATE SET n = c.n",
        task.uuid()
    )
    .execute(&mut **tx)
    .await?;
    let n = if by_team {
        sqlx::query_scalar!(
            r#"SELECT count(DISTINCT coalesce(m.team_id, m.id)) AS "n!"
               FROM completion c JOIN member m ON m.id = c.member_id WHERE c.task_id = $1"#,
            task.uuid()
        )
        .fetch_one(&mut **tx)
        .await?
    } else {
        sqlx::query_scalar!(
            r#"SELECT count(*) AS "n!" FROM completion WHERE task_id = $1"#,
            task.uuid()
        )
        .fetch_one(&mut **tx)
        .await?
    };
    Ok(u32::try_from(n).unwrap_or(u32::MAX))
}

/// Where a member is with a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    pub task: TaskId,
    pub n_counted: i32,
    pub wait_until: Option<DateTime<Utc>>,
    pub minute_at: DateTime<Utc>,
    pub minute_n: i32,
    pub n_hints: i32,
    pub hint_price: Points,
    pub done_at: Option<DateTime<Utc>>,
}

/// Of all tasks that the member, or their team, answered or took hints for.
pub async fn tallies(executor: impl PgExecutor<'_>, member: MemberId) -> Result<Vec<Tally>, Error> {
    Ok(sqlx::query!(
        "SELECT task_id, n_counted, wait_until, minute_at, minute_n, n_hints, hint_price, done_at FROM answer_tally
         WHERE member_id = (SELECT coalesce(m.team_id, m.id) FROM member m WHERE m.id = $1)",
        member.uuid()
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| Tally {
        task: row.task_id.into(),
        n_counted: row.n_counted,
        wait_until: row.wait_until,
        minute_at: row.minute_at,
        minute_n: row.minute_n,
        n_hints: row.n_hints,
        hint_price: Points(row.hint_price),
        done_at: row.done_at,
    })
    .collect())
}

/// Takes the `hint`-th hint, from 0, in order; one that was taken before costs nothing again. False: an earlier one was not
/// taken yet, or the task is done.
pub async fn take_hint(
    executor: impl PgExecutor<'_>,
    member: MemberId,
    task: TaskId,
    hint: i32,
    price: Points,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let taken = sqlx::query!(
        "WITH tally AS (
           INSERT INTO answer_tally AS t (member_id, task_id, minute_at, n_hints, hint_price)
           SELECT coalesce(m.team_id, m.id), $2, $5, 1, $4::bigint FROM member m WHERE m.id = $1 AND ($3 = 0
              OR EXISTS (SELECT FROM answer_tally o WHERE o.member_id = coalesce(m.team_id, m.id) AND o.task_id = $2))
           ON CONFLICT (member_id, task_id) DO UPDATE SET n_hints = t.n_hints + 1, hint_price = t.hint_price + $4
           WHERE t.n_hints = $3 AND t.done_at IS NULL
           RETURNING member_id)
         INSERT INTO hint_use (member_id, task_id, hint, at, price) SELECT $1, $2, $3, $5, $4 FROM tally
         ON CONFLICT DO NOTHING",
        member.uuid(),
        task.uuid(),
        hint,
        price.0,
        at,
    )
    .execute(executor)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// An attempt as the staff sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    pub id: AttemptId,
    pub login: String,
    pub task: TaskId,
    pub title: String,
    pub at: DateTime<Utc>,
    pub answer: Value,
    pub outcome: String,
    pub verdict: Option<Value>,
    /// The login of the member whose flag was sent.
    pub flag_of: Option<String>,
}

/// The latest of a lab first; of one task or member where these are given.
pub async fn attempts(
    executor: impl PgExecutor<'_>,
    lab: LabId,
    task: Option<TaskId>,
    login: Option<&str>,
    before: Option<AttemptId>,
    limit: i64,
) -> Result<Vec<Attempt>, Error> {
    Ok(sqlx::query!(
        r#"SELECT a.id, p.login, a.task_id, t.title, a.at, a.answer, a.outcome, a.verdict, o.login AS "flag_of?"
           FROM attempt a JOIN task t ON t.id = a.task_id JOIN member m ON m.id = a.member_id
           JOIN person p ON p.id = m.person_id
           LEFT JOIN member om ON om.id = a.flag_of LEFT JOIN person o ON o.id = om.person_id
           WHERE t.lab_id = $1 AND ($2::uuid IS NULL OR a.task_id = $2) AND ($3::text IS NULL OR p.login = $3)
             AND ($4::uuid IS NULL OR a.id < $4)
           ORDER BY a.id DESC LIMIT $5"#,
        lab.uuid(),
        task.map(TaskId::uuid),
        login,
        before.map(AttemptId::uuid),
        limit,
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| Attempt {
        id: row.id.into(),
        login: row.login,
        task: row.task_id.into(),
        title: row.title,
        at: row.at,
        answer: row.answer,
        outcome: row.outcome,
        verdict: row.verdict,
        flag_of: row.flag_of,
    })
    .collect())
}

/// Attempts that were being judged when the process died are given back. Gives how many.
pub async fn give_back(executor: impl PgExecutor<'_>, before: DateTime<Utc>) -> Result<u64, Error> {
    let given = sqlx::query!(
        "WITH a AS (
           UPDATE attempt SET outcome = 'unfit' WHERE outcome = 'judging' AND at < $1 RETURNING member_id, task_id),
         n AS (SELECT coalesce(m.team_id, m.id) AS member_id, a.task_id, count(*)::int AS n
           FROM a JOIN member m ON m.id = a.member_id GROUP BY 1, 2)
         UPDATE answer_tally t SET n_counted = t.n_counted - n.n, wait_until = NULL
         FROM n WHERE t.member_id = n.member_id AND t.task_id = n.task_id",
        before
    )
    .execute(executor)
    .await?;
    Ok(given.rows_affected())
}
