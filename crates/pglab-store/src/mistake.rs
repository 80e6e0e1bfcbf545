//! The table `mistake`: errors that students met, from the server's log.

use chrono::{DateTime, Utc};
use pglab_core::id::{LabId, MemberId};
use sqlx::PgExecutor;

use crate::{Error, Tx};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    pub member: MemberId,
    /// Of the last time.
    pub at: DateTime<Utc>,
    pub sqlstate: String,
    pub message: String,
    pub statement: Option<String>,
    /// The same statement failed so often within a moment.
    pub times: u32,
}

pub async fn insert(tx: &mut Tx, mistakes: &[Mistake]) -> Result<(), Error> {
    let members: Vec<uuid::Uuid> = mistakes.iter().map(|mistake| mistake.member.uuid()).collect();
    let at: Vec<DateTime<Utc>> = mistakes.iter().map(|mistake| mistake.at).collect();
    let sqlstates: Vec<String> = mistakes.iter().map(|mistake| mistake.sqlstate.clone()).collect();
    let messages: Vec<String> = mistakes.iter().map(|mistake| mistake.message.clone()).collect();
    let statements: Vec<Option<String>> = mistakes.iter().map(|mistake| mistake.statement.clone()).collect();
    let times: Vec<i32> = mistakes
        .iter()
        .map(|mistake| i32::try_from(mistake.times).unwrap_or(i32::MAX))
        .collect();
    // A member who is gone by now has no mistakes.
    sqlx::query!(
        "INSERT INTO mistake (member_id, at, sqlstate, message, statement, times)
         SELECT n.member_id, n.at, n.sqlstate, n.message, n.statement, n.times
         FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::int[])
           AS n (member_id, at, sqlstate, message, statement, times)
         JOIN member m ON m.id = n.member_id",
        &members,
        &at,
        &sqlstates,
        &messages,
        &statements as &[Option<String>],
        &times,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

struct Row {
    member_id: uuid::Uuid,
    at: DateTime<Utc>,
    sqlstate: String,
    message: String,
    statement: Option<String>,
    times: i32,
}

impl From<Row> for Mistake {
    fn from(row: Row) -> Self {
        Self {
            member: row.member_id.into(),
            at: row.at,
            sqlstate: row.sqlstate,
            message: row.message,
            statement: row.statement,
            times: u32::try_from(row.times).unwrap_or(1),
        }
    }
}

/// Of a whole lab since a time, the oldest first.
pub async fn of_lab_since(
    executor: impl PgExecutor<'_>,
    lab: LabId,
    since: DateTime<Utc>,
) -> Result<Vec<Mistake>, Error> {
    Ok(sqlx::query_as!(
        Row,
        "SELECT e.member_id, e.at, e.sqlstate, e.message, e.statement, e.times
         FROM member m JOIN mistake e ON e.member_id = m.id
         WHERE m.lab_id = $1 AND e.at > $2 ORDER BY e.at, e.id",
        lab.uuid(),
        since,
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(Into::into)
    .collect())
}

/// The newest first, at most `limit`; what a member did again and again stands once, with its last statement.
pub async fn of_member(
    executor: impl PgExecutor<'_>,
    member: MemberId,
    limit: i64,
) -> Result<Vec<Mistake>, Error> {
    Ok(sqlx::query_as!(
        Row,
        r#"SELECT $1::uuid AS "member_id!", max(e.at) AS "at!", e.sqlstate AS "sqlstate!", e.message AS "message!",
             (array_agg(e.statement ORDER BY e.at DESC, e.id DESC))[1] AS statement,
             least(sum(e.times), 2147483647)::int AS "times!"
           FROM (SELECT * FROM mistake WHERE member_id = $1 ORDER BY at DESC LIMIT 5000) e
           GROUP BY e.sqlstate, e.message ORDER BY max(e.at) DESC LIMIT $2"#,
        member.uuid(),
        limit,
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(Into::into)
    .collect())
}
