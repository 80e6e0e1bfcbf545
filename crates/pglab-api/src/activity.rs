//! The activity log, for those who run labs: page by page, or as it is written.

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use futures::StreamExt;
use pglab_control::{Control, activity};
use pglab_core::activity::{Event, Severity};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    events::{self, Named},
    extract::{Acting, Path, Query},
};

/// Something that happened.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ActivityEntry)]
pub struct Activity {
    pub id: String,
    pub at: DateTime<Utc>,
    pub event: Event,
    pub severity: Severity,
    /// Told by a front end, not seen by pglab itself.
    pub is_reported: bool,
    /// Who did it or to whom it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The short name of the lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lab: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<ActivityTask>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// What else is known of it.
    #[schema(value_type = Object)]
    pub metadata: serde_json::Value,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ActivityTask {
    pub id: String,
    pub title: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ActivityList {
    pub items: Vec<Activity>,
    /// For `before`, to get the page after this one.
    pub next: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ActivityQuery {
    /// Only these events, with commas between.
    #[serde(default)]
    pub event: Option<String>,
    /// Only these severities, with commas between.
    #[serde(default)]
    pub severity: Option<String>,
    /// Only what this person did.
    #[serde(default)]
    pub login: Option<String>,
    /// Only what happened in this lab.
    #[serde(default)]
    pub lab: Option<String>,
    /// Only from this time on.
    #[serde(default)]
    pub since: Option<DateTime<Utc>>,
    /// Only before this time.
    #[serde(default)]
    pub until: Option<DateTime<Utc>>,
    /// Only what is older than the entry of this id.
    #[serde(default)]
    pub before: Option<i64>,
}

impl From<activity::Entry> for Activity {
    fn from(entry: activity::Entry) -> Self {
        Self {
            id: entry.id.to_string(),
            at: entry.at,
            event: entry.event,
            severity: entry.severity,
            is_reported: entry.is_reported,
            login: entry.login,
            name: entry.name,
            lab: entry.slug,
            challenge: entry.challenge_name,
            task: entry.task.map(|id| ActivityTask {
                id: id.to_string(),
                title: entry.task_title.unwrap_or_default(),
            }),
            instance: entry.instance.map(|id| id.to_string()),
            metadata: entry.metadata,
        }
    }
}

impl ActivityQuery {
    fn wanted(self) -> activity::Wanted {
        activity::Wanted {
            events: self.event.unwrap_or_default(),
            severities: self.severity.unwrap_or_default(),
            login: self.login,
            lab: self.lab,
            since: self.since,
            until: self.until,
            before: self.before,
        }
    }
}

/// What happened, the newest first: everywhere for an admin, in their own labs for an instructor.
#[utoipa::path(get, path = "/api/v1/activity", tag = "activity", operation_id = "activity_list",
    params(ActivityQuery), responses((status = 200, body = ActivityList)))]
async fn list(
    State(control): State<Control>,
    Acting(actor): Acting,
    Query(query): Query<ActivityQuery>,
) -> Result<axum::Json<ActivityList>, Problem> {
    let (entries, more) = activity::list(&control, &actor, query.wanted()).await?;
    let next = entries.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(axum::Json(ActivityList {
        items: entries.into_iter().map(Activity::from).collect(),
        next,
    }))
}

/// What happens in a lab from now on: an event `activity` for each entry.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/activity/events", tag = "activity", operation_id = "activity_events",
    params(("lab" = String, Path)), responses((status = 200, body = String, content_type = "text/event-stream")))]
async fn watch(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<Response, Problem> {
    let entries = activity::watch(&control, &actor, &lab).await?;
    Ok(events::stream(entries.map(|entry| {
        Named::with_id("activity", entry.id, Activity::from(entry))
    })))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(watch))
}
