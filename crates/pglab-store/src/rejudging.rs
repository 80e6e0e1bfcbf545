//! The tables `rejudging` and `rejudging_change`: judging the answers of a task anew. What is found is written by one
//! transaction, what is done and undone each by one more, which holds the task's answers still meanwhile.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use pglab_core::{
    id::{AttemptId, LabId, MemberId, PersonId, RejudgingId, TaskId},
    points::rejudge::Completion,
    task::Points,
};
use serde_json::Value;
use sqlx::PgExecutor;

use crate::{Error, Tx};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Preview,
    Applied,
    Undone,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::Applied => "applied",
            Self::Undone => "undone",
        }
    }

    fn of(text: &str) -> Self {
        match text {
            "applied" => Self::Applied,
            "undone" => Self::Undone,
            _ => Self::Preview,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Rejudging {
    pub id: RejudgingId,
    pub task: TaskId,
    pub state: State,
    pub made_at: DateTime<Utc>,
    /// Their login.
    pub made_by: Option<String>,
    pub mark: String,
    pub judged: Value,
    pub found: Value,
    pub applied_at: Option<DateTime<Utc>>,
    pub undone_at: Option<DateTime<Utc>>,
}

macro_rules! rejudging {
    ($row:expr) => {{
        let row = $row;
        Rejudging {
            id: row.id.into(),
            task: row.task_id.into(),
            state: State::of(&row.state),
            made_at: row.made_at,
            made_by: row.made_by,
            mark: row.mark,
            judged: row.judged,
            found: row.found,
            applied_at: row.applied_at,
            undone_at: row.undone_at,
        }
    }};
}

/// One, of this task.
pub async fn by_id(
    executor: impl PgExecutor<'_>,
    task: TaskId,
    id: RejudgingId,
) -> Result<Option<Rejudging>, Error> {
    Ok(sqlx::query!(
        r#"SELECT r.id, r.task_id, r.state, r.made_at, p.login AS "made_by?", r.mark, r.judged, r.found, r.applied_at, r.undone_at
           FROM rejudging r LEFT JOIN person p ON p.id = r.made_by WHERE r.task_id = $1 AND r.id = $2"#,
        task.uuid(),
        id.uuid(),
    )
    .fetch_optional(executor)
    .await?
    .map(|row| rejudging!(row)))
}

/// The latest first. What was judged is left out.
pub async fn of_task(executor: impl PgExecutor<'_>, task: TaskId) -> Result<Vec<Rejudging>, Error> {
    Ok(sqlx::query!(
        r#"SELECT r.id, r.task_id, r.state, r.made_at, p.login AS "made_by?", r.mark, '[]'::jsonb AS "judged!", r.found,
             r.applied_at, r.undone_at
           FROM rejudging r LEFT JOIN person p ON p.id = r.made_by WHERE r.task_id = $1 ORDER BY r.id DESC"#,
        task.uuid(),
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| rejudging!(row))
    .collect())
}

/// A preview, in place of earlier ones of the task.
pub async fn insert(tx: &mut Tx, new: &Rejudging, made_by: Option<PersonId>) -> Result<(), Error> {
    sqlx::query!(
        "DELETE FROM rejudging WHERE task_id = $1 AND state = 'preview'",
        new.task.uuid()
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "INSERT INTO rejudging (id, task_id, state, made_at, made_by, mark, judged, found)
         VALUES ($1, $2, 'preview', $3, $4, $5, $6, $7)",
        new.id.uuid(),
        new.task.uuid(),
        new.made_at,
        made_by.map(PersonId::uuid),
        new.mark,
        new.judged,
        new.found,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn set_applied(
    tx: &mut Tx,
    id: RejudgingId,
    at: DateTime<Utc>,
    found: &Value,
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE rejudging SET state = 'applied', applied_at = $2, found = $3 WHERE id = $1",
        id.uuid(),
        at,
        found,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn set_undone(tx: &mut Tx, id: RejudgingId, at: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE rejudging SET state = 'undone', undone_at = $2 WHERE id = $1",
        id.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A row that was changed: before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub relation: Relation,
    pub member: MemberId,
    pub old: Option<Value>,
    pub new: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    Attempt,
    Tally,
    Completion,
    Score,
    Timeline,
}

impl Relation {
    pub const ALL: [Self; 5] = [
        Self::Attempt,
        Self::Tally,
        Self::Completion,
        Self::Score,
        Self::Timeline,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attempt => "attempt",
            Self::Tally => "answer_tally",
            Self::Completion => "completion",
            Self::Score => "task_score",
            Self::Timeline => "timeline",
        }
    }

    fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

pub async fn insert_changes(tx: &mut Tx, id: RejudgingId, changes: &[Change]) -> Result<(), Error> {
    let relations: Vec<String> = changes
        .iter()
        .map(|change| change.relation.as_str().to_owned())
        .collect();
    let members: Vec<uuid::Uuid> = changes.iter().map(|change| change.member.uuid()).collect();
    let old: Vec<Option<Value>> = changes.iter().map(|change| change.old.clone()).collect();
    let new: Vec<Option<Value>> = changes.iter().map(|change| change.new.clone()).collect();
    sqlx::query!(
        "INSERT INTO rejudging_change (rejudging_id, n, relation, member_id, old, new)
         SELECT $1, c.n, c.relation, c.member_id, c.old, c.new
         FROM unnest($2::text[], $3::uuid[], $4::jsonb[], $5::jsonb[]) WITH ORDINALITY AS c (relation, member_id, old, new, n)",
        id.uuid(),
        &relations,
        &members,
        &old as &[Option<Value>],
        &new as &[Option<Value>],
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn changes(executor: impl PgExecutor<'_>, id: RejudgingId) -> Result<Vec<Change>, Error> {
    Ok(sqlx::query!(
        "SELECT relation, member_id, old, new FROM rejudging_change WHERE rejudging_id = $1 ORDER BY n",
        id.uuid()
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .filter_map(|row| {
        Some(Change {
            relation: Relation::of(&row.relation)?,
            member: row.member_id.into(),
            old: row.old,
            new: row.new,
        })
    })
    .collect())
}

/// Holds still what is answered to a task until the transaction ends: whoever answers it meanwhile waits. False: somebody is
/// just being counted; to be tried again in a new transaction.
///
/// An answer locks its member's tally first and the task (by a foreign key) afterwards, and so does this. Where that was
/// not enough, because of a tally that is new, this gives way before PostgreSQL has to choose whom to end.
pub async fn lock(tx: &mut Tx, task: TaskId) -> Result<bool, Error> {
    sqlx::query!("SET LOCAL lock_timeout = '500ms'")
        .execute(&mut **tx)
        .await?;
    let locked = async {
        lock_tallies(tx, task).await?;
        sqlx::query!("SELECT id FROM task WHERE id = $1 FOR UPDATE", task.uuid())
            .fetch_optional(&mut **tx)
            .await?;
        lock_tallies(tx, task).await
    };
    match locked.await {
        Ok(()) => Ok(true),
        Err(error) if is_busy(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn lock_tallies(tx: &mut Tx, task: TaskId) -> Result<(), Error> {
    sqlx::query!(
        "SELECT member_id FROM answer_tally WHERE task_id = $1 ORDER BY member_id FOR UPDATE",
        task.uuid()
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(())
}

/// Somebody else was first: nothing is wrong, and another try may go through.
fn is_busy(error: &Error) -> bool {
    let code = match error {
        Error::Database(error) => error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code),
        _ => None,
    };
    matches!(code.as_deref(), Some("55P03" | "40P01"))
}

/// All about a task's answers, read at one moment.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// By what is judged and priced, as one text.
    pub mark: String,
    /// By time.
    pub attempts: Vec<AttemptRow>,
    pub tallies: HashMap<MemberId, Value>,
    pub completions: HashMap<MemberId, (Completion, Value)>,
    pub scores: HashMap<MemberId, Value>,
    /// The lines that tell of the task's completion.
    pub lines: HashMap<MemberId, Vec<Value>>,
    /// When a hint was taken, and what it cost.
    pub hints: HashMap<MemberId, Vec<(DateTime<Utc>, Points)>>,
    /// Extra time, in seconds.
    pub extra: HashMap<MemberId, i32>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct AttemptRow {
    pub id: AttemptId,
    pub member: MemberId,
    pub login: String,
    pub at: DateTime<Utc>,
    pub answer: Value,
    /// `judging`, `right`, `wrong`, `unfit`.
    pub outcome: String,
    pub row: Value,
}

/// As it was at one moment, outside of any transaction.
pub async fn record_now(pool: &sqlx::PgPool, lab: LabId, task: TaskId) -> Result<Record, Error> {
    let mut tx = pool
        .begin_with("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        .await?;
    let record = read(&mut tx, lab, task).await?;
    tx.rollback().await?;
    Ok(record)
}

/// Within [`lock`].
pub async fn record(tx: &mut Tx, lab: LabId, task: TaskId) -> Result<Record, Error> {
    read(tx, lab, task).await
}

async fn read(connection: &mut sqlx::PgConnection, lab: LabId, task: TaskId) -> Result<Record, Error> {
    let mut record = Record {
        mark: mark(&mut *connection, lab, task).await?,
        ..Record::default()
    };
    record.attempts = sqlx::query!(
        r#"SELECT a.id, a.member_id, p.login, a.at, a.answer, a.outcome, to_jsonb(a) AS "row!"
           FROM attempt a JOIN member m ON m.id = a.member_id JOIN person p ON p.id = m.person_id
           WHERE a.task_id = $1 ORDER BY a.at, a.id"#,
        task.uuid()
    )
    .fetch_all(&mut *connection)
    .await?
    .into_iter()
    .map(|row| AttemptRow {
        id: row.id.into(),
        member: row.member_id.into(),
        login: row.login,
        at: row.at,
        answer: row.answer,
        outcome: row.outcome,
        row: row.row,
    })
    .collect();
    record.tallies = sqlx::query!(
        r#"SELECT member_id, to_jsonb(t) AS "row!" FROM answer_tally t WHERE task_id = $1"#,
        task.uuid()
    )
    .fetch_all(&mut *connection)
    .await?
    .into_iter()
    .map(|row| (row.member_id.into(), row.row))
    .collect();
    record.completions = sqlx::query!(
        r#"SELECT member_id, attempt_id, at, points, late_percent, to_jsonb(c) AS "row!" FROM completion c WHERE task_id = $1"#,
        task.uuid()
    )
    .fetch_all(&mut *connection)
    .await?
    .into_iter()
    .map(|row| {
        let completion = Completion {
            attempt: row.attempt_id.map(AttemptId::from),
            at: row.at,
            points: Points(row.points),
            late_percent: u8::try_from(row.late_percent).unwrap_or(100),
        };
        (row.member_id.into(), (completion, row.row))
    })
    .collect();
    record.scores = sqlx::query!(
        r#"SELECT member_id, to_jsonb(s) AS "row!" FROM task_score s WHERE task_id = $1"#,
        task.uuid()
    )
    .fetch_all(&mut *connection)
    .await?
    .into_iter()
    .map(|row| (row.member_id.into(), row.row))
    .collect();
    for row in sqlx::query!(
        r#"SELECT member_id, to_jsonb(l) AS "row!" FROM timeline l WHERE task_id = $1 AND kind = 'completed' ORDER BY id"#,
        task.uuid()
    )
    .fetch_all(&mut *connection)
    .await?
    {
        record.lines.entry(row.member_id.into()).or_default().push(row.row);
    }
    for row in sqlx::query!(
        "SELECT member_id, at, price FROM hint_use WHERE task_id = $1",
        task.uuid()
    )
    .fetch_all(&mut *connection)
    .await?
    {
        let of_member: &mut Vec<_> = record.hints.entry(row.member_id.into()).or_default();
        of_member.push((row.at, Points(row.price)));
    }
    record.extra = sqlx::query!(
        "SELECT r.member_id, r.extra_s FROM member_rules r JOIN member m ON m.id = r.member_id WHERE m.lab_id = $1",
        lab.uuid()
    )
    .fetch_all(&mut *connection)
    .await?
    .into_iter()
    .map(|row| (row.member_id.into(), row.extra_s))
    .collect();
    Ok(record)
}

async fn mark(executor: impl PgExecutor<'_>, lab: LabId, task: TaskId) -> Result<String, Error> {
    Ok(sqlx::query_scalar!(
        r#"SELECT md5(concat_ws('|', t.points, c.content, r.rules, e.generation)) AS "mark!"
           FROM task t JOIN task_content c ON c.task_id = t.id
           LEFT JOIN lab_rules r ON r.lab_id = t.lab_id LEFT JOIN example e ON e.lab_id = t.lab_id
           WHERE t.lab_id = $1 AND t.id = $2"#,
        lab.uuid(),
        task.uuid(),
    )
    .fetch_optional(executor)
    .await?
    .unwrap_or_default())
}
