//! The table `member`, with the person behind each: who is in a lab, where they sit, and who was removed. What access
//! decisions need of it stands in `membership`.

use chrono::{DateTime, Utc};
use pglab_core::{
    id::{LabId, MemberId, PersonId},
    lab::MemberRole,
    person::{Login, Role},
};
use sqlx::PgExecutor;

use crate::{Error, Tx, pool::document};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub id: MemberId,
    pub lab: LabId,
    pub person: PersonId,
    pub login: Login,
    pub name: String,
    pub email: Option<String>,
    pub external_id: Option<String>,
    /// What they are in the whole installation.
    pub person_role: Role,
    pub role: MemberRole,
    pub section: Option<String>,
    pub seat: Option<String>,
    pub added_at: DateTime<Utc>,
    pub removed_at: Option<DateTime<Utc>>,
}

struct Row {
    id: uuid::Uuid,
    lab_id: uuid::Uuid,
    person_id: uuid::Uuid,
    login: String,
    name: String,
    email: Option<String>,
    external_id: Option<String>,
    person_role: String,
    role: String,
    section: Option<String>,
    seat: Option<String>,
    added_at: DateTime<Utc>,
    removed_at: Option<DateTime<Utc>>,
}

impl Row {
    fn into_member(self) -> Result<Member, Error> {
        Ok(Member {
            id: self.id.into(),
            lab: self.lab_id.into(),
            person: self.person_id.into(),
            login: document("a login", self.login.into())?,
            name: self.name,
            email: self.email,
            external_id: self.external_id,
            person_role: document("a role", self.person_role.into())?,
            role: document("a member's role", self.role.into())?,
            section: self.section,
            seat: self.seat,
            added_at: self.added_at,
            removed_at: self.removed_at,
        })
    }
}

/// Everybody who is or was in the lab, by login.
pub async fn of_lab(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Vec<Member>, Error> {
    sqlx::query_as!(
        Row,
        "SELECT m.id, m.lab_id, m.person_id, p.login, p.name, p.email, p.external_id, p.role AS person_role,
           m.role, m.section, m.seat, m.added_at, m.removed_at
         FROM member m JOIN person p ON p.id = m.person_id WHERE m.lab_id = $1 ORDER BY p.login",
        lab.uuid(),
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(Row::into_member)
    .collect()
}

/// Also somebody who was removed.
pub async fn by_login(
    executor: impl PgExecutor<'_>,
    lab: LabId,
    login: &Login,
) -> Result<Option<Member>, Error> {
    sqlx::query_as!(
        Row,
        "SELECT m.id, m.lab_id, m.person_id, p.login, p.name, p.email, p.external_id, p.role AS person_role,
           m.role, m.section, m.seat, m.added_at, m.removed_at
         FROM member m JOIN person p ON p.id = m.person_id WHERE m.lab_id = $1 AND p.login = $2",
        lab.uuid(),
        login.as_str(),
    )
    .fetch_optional(executor)
    .await?
    .map(Row::into_member)
    .transpose()
}

pub async fn by_id(executor: impl PgExecutor<'_>, id: MemberId) -> Result<Option<Member>, Error> {
    sqlx::query_as!(
        Row,
        "SELECT m.id, m.lab_id, m.person_id, p.login, p.name, p.email, p.external_id, p.role AS person_role,
           m.role, m.section, m.seat, m.added_at, m.removed_at
         FROM member m JOIN person p ON p.id = m.person_id WHERE m.id = $1",
        id.uuid(),
    )
    .fetch_optional(executor)
    .await?
    .map(Row::into_member)
    .transpose()
}

/// What `insert` needs: the rest of a [`Member`] is the person's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMember {
    pub id: MemberId,
    pub lab: LabId,
    pub person: PersonId,
    pub role: MemberRole,
    pub section: Option<String>,
    pub seat: Option<String>,
    pub added_at: DateTime<Utc>,
}

/// # Errors
/// [`Error::Taken`] if the person is or was a member of the lab.
pub async fn insert(tx: &mut Tx, member: &NewMember) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO member (id, lab_id, person_id, role, section, seat, added_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        member.id.uuid(),
        member.lab.uuid(),
        member.person.uuid(),
        member.role.as_str(),
        member.section,
        member.seat,
        member.added_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Role, section and seat.
pub async fn set_place(
    tx: &mut Tx,
    id: MemberId,
    role: MemberRole,
    section: Option<&str>,
    seat: Option<&str>,
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE member SET role = $2, section = $3, seat = $4 WHERE id = $1",
        id.uuid(),
        role.as_str(),
        section,
        seat,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Removed at a time, or back again.
pub async fn set_removed(tx: &mut Tx, id: MemberId, removed_at: Option<DateTime<Utc>>) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE member SET removed_at = $2 WHERE id = $1",
        id.uuid(),
        removed_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What a roster says of the person: in every lab at once.
pub async fn set_person(
    tx: &mut Tx,
    id: PersonId,
    name: &str,
    email: Option<&str>,
    external_id: Option<&str>,
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE person SET name = $2, email = $3, external_id = $4 WHERE id = $1",
        id.uuid(),
        name,
        email,
        external_id,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
