//! The monitoring of a lab for people: files for the SQL exporters, the state of the programs in the chain, and the
//! lab's own history for graphs.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use pglab_control::{Control, history, monitoring};
use pglab_core::exporter::File;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    extract::{Acting, Path, Query},
};

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    #[default]
    Json,
    Zip,
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct FileQuery {
    #[serde(default)]
    #[param(inline)]
    pub format: FileFormat,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ExporterFiles {
    pub files: Vec<ExporterFile>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ExporterFile {
    /// Relative, with `/`.
    pub path: String,
    pub text: String,
}

/// Configurations of both SQL exporters that report the lab's progress without pglab. They hold the passwords of the
/// checkers' roles, each of which can read its student's database.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/monitoring/exporters", tag = "monitoring", operation_id = "lab_exporters",
    params(("lab" = String, Path), FileQuery),
    responses((status = 200, content((ExporterFiles = "application/json"), (Vec<u8> = "application/zip")))))]
async fn exporters(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Query(query): Query<FileQuery>,
) -> Result<Response, Problem> {
    let files = monitoring::lab_files(&control, &actor, &lab).await?;
    answered(files, query.format, "sql-exporters.zip")
}

/// Files as they are asked for; `name` is the archive's.
fn answered(files: Vec<File>, format: FileFormat, name: &str) -> Result<Response, Problem> {
    Ok(match format {
        FileFormat::Json => Json(ExporterFiles {
            files: files
                .into_iter()
                .map(|file| ExporterFile {
                    path: file.path,
                    text: file.text,
                })
                .collect(),
        })
        .into_response(),
        FileFormat::Zip => {
            let mut response = monitoring::zip(&files)?.into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
            if let Ok(disposition) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
                headers.insert(header::CONTENT_DISPOSITION, disposition);
            }
            response
        }
    })
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Product {
    Prometheus,
    Grafana,
}

/// Files for Prometheus (whom to scrape, rules) or Grafana (data source, dashboards), with this pglab's address filled in.
/// They hold no secret.
#[utoipa::path(get, path = "/api/v1/monitoring/files/{product}", tag = "monitoring", operation_id = "monitoring_files",
    params(("product" = inline(Product), Path), FileQuery),
    responses((status = 200, content((ExporterFiles = "application/json"), (Vec<u8> = "application/zip")))))]
async fn product_files(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(product): Path<Product>,
    Query(query): Query<FileQuery>,
) -> Result<Response, Problem> {
    let (product, name) = match product {
        Product::Prometheus => (monitoring::Product::Prometheus, "pglab-prometheus.zip"),
        Product::Grafana => (monitoring::Product::Grafana, "pglab-grafana.zip"),
    };
    let files = monitoring::product_files(&control, &actor, product)?;
    answered(files, query.format, name)
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MonitoringState {
    /// What the configuration names; empty where it names nothing.
    pub programs: Vec<MonitoredProgram>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MonitoredProgram {
    pub kind: ProgramKind,
    pub name: String,
    pub up: bool,
    /// How much it tells, or why it does not answer.
    pub detail: String,
    /// When Prometheus scraped the target last; null for who is asked by pglab itself, now.
    pub checked_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProgramKind {
    Exporter,
    Prometheus,
    /// A target of Prometheus.
    Target,
}

/// How the exporters and Prometheus are.
#[utoipa::path(get, path = "/api/v1/monitoring/state", tag = "monitoring", operation_id = "monitoring_state",
    responses((status = 200, body = MonitoringState)))]
async fn state(
    State(control): State<Control>,
    Acting(actor): Acting,
) -> Result<Json<MonitoringState>, Problem> {
    let programs = monitoring::state(&control, &actor)
        .await?
        .into_iter()
        .map(|seen| MonitoredProgram {
            kind: match seen.program {
                monitoring::Program::Exporter => ProgramKind::Exporter,
                monitoring::Program::Prometheus => ProgramKind::Prometheus,
                monitoring::Program::Target => ProgramKind::Target,
            },
            name: seen.name,
            up: seen.up,
            detail: seen.detail,
            checked_at: seen.checked_at,
        })
        .collect();
    Ok(Json(MonitoringState { programs }))
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct HistoryQuery {
    /// From the lab's opening when left out.
    pub from: Option<DateTime<Utc>>,
    /// Until now when left out.
    pub to: Option<DateTime<Utc>>,
    /// Seconds between two points; when left out, so many that there are at most 500.
    pub step: Option<u32>,
}

/// A lab over time. The lists are as long as `at`, with null where nothing was written.
#[derive(Debug, Serialize, ToSchema)]
pub struct History {
    pub step_seconds: u32,
    pub points: Vec<HistoryPoint>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryPoint {
    pub at: DateTime<Utc>,
    /// Tasks done by all students together.
    pub completions: i64,
    /// Students with a session in their database; the most within the step.
    pub connected: i64,
    /// Errors within the step.
    pub errors: i64,
    /// Raised hands; the most within the step.
    pub hands: i64,
    /// Points earned by all students together.
    pub points: f64,
    /// Seconds per task; null while the lab is not open.
    pub seconds_per_task: Option<i64>,
}

/// How a lab went: completions, connections, errors, pace.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/history", tag = "monitoring", operation_id = "lab_history",
    params(("lab" = String, Path), HistoryQuery), responses((status = 200, body = History)))]
async fn show_history(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<History>, Problem> {
    let shown = history::show(&control, &actor, &lab, query.from, query.to, query.step).await?;
    Ok(Json(History {
        step_seconds: shown.step_s,
        points: shown
            .points
            .into_iter()
            .map(|point| HistoryPoint {
                at: point.at,
                completions: point.n_completions,
                connected: point.n_connected,
                errors: point.n_errors,
                hands: point.n_hands,
                points: point.points.as_f64(),
                seconds_per_task: point.seconds_per_task,
            })
            .collect(),
    }))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(exporters))
        .routes(routes!(product_files))
        .routes(routes!(state))
        .routes(routes!(show_history))
}
