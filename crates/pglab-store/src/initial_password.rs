//! Initial passwords: the side of the table `credential` that makes, shows and replaces them, and that brings
//! PostgreSQL's verifiers up to date. Signing in and changing a password stand in `credential`.

use chrono::{DateTime, Utc};
use pglab_core::id::{LabId, PersonId};
use sqlx::PgExecutor;

use crate::{Error, Tx};

/// What an instructor may learn of somebody's password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordState {
    pub person: PersonId,
    /// Null once claimed or changed.
    pub initial_sealed: Option<Vec<u8>>,
    pub changed_at: DateTime<Utc>,
    pub claimed_at: Option<DateTime<Utc>>,
    pub differs_since: Option<DateTime<Utc>>,
}

struct Row {
    person_id: uuid::Uuid,
    initial_sealed: Option<Vec<u8>>,
    changed_at: DateTime<Utc>,
    claimed_at: Option<DateTime<Utc>>,
    differs_since: Option<DateTime<Utc>>,
}

impl From<Row> for PasswordState {
    fn from(row: Row) -> Self {
        Self {
            person: row.person_id.into(),
            initial_sealed: row.initial_sealed,
            changed_at: row.changed_at,
            claimed_at: row.claimed_at,
            differs_since: row.differs_since,
        }
    }
}

/// A new initial password.
#[derive(Debug, Clone)]
pub struct NewInitial<'a> {
    pub person: PersonId,
    pub scram_verifier: &'a str,
    pub sealed: &'a [u8],
    pub must_change: bool,
    pub at: DateTime<Utc>,
}

/// For somebody who has no password yet.
///
/// # Errors
/// [`Error::Taken`] if they have one.
pub async fn insert(tx: &mut Tx, new: &NewInitial<'_>) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO credential (person_id, scram_verifier, initial_sealed, must_change, changed_at)
         VALUES ($1, $2, $3, $4, $5)",
        new.person.uuid(),
        new.scram_verifier,
        new.sealed,
        new.must_change,
        new.at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// In the place of whatever password they have, also of one set in PostgreSQL.
pub async fn replace(tx: &mut Tx, new: &NewInitial<'_>) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO credential (person_id, scram_verifier, initial_sealed, must_change, changed_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (person_id) DO UPDATE SET password_hash = NULL, scram_verifier = excluded.scram_verifier,
           initial_sealed = excluded.initial_sealed, must_change = excluded.must_change,
           changed_at = excluded.changed_at, claimed_at = NULL, differs_since = NULL, scram_applied = NULL",
        new.person.uuid(),
        new.scram_verifier,
        new.sealed,
        new.must_change,
        new.at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Of everybody who is or was in the lab and has a password.
pub async fn of_lab(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Vec<PasswordState>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT c.person_id, c.initial_sealed, c.changed_at, c.claimed_at, c.differs_since
         FROM credential c JOIN member m ON m.person_id = c.person_id WHERE m.lab_id = $1",
        lab.uuid(),
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

pub async fn of_person(
    executor: impl PgExecutor<'_>,
    person: PersonId,
) -> Result<Option<PasswordState>, Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT person_id, initial_sealed, changed_at, claimed_at, differs_since
         FROM credential WHERE person_id = $1",
        person.uuid(),
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(Into::into))
}

/// The person has seen their initial password: it stays valid, by its hash, and can't be shown again. False: it was
/// claimed or changed before.
pub async fn claim(
    tx: &mut Tx,
    person: PersonId,
    password_hash: &str,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE credential SET password_hash = $2, initial_sealed = NULL, changed_at = $3, claimed_at = $3
         WHERE person_id = $1 AND initial_sealed IS NOT NULL",
        person.uuid(),
        password_hash,
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// These verifiers are now in PostgreSQL. A password that was changed meanwhile is left to the next time.
pub async fn note_applied(tx: &mut Tx, applied: &[(PersonId, String)]) -> Result<(), Error> {
    let people: Vec<uuid::Uuid> = applied.iter().map(|(person, _)| person.uuid()).collect();
    let verifiers: Vec<String> = applied.iter().map(|(_, verifier)| verifier.clone()).collect();
    sqlx::query!(
        "UPDATE credential c SET scram_applied = c.scram_verifier, differs_since = NULL
         FROM unnest($1::uuid[], $2::text[]) AS a (person_id, verifier)
         WHERE c.person_id = a.person_id AND c.scram_verifier = a.verifier
           AND (c.scram_applied IS DISTINCT FROM c.scram_verifier OR c.differs_since IS NOT NULL)",
        &people,
        &verifiers,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// PostgreSQL holds another password than the one that pglab gave it.
pub async fn note_differs(tx: &mut Tx, person: PersonId, at: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE credential SET differs_since = $2 WHERE person_id = $1 AND differs_since IS NULL",
        person.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
