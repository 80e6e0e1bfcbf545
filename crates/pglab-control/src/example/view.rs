//! An example as people see it: where it comes from, how its loading stands, what went wrong, what it holds.

use chrono::{DateTime, Utc};
use pglab_core::{
    access::{Actor, Operation},
    id::LabId,
    snapshot::{ExpectedRows, SchemaSnapshot},
};
use pglab_store::{
    example::{self, Example, ExampleSource, ExampleState},
    start_dump,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::live::Progress;
use crate::{Control, Error, lab};

/// Where the reason is kept for which an example is put off, in the place of its progress.
pub(super) const WAITS_FOR: &str = "waits_for";

#[derive(Debug, Clone, PartialEq)]
pub struct ExampleView {
    pub source: ExampleSource,
    /// The file's name, or the URI without its password.
    pub name: String,
    pub size_bytes: u64,
    /// Of the uploaded file, in hexadecimal.
    pub sha256: Option<String>,
    pub start_dump: Option<StartDumpView>,
    pub state: ExampleState,
    /// While it is being loaded.
    pub progress: Option<Progress>,
    /// While it is put off: what it waits for. It is tried again every few seconds.
    pub waits_for: Option<String>,
    pub error: Option<ExampleProblem>,
    pub warnings: Vec<Warning>,
    pub summary: Option<ExampleSummary>,
    pub loaded_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartDumpView {
    pub name: String,
    pub sha256: String,
}

/// Why an example could not be loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExampleProblem {
    /// The dump that the line is in, where that is not the example's own but the one that students start with.
    #[serde(default)]
    pub file: Option<String>,
    /// The line of the dump, from 1.
    pub line: Option<u64>,
    /// The beginning of the statement there.
    pub statement: Option<String>,
    pub message: String,
    pub hint: Option<String>,
    pub sqlstate: Option<String>,
}

/// Something in the dump that was left out or done differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// As in [`ExampleProblem`].
    #[serde(default)]
    pub file: Option<String>,
    pub line: Option<u64>,
    pub message: String,
}

/// How many of each an example holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExampleSummary {
    pub tables: u64,
    pub columns: u64,
    pub foreign_keys: u64,
    pub indexes: u64,
    pub views: u64,
    pub functions: u64,
    pub triggers: u64,
    pub types: u64,
    pub sequences: u64,
    /// In tables.
    pub rows: u64,
}

impl ExampleSummary {
    pub(crate) fn of(snapshot: &SchemaSnapshot, rows: &[ExpectedRows]) -> Self {
        let count = |n: usize| n as u64;
        let tables = &snapshot.tables;
        Self {
            tables: count(tables.len()),
            columns: count(tables.iter().map(|table| table.columns.len()).sum()),
            foreign_keys: count(tables.iter().map(|table| table.foreign_keys.len()).sum()),
            indexes: count(tables.iter().map(|table| table.indexes.len()).sum()),
            views: count(snapshot.views.len()),
            functions: count(snapshot.functions.len()),
            triggers: count(
                tables.iter().map(|table| table.triggers.len()).sum::<usize>()
                    + snapshot
                        .views
                        .iter()
                        .map(|view| view.triggers.len())
                        .sum::<usize>(),
            ),
            types: count(snapshot.enums.len() + snapshot.domains.len()),
            sequences: count(snapshot.sequences.len()),
            rows: rows
                .iter()
                .filter(|rows| tables.iter().any(|table| table.name == rows.name))
                .map(|rows| rows.digest.n_rows)
                .sum(),
        }
    }
}

/// # Errors
/// No such lab, it has no example, or the actor is not of its staff.
pub async fn show(control: &Control, actor: &Actor, slug: &str) -> Result<ExampleView, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabView(place))?;
    of_lab(control, lab.id)
        .await?
        .ok_or_else(|| Error::NotFound(format!("example of the lab {slug:?} yet")))
}

pub(crate) async fn of_lab(control: &Control, lab: LabId) -> Result<Option<ExampleView>, Error> {
    let pool = control.store.pool();
    let Some(example) = example::of_lab(pool, lab).await? else {
        return Ok(None);
    };
    let start_dump = start_dump::of_lab(pool, lab).await?.map(|dump| StartDumpView {
        sha256: hexadecimal(&dump.sha256),
        name: dump.name,
    });
    Ok(Some(view(control, example, start_dump)))
}

fn view(control: &Control, example: Example, start_dump: Option<StartDumpView>) -> ExampleView {
    let loading = example.state == ExampleState::Loading;
    let live = control.examples().get(example.lab);
    ExampleView {
        waits_for: example
            .progress
            .get(WAITS_FOR)
            .and_then(|reason| reason.as_str())
            .filter(|_| loading && live.is_none())
            .map(str::to_owned),
        source: example.source,
        name: example.name,
        size_bytes: example.size_bytes,
        sha256: example.sha256.as_deref().map(hexadecimal),
        start_dump,
        state: example.state,
        progress: live.or_else(|| read(example.progress)).filter(|_| loading),
        error: example.error.and_then(read),
        warnings: read(example.warnings).unwrap_or_default(),
        summary: example.summary.and_then(read),
        loaded_at: example.loaded_at,
    }
}

/// What an older version wrote may not be readable, and is then not shown.
fn read<T: DeserializeOwned>(json: serde_json::Value) -> Option<T> {
    serde_json::from_value(json).ok()
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
