//! The table `timeline`: what happened to a member, in sentences, for who looks at them.

use chrono::{DateTime, Utc};
use pglab_core::{
    id::{LabId, MemberId, TaskId},
    task::Points,
};
use sqlx::PgExecutor;

use crate::{Error, Tx};

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// First connection, or the first one after a pause.
    Connected,
    /// A task is done for the first time.
    Completed,
    /// A task earned more than ever before.
    Progress,
    /// A task that was done is no longer, or is again.
    Broken,
    Repaired,
    Hand,
    Reset,
    /// Removed from the lab, or back again.
    Roster,
    /// Claimed theirs, or got a new one.
    Password,
    /// The watcher cancelled, ended or closed something.
    Enforced,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Completed => "completed",
            Self::Progress => "progress",
            Self::Broken => "broken",
            Self::Repaired => "repaired",
            Self::Hand => "hand",
            Self::Reset => "reset",
            Self::Roster => "roster",
            Self::Password => "password",
            Self::Enforced => "enforced",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    pub member: MemberId,
    pub at: DateTime<Utc>,
    pub kind: Kind,
    pub text: String,
    pub task: Option<TaskId>,
    pub points: Option<Points>,
}

pub async fn insert(tx: &mut Tx, entries: &[NewEntry]) -> Result<(), Error> {
    for entry in entries {
        sqlx::query!(
            "INSERT INTO timeline (member_id, at, kind, text, task_id, points) VALUES ($1, $2, $3, $4, $5, $6)",
            entry.member.uuid(),
            entry.at,
            entry.kind.as_str(),
            entry.text,
            entry.task.map(TaskId::uuid),
            entry.points.map(|points| points.0),
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub at: DateTime<Utc>,
    pub kind: String,
    pub text: String,
    pub task: Option<TaskId>,
    pub points: Option<Points>,
}

/// What the watcher did to a member since then; the newest first, at most `limit`.
pub async fn enforced(
    executor: impl PgExecutor<'_>,
    member: MemberId,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<(DateTime<Utc>, String)>, Error> {
    Ok(sqlx::query!(
        "SELECT at, text FROM timeline WHERE member_id = $1 AND kind = $2 AND at > $3 ORDER BY at DESC, id DESC LIMIT $4",
        member.uuid(),
        Kind::Enforced.as_str(),
        since,
        limit,
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| (row.at, row.text))
    .collect())
}

/// The newest first, at most `limit`.
pub async fn of_member(
    executor: impl PgExecutor<'_>,
    member: MemberId,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    Ok(sqlx::query!(
        "SELECT at, kind, text, task_id, points FROM timeline WHERE member_id = $1 ORDER BY at DESC, id DESC LIMIT $2",
        member.uuid(),
        limit,
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| Entry {
        at: row.at,
        kind: row.kind,
        text: row.text,
        task: row.task_id.map(Into::into),
        points: row.points.map(Points),
    })
    .collect())
}

/// When each member of a lab first did something in their database, and when last; without those who never did.
pub async fn seen(
    executor: impl PgExecutor<'_>,
    lab: LabId,
) -> Result<Vec<(MemberId, DateTime<Utc>, DateTime<Utc>)>, Error> {
    Ok(sqlx::query!(
        r#"SELECT t.member_id, min(t.at) AS "first_at!", max(t.at) AS "last_at!"
           FROM timeline t JOIN member m ON m.id = t.member_id
           WHERE m.lab_id = $1 AND t.kind IN ('connected', 'completed', 'progress', 'broken', 'repaired')
           GROUP BY t.member_id"#,
        lab.uuid(),
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| (row.member_id.into(), row.first_at, row.last_at))
    .collect())
}
