//! The table `example_rows`: what the relations of an example hold, as digests and hashes of rows, never the rows
//! themselves.

use pglab_core::{id::LabId, snapshot::ExpectedRows};
use sqlx::PgExecutor;

use crate::{
    Error, Tx,
    pool::{document, json},
};

/// By schema and name.
pub async fn of_lab(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Vec<ExpectedRows>, Error> {
    sqlx::query!(
        "SELECT expected, hashes FROM example_rows WHERE lab_id = $1 ORDER BY schema_name, relation_name",
        lab.uuid(),
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| {
        let expected: ExpectedRows = document("the rows of an example", row.expected)?;
        Ok(ExpectedRows {
            hashes: row.hashes,
            ..expected
        })
    })
    .collect()
}

/// Writes all relations of a lab anew.
pub async fn replace(tx: &mut Tx, lab: LabId, rows: &[ExpectedRows]) -> Result<(), Error> {
    sqlx::query!("DELETE FROM example_rows WHERE lab_id = $1", lab.uuid())
        .execute(&mut **tx)
        .await?;
    for relation in rows {
        let without_hashes = ExpectedRows {
            hashes: None,
            ..relation.clone()
        };
        sqlx::query!(
            "INSERT INTO example_rows (lab_id, schema_name, relation_name, expected, hashes) VALUES ($1, $2, $3, $4, $5)",
            lab.uuid(),
            relation.name.schema,
            relation.name.name,
            json("the rows of an example", &without_hashes)?,
            relation.hashes.as_deref(),
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}
