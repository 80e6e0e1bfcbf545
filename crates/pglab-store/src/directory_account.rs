//! The table `directory_account`: what an LDAP directory has to do with a person. Speaking to it is done by
//! `pglab-identity`, what follows from its answers by `control`.

use chrono::{DateTime, Utc};
use pglab_core::{
    id::{LabId, PersonId},
    person::Login,
};
use sqlx::PgExecutor;

use crate::{Error, Tx, credential::Credential, person::Person, pool::document};

/// Somebody who is to have an account in the tree, with the password that they are to have there.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub person: Person,
    pub credential: Credential,
    /// `changed_at` of the password that the tree was given.
    pub password_at: Option<DateTime<Utc>>,
}

impl Wanted {
    /// The tree has to be given the password.
    pub fn password_due(&self) -> bool {
        self.password_at
            .is_none_or(|given| given < self.credential.changed_at)
    }
}

/// Everybody who has a password of pglab's making, but admins, who sign in to pglab itself.
pub async fn wanted(executor: impl PgExecutor<'_>) -> Result<Vec<Wanted>, Error> {
    sqlx::query!(
        r#"SELECT p.id, p.login, p.name, p.email, p.external_id, p.role, p.created_at, p.disabled_at,
             c.password_hash, c.initial_sealed, c.must_change, c.changed_at, c.claimed_at,
             d.password_at AS "password_at?"
           FROM person p JOIN credential c ON c.person_id = p.id LEFT JOIN directory_account d ON d.person_id = p.id
           WHERE p.role <> 'admin'
           ORDER BY p.id"#,
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| {
        let id = PersonId::from(row.id);
        Ok(Wanted {
            person: Person {
                id,
                login: document("a login", row.login.into())?,
                name: row.name,
                email: row.email,
                external_id: row.external_id,
                role: document("a role", row.role.into())?,
                created_at: row.created_at,
                disabled_at: row.disabled_at,
            },
            credential: Credential {
                person: id,
                password_hash: row.password_hash,
                scram_verifier: None,
                initial_sealed: row.initial_sealed,
                must_change: row.must_change,
                changed_at: row.changed_at,
                differs_since: None,
                scram_applied: None,
                claimed_at: row.claimed_at,
            },
            password_at: row.password_at,
        })
    })
    .collect()
}

/// The members of a lab that is not archived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub lab: LabId,
    pub slug: String,
    pub members: Vec<Login>,
}

/// A group for every lab, with the members who may sign in; admins have no account in the tree.
pub async fn groups(executor: impl PgExecutor<'_>) -> Result<Vec<Group>, Error> {
    let rows = sqlx::query!(
        r#"SELECT l.id, l.slug,
             array_agg(p.login ORDER BY p.login) FILTER (WHERE p.login IS NOT NULL) AS logins
           FROM lab l
             LEFT JOIN member m ON m.lab_id = l.id AND m.removed_at IS NULL
             LEFT JOIN person p ON p.id = m.person_id AND p.disabled_at IS NULL AND p.role <> 'admin'
           WHERE l.state <> 'archived'
           GROUP BY l.id, l.slug
           ORDER BY l.slug"#,
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter()
        .map(|row| {
            let logins = row.logins.unwrap_or_default();
            Ok(Group {
                lab: row.id.into(),
                slug: row.slug,
                members: logins
                    .into_iter()
                    .map(|login| document("a login", login.into()))
                    .collect::<Result<_, Error>>()?,
            })
        })
        .collect()
}

/// The tree holds the password that was made at this time.
pub async fn password_given(tx: &mut Tx, person: PersonId, at: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO directory_account (person_id, password_at) VALUES ($1, $2)
         ON CONFLICT (person_id) DO UPDATE SET password_at = excluded.password_at",
        person.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The directory let the person in. Without a verifier the one that was kept goes.
pub async fn signed_in(
    tx: &mut Tx,
    person: PersonId,
    groups: &[String],
    fallback_verifier: Option<&str>,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO directory_account (person_id, groups, fallback_verifier, signed_in_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (person_id) DO UPDATE
         SET groups = excluded.groups, fallback_verifier = excluded.fallback_verifier,
             signed_in_at = excluded.signed_in_at",
        person.uuid(),
        groups,
        fallback_verifier,
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Students of a lab whose account in the tree is not there yet, or has not their password.
pub async fn n_waiting(executor: impl PgExecutor<'_>, lab: LabId) -> Result<u64, Error> {
    let n = sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!"
           FROM member m JOIN person p ON p.id = m.person_id JOIN credential c ON c.person_id = p.id
             LEFT JOIN directory_account d ON d.person_id = p.id
           WHERE m.lab_id = $1 AND m.role = 'student' AND m.removed_at IS NULL AND p.disabled_at IS NULL
             AND (d.password_at IS NULL OR d.password_at < c.changed_at)"#,
        lab.uuid(),
    )
    .fetch_one(executor)
    .await?;
    Ok(u64::try_from(n).unwrap_or(0))
}

/// Is the person a student of a lab with `scram_fallback`?
pub async fn has_fallback(executor: impl PgExecutor<'_>, person: PersonId) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (
             SELECT FROM member m JOIN lab l ON l.id = m.lab_id
             WHERE m.person_id = $1 AND m.removed_at IS NULL AND l.state <> 'archived'
               AND coalesce((l.settings ->> 'scram_fallback')::boolean, false)) AS "has!""#,
        person.uuid(),
    )
    .fetch_one(executor)
    .await?)
}

/// People who have a fallback verifier, or whose lab lets them have one: for the passwords of roles in PostgreSQL.
pub async fn fallbacks(executor: impl PgExecutor<'_>) -> Result<Vec<(PersonId, Option<String>)>, Error> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT m.person_id, d.fallback_verifier AS "fallback_verifier?"
           FROM member m JOIN lab l ON l.id = m.lab_id LEFT JOIN directory_account d ON d.person_id = m.person_id
           WHERE m.removed_at IS NULL AND l.state <> 'archived'
             AND coalesce((l.settings ->> 'scram_fallback')::boolean, false)"#,
    )
    .fetch_all(executor)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.person_id.into(), row.fallback_verifier))
        .collect())
}

/// A password of pglab's own that is of no use any more, because the directory decides.
pub async fn forget_credential(tx: &mut Tx, person: PersonId) -> Result<(), Error> {
    sqlx::query!("DELETE FROM credential WHERE person_id = $1", person.uuid())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
