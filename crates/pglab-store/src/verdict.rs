//! The table `verdict`: what each check last said of each member's database.

use chrono::{DateTime, Utc};
use pglab_core::{
    check::Verdict,
    id::{LabId, MemberId},
};
use sqlx::PgExecutor;

use crate::{Error, Tx, pool::document};

/// Writes those that changed.
pub async fn put(
    tx: &mut Tx,
    member: MemberId,
    verdicts: &[Verdict],
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let checks: Vec<uuid::Uuid> = verdicts.iter().map(|verdict| verdict.check.uuid()).collect();
    let states: Vec<String> = verdicts
        .iter()
        .map(|verdict| verdict.state.as_str().to_owned())
        .collect();
    // PostgreSQL keeps no NUL in a text.
    let text = |text: &str| text.replace('\0', "");
    let expected: Vec<String> = verdicts.iter().map(|verdict| text(&verdict.expected)).collect();
    let found: Vec<String> = verdicts.iter().map(|verdict| text(&verdict.found)).collect();
    // A check that was dropped for good while it ran is left out; in one order, so that two runs can't deadlock.
    sqlx::query!(
        "INSERT INTO verdict (member_id, check_id, state, expected, found, changed_at)
         SELECT $1, n.check_id, n.state, n.expected, n.found, $6
         FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) AS n (check_id, state, expected, found)
         JOIN task_check c ON c.id = n.check_id
         ORDER BY n.check_id
         ON CONFLICT (member_id, check_id) DO UPDATE SET state = excluded.state, expected = excluded.expected,
           found = excluded.found, changed_at = excluded.changed_at",
        member.uuid(),
        &checks,
        &states,
        &expected,
        &found,
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Of every member, or of one.
pub async fn of_lab(
    executor: impl PgExecutor<'_>,
    lab: LabId,
    member: Option<MemberId>,
) -> Result<Vec<(MemberId, Verdict)>, Error> {
    sqlx::query!(
        "SELECT v.member_id, v.check_id, v.state, v.expected, v.found
         FROM member m JOIN verdict v ON v.member_id = m.id
         WHERE m.lab_id = $1 AND ($2::uuid IS NULL OR m.id = $2)",
        lab.uuid(),
        member.map(MemberId::uuid),
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| {
        Ok((
            row.member_id.into(),
            Verdict {
                check: row.check_id.into(),
                state: document("the state of a verdict", row.state.into())?,
                expected: row.expected,
                found: row.found,
            },
        ))
    })
    .collect()
}
