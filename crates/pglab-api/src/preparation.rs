//! Preparing a class: asking for it, and how far it is.

use axum::{extract::State, http::StatusCode, response::Response};
use chrono::{DateTime, Utc};
use futures::StreamExt;
use pglab_control::{Control, prepare};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem, events,
    extract::{Acting, Path},
};

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Preparation {
    pub state: PreparationState,
    /// Students.
    pub total: usize,
    pub ready: usize,
    pub failed: Vec<PreparationFailure>,
    pub waiting: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eta_seconds: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// What everybody waits for, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PreparationState {
    /// Nobody asked for it.
    Idle,
    Running,
    Done,
    /// What could be made is made; the rest is tried again.
    Failed,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PreparationFailure {
    pub login: String,
    pub reason: String,
}

impl From<prepare::Preparation> for Preparation {
    fn from(of: prepare::Preparation) -> Self {
        Self {
            state: match of.state {
                prepare::PreparationState::Idle => PreparationState::Idle,
                prepare::PreparationState::Running => PreparationState::Running,
                prepare::PreparationState::Done => PreparationState::Done,
                prepare::PreparationState::Failed => PreparationState::Failed,
            },
            total: of.total,
            ready: of.ready,
            failed: of
                .failed
                .into_iter()
                .map(|(login, reason)| PreparationFailure { login, reason })
                .collect(),
            waiting: of.waiting,
            eta_seconds: of.eta_seconds,
            started_at: of.started_at,
            finished_at: of.finished_at,
            note: of.note,
        }
    }
}

/// Ask for a database for every student. Goes on after the answer.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/prepare", tag = "class", operation_id = "lab_prepare",
    params(("lab" = String, Path)), responses((status = 202, body = Preparation)))]
async fn begin(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<(StatusCode, axum::Json<Preparation>), Problem> {
    let preparation = prepare::prepare(&control, &actor, &lab).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(preparation.into())))
}

/// How far the preparation is.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/preparation", tag = "class", operation_id = "preparation_show",
    params(("lab" = String, Path)), responses((status = 200, body = Preparation)))]
async fn show(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<axum::Json<Preparation>, Problem> {
    Ok(axum::Json(prepare::look(&control, &actor, &lab).await?.into()))
}

/// The preparation whenever it moves: events `preparation`, as server-sent events.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/preparation/events", tag = "class",
    operation_id = "preparation_events", params(("lab" = String, Path)),
    responses((status = 200, body = Preparation, content_type = "text/event-stream")))]
async fn watch(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<Response, Problem> {
    let moves = prepare::events(&control, &actor, &lab).await?;
    Ok(events::stream(moves.map(|preparation| {
        events::Named::new("preparation", Preparation::from(preparation))
    })))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(begin))
        .routes(routes!(show))
        .routes(routes!(watch))
}
