//! The tables `oidc_account` and `oidc_session`: who of a provider's people is who here, and which sessions began there.
//! By what somebody is linked at their first time is decided by `control`.

use chrono::{DateTime, Utc};
use pglab_core::id::PersonId;
use sqlx::PgExecutor;

use crate::{Error, Tx};

/// The person whom this sign-in of the provider is linked to.
pub async fn person_of(
    executor: impl PgExecutor<'_>,
    issuer: &str,
    subject: &str,
) -> Result<Option<PersonId>, Error> {
    let id = sqlx::query_scalar!(
        "SELECT person_id FROM oidc_account WHERE issuer = $1 AND subject = $2",
        issuer,
        subject,
    )
    .fetch_optional(executor)
    .await?;
    Ok(id.map(PersonId::from))
}

/// Is a sign-in of the provider linked to this person?
pub async fn is_linked(executor: impl PgExecutor<'_>, issuer: &str, person: PersonId) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM oidc_account WHERE issuer = $1 AND person_id = $2) AS "there!""#,
        issuer,
        person.uuid(),
    )
    .fetch_one(executor)
    .await?)
}

/// People with this e-mail address, in whatever case; two are enough to know that it names nobody.
pub async fn people_by_email(executor: impl PgExecutor<'_>, email: &str) -> Result<Vec<PersonId>, Error> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM person WHERE lower(email) = lower($1) LIMIT 2",
        email
    )
    .fetch_all(executor)
    .await?;
    Ok(ids.into_iter().map(PersonId::from).collect())
}

/// The same by the id of the roster's system.
pub async fn people_by_external_id(executor: impl PgExecutor<'_>, id: &str) -> Result<Vec<PersonId>, Error> {
    let ids = sqlx::query_scalar!("SELECT id FROM person WHERE external_id = $1 LIMIT 2", id)
        .fetch_all(executor)
        .await?;
    Ok(ids.into_iter().map(PersonId::from).collect())
}

/// # Errors
/// [`Error::Taken`] if the sign-in or the person is linked already.
pub async fn link(
    tx: &mut Tx,
    issuer: &str,
    subject: &str,
    person: PersonId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO oidc_account (issuer, subject, person_id, linked_at, signed_in_at) VALUES ($1, $2, $3, $4, $4)",
        issuer,
        subject,
        person.uuid(),
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn signed_in(
    tx: &mut Tx,
    issuer: &str,
    subject: &str,
    groups: &[String],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE oidc_account SET groups = $3, signed_in_at = $4 WHERE issuer = $1 AND subject = $2",
        issuer,
        subject,
        groups,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Notes that a session began at the provider.
pub async fn session_began(tx: &mut Tx, token_hash: [u8; 32], id_token_sealed: &[u8]) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO oidc_session (token_hash, id_token_sealed) VALUES ($1, $2)",
        token_hash.as_slice(),
        id_token_sealed,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The sealed ID token of a session that began at the provider; `None` for every other.
pub async fn id_token_of(
    executor: impl PgExecutor<'_>,
    token_hash: [u8; 32],
) -> Result<Option<Vec<u8>>, Error> {
    Ok(sqlx::query_scalar!(
        "SELECT id_token_sealed FROM oidc_session WHERE token_hash = $1",
        token_hash.as_slice(),
    )
    .fetch_optional(executor)
    .await?)
}
