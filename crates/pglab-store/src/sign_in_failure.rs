//! The table `sign_in_failure`: what the rate limit on signing in counts. The limits stand in `control`.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::{Error, Tx};

/// The answer is the failure's id.
pub async fn insert(tx: &mut Tx, login: &str, address: &str, at: DateTime<Utc>) -> Result<i64, Error> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO sign_in_failure (login, address, at) VALUES ($1, $2, $3) RETURNING id",
        login,
        address,
        at,
    )
    .fetch_one(&mut **tx)
    .await?)
}

pub async fn delete(tx: &mut Tx, id: i64) -> Result<(), Error> {
    sqlx::query!("DELETE FROM sign_in_failure WHERE id = $1", id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// When the `nth` latest failure since `since` was, of a login, of an address, or of both together.
pub async fn nth_latest(
    executor: impl PgExecutor<'_>,
    login: Option<&str>,
    address: Option<&str>,
    since: DateTime<Utc>,
    nth: i64,
) -> Result<Option<DateTime<Utc>>, Error> {
    Ok(sqlx::query_scalar!(
        "SELECT at FROM sign_in_failure
         WHERE at > $3 AND ($1::text IS NULL OR login = $1) AND ($2::text IS NULL OR address = $2)
         ORDER BY at DESC OFFSET $4::bigint - 1 LIMIT 1",
        login,
        address,
        since,
        nth,
    )
    .fetch_optional(executor)
    .await?)
}

/// The failures of a login from an address, after it got in.
pub async fn delete_of(tx: &mut Tx, login: &str, address: &str) -> Result<(), Error> {
    sqlx::query!(
        "DELETE FROM sign_in_failure WHERE login = $1 AND address = $2",
        login,
        address,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The answer is how many there were.
pub async fn delete_before(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64, Error> {
    let done = sqlx::query!("DELETE FROM sign_in_failure WHERE at <= $1", before)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected())
}
