//! The table `session`: who is signed in with which cookie. Only the SHA-256 of the cookie is known here.

use chrono::{DateTime, Utc};
use pglab_core::id::PersonId;
use sqlx::PgExecutor;

use crate::{Error, Tx};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub token_hash: [u8; 32],
    pub person: PersonId,
    pub csrf_token: String,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

pub async fn insert(tx: &mut Tx, session: &Session) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO session (token_hash, person_id, csrf_token, created_at, last_seen_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        session.token_hash.as_slice(),
        session.person.uuid(),
        session.csrf_token,
        session.created_at,
        session.last_seen_at,
        session.expires_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The session of a cookie, if it still stands at `now`.
pub async fn by_hash(
    executor: impl PgExecutor<'_>,
    token_hash: [u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<Session>, Error> {
    let row = sqlx::query!(
        "SELECT person_id, csrf_token, created_at, last_seen_at, expires_at
         FROM session WHERE token_hash = $1 AND expires_at > $2",
        token_hash.as_slice(),
        now,
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| Session {
        token_hash,
        person: row.person_id.into(),
        csrf_token: row.csrf_token,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        expires_at: row.expires_at,
    }))
}

pub async fn seen(
    tx: &mut Tx,
    token_hash: [u8; 32],
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE session SET last_seen_at = $2, expires_at = $3 WHERE token_hash = $1",
        token_hash.as_slice(),
        now,
        expires_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn delete(tx: &mut Tx, token_hash: [u8; 32]) -> Result<(), Error> {
    sqlx::query!("DELETE FROM session WHERE token_hash = $1", token_hash.as_slice())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Ends the sessions of a person, but not the one with the hash `keep`.
pub async fn delete_of_person(tx: &mut Tx, person: PersonId, keep: Option<[u8; 32]>) -> Result<(), Error> {
    sqlx::query!(
        "DELETE FROM session WHERE person_id = $1 AND ($2::bytea IS NULL OR token_hash <> $2)",
        person.uuid(),
        keep.as_ref().map(|hash| hash.as_slice()),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The answer is how many there were.
pub async fn delete_expired(tx: &mut Tx, now: DateTime<Utc>) -> Result<u64, Error> {
    let done = sqlx::query!("DELETE FROM session WHERE expires_at <= $1", now)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected())
}
