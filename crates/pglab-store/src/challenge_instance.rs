//! The tables `challenge_instance` and `challenge_instance_history`: challenges that members run at an instance manager. A
//! move is written together with its history, and only over the version that the mover saw.

use chrono::{DateTime, Utc};
use pglab_core::{
    id::{ChallengeId, InstanceId, LabId, MemberId, PersonId},
    person::Login,
    pods::{Addresses, PodState},
};
use serde_json::Value;
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    Error, Tx,
    pool::{document, json},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChallengeInstance {
    pub id: InstanceId,
    pub lab: LabId,
    pub member: MemberId,
    pub challenge: ChallengeId,
    /// The deployment's name.
    pub name: String,
    pub state: PodState,
    /// Grows with every move and observation.
    pub version: i64,
    pub addresses: Addresses,
    pub remark: Option<String>,
    pub flag_secret_name: Option<String>,
    pub flag_sealed: Option<Vec<u8>>,
    pub created_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// Whose it is, and of what; not written.
    pub person: PersonId,
    pub login: Login,
    pub challenge_name: String,
}

struct Row {
    id: Uuid,
    lab_id: Uuid,
    member_id: Uuid,
    challenge_id: Uuid,
    name: String,
    state: Value,
    version: i64,
    addresses: Value,
    remark: Option<String>,
    flag_secret_name: Option<String>,
    flag_sealed: Option<Vec<u8>>,
    created_at: DateTime<Utc>,
    changed_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    person_id: Uuid,
    login: String,
    challenge_name: String,
}

impl Row {
    fn into_instance(self) -> Result<ChallengeInstance, Error> {
        Ok(ChallengeInstance {
            id: self.id.into(),
            lab: self.lab_id.into(),
            member: self.member_id.into(),
            challenge: self.challenge_id.into(),
            name: self.name,
            state: document("an instance's state", self.state)?,
            version: self.version,
            addresses: document("an instance's addresses", self.addresses)?,
            remark: self.remark,
            flag_secret_name: self.flag_secret_name,
            flag_sealed: self.flag_sealed,
            created_at: self.created_at,
            changed_at: self.changed_at,
            expires_at: self.expires_at,
            person: self.person_id.into(),
            login: document("a login", self.login.into())?,
            challenge_name: self.challenge_name,
        })
    }
}

/// # Errors
/// [`Error::Taken`] if the member runs this challenge already.
pub async fn insert(tx: &mut Tx, instance: &ChallengeInstance, actor: Option<PersonId>) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO challenge_instance (id, lab_id, member_id, challenge_id, name, state, version, addresses,
           flag_secret_name, flag_sealed, created_at, changed_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        instance.id.uuid(),
        instance.lab.uuid(),
        instance.member.uuid(),
        instance.challenge.uuid(),
        instance.name,
        json("an instance's state", &instance.state)?,
        instance.version,
        json("an instance's addresses", &instance.addresses)?,
        instance.flag_secret_name,
        instance.flag_sealed,
        instance.created_at,
        instance.changed_at,
        instance.expires_at,
    )
    .execute(&mut **tx)
    .await?;
    history(tx, instance, "wanted", actor).await
}

/// Writes all that can change, if nobody did since version `seen`. False: somebody did, and nothing was written. An
/// observation that is no move has no `event`, and leaves no history.
pub async fn move_to(
    tx: &mut Tx,
    seen: i64,
    moved: &ChallengeInstance,
    event: Option<&str>,
    actor: Option<PersonId>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE challenge_instance SET state = $3, addresses = $4, remark = $5, flag_secret_name = $6, flag_sealed = $7,
           changed_at = $8, expires_at = $9, version = version + 1
         WHERE id = $1 AND version = $2",
        moved.id.uuid(),
        seen,
        json("an instance's state", &moved.state)?,
        json("an instance's addresses", &moved.addresses)?,
        moved.remark,
        moved.flag_secret_name,
        moved.flag_sealed,
        moved.changed_at,
        moved.expires_at,
    )
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() != 1 {
        return Ok(false);
    }
    if let Some(event) = event {
        history(tx, moved, event, actor).await?;
    }
    Ok(true)
}

async fn history(
    tx: &mut Tx,
    instance: &ChallengeInstance,
    event: &str,
    actor: Option<PersonId>,
) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO challenge_instance_history (instance_id, at, event, state, actor) VALUES ($1, $2, $3, $4, $5)",
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

pub async fn by_id(
    executor: impl PgExecutor<'_>,
    id: InstanceId,
) -> Result<Option<ChallengeInstance>, Error> {
    sqlx::query_as!(
        Row,
        "SELECT i.id, i.lab_id, i.member_id, i.challenge_id, i.name, i.state, i.version, i.addresses, i.remark,
           i.flag_secret_name, i.flag_sealed, i.created_at, i.changed_at, i.expires_at, m.person_id, p.login,
           c.name AS challenge_name
         FROM challenge_instance i JOIN member m ON m.id = i.member_id JOIN person p ON p.id = m.person_id
           JOIN challenge c ON c.id = i.challenge_id
         WHERE i.id = $1",
        id.uuid(),
    )
    .fetch_optional(executor)
    .await?
    .map(Row::into_instance)
    .transpose()
}

/// Of a lab, of one member where one is given; the newest first, terminated ones too.
pub async fn of_lab(
    executor: impl PgExecutor<'_>,
    lab: LabId,
    member: Option<MemberId>,
    limit: i64,
) -> Result<Vec<ChallengeInstance>, Error> {
    sqlx::query_as!(
        Row,
        "SELECT i.id, i.lab_id, i.member_id, i.challenge_id, i.name, i.state, i.version, i.addresses, i.remark,
           i.flag_secret_name, i.flag_sealed, i.created_at, i.changed_at, i.expires_at, m.person_id, p.login,
           c.name AS challenge_name
         FROM challenge_instance i JOIN member m ON m.id = i.member_id JOIN person p ON p.id = m.person_id
           JOIN challenge c ON c.id = i.challenge_id
         WHERE i.lab_id = $1 AND ($2::uuid IS NULL OR i.member_id = $2)
         ORDER BY i.created_at DESC, i.id DESC LIMIT $3",
        lab.uuid(),
        member.map(MemberId::uuid),
        limit,
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(Row::into_instance)
    .collect()
}

/// One that a round has to look at, and what of its surroundings decides whether it is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    pub instance: ChallengeInstance,
    pub lab_open: bool,
    pub member_in: bool,
}

/// All that are not terminated, and terminated ones of these names. By id.
pub async fn live(executor: impl PgExecutor<'_>, names: &[String]) -> Result<Vec<Live>, Error> {
    sqlx::query!(
        r#"SELECT i.id, i.lab_id, i.member_id, i.challenge_id, i.name, i.state, i.version, i.addresses, i.remark,
           i.flag_secret_name, i.flag_sealed, i.created_at, i.changed_at, i.expires_at, m.person_id, p.login,
           c.name AS challenge_name,
           (l.state = 'open' AND l.delete_wanted_at IS NULL AND l.archive_wanted_at IS NULL) AS "lab_open!",
           (m.removed_at IS NULL AND p.disabled_at IS NULL) AS "member_in!"
         FROM challenge_instance i JOIN member m ON m.id = i.member_id JOIN person p ON p.id = m.person_id
           JOIN challenge c ON c.id = i.challenge_id JOIN lab l ON l.id = i.lab_id
         WHERE i.state_name <> 'terminated' OR i.name = ANY ($1)
         ORDER BY i.id"#,
        names,
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| {
        let instance = Row {
            id: row.id,
            lab_id: row.lab_id,
            member_id: row.member_id,
            challenge_id: row.challenge_id,
            name: row.name,
            state: row.state,
            version: row.version,
            addresses: row.addresses,
            remark: row.remark,
            flag_secret_name: row.flag_secret_name,
            flag_sealed: row.flag_sealed,
            created_at: row.created_at,
            changed_at: row.changed_at,
            expires_at: row.expires_at,
            person_id: row.person_id,
            login: row.login,
            challenge_name: row.challenge_name,
        };
        Ok(Live {
            instance: instance.into_instance()?,
            lab_open: row.lab_open,
            member_in: row.member_in,
        })
    })
    .collect()
}

/// How many a member runs, or has under way. Holds the member's row, so that nobody starts another meanwhile.
pub async fn n_live_of(tx: &mut Tx, member: MemberId) -> Result<i64, Error> {
    sqlx::query!("SELECT FROM member WHERE id = $1 FOR UPDATE", member.uuid())
        .execute(&mut **tx)
        .await?;
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM challenge_instance WHERE member_id = $1 AND state_name <> 'terminated'"#,
        member.uuid(),
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// How many of a lab may still stand at the manager.
pub async fn n_live_of_lab(executor: impl PgExecutor<'_>, lab: LabId) -> Result<i64, Error> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM challenge_instance WHERE lab_id = $1 AND state_name <> 'terminated'"#,
        lab.uuid(),
    )
    .fetch_one(executor)
    .await?)
}

#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    pub at: DateTime<Utc>,
    pub event: String,
    pub state: PodState,
    /// `None`: pglab itself, or somebody who is gone.
    pub login: Option<String>,
}

/// The oldest first.
pub async fn history_of(executor: impl PgExecutor<'_>, id: InstanceId) -> Result<Vec<Moved>, Error> {
    sqlx::query!(
        r#"SELECT h.at, h.event, h.state, p.login AS "login?"
           FROM challenge_instance_history h LEFT JOIN person p ON p.id = h.actor
           WHERE h.instance_id = $1 ORDER BY h.id"#,
        id.uuid(),
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| {
        Ok(Moved {
            at: row.at,
            event: row.event,
            state: document("an instance's state", row.state)?,
            login: row.login,
        })
    })
    .collect()
}

/// A challenge of a lab, as far as starting it needs.
#[derive(Debug, Clone, PartialEq)]
pub struct LabChallenge {
    pub id: ChallengeId,
    pub key: String,
    pub name: String,
    pub challenge_type: String,
    pub document: Value,
}

/// In their order.
pub async fn challenges(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Vec<LabChallenge>, Error> {
    Ok(sqlx::query_as!(
        LabChallenge,
        "SELECT c.id, c.key, c.name, c.challenge_type, c.document
         FROM lab_challenge l JOIN challenge c ON c.id = l.challenge_id WHERE l.lab_id = $1 ORDER BY l.position",
        lab.uuid(),
    )
    .fetch_all(executor)
    .await?)
}

/// The document of one challenge, also of one that is no longer in its pack.
pub async fn document_of(
    executor: impl PgExecutor<'_>,
    challenge: ChallengeId,
) -> Result<Option<Value>, Error> {
    Ok(
        sqlx::query_scalar!("SELECT document FROM challenge WHERE id = $1", challenge.uuid())
            .fetch_optional(executor)
            .await?,
    )
}
