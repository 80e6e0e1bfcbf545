//! Initial passwords of a class: the side of the table `credential` that an instructor sees, and claiming. Making
//! and changing a password stand in `credential`.

use chrono::{DateTime, Utc};
use pglab_core::id::{LabId, PersonId};
use sqlx::PgExecutor;

use crate::{Error, Tx, credential::Credential};

/// Of everybody who is or was in the lab and has a password.
pub async fn of_lab(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Vec<Credential>, Error> {
    let rows = sqlx::query!(
        "SELECT c.person_id, c.password_hash, c.scram_verifier, c.initial_sealed, c.must_change, c.changed_at,
           c.differs_since, c.scram_applied, c.claimed_at
         FROM credential c JOIN member m ON m.person_id = c.person_id WHERE m.lab_id = $1",
        lab.uuid(),
    )
    .fetch_all(executor)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Credential {
            person: row.person_id.into(),
            password_hash: row.password_hash,
            scram_verifier: row.scram_verifier,
            initial_sealed: row.initial_sealed,
            must_change: row.must_change,
            changed_at: row.changed_at,
            differs_since: row.differs_since,
            scram_applied: row.scram_applied,
            claimed_at: row.claimed_at,
        })
        .collect())
}

/// The person has seen their initial password, which was sealed as `initial_sealed`: it stays valid, by its hash, and
/// can't be shown again. False: it was claimed or changed before.
pub async fn claim(
    tx: &mut Tx,
    person: PersonId,
    initial_sealed: &[u8],
    password_hash: &str,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE credential SET password_hash = $3, initial_sealed = NULL, changed_at = $4, claimed_at = $4
         WHERE person_id = $1 AND initial_sealed = $2",
        person.uuid(),
        initial_sealed,
        password_hash,
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}
