//! The table `hand`: raised hands. A member has at most one up; raising it again replaces the reason.

use chrono::{DateTime, Utc};
use pglab_core::id::{LabId, MemberId, PersonId};
use sqlx::PgExecutor;

use crate::{Error, Tx};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hand {
    pub member: MemberId,
    pub raised_at: DateTime<Utc>,
    /// May be empty.
    pub why: String,
}

/// The answer says whether the hand was down before.
pub async fn raise(tx: &mut Tx, hand: &Hand) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"INSERT INTO hand (member_id, raised_at, why) VALUES ($1, $2, $3)
           ON CONFLICT (member_id) WHERE lowered_at IS NULL DO UPDATE SET why = excluded.why
           RETURNING xmax = 0 AS "new!""#,
        hand.member.uuid(),
        hand.raised_at,
        hand.why,
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// The answer says whether it was up.
pub async fn lower(
    tx: &mut Tx,
    member: MemberId,
    by: Option<PersonId>,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE hand SET lowered_at = $2, lowered_by = $3 WHERE member_id = $1 AND lowered_at IS NULL",
        member.uuid(),
        at,
        by.map(PersonId::uuid),
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Those that are up.
pub async fn of_lab(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Vec<Hand>, Error> {
    Ok(sqlx::query_as!(
        Hand,
        "SELECT h.member_id AS member, h.raised_at, h.why FROM hand h JOIN member m ON m.id = h.member_id
         WHERE m.lab_id = $1 AND h.lowered_at IS NULL",
        lab.uuid(),
    )
    .fetch_all(executor)
    .await?)
}

pub async fn of_member(executor: impl PgExecutor<'_>, member: MemberId) -> Result<Option<Hand>, Error> {
    Ok(sqlx::query_as!(
        Hand,
        "SELECT member_id AS member, raised_at, why FROM hand WHERE member_id = $1 AND lowered_at IS NULL",
        member.uuid(),
    )
    .fetch_optional(executor)
    .await?)
}
