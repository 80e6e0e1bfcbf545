//! The table `snapshot_database`: databases that a reset kept under another name.

use chrono::{DateTime, Utc};
use pglab_core::{
    id::{LabId, MemberId},
    ident::Ident,
};
use sqlx::PgExecutor;

use crate::{Error, Tx, pool::document};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotDatabase {
    pub database: Ident,
    pub member: MemberId,
    pub lab: LabId,
    pub taken_at: DateTime<Utc>,
}

/// Says nothing when the same snapshot is recorded already.
pub async fn insert(tx: &mut Tx, snapshot: &SnapshotDatabase) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO snapshot_database (database_name, member_id, taken_at) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING",
        snapshot.database.as_str(),
        snapshot.member.uuid(),
        snapshot.taken_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// All that stand, in every lab.
pub async fn standing(executor: impl PgExecutor<'_>) -> Result<Vec<SnapshotDatabase>, Error> {
    sqlx::query!(
        "SELECT s.database_name, s.member_id, m.lab_id, s.taken_at
         FROM snapshot_database s JOIN member m ON m.id = s.member_id
         WHERE s.dropped_at IS NULL ORDER BY s.taken_at",
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| {
        Ok(SnapshotDatabase {
            database: document("a database's name", row.database_name.into())?,
            member: row.member_id.into(),
            lab: LabId::from(row.lab_id),
            taken_at: row.taken_at,
        })
    })
    .collect()
}

pub async fn mark_dropped(tx: &mut Tx, database: &Ident, at: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE snapshot_database SET dropped_at = $2 WHERE database_name = $1",
        database.as_str(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
