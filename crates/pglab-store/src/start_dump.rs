//! The table `start_dump`: the dump that students' databases begin with, where a lab has one of its own.

use pglab_core::id::LabId;
use sqlx::PgExecutor;

use crate::{Error, Tx};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartDump {
    /// What the person called it.
    pub name: String,
    /// Relative to the folder of uploads.
    pub file: String,
    pub size_bytes: i64,
    pub sha256: Vec<u8>,
}

pub async fn of_lab(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Option<StartDump>, Error> {
    Ok(sqlx::query_as!(
        StartDump,
        "SELECT name, file, size_bytes, sha256 FROM start_dump WHERE lab_id = $1",
        lab.uuid(),
    )
    .fetch_optional(executor)
    .await?)
}

pub async fn put(tx: &mut Tx, lab: LabId, dump: &StartDump) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO start_dump (lab_id, name, file, size_bytes, sha256) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (lab_id) DO UPDATE SET name = excluded.name, file = excluded.file,
           size_bytes = excluded.size_bytes, sha256 = excluded.sha256",
        lab.uuid(),
        dump.name,
        dump.file,
        dump.size_bytes,
        dump.sha256,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
