//! The table `example`: the example database of a lab, how its loading stands, and the templates made from it. The
//! content of its relations is in `example_rows`.

use chrono::{DateTime, Utc};
use pglab_core::{
    id::LabId,
    ident::Ident,
    lab::Start,
    snapshot::{ObjectName, ObservedRows, SchemaSnapshot},
};
use sqlx::PgExecutor;

use crate::{
    Error, Tx,
    pool::{document, json},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExampleSource {
    Dump,
    Uri,
}

impl ExampleSource {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dump => "dump",
            Self::Uri => "uri",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExampleState {
    /// Wanted: the reconciler works on it, or will.
    Loading,
    Ready,
    Failed,
}

impl ExampleState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }
}

/// What an instructor gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    pub lab: LabId,
    pub source: ExampleSource,
    /// The file's name, or the URI without its password.
    pub name: String,
    pub size_bytes: u64,
    pub sha256: Option<Vec<u8>>,
    /// Relative to the folder of uploads; none for an example by URI.
    pub file: Option<String>,
    pub uri_sealed: Option<Vec<u8>>,
    pub generation: i32,
    pub state: ExampleState,
    pub progress: serde_json::Value,
    pub error: Option<serde_json::Value>,
    pub warnings: serde_json::Value,
    /// How many of each the example holds, as the API shows it.
    pub summary: Option<serde_json::Value>,
    /// Set once the example itself is loaded.
    pub example_database: Option<Ident>,
    pub start_database: Option<Ident>,
    /// What the start template was made for.
    pub start_made: Option<Start>,
    pub loaded_at: Option<DateTime<Utc>>,
}

struct Row {
    lab_id: uuid::Uuid,
    source: String,
    name: String,
    size_bytes: i64,
    sha256: Option<Vec<u8>>,
    file: Option<String>,
    uri_sealed: Option<Vec<u8>>,
    generation: i32,
    state: String,
    progress: serde_json::Value,
    error: Option<serde_json::Value>,
    warnings: serde_json::Value,
    summary: Option<serde_json::Value>,
    example_database: Option<String>,
    start_database: Option<String>,
    start_made: Option<serde_json::Value>,
    loaded_at: Option<DateTime<Utc>>,
}

impl Row {
    fn into_example(self) -> Result<Example, Error> {
        let database = |name: Option<String>| {
            name.map(|name| document("the name of a database", name.into()))
                .transpose()
        };
        Ok(Example {
            lab: self.lab_id.into(),
            source: if self.source == "uri" {
                ExampleSource::Uri
            } else {
                ExampleSource::Dump
            },
            name: self.name,
            size_bytes: u64::try_from(self.size_bytes).unwrap_or(0),
            sha256: self.sha256,
            file: self.file,
            uri_sealed: self.uri_sealed,
            generation: self.generation,
            state: match self.state.as_str() {
                "ready" => ExampleState::Ready,
                "failed" => ExampleState::Failed,
                _ => ExampleState::Loading,
            },
            progress: self.progress,
            error: self.error,
            warnings: self.warnings,
            summary: self.summary,
            example_database: database(self.example_database)?,
            start_database: database(self.start_database)?,
            start_made: self
                .start_made
                .map(|start| document("the start of an example", start))
                .transpose()?,
            loaded_at: self.loaded_at,
        })
    }
}

pub async fn of_lab(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Option<Example>, Error> {
    sqlx::query_as!(
        Row,
        "SELECT lab_id, source, name, size_bytes, sha256, file, uri_sealed, generation, state, progress, error, warnings, summary, example_database, start_database, start_made, loaded_at
         FROM example WHERE lab_id = $1",
        lab.uuid(),
    )
    .fetch_optional(executor)
    .await?
    .map(Row::into_example)
    .transpose()
}

/// Those that the reconciler has to work on, the oldest lab first.
pub async fn loading(executor: impl PgExecutor<'_>) -> Result<Vec<Example>, Error> {
    sqlx::query_as!(
        Row,
        "SELECT lab_id, source, name, size_bytes, sha256, file, uri_sealed, generation, state, progress, error, warnings, summary, example_database, start_database, start_made, loaded_at
         FROM example WHERE state = 'loading' ORDER BY lab_id",
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(Row::into_example)
    .collect()
}

/// Writes a new row, or over the one that is there, all but the snapshots. Snapshots of another generation go.
pub async fn put(tx: &mut Tx, example: &Example) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO example AS old (lab_id, source, name, size_bytes, sha256, file, uri_sealed, generation, state, progress, error, warnings, summary, example_database, start_database, start_made,
           loaded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
         ON CONFLICT (lab_id) DO UPDATE SET source = excluded.source, name = excluded.name,
           size_bytes = excluded.size_bytes, sha256 = excluded.sha256, file = excluded.file,
           uri_sealed = excluded.uri_sealed, generation = excluded.generation, state = excluded.state,
           progress = excluded.progress, error = excluded.error, warnings = excluded.warnings, summary = excluded.summary,
           example_database = excluded.example_database, start_database = excluded.start_database,
           start_made = excluded.start_made, loaded_at = excluded.loaded_at,
           snapshot = CASE WHEN old.generation = excluded.generation THEN old.snapshot END,
           start_snapshot = CASE WHEN old.generation = excluded.generation THEN old.start_snapshot END,
           start_rows = CASE WHEN old.generation = excluded.generation THEN old.start_rows END",
        example.lab.uuid(),
        example.source.as_str(),
        example.name,
        i64::try_from(example.size_bytes).unwrap_or(i64::MAX),
        example.sha256,
        example.file,
        example.uri_sealed,
        example.generation,
        example.state.as_str(),
        example.progress,
        example.error,
        example.warnings,
        example.summary,
        example.example_database.as_ref().map(Ident::as_str),
        example.start_database.as_ref().map(Ident::as_str),
        example.start_made.as_ref().map(|start| json("the start of an example", start)).transpose()?,
        example.loaded_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What the example database itself holds.
pub async fn set_snapshot(tx: &mut Tx, lab: LabId, snapshot: &SchemaSnapshot) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE example SET snapshot = $2 WHERE lab_id = $1",
        lab.uuid(),
        json("a snapshot", snapshot)?,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What the start template holds: its catalog, and the rows of the relations that the tasks ask for.
pub async fn set_start(
    tx: &mut Tx,
    lab: LabId,
    snapshot: &SchemaSnapshot,
    rows: &[(ObjectName, ObservedRows)],
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE example SET start_snapshot = $2, start_rows = $3 WHERE lab_id = $1",
        lab.uuid(),
        json("a snapshot", snapshot)?,
        json("the rows of a start", &rows)?,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// `None` until the example is loaded.
pub async fn snapshot(executor: impl PgExecutor<'_>, lab: LabId) -> Result<Option<SchemaSnapshot>, Error> {
    sqlx::query_scalar!("SELECT snapshot FROM example WHERE lab_id = $1", lab.uuid())
        .fetch_optional(executor)
        .await?
        .flatten()
        .map(|snapshot| document("a snapshot", snapshot))
        .transpose()
}

/// What [`set_start`] wrote; `None` until the start template is made.
pub async fn start(
    executor: impl PgExecutor<'_>,
    lab: LabId,
) -> Result<Option<(SchemaSnapshot, Vec<(ObjectName, ObservedRows)>)>, Error> {
    let Some(row) = sqlx::query!(
        "SELECT start_snapshot, start_rows FROM example WHERE lab_id = $1",
        lab.uuid()
    )
    .fetch_optional(executor)
    .await?
    else {
        return Ok(None);
    };
    row.start_snapshot
        .zip(row.start_rows)
        .map(|(snapshot, rows)| {
            Ok((
                document("a snapshot", snapshot)?,
                document("the rows of a start", rows)?,
            ))
        })
        .transpose()
}

/// Only while this generation is being loaded. False: it is no longer, something else is wanted by now. The one write
/// outside a transaction: nothing depends on it.
pub async fn set_progress(
    executor: impl PgExecutor<'_>,
    lab: LabId,
    generation: i32,
    progress: &serde_json::Value,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE example SET progress = $3 FROM lab
         WHERE lab_id = $1 AND generation = $2 AND example.state = 'loading'
           AND lab.id = lab_id AND lab.delete_wanted_at IS NULL",
        lab.uuid(),
        generation,
        progress,
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The uploaded files that labs have, by their names in the folder of uploads.
pub async fn files(executor: impl PgExecutor<'_>) -> Result<Vec<String>, Error> {
    Ok(sqlx::query_scalar!(
        r#"SELECT file AS "file!" FROM example WHERE file IS NOT NULL UNION ALL SELECT file FROM start_dump"#
    )
    .fetch_all(executor)
    .await?)
}
