//! The table `access_code`: how people join labs by themselves. How often a code was used is counted by the one statement
//! that lets somebody use it, so that no number of people at once gets past its limit.

use chrono::{DateTime, Utc};
use pglab_core::{
    access_code::AccessCode as Code,
    id::{AccessCodeId, LabId, MemberId, PersonId},
};
use sqlx::PgExecutor;

use crate::{Error, Tx};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessCode {
    pub id: AccessCodeId,
    pub lab: LabId,
    /// In capitals.
    pub code: String,
    pub expires_at: Option<DateTime<Utc>>,
    /// `None`: as many as one likes.
    pub max_uses: Option<i32>,
    pub used_count: i32,
    pub created_by: Option<PersonId>,
    pub created_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

impl AccessCode {
    /// As far as the code itself goes: its lab may be closed.
    pub fn works(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none()
            && self.expires_at.is_none_or(|at| at > now)
            && self.max_uses.is_none_or(|most| self.used_count < most)
    }
}

struct Row {
    id: uuid::Uuid,
    lab_id: uuid::Uuid,
    code: String,
    expires_at: Option<DateTime<Utc>>,
    max_uses: Option<i32>,
    used_count: i32,
    created_by: Option<uuid::Uuid>,
    created_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
}

impl From<Row> for AccessCode {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            lab: row.lab_id.into(),
            code: row.code,
            expires_at: row.expires_at,
            max_uses: row.max_uses,
            used_count: row.used_count,
            created_by: row.created_by.map(Into::into),
            created_at: row.created_at,
            revoked_at: row.revoked_at,
        }
    }
}

/// Also one that works no longer.
pub async fn by_code(executor: impl PgExecutor<'_>, code: &Code) -> Result<Option<AccessCode>, Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, lab_id, code, expires_at, max_uses, used_count, created_by, created_at, revoked_at
         FROM access_code WHERE code = $1",
        code.as_str(),
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(AccessCode::from))
}

/// The newest first, also those that work no longer.
pub async fn of_lab(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Vec<AccessCode>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, lab_id, code, expires_at, max_uses, used_count, created_by, created_at, revoked_at
         FROM access_code WHERE lab_id = $1 ORDER BY id DESC",
        lab.uuid(),
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(AccessCode::from).collect())
}

/// # Errors
/// [`Error::Taken`] if the code exists, in whatever lab.
pub async fn insert(tx: &mut Tx, code: &AccessCode) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO access_code (id, lab_id, code, expires_at, max_uses, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        code.id.uuid(),
        code.lab.uuid(),
        code.code,
        code.expires_at,
        code.max_uses,
        code.created_by.map(PersonId::uuid),
        code.created_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The answer says whether the lab has such a code. Revoking twice is fine.
pub async fn revoke(tx: &mut Tx, lab: LabId, code: &Code, at: DateTime<Utc>) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE access_code SET revoked_at = coalesce(revoked_at, $3) WHERE lab_id = $1 AND code = $2",
        lab.uuid(),
        code.as_str(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Counts one use. `None`: there is no such code, or it was revoked, has expired or is used up, or its lab takes nobody any
/// more. Rolled back, it was not used.
pub async fn use_once(tx: &mut Tx, code: &Code, now: DateTime<Utc>) -> Result<Option<LabId>, Error> {
    let lab = sqlx::query_scalar!(
        "UPDATE access_code c SET used_count = c.used_count + 1 FROM lab l
         WHERE c.code = $1 AND l.id = c.lab_id AND c.revoked_at IS NULL
           AND (c.expires_at IS NULL OR c.expires_at > $2)
           AND (c.max_uses IS NULL OR c.used_count < c.max_uses)
           AND l.state IN ('draft', 'open') AND l.delete_wanted_at IS NULL
         RETURNING c.lab_id",
        code.as_str(),
        now,
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(lab.map(LabId::from))
}

/// Makes somebody a student. False: they are or were a member.
pub async fn add_student(
    tx: &mut Tx,
    member: MemberId,
    lab: LabId,
    person: PersonId,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let added = sqlx::query!(
        "INSERT INTO member (id, lab_id, person_id, role, added_at) VALUES ($1, $2, $3, 'student', $4)
         ON CONFLICT (lab_id, person_id) DO NOTHING",
        member.uuid(),
        lab.uuid(),
        person.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Since when this person is no longer a member. `None`: never was one; `Some(None)`: is one.
pub async fn removed_at(
    executor: impl PgExecutor<'_>,
    lab: LabId,
    person: PersonId,
) -> Result<Option<Option<DateTime<Utc>>>, Error> {
    Ok(sqlx::query_scalar!(
        "SELECT removed_at FROM member WHERE lab_id = $1 AND person_id = $2",
        lab.uuid(),
        person.uuid(),
    )
    .fetch_optional(executor)
    .await?)
}
