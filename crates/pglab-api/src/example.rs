//! The example database of a lab: upload or URI, progress, what it holds; and the dump that students begin with.

use axum::{
    body::Body,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use chrono::{DateTime, Utc};
use futures::StreamExt;
use pglab_control::{
    Control, Error,
    example::{self, ExampleView, Upload, UploadFor},
};
use pglab_core::snapshot::SchemaSnapshot;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem, events,
    extract::{Acting, Path, Query, too_large},
    router::BODY_LIMIT,
};

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Example {
    pub source: ExampleSource,
    /// The file's name, or the URI without its password.
    pub name: String,
    pub size_bytes: u64,
    /// Of the uploaded file, in hexadecimal: who has the same file need not send it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_dump: Option<StartDump>,
    pub state: ExampleState,
    /// While it is being loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// While its loading is put off: what it waits for. It is tried again every few seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ExampleError>,
    pub warnings: Vec<Warning>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loaded_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExampleSource {
    Dump,
    Uri,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExampleState {
    Loading,
    Ready,
    Failed,
}

/// The dump that students' databases begin with.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StartDump {
    pub name: String,
    pub sha256: String,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[schema(as = ExampleProgress)]
pub struct Progress {
    pub phase: Phase,
    pub done_bytes: u64,
    /// 0: not known.
    pub total_bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ExamplePhase)]
pub enum Phase {
    Upload,
    Load,
    Introspect,
    Templates,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ExampleError {
    /// The dump that the line is in, where that is not the example's own but the one that students start with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line of the dump, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sqlstate: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = ExampleWarning)]
pub struct Warning {
    /// The dump that the line is in, where that is not the example's own but the one that students start with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    pub message: String,
}

/// How many of each the example holds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[schema(as = ExampleSummary)]
pub struct Summary {
    pub tables: u64,
    pub columns: u64,
    pub foreign_keys: u64,
    pub indexes: u64,
    pub views: u64,
    pub functions: u64,
    pub triggers: u64,
    pub types: u64,
    pub sequences: u64,
    pub rows: u64,
}

impl From<ExampleView> for Example {
    fn from(view: ExampleView) -> Self {
        Self {
            source: match view.source {
                example::ExampleSource::Dump => ExampleSource::Dump,
                example::ExampleSource::Uri => ExampleSource::Uri,
            },
            name: view.name,
            size_bytes: view.size_bytes,
            sha256: view.sha256,
            start_dump: view.start_dump.map(|dump| StartDump {
                name: dump.name,
                sha256: dump.sha256,
            }),
            state: match view.state {
                example::ExampleState::Loading => ExampleState::Loading,
                example::ExampleState::Ready => ExampleState::Ready,
                example::ExampleState::Failed => ExampleState::Failed,
            },
            progress: view.progress.map(|progress| Progress {
                phase: match progress.phase {
                    example::Phase::Upload => Phase::Upload,
                    example::Phase::Load => Phase::Load,
                    example::Phase::Introspect => Phase::Introspect,
                    example::Phase::Templates => Phase::Templates,
                },
                done_bytes: progress.done_bytes,
                total_bytes: progress.total_bytes,
            }),
            waits_for: view.waits_for,
            error: view.error.map(|error| ExampleError {
                file: error.file,
                line: error.line,
                statement: error.statement,
                message: error.message,
                hint: error.hint,
                sqlstate: error.sqlstate,
            }),
            warnings: view
                .warnings
                .into_iter()
                .map(|warning| Warning {
                    file: warning.file,
                    line: warning.line,
                    message: warning.message,
                })
                .collect(),
            summary: view.summary.map(|summary| Summary {
                tables: summary.tables,
                columns: summary.columns,
                foreign_keys: summary.foreign_keys,
                indexes: summary.indexes,
                views: summary.views,
                functions: summary.functions,
                triggers: summary.triggers,
                types: summary.types,
                sequences: summary.sequences,
                rows: summary.rows,
            }),
            loaded_at: view.loaded_at,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct UploadQuery {
    /// What the file is called. Needed for a dump.
    pub name: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LiveDatabase {
    /// `postgresql://user:password@host:port/database`; it is read and never written.
    pub uri: String,
}

/// Give the lab its example: a dump as octet stream (plain SQL or pg_dump's custom format, also gzipped), or the URI of
/// a live database as JSON. Loading goes on after the answer.
#[utoipa::path(put, path = "/api/v1/labs/{lab}/example", tag = "example", operation_id = "example_upload",
    params(("lab" = String, Path), UploadQuery),
    request_body(content((Vec<u8> = "application/octet-stream"), (LiveDatabase = "application/json"))),
    responses((status = 202, body = Example)))]
async fn upload(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Query(query): Query<UploadQuery>,
    request: Request,
) -> Result<(StatusCode, axum::Json<Example>), Problem> {
    let view = if is_json(request.headers()) {
        let uri = live_uri(request).await?;
        example::from_uri(&control, &actor, &lab, &uri).await?
    } else {
        let dump = dump(UploadFor::Example, query, request)?;
        example::upload(&control, &actor, &lab, dump).await?
    };
    Ok((StatusCode::ACCEPTED, axum::Json(view.into())))
}

/// Give the lab the dump that students' databases begin with. For the start `{"dump": …}`.
#[utoipa::path(put, path = "/api/v1/labs/{lab}/start-dump", tag = "example", operation_id = "start_upload",
    params(("lab" = String, Path), UploadQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 202, body = Example)))]
async fn upload_start(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Query(query): Query<UploadQuery>,
    request: Request,
) -> Result<(StatusCode, axum::Json<Example>), Problem> {
    let dump = dump(UploadFor::Start, query, request)?;
    let view = example::upload(&control, &actor, &lab, dump).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(view.into())))
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim_start().starts_with("application/json"))
}

/// This route takes bodies of any length: what is not a dump has to be small.
async fn live_uri(request: Request) -> Result<String, Problem> {
    let body = axum::body::to_bytes(request.into_body(), BODY_LIMIT)
        .await
        .map_err(|_| too_large())?;
    let live: LiveDatabase = serde_json::from_slice(&body)
        .map_err(|error| Error::invalid("body", format!("the body can't be read: {error}")))?;
    Ok(live.uri)
}

fn dump(
    purpose: UploadFor,
    query: UploadQuery,
    request: Request,
) -> Result<Upload<axum::body::BodyDataStream>, Error> {
    let size_bytes = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let body: Body = request.into_body();
    Ok(Upload {
        purpose,
        name: query
            .name
            .ok_or_else(|| Error::invalid("name", "name the file: ?name=chinook.sql"))?,
        size_bytes,
        body: body.into_data_stream(),
    })
}

/// Where the example comes from, and how its loading stands.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/example", tag = "example", operation_id = "example_show",
    params(("lab" = String, Path)), responses((status = 200, body = Example)))]
async fn show(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<axum::Json<Example>, Problem> {
    Ok(axum::Json(example::show(&control, &actor, &lab).await?.into()))
}

/// What the example holds.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/example/schema", tag = "example", operation_id = "example_schema",
    params(("lab" = String, Path)), responses((status = 200, body = SchemaSnapshot)))]
async fn schema(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<axum::Json<SchemaSnapshot>, Problem> {
    Ok(axum::Json(example::schema(&control, &actor, &lab).await?))
}

/// The example whenever it changes: events `example`, as server-sent events.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/example/events", tag = "example", operation_id = "example_events",
    params(("lab" = String, Path)), responses((status = 200, body = Example, content_type = "text/event-stream")))]
async fn watch(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<Response, Problem> {
    let views = example::events(&control, &actor, &lab).await?;
    Ok(events::stream(
        views.map(|view| events::Named::new("example", Example::from(view))),
    ))
}

pub fn router() -> OpenApiRouter<Control> {
    // The limit of an upload is the operator's, and kept while the stream is read.
    let uploads = OpenApiRouter::new()
        .routes(routes!(show, upload))
        .routes(routes!(upload_start))
        .layer(DefaultBodyLimit::disable());
    OpenApiRouter::new()
        .merge(uploads)
        .routes(routes!(schema))
        .routes(routes!(watch))
}
