//! One member closely, and a student's own page; hands.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use pglab_control::{Control, board};
use pglab_core::{lab::LabState, snapshot::SchemaSnapshot};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rows::{ActivityState, BoardMember, TaskDone, per_task};
use crate::{
    Problem,
    extract::{Acting, Json, Path},
    kit::Kit,
    members::RaisedHand,
};

/// A member's row with verdicts and explanations, and what is known besides.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberDetail {
    #[serde(flatten)]
    pub member: BoardMember,
    /// The newest first.
    pub timeline: Vec<TimelineEntry>,
    /// The newest first; the same error stands once, with its last statement.
    pub errors: Vec<MemberError>,
    pub connections: Vec<MemberConnection>,
    /// Without the password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kit: Option<Kit>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TimelineEntry {
    pub at: DateTime<Utc>,
    /// `connected`, `completed`, `progress`, `broken`, `repaired`, `hand`, `reset`, `roster`, `password`, `enforced`.
    pub kind: String,
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<f64>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MemberError {
    /// The last time.
    pub at: DateTime<Utc>,
    pub sqlstate: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
    pub times: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MemberConnection {
    pub pid: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    pub state: ActivityState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// The last statement, at most 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The processes that hold what it waits for.
    pub blocked_by: Vec<i32>,
}

/// One member closely.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/members/{login}", tag = "board", operation_id = "member_show",
    params(("lab" = String, Path), ("login" = String, Path)), responses((status = 200, body = MemberDetail)))]
pub(super) async fn show(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, login)): Path<(String, String)>,
) -> Result<axum::Json<MemberDetail>, Problem> {
    let detail = board::detail(&control, &actor, &lab, &login).await?;
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    Ok(axum::Json(MemberDetail {
        member: BoardMember::explained(&detail.row, &detail.content),
        timeline: detail
            .timeline
            .into_iter()
            .map(|entry| TimelineEntry {
                at: entry.at,
                kind: entry.kind,
                text: entry.text,
                task: entry.task.map(|task| task.to_string()),
                points: entry.points.map(|points| points.as_f64()),
            })
            .collect(),
        errors: detail
            .errors
            .into_iter()
            .map(|error| MemberError {
                at: error.at,
                sqlstate: error.sqlstate,
                message: error.message,
                statement: error.statement,
                times: error.times,
            })
            .collect(),
        connections: detail
            .connections
            .into_iter()
            .map(|connection| MemberConnection {
                pid: connection.pid,
                application: some(connection.application),
                client: connection.client,
                state: connection.state.into(),
                since: connection.since,
                query: some(connection.query),
                blocked_by: connection.blocked_by,
            })
            .collect(),
        kit: detail.kit.map(Kit::from),
    }))
}

/// The schema that is wanted, and the one that is there.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MemberSchema {
    pub expected: SchemaSnapshot,
    pub found: SchemaSnapshot,
}

/// A member's schema beside the expected one, read at this moment.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/members/{login}/schema", tag = "board",
    operation_id = "member_schema", params(("lab" = String, Path), ("login" = String, Path)),
    responses((status = 200, body = MemberSchema)))]
pub(super) async fn schema(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, login)): Path<(String, String)>,
) -> Result<axum::Json<MemberSchema>, Problem> {
    let schema = board::schema(&control, &actor, &lab, &login).await?;
    Ok(axum::Json(MemberSchema {
        expected: schema.expected,
        found: schema.found,
    }))
}

#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandRaise {
    #[serde(default)]
    pub why: Option<String>,
}

/// Raise a hand; raising it again replaces the reason.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/members/{login}/hand", tag = "board", operation_id = "hand_raise",
    params(("lab" = String, Path), ("login" = String, Path)), request_body = HandRaise,
    responses((status = 200, body = RaisedHand)))]
pub(super) async fn hand_raise(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, login)): Path<(String, String)>,
    Json(body): Json<HandRaise>,
) -> Result<axum::Json<RaisedHand>, Problem> {
    let hand = board::hand_raise(&control, &actor, &lab, &login, body.why.as_deref()).await?;
    Ok(axum::Json(hand.into()))
}

/// Lower a hand; one that is down stays so.
#[utoipa::path(delete, path = "/api/v1/labs/{lab}/members/{login}/hand", tag = "board", operation_id = "hand_lower",
    params(("lab" = String, Path), ("login" = String, Path)), responses((status = 204)))]
pub(super) async fn hand_lower(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, login)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    board::hand_lower(&control, &actor, &lab, &login).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A student's own page.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnPage {
    pub lab: OwnLab,
    /// Null before there is a database.
    pub kit: Option<Kit>,
    pub member: BoardMember,
    /// Where the instructor shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<OwnClass>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hand: Option<RaisedHand>,
    /// What pglab cancelled, ended or closed, and why, within the last hour; the newest first.
    pub enforced: Vec<Enforced>,
    pub may: Vec<String>,
}

/// What the watcher did to a student.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Enforced {
    pub at: DateTime<Utc>,
    /// What was done and why, in a sentence.
    pub text: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct OwnLab {
    pub slug: String,
    pub title: String,
    pub state: LabState,
}

/// Where the class is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct OwnClass {
    pub median_score: f64,
    pub max_score: f64,
    pub n_members: usize,
    pub per_task: Vec<TaskDone>,
}

/// What a student sees of a lab.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/me", tag = "board", operation_id = "lab_me",
    params(("lab" = String, Path)), responses((status = 200, body = OwnPage)))]
pub(super) async fn me(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<axum::Json<OwnPage>, Problem> {
    let page = board::own_page(&control, &actor, &lab).await?;
    Ok(axum::Json(OwnPage {
        lab: OwnLab {
            slug: page.lab.slug.to_string(),
            title: page.lab.title,
            state: page.lab.state,
        },
        kit: page.kit.map(Kit::from),
        member: BoardMember::explained(&page.row, &page.content),
        class: page.class.map(|class| OwnClass {
            median_score: class.median_score.as_f64(),
            max_score: page.content.max_score.as_f64(),
            n_members: class.n_members,
            per_task: per_task(&class, &page.tasks),
        }),
        hand: page.row.hand.clone().map(Into::into),
        enforced: page
            .enforced
            .into_iter()
            .map(|(at, text)| Enforced { at, text })
            .collect(),
        may: page.may.into_iter().map(str::to_owned).collect(),
    }))
}
