//! The table `idempotency`: answers to creations that carried an Idempotency-Key.

use chrono::{DateTime, Utc};
use pglab_core::id::PersonId;
use sqlx::PgExecutor;

use crate::{Error, Tx};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub request_hash: Vec<u8>,
    /// `None` while the request runs.
    pub answer: Option<(u16, Vec<u8>)>,
}

/// Takes the key for a request that begins. False: the key is taken already. One whose request never came to an end
/// (begun before `abandoned`) is taken over.
pub async fn begin(
    tx: &mut Tx,
    person: PersonId,
    key: &str,
    request_hash: [u8; 32],
    now: DateTime<Utc>,
    abandoned: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "INSERT INTO idempotency (person_id, key, request_hash, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (person_id, key) DO UPDATE SET request_hash = excluded.request_hash, at = excluded.at
         WHERE idempotency.status IS NULL AND idempotency.at < $5",
        person.uuid(),
        key,
        request_hash.as_slice(),
        now,
        abandoned,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub async fn by_key(
    executor: impl PgExecutor<'_>,
    person: PersonId,
    key: &str,
) -> Result<Option<Kept>, Error> {
    let row = sqlx::query!(
        "SELECT request_hash, status, response_sealed FROM idempotency WHERE person_id = $1 AND key = $2",
        person.uuid(),
        key,
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| Kept {
        request_hash: row.request_hash,
        answer: row
            .status
            .and_then(|status| u16::try_from(status).ok())
            .zip(row.response_sealed),
    }))
}

pub async fn finish(
    tx: &mut Tx,
    person: PersonId,
    key: &str,
    status: u16,
    response_sealed: &[u8],
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE idempotency SET status = $3, response_sealed = $4 WHERE person_id = $1 AND key = $2",
        person.uuid(),
        key,
        i16::try_from(status).unwrap_or(i16::MAX),
        response_sealed,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The request failed: its key may be used again.
pub async fn delete(tx: &mut Tx, person: PersonId, key: &str) -> Result<(), Error> {
    sqlx::query!(
        "DELETE FROM idempotency WHERE person_id = $1 AND key = $2",
        person.uuid(),
        key
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The answer is how many there were.
pub async fn delete_before(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64, Error> {
    let done = sqlx::query!("DELETE FROM idempotency WHERE at <= $1", before)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected())
}
