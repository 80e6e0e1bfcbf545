//! The table `oidc_flow`: sign-ins through a provider that were begun. Each can be taken once, by the browser that began
//! it; what it is good for is decided by `control`.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::{Error, Tx};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    pub state_hash: [u8; 32],
    pub browser_hash: [u8; 32],
    pub address: String,
    pub proof_sealed: Vec<u8>,
    pub next: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// What is left of a flow that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub proof_sealed: Vec<u8>,
    pub next: String,
}

pub async fn insert(tx: &mut Tx, flow: &Flow) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO oidc_flow (state_hash, browser_hash, address, proof_sealed, next, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        flow.state_hash.as_slice(),
        flow.browser_hash.as_slice(),
        flow.address,
        flow.proof_sealed,
        flow.next,
        flow.created_at,
        flow.expires_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Flows of an address that still stand.
pub async fn count_of_address(
    executor: impl PgExecutor<'_>,
    address: &str,
    now: DateTime<Utc>,
) -> Result<i64, Error> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM oidc_flow WHERE address = $1 AND expires_at > $2"#,
        address,
        now,
    )
    .fetch_one(executor)
    .await?)
}

/// Takes it away, if it still stands and this browser began it.
pub async fn take(
    tx: &mut Tx,
    state_hash: [u8; 32],
    browser_hash: [u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<Taken>, Error> {
    let row = sqlx::query!(
        "DELETE FROM oidc_flow WHERE state_hash = $1 AND browser_hash = $2 AND expires_at > $3
         RETURNING proof_sealed, next",
        state_hash.as_slice(),
        browser_hash.as_slice(),
        now,
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| Taken {
        proof_sealed: row.proof_sealed,
        next: row.next,
    }))
}

/// Does it stand, whoever began it?
pub async fn exists(
    executor: impl PgExecutor<'_>,
    state_hash: [u8; 32],
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM oidc_flow WHERE state_hash = $1 AND expires_at > $2) AS "there!""#,
        state_hash.as_slice(),
        now,
    )
    .fetch_one(executor)
    .await?)
}

/// The answer is how many there were.
pub async fn delete_expired(tx: &mut Tx, now: DateTime<Utc>) -> Result<u64, Error> {
    let done = sqlx::query!("DELETE FROM oidc_flow WHERE expires_at <= $1", now)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected())
}
