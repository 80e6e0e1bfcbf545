//! A person's place in a lab, as access decisions need it. The table `member` itself, with sections, seats and
//! rosters, is read and written in `member`.

use chrono::{DateTime, Utc};
use pglab_core::{
    access::Membership,
    id::{LabId, MemberId, PersonId},
    lab::MemberRole,
};
use sqlx::PgExecutor;

use crate::{Error, Tx};

/// `None` for who is no member, or no longer.
pub async fn of_person(
    executor: impl PgExecutor<'_>,
    lab: LabId,
    person: PersonId,
) -> Result<Option<Membership>, Error> {
    sqlx::query!(
        "SELECT id, role FROM member WHERE lab_id = $1 AND person_id = $2 AND removed_at IS NULL",
        lab.uuid(),
        person.uuid(),
    )
    .fetch_optional(executor)
    .await?
    .map(|row| {
        Ok(Membership {
            lab,
            member: row.id.into(),
            role: crate::pool::document("a member's role", row.role.into())?,
        })
    })
    .transpose()
}

/// # Errors
/// [`Error::Taken`] if the person is a member already.
pub async fn insert(
    tx: &mut Tx,
    place: Membership,
    person: PersonId,
    added_at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO member (id, lab_id, person_id, role, added_at) VALUES ($1, $2, $3, $4, $5)",
        place.member.uuid(),
        place.lab.uuid(),
        person.uuid(),
        place.role.as_str(),
        added_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// How many members of a role a lab has, without those who were removed.
pub async fn count(executor: impl PgExecutor<'_>, lab: LabId, role: MemberRole) -> Result<u64, Error> {
    let n = sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM member WHERE lab_id = $1 AND role = $2 AND removed_at IS NULL"#,
        lab.uuid(),
        role.as_str(),
    )
    .fetch_one(executor)
    .await?;
    Ok(u64::try_from(n).unwrap_or(0))
}

/// The places of a person, in every lab.
pub async fn all_of_person(
    executor: impl PgExecutor<'_>,
    person: PersonId,
) -> Result<Vec<Membership>, Error> {
    sqlx::query!(
        "SELECT id, lab_id, role FROM member WHERE person_id = $1 AND removed_at IS NULL",
        person.uuid(),
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| {
        Ok(Membership {
            lab: row.lab_id.into(),
            member: MemberId::from(row.id),
            role: crate::pool::document("a member's role", row.role.into())?,
        })
    })
    .collect()
}
