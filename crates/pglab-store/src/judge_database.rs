//! The table `judge_database`: the databases in which answers are judged.

use chrono::{DateTime, Utc};
use pglab_core::{id::LabId, ident::Ident};
use sqlx::PgExecutor;

use crate::{Error, pool::document};

/// Written before it is made, so that nothing is left on a cluster that nobody knows.
pub async fn insert(
    executor: impl PgExecutor<'_>,
    lab: LabId,
    dataset: &str,
    generation: i32,
    database: &Ident,
) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO judge_database (database_name, lab_id, dataset, generation) VALUES ($1, $2, $3, $4)
         ON CONFLICT (database_name) DO NOTHING",
        database.as_str(),
        lab.uuid(),
        dataset,
        generation,
    )
    .execute(executor)
    .await?;
    Ok(())
}

pub async fn set_ready(
    executor: impl PgExecutor<'_>,
    database: &Ident,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE judge_database SET ready_at = $2 WHERE database_name = $1",
        database.as_str(),
        at
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// The name, and whether it is ready.
pub async fn of_lab(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Vec<(Ident, bool)>, Error> {
    sqlx::query!(
        r#"SELECT database_name, ready_at IS NOT NULL AS "ready!" FROM judge_database WHERE lab_id = $1"#,
        lab.uuid()
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| {
        Ok((
            document("the name of a database", row.database_name.into())?,
            row.ready,
        ))
    })
    .collect()
}

/// The names of those whose dataset begins so.
pub async fn with_prefix(
    executor: impl PgExecutor<'_>,
    lab: LabId,
    prefix: &str,
) -> Result<Vec<Ident>, Error> {
    sqlx::query_scalar!(
        "SELECT database_name FROM judge_database WHERE lab_id = $1 AND starts_with(dataset, $2)",
        lab.uuid(),
        prefix
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|name| document("the name of a database", name.into()))
    .collect()
}

pub async fn delete(executor: impl PgExecutor<'_>, database: &Ident) -> Result<(), Error> {
    sqlx::query!(
        "DELETE FROM judge_database WHERE database_name = $1",
        database.as_str()
    )
    .execute(executor)
    .await?;
    Ok(())
}
