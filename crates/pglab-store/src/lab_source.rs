//! The tables `lab_source`, `lab_source_file` and `lab_challenge`: which pack and challenges a lab was made of, and what
//! its databases are made from. Kept with the lab, so that an update of the pack changes no database under a class.

use pglab_core::{
    cdf::Database,
    id::{ChallengeId, LabId},
};
use sqlx::PgExecutor;

use crate::{
    Error, Tx,
    pool::{document, json},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabSource {
    pub lab: LabId,
    pub pack: String,
    /// With which the tasks agree.
    pub version: String,
    pub database: Option<Database>,
}

pub async fn of_lab(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Option<LabSource>, Error> {
    sqlx::query!(
        "SELECT pack_id, version, database FROM lab_source WHERE lab_id = $1",
        lab.uuid()
    )
    .fetch_optional(executor)
    .await?
    .map(|row| {
        Ok(LabSource {
            lab,
            pack: row.pack_id,
            version: row.version,
            database: row
                .database
                .map(|database| document("what a database is made from", database))
                .transpose()?,
        })
    })
    .transpose()
}

pub async fn insert(tx: &mut Tx, source: &LabSource, files: &[(&str, &[u8])]) -> Result<(), Error> {
    let database = source
        .database
        .as_ref()
        .map(|database| json("what a database is made from", database))
        .transpose()?;
    sqlx::query!(
        "INSERT INTO lab_source (lab_id, pack_id, version, database) VALUES ($1, $2, $3, $4)",
        source.lab.uuid(),
        source.pack,
        source.version,
        database,
    )
    .execute(&mut **tx)
    .await?;
    for (path, bytes) in files {
        sqlx::query!(
            "INSERT INTO lab_source_file (lab_id, path, bytes) VALUES ($1, $2, $3)",
            source.lab.uuid(),
            *path,
            *bytes
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Nothing, where the lab's database is made from another pack.
pub async fn set_version(tx: &mut Tx, lab: LabId, pack: &str, version: &str) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE lab_source SET version = $3 WHERE lab_id = $1 AND pack_id = $2",
        lab.uuid(),
        pack,
        version
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn file(executor: impl PgExecutor<'_>, lab: LabId, path: &str) -> Result<Option<Vec<u8>>, Error> {
    Ok(sqlx::query_scalar!(
        "SELECT bytes FROM lab_source_file WHERE lab_id = $1 AND path = $2",
        lab.uuid(),
        path
    )
    .fetch_optional(executor)
    .await?)
}

/// In the order in which they are shown. Those that stay keep their id and their price.
pub async fn set_challenges(tx: &mut Tx, lab: LabId, challenges: &[ChallengeId]) -> Result<(), Error> {
    let ids: Vec<uuid::Uuid> = challenges.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "DELETE FROM lab_challenge WHERE lab_id = $1 AND NOT challenge_id = ANY ($2)",
        lab.uuid(),
        &ids
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "INSERT INTO lab_challenge (lab_id, challenge_id, position)
         SELECT $1, n.id, n.position - 1 FROM unnest($2::uuid[]) WITH ORDINALITY AS n (id, position)
         ON CONFLICT (lab_id, challenge_id) DO UPDATE SET position = excluded.position",
        lab.uuid(),
        &ids,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn challenges(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Vec<ChallengeId>, Error> {
    Ok(sqlx::query_scalar!(
        "SELECT challenge_id FROM lab_challenge WHERE lab_id = $1 ORDER BY position",
        lab.uuid()
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(ChallengeId::from)
    .collect())
}

/// The labs that have challenges of this pack, archived ones too.
pub async fn labs_of(executor: impl PgExecutor<'_>, pack: &str) -> Result<Vec<LabId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"SELECT lab_id AS "lab_id!" FROM lab_source WHERE pack_id = $1
           UNION SELECT lc.lab_id FROM lab_challenge lc JOIN challenge c ON c.id = lc.challenge_id WHERE c.pack_id = $1
           ORDER BY 1"#,
        pack
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(LabId::from)
    .collect())
}
