//! The table `access_code_try`: what the limits on guessing codes and on making accounts count. The limits stand in
//! `control`.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::{Error, Tx};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A code that does not work.
    Guess,
    /// A stranger made an account.
    Account,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Guess => "guess",
            Self::Account => "account",
        }
    }
}

/// The answer is its id.
pub async fn insert(tx: &mut Tx, kind: Kind, who: &str, at: DateTime<Utc>) -> Result<i64, Error> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO access_code_try (kind, who, at) VALUES ($1, $2, $3) RETURNING id",
        kind.as_str(),
        who,
        at,
    )
    .fetch_one(&mut **tx)
    .await?)
}

pub async fn delete(tx: &mut Tx, id: i64) -> Result<(), Error> {
    sqlx::query!("DELETE FROM access_code_try WHERE id = $1", id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// When the `nth` latest since `since` was.
pub async fn nth_latest(
    executor: impl PgExecutor<'_>,
    kind: Kind,
    who: &str,
    since: DateTime<Utc>,
    nth: i64,
) -> Result<Option<DateTime<Utc>>, Error> {
    Ok(sqlx::query_scalar!(
        "SELECT at FROM access_code_try WHERE kind = $1 AND who = $2 AND at > $3
         ORDER BY at DESC OFFSET $4::bigint - 1 LIMIT 1",
        kind.as_str(),
        who,
        since,
        nth,
    )
    .fetch_optional(executor)
    .await?)
}

pub async fn delete_before(tx: &mut Tx, before: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!("DELETE FROM access_code_try WHERE at <= $1", before)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
