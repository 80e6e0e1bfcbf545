//! The tables `instance` and `instance_history`: every member's database and how it came to its state. A move is
//! written together with its history, and only over the version that the mover saw.

use chrono::{DateTime, Utc};
use pglab_core::{
    id::{InstanceId, LabId, MemberId, PersonId},
    ident::Ident,
    instance::InstanceState,
};
use sqlx::PgExecutor;

use crate::{
    Error, Tx,
    pool::{document, json},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    pub id: InstanceId,
    pub member: MemberId,
    pub lab: LabId,
    pub database: Ident,
    pub checker_role: Ident,
    pub checker_sealed: Vec<u8>,
    pub state: InstanceState,
    /// Grows with every move.
    pub version: i64,
    /// Which load of the example the database was cloned from.
    pub generation: Option<i32>,
    /// The database of this name is an old one that a reset replaces.
    pub replaces_old: bool,
    /// The name that the replaced database gets, where it is kept.
    pub keep_as: Option<Ident>,
    pub created_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
}

struct Row {
    id: uuid::Uuid,
    member_id: uuid::Uuid,
    lab_id: uuid::Uuid,
    database_name: String,
    checker_role: String,
    checker_sealed: Vec<u8>,
    state: serde_json::Value,
    version: i64,
    generation: Option<i32>,
    replaces_old: bool,
    keep_as: Option<String>,
    created_at: DateTime<Utc>,
    changed_at: DateTime<Utc>,
}

impl Row {
    fn into_instance(self) -> Result<Instance, Error> {
        Ok(Instance {
            id: self.id.into(),
            member: self.member_id.into(),
            lab: self.lab_id.into(),
            database: document("a database's name", self.database_name.into())?,
            checker_role: document("a role's name", self.checker_role.into())?,
            checker_sealed: self.checker_sealed,
            state: document("an instance's state", self.state)?,
            version: self.version,
            generation: self.generation,
            replaces_old: self.replaces_old,
            keep_as: self
                .keep_as
                .map(|name| document("a database's name", name.into()))
                .transpose()?,
            created_at: self.created_at,
            changed_at: self.changed_at,
        })
    }
}

/// # Errors
/// [`Error::Taken`] if the member has an instance, or the database's name is another's.
pub async fn insert(tx: &mut Tx, instance: &Instance) -> Result<(), Error> {
    let state = json("an instance's state", &instance.state)?;
    sqlx::query!(
        "INSERT INTO instance (id, member_id, lab_id, database_name, checker_role, checker_sealed, state, version,
           created_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        instance.id.uuid(),
        instance.member.uuid(),
        instance.lab.uuid(),
        instance.database.as_str(),
        instance.checker_role.as_str(),
        instance.checker_sealed,
        state,
        instance.version,
        instance.created_at,
        instance.changed_at,
    )
    .execute(&mut **tx)
    .await?;
    history(tx, instance, "wanted", None).await
}

/// Writes state, generation and what a reset left to do, if nobody moved the instance since `seen`. False: somebody
/// did, and nothing was written.
pub async fn move_to(
    tx: &mut Tx,
    seen: i64,
    moved: &Instance,
    event: &str,
    actor: Option<PersonId>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE instance SET state = $3, generation = $4, replaces_old = $5, keep_as = $6, changed_at = $7,
           version = version + 1
         WHERE id = $1 AND version = $2",
        moved.id.uuid(),
        seen,
        json("an instance's state", &moved.state)?,
        moved.generation,
        moved.replaces_old,
        moved.keep_as.as_ref().map(Ident::as_str),
        moved.changed_at,
    )
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() != 1 {
        return Ok(false);
    }
    history(tx, moved, event, actor).await?;
    Ok(true)
}

async fn history(
    tx: &mut Tx,
    instance: &Instance,
    event: &str,
    actor: Option<PersonId>,
) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO instance_history (instance_id, at, event, state, actor) VALUES ($1, $2, $3, $4, $5)",
        instance.id.uuid(),
        instance.changed_at,
        event,
        json("an instance's state", &instance.state)?,
        actor.map(PersonId::uuid),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn by_member(executor: impl PgExecutor<'_>, member: MemberId) -> Result<Option<Instance>, Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, member_id, lab_id, database_name, checker_role, checker_sealed, state, version, generation,
           replaces_old, keep_as, created_at, changed_at
         FROM instance WHERE member_id = $1",
        member.uuid(),
    )
    .fetch_optional(executor)
    .await?
    .map(Row::into_instance)
    .transpose()
}

pub async fn of_lab(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Vec<Instance>, Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, member_id, lab_id, database_name, checker_role, checker_sealed, state, version, generation,
           replaces_old, keep_as, created_at, changed_at
         FROM instance WHERE lab_id = $1 ORDER BY id",
        lab.uuid(),
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(Row::into_instance)
    .collect()
}

/// Of all labs. Terminated ones stay as rows, so that a member who comes back has their history.
pub async fn all(executor: impl PgExecutor<'_>) -> Result<Vec<Instance>, Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, member_id, lab_id, database_name, checker_role, checker_sealed, state, version, generation,
           replaces_old, keep_as, created_at, changed_at
         FROM instance ORDER BY id",
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(Row::into_instance)
    .collect()
}

/// How many databases of a lab stand on the cluster or may stand there, with those that resets kept.
pub async fn n_standing(executor: impl PgExecutor<'_>, lab: LabId) -> Result<u64, Error> {
    let n = sqlx::query_scalar!(
        r#"SELECT (SELECT count(*) FROM instance WHERE lab_id = $1 AND state_name <> 'terminated')
                + (SELECT count(*) FROM snapshot_database s JOIN member m ON m.id = s.member_id
                   WHERE m.lab_id = $1 AND s.dropped_at IS NULL) AS "n!""#,
        lab.uuid(),
    )
    .fetch_one(executor)
    .await?;
    Ok(u64::try_from(n).unwrap_or(0))
}
