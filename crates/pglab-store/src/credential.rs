//! The table `credential`: one password per person, for the web and for PostgreSQL. What is a good password is decided
//! by `control`; making and claiming the initial passwords of a class stands in `initial_password`.

use chrono::{DateTime, Utc};
use pglab_core::{id::PersonId, person::Login};
use sqlx::PgExecutor;

use crate::{Error, Tx};

#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    pub person: PersonId,
    /// argon2id in PHC form; `None` while the initial password decides.
    pub password_hash: Option<String>,
    /// What PostgreSQL should hold.
    pub scram_verifier: Option<String>,
    /// The initial password; `None` once claimed or changed.
    pub initial_sealed: Option<Vec<u8>>,
    pub must_change: bool,
    pub changed_at: DateTime<Utc>,
    /// PostgreSQL was seen to hold another verifier than the one that it was given.
    pub differs_since: Option<DateTime<Utc>>,
    /// What PostgreSQL was given last; `None` before the person has a role there.
    pub scram_applied: Option<String>,
    /// When a claim link showed the initial password.
    pub claimed_at: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential")
            .field("person", &self.person)
            .field("must_change", &self.must_change)
            .finish_non_exhaustive()
    }
}

/// Writes a person's credential, whatever was there before.
pub async fn put(tx: &mut Tx, credential: &Credential) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO credential (person_id, password_hash, scram_verifier, initial_sealed, must_change, changed_at,
                                 differs_since, scram_applied, claimed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (person_id) DO UPDATE
         SET password_hash = excluded.password_hash, scram_verifier = excluded.scram_verifier,
             initial_sealed = excluded.initial_sealed, must_change = excluded.must_change,
             changed_at = excluded.changed_at, differs_since = excluded.differs_since,
             scram_applied = excluded.scram_applied, claimed_at = excluded.claimed_at",
        credential.person.uuid(),
        credential.password_hash,
        credential.scram_verifier,
        credential.initial_sealed,
        credential.must_change,
        credential.changed_at,
        credential.differs_since,
        credential.scram_applied,
        credential.claimed_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

struct Row {
    person_id: uuid::Uuid,
    password_hash: Option<String>,
    scram_verifier: Option<String>,
    initial_sealed: Option<Vec<u8>>,
    must_change: bool,
    changed_at: DateTime<Utc>,
    differs_since: Option<DateTime<Utc>>,
    scram_applied: Option<String>,
    claimed_at: Option<DateTime<Utc>>,
}

impl From<Row> for Credential {
    fn from(row: Row) -> Self {
        Self {
            person: row.person_id.into(),
            password_hash: row.password_hash,
            scram_verifier: row.scram_verifier,
            initial_sealed: row.initial_sealed,
            must_change: row.must_change,
            changed_at: row.changed_at,
            differs_since: row.differs_since,
            scram_applied: row.scram_applied,
            claimed_at: row.claimed_at,
        }
    }
}

pub async fn by_person(executor: impl PgExecutor<'_>, person: PersonId) -> Result<Option<Credential>, Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT person_id, password_hash, scram_verifier, initial_sealed, must_change, changed_at,
                differs_since, scram_applied, claimed_at
         FROM credential WHERE person_id = $1",
        person.uuid(),
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(Credential::from))
}

/// The same, and nobody else changes it before the transaction ends.
pub async fn by_person_locked(tx: &mut Tx, person: PersonId) -> Result<Option<Credential>, Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT person_id, password_hash, scram_verifier, initial_sealed, must_change, changed_at,
                differs_since, scram_applied, claimed_at
         FROM credential WHERE person_id = $1 FOR UPDATE",
        person.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(Credential::from))
}

/// A verifier that PostgreSQL has to be given.
#[derive(Clone, PartialEq, Eq)]
pub struct Wanted {
    pub person: PersonId,
    pub login: Login,
    pub scram_verifier: String,
}

impl std::fmt::Debug for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wanted({:?})", self.login)
    }
}

/// The verifiers of people who have a role in PostgreSQL that was given another one: of one person, or of all.
pub async fn wanted(executor: impl PgExecutor<'_>, person: Option<PersonId>) -> Result<Vec<Wanted>, Error> {
    sqlx::query!(
        r#"SELECT person.id, person.login, credential.scram_verifier AS "scram_verifier!"
           FROM credential JOIN person ON person.id = credential.person_id
           WHERE scram_applied <> scram_verifier AND ($1::uuid IS NULL OR person.id = $1)
           ORDER BY person.login"#,
        person.map(PersonId::uuid),
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| {
        Ok(Wanted {
            person: row.id.into(),
            login: crate::pool::document("a login", row.login.into())?,
            scram_verifier: row.scram_verifier,
        })
    })
    .collect()
}

/// PostgreSQL was given `verifier`, or has no role for this person (`None`). When another one is wanted by now, that
/// difference is what [`wanted`] finds.
pub async fn applied(tx: &mut Tx, person: PersonId, verifier: Option<&str>) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE credential SET scram_applied = $2, differs_since = NULL WHERE person_id = $1",
        person.uuid(),
        verifier,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Notes whether PostgreSQL holds another verifier than it was given. While the wanted one was not given yet, nothing
/// is noted. The answer says whether the note changed.
pub async fn note_found(
    tx: &mut Tx,
    login: &Login,
    verifier_found: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE credential
         SET differs_since = CASE WHEN scram_verifier = $2 THEN NULL ELSE $3::timestamptz END
         FROM person
         WHERE person.id = credential.person_id AND person.login = $1
           AND scram_applied = scram_verifier
           AND (scram_verifier = $2) = (differs_since IS NOT NULL)",
        login.as_str(),
        verifier_found,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() > 0)
}
