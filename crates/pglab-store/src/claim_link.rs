//! The table `claim_link`: links that show one student their initial password, once.

use chrono::{DateTime, Utc};
use pglab_core::id::{LabId, MemberId};
use sqlx::PgExecutor;

use crate::{Error, Tx};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimLink {
    pub token_hash: Vec<u8>,
    pub member: MemberId,
    pub token_sealed: Vec<u8>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub claimed_at: Option<DateTime<Utc>>,
}

struct Row {
    token_hash: Vec<u8>,
    member_id: uuid::Uuid,
    token_sealed: Vec<u8>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    claimed_at: Option<DateTime<Utc>>,
}

impl From<Row> for ClaimLink {
    fn from(row: Row) -> Self {
        Self {
            token_hash: row.token_hash,
            member: row.member_id.into(),
            token_sealed: row.token_sealed,
            created_at: row.created_at,
            expires_at: row.expires_at,
            claimed_at: row.claimed_at,
        }
    }
}

pub async fn insert(tx: &mut Tx, link: &ClaimLink) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO claim_link (token_hash, member_id, token_sealed, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
        link.token_hash,
        link.member.uuid(),
        link.token_sealed,
        link.created_at,
        link.expires_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn by_token_hash(
    executor: impl PgExecutor<'_>,
    token_hash: &[u8],
) -> Result<Option<ClaimLink>, Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT token_hash, member_id, token_sealed, created_at, expires_at, claimed_at
         FROM claim_link WHERE token_hash = $1",
        token_hash,
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(Into::into))
}

/// The newest link of every member of the lab that can still be used.
pub async fn fresh_of_lab(
    executor: impl PgExecutor<'_>,
    lab: LabId,
    now: DateTime<Utc>,
) -> Result<Vec<ClaimLink>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT DISTINCT ON (c.member_id) c.token_hash, c.member_id, c.token_sealed, c.created_at, c.expires_at,
           c.claimed_at
         FROM claim_link c JOIN member m ON m.id = c.member_id
         WHERE m.lab_id = $1 AND c.claimed_at IS NULL AND c.expires_at > $2
         ORDER BY c.member_id, c.created_at DESC",
        lab.uuid(),
        now,
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Marks a link as used. False: it was used or expired before.
pub async fn mark_claimed(tx: &mut Tx, token_hash: &[u8], at: DateTime<Utc>) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE claim_link SET claimed_at = $2 WHERE token_hash = $1 AND claimed_at IS NULL AND expires_at > $2",
        token_hash,
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends the links of a person whose initial password is another now, in every lab.
pub async fn expire_of_member(tx: &mut Tx, member: MemberId, at: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE claim_link c SET expires_at = $2 FROM member mine, member theirs
         WHERE mine.id = $1 AND theirs.person_id = mine.person_id AND c.member_id = theirs.id
           AND c.claimed_at IS NULL AND c.expires_at > $2",
        member.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
