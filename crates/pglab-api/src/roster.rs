//! Rosters: what one would change, and applying it.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use pglab_control::{Control, roster};
use pglab_core::roster as core;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    extract::{Acting, Path, Query, too_large},
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// Only tell what would change.
    #[serde(default)]
    pub dry_run: bool,
    /// The name of a group of the LDAP directory: its members are the roster, and the body is empty.
    pub group: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RosterFormat {
    Plain,
    Logins,
    Moodle,
    Canvas,
    CanvasSis,
}

impl From<core::Format> for RosterFormat {
    fn from(format: core::Format) -> Self {
        match format {
            core::Format::Plain => Self::Plain,
            core::Format::Logins => Self::Logins,
            core::Format::Moodle => Self::Moodle,
            core::Format::Canvas => Self::Canvas,
            core::Format::CanvasSis => Self::CanvasSis,
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RosterEntry {
    pub login: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

impl From<core::Entry> for RosterEntry {
    fn from(entry: core::Entry) -> Self {
        Self {
            login: entry.login.into(),
            name: entry.name,
            email: entry.email,
            section: entry.section,
            seat: entry.seat,
            external_id: entry.external_id,
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RosterChange {
    pub login: String,
    /// The field's name: what it was, what it becomes.
    pub fields: BTreeMap<String, Vec<Option<String>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RosterSeverity {
    /// The roster can't be applied.
    Error,
    Warning,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RosterProblem {
    /// From 1, over the whole file.
    pub line: u64,
    /// The beginning of the line.
    pub text: String,
    pub message: String,
    pub severity: RosterSeverity,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RosterReport {
    pub format: RosterFormat,
    pub dry_run: bool,
    pub new: Vec<RosterEntry>,
    pub changed: Vec<RosterChange>,
    /// They lose access and keep their database.
    pub gone: Vec<RosterEntry>,
    pub unchanged: usize,
    pub problems: Vec<RosterProblem>,
    pub applied: bool,
}

impl From<roster::Report> for RosterReport {
    fn from(report: roster::Report) -> Self {
        let entries = |entries: Vec<core::Entry>| entries.into_iter().map(RosterEntry::from).collect();
        Self {
            format: report.format.into(),
            dry_run: report.dry_run,
            new: entries(report.diff.new),
            changed: report
                .diff
                .changed
                .into_iter()
                .map(|change| RosterChange {
                    login: change.login.into(),
                    fields: change
                        .fields
                        .into_iter()
                        .map(|(field, [old, new])| (field, vec![old, new]))
                        .collect(),
                })
                .collect(),
            gone: entries(report.diff.gone),
            unchanged: report.diff.unchanged,
            problems: report
                .problems
                .into_iter()
                .map(|problem| RosterProblem {
                    line: problem.line,
                    text: problem.text,
                    message: problem.message,
                    severity: match problem.severity {
                        core::Severity::Error => RosterSeverity::Error,
                        core::Severity::Warning => RosterSeverity::Warning,
                    },
                })
                .collect(),
            applied: report.applied,
        }
    }
}

/// A roster with errors, of which nothing was applied.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusedRoster {
    #[serde(flatten)]
    pub problem: Problem,
    pub report: RosterReport,
}

/// Import a roster, or look what it would change.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/roster", tag = "class", operation_id = "roster_import",
    params(("lab" = String, Path), ImportQuery),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = RosterReport),
        (status = 422, body = RefusedRoster, content_type = "application/problem+json")))]
async fn import(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Query(query): Query<ImportQuery>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let body = body.map_err(|_| too_large())?;
    let report = match &query.group {
        Some(group) => {
            pglab_control::directory::roster::import(&control, &actor, &lab, group, query.dry_run).await?
        }
        None => roster::import(&control, &actor, &lab, &body, query.dry_run).await?,
    };
    if !report.refused() {
        return Ok(axum::Json(RosterReport::from(report)).into_response());
    }
    let n_errors = report
        .problems
        .iter()
        .filter(|problem| problem.severity == core::Severity::Error)
        .count();
    let first = report
        .problems
        .iter()
        .find(|problem| problem.severity == core::Severity::Error);
    let detail = match first {
        Some(first) if n_errors == 1 => format!("line {}: {}", first.line, first.message),
        Some(first) => format!(
            "{n_errors} lines can't be imported; line {}: {}",
            first.line, first.message
        ),
        None => "the roster was not applied".to_owned(),
    };
    let refused = RefusedRoster {
        problem: Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail),
        report: report.into(),
    };
    let mut response = (StatusCode::UNPROCESSABLE_ENTITY, axum::Json(refused)).into_response();
    let kind = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(import))
        // The operation itself says what is too large.
        .layer(DefaultBodyLimit::max(roster::MAX_BYTES + 1))
}
