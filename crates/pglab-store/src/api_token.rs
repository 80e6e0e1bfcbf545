//! The table `api_token`: tokens that programs carry. Only their SHA-256 is known here.

use chrono::{DateTime, Utc};
use pglab_core::id::{LabId, PersonId, TokenId};
use sqlx::PgExecutor;

use crate::{Error, Tx};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    pub id: TokenId,
    pub person: PersonId,
    pub name: String,
    /// `read`, `write`, `metrics`, `act_for`, `answers`
    pub scopes: Vec<String>,
    /// Where a token with the scope `act_for` acts; `None`: in all labs.
    pub labs: Option<Vec<LabId>>,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

struct Row {
    id: uuid::Uuid,
    person_id: uuid::Uuid,
    name: String,
    scopes: Vec<String>,
    labs: Option<Vec<uuid::Uuid>>,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl From<Row> for ApiToken {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            person: row.person_id.into(),
            name: row.name,
            scopes: row.scopes,
            labs: row.labs.map(|labs| labs.into_iter().map(LabId::from).collect()),
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
        }
    }
}

pub async fn insert(tx: &mut Tx, token: &ApiToken, token_hash: [u8; 32]) -> Result<(), Error> {
    let labs: Option<Vec<uuid::Uuid>> = token
        .labs
        .as_ref()
        .map(|labs| labs.iter().map(|lab| lab.uuid()).collect());
    sqlx::query!(
        "INSERT INTO api_token (id, person_id, name, token_hash, scopes, created_at, expires_at, labs)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        token.id.uuid(),
        token.person.uuid(),
        token.name,
        token_hash.as_slice(),
        &token.scopes,
        token.created_at,
        token.expires_at,
        labs.as_deref(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The token with this hash, if it is neither revoked nor expired at `now`.
pub async fn by_hash(
    executor: impl PgExecutor<'_>,
    token_hash: [u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<ApiToken>, Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, person_id, name, scopes, labs, created_at, last_used_at, expires_at, revoked_at
         FROM api_token
         WHERE token_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
        token_hash.as_slice(),
        now,
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(ApiToken::from))
}

/// A person's tokens, the newest first, also those that ended.
pub async fn of_person(executor: impl PgExecutor<'_>, person: PersonId) -> Result<Vec<ApiToken>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, person_id, name, scopes, labs, created_at, last_used_at, expires_at, revoked_at
         FROM api_token WHERE person_id = $1 ORDER BY id DESC",
        person.uuid(),
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(ApiToken::from).collect())
}

pub async fn used(tx: &mut Tx, id: TokenId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE api_token SET last_used_at = $2 WHERE id = $1",
        id.uuid(),
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A token for some labs is also for this one.
pub async fn add_lab(tx: &mut Tx, id: TokenId, lab: LabId) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE api_token SET labs = array_append(labs, $2) WHERE id = $1 AND labs IS NOT NULL",
        id.uuid(),
        lab.uuid()
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Revokes a token of this person. The answer says whether there is such a token.
pub async fn revoke(tx: &mut Tx, person: PersonId, id: TokenId, now: DateTime<Utc>) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE api_token SET revoked_at = coalesce(revoked_at, $3) WHERE person_id = $1 AND id = $2",
        person.uuid(),
        id.uuid(),
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub async fn revoke_of_person(tx: &mut Tx, person: PersonId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE api_token SET revoked_at = $2 WHERE person_id = $1 AND revoked_at IS NULL",
        person.uuid(),
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
