//! The table `person`: accounts.

use chrono::{DateTime, Utc};
use pglab_core::{
    id::PersonId,
    person::{Login, Role},
};
use sqlx::PgExecutor;

use crate::{Error, Tx};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    pub login: Login,
    pub name: String,
    pub email: Option<String>,
    pub external_id: Option<String>,
    pub role: Role,
    pub created_at: DateTime<Utc>,
    pub disabled_at: Option<DateTime<Utc>>,
}

struct Row {
    id: uuid::Uuid,
    login: String,
    name: String,
    email: Option<String>,
    external_id: Option<String>,
    role: String,
    created_at: DateTime<Utc>,
    disabled_at: Option<DateTime<Utc>>,
}

impl Row {
    fn into_person(self) -> Result<Person, Error> {
        Ok(Person {
            id: self.id.into(),
            login: crate::pool::document("a login", self.login.into())?,
            name: self.name,
            email: self.email,
            external_id: self.external_id,
            role: crate::pool::document("a role", self.role.into())?,
            created_at: self.created_at,
            disabled_at: self.disabled_at,
        })
    }
}

/// # Errors
/// [`Error::Taken`] if the login exists.
pub async fn insert(tx: &mut Tx, person: &Person) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO person (id, login, name, email, external_id, role, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        person.id.uuid(),
        person.login.as_str(),
        person.name,
        person.email,
        person.external_id,
        person.role.as_str(),
        person.created_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn by_login(executor: impl PgExecutor<'_>, login: &Login) -> Result<Option<Person>, Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, login, name, email, external_id, role, created_at, disabled_at FROM person WHERE login = $1",
        login.as_str(),
    )
    .fetch_optional(executor)
    .await?
    .map(Row::into_person)
    .transpose()
}

/// Those of these logins that exist.
pub async fn by_logins(executor: impl PgExecutor<'_>, logins: &[String]) -> Result<Vec<Person>, Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, login, name, email, external_id, role, created_at, disabled_at FROM person
         WHERE login = ANY ($1)",
        logins,
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(Row::into_person)
    .collect()
}

pub async fn by_id(executor: impl PgExecutor<'_>, id: PersonId) -> Result<Option<Person>, Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, login, name, email, external_id, role, created_at, disabled_at FROM person WHERE id = $1",
        id.uuid(),
    )
    .fetch_optional(executor)
    .await?
    .map(Row::into_person)
    .transpose()
}

/// People whose login, name or e-mail contains `text`, by login, after the login `after`.
pub async fn list(
    executor: impl PgExecutor<'_>,
    text: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Person>, Error> {
    sqlx::query_as!(
        Row,
        r#"SELECT id, login, name, email, external_id, role, created_at, disabled_at
           FROM person
           WHERE login COLLATE "C" > $2 COLLATE "C"
             AND strpos(lower(concat_ws(E'\n', login, name, email)), lower($1)) > 0
           ORDER BY login COLLATE "C"
           LIMIT $3"#,
        text,
        after,
        limit,
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(Row::into_person)
    .collect()
}

/// Writes what may change of a person.
pub async fn update(tx: &mut Tx, person: &Person) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE person SET name = $2, email = $3, external_id = $4, role = $5, disabled_at = $6 WHERE id = $1",
        person.id.uuid(),
        person.name,
        person.email,
        person.external_id,
        person.role.as_str(),
        person.disabled_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Admins who can sign in; locked, so that two of them can't demote each other at the same time.
pub async fn admins_locked(tx: &mut Tx) -> Result<Vec<PersonId>, Error> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM person WHERE role = 'admin' AND disabled_at IS NULL ORDER BY id FOR UPDATE"
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(ids.into_iter().map(PersonId::from).collect())
}
