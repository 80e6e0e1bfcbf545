//! Judging the answers of a task anew: a preview, applying it, undoing it. For a lab's instructors.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use pglab_control::{Control, answer::rejudge};
use pglab_core::{
    id::{AttemptId, RejudgingId, TaskId},
    task::Points,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    extract::{Acting, Path},
};

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Rejudging {
    #[schema(value_type = String)]
    pub id: RejudgingId,
    #[schema(value_type = String)]
    pub task: TaskId,
    /// `preview`: nothing is changed; `applied`; `undone`.
    pub state: String,
    pub made_at: DateTime<Utc>,
    /// Their login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone_at: Option<DateTime<Utc>>,
    /// Answers to the task.
    pub n_attempts: u64,
    /// Answers that could not be judged and stay as they are: the databases of who sent them are not there now.
    pub n_left: u64,
    /// Nothing is sent for this kind of task: databases were looked at as they are now, once for each member.
    pub as_of_now: bool,
    /// Members who have more points than before.
    pub n_gain: u64,
    /// Members who have fewer points than before.
    pub n_lose: u64,
    /// For whom something changes, by login.
    pub members: Vec<RejudgedMember>,
    /// Of which something else is said, by time.
    pub attempts: Vec<RejudgedAttempt>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RejudgedMember {
    pub login: String,
    /// What the task earned; none where it was not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points_before: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points_after: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_before: Option<DateTime<Utc>>,
    /// The time of the attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_after: Option<DateTime<Utc>>,
    /// So many attempts more count; below zero, less.
    pub n_counted: i32,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RejudgedAttempt {
    #[schema(value_type = String)]
    pub id: AttemptId,
    pub login: String,
    pub at: DateTime<Utc>,
    /// `right`, `wrong`, `unfit`.
    pub before: String,
    pub after: String,
    /// What is said now.
    pub message: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RejudgingList {
    /// The latest first.
    pub items: Vec<Rejudging>,
    /// Always null: all are on one page.
    pub next: Option<String>,
}

impl From<rejudge::Rejudging> for Rejudging {
    fn from(made: rejudge::Rejudging) -> Self {
        let found = made.found;
        let earned = |points: Option<Points>| points.unwrap_or_default();
        let n = |gains: fn(Points, Points) -> bool| {
            let members = found.members.iter();
            members
                .filter(|one| gains(earned(one.before), earned(one.after)))
                .count() as u64
        };
        Self {
            id: made.id,
            task: made.task,
            state: made.state.as_str().to_owned(),
            made_at: made.made_at,
            made_by: made.made_by,
            applied_at: made.applied_at,
            undone_at: made.undone_at,
            n_attempts: found.n_attempts as u64,
            n_left: found.n_left as u64,
            as_of_now: found.as_of_now,
            n_gain: n(|before, after| after > before),
            n_lose: n(|before, after| after < before),
            members: found
                .members
                .into_iter()
                .map(|one| RejudgedMember {
                    login: one.login,
                    points_before: one.before.map(Points::as_f64),
                    points_after: one.after.map(Points::as_f64),
                    done_before: one.before_at,
                    done_after: one.after_at,
                    n_counted: one.n_counted,
                })
                .collect(),
            attempts: found
                .attempts
                .into_iter()
                .map(|one| RejudgedAttempt {
                    id: one.id,
                    login: one.login,
                    at: one.at,
                    before: one.before.as_str().to_owned(),
                    after: one.after.as_str().to_owned(),
                    message: one.message,
                })
                .collect(),
        }
    }
}

/// Judge all answers to a task anew, by the task as it is now, and see who would gain and lose. Nothing changes; the preview
/// takes the place of the one before.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/tasks/{task}/rejudgings", tag = "answers", operation_id = "rejudging_preview",
    params(("lab" = String, Path), ("task" = String, Path)), responses((status = 201, body = Rejudging)))]
async fn preview(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, task)): Path<(String, TaskId)>,
) -> Result<(StatusCode, axum::Json<Rejudging>), Problem> {
    let made = rejudge::preview(&control, &actor, &lab, task).await?;
    Ok((StatusCode::CREATED, axum::Json(made.into())))
}

/// The rejudgings of a task: the preview, and those that were applied and undone.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/tasks/{task}/rejudgings", tag = "answers", operation_id = "rejudging_list",
    params(("lab" = String, Path), ("task" = String, Path)), responses((status = 200, body = RejudgingList)))]
async fn list(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, task)): Path<(String, TaskId)>,
) -> Result<axum::Json<RejudgingList>, Problem> {
    let items = rejudge::list(&control, &actor, &lab, task).await?;
    Ok(axum::Json(RejudgingList {
        items: items.into_iter().map(Rejudging::from).collect(),
        next: None,
    }))
}

/// One rejudging.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/tasks/{task}/rejudgings/{id}", tag = "answers", operation_id = "rejudging_show",
    params(("lab" = String, Path), ("task" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = Rejudging)))]
async fn show(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, task, id)): Path<(String, TaskId, RejudgingId)>,
) -> Result<axum::Json<Rejudging>, Problem> {
    let made = rejudge::show(&control, &actor, &lab, task, id).await?;
    Ok(axum::Json(made.into()))
}

/// Do what the preview shows, as one change. What is earned by it has the time of the attempt. Refused where the task or an
/// attempt changed since; attempts that came since are taken as they are.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/tasks/{task}/rejudgings/{id}/apply", tag = "answers", operation_id = "rejudging_apply",
    params(("lab" = String, Path), ("task" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = Rejudging)))]
async fn apply(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, task, id)): Path<(String, TaskId, RejudgingId)>,
) -> Result<axum::Json<Rejudging>, Problem> {
    let made = rejudge::apply(&control, &actor, &lab, task, id).await?;
    Ok(axum::Json(made.into()))
}

/// Put back verdicts, completions and points as they were. Refused where members built on what it gave or took.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/tasks/{task}/rejudgings/{id}/undo", tag = "answers", operation_id = "rejudging_undo",
    params(("lab" = String, Path), ("task" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = Rejudging)))]
async fn undo(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, task, id)): Path<(String, TaskId, RejudgingId)>,
) -> Result<axum::Json<Rejudging>, Problem> {
    let made = rejudge::undo(&control, &actor, &lab, task, id).await?;
    Ok(axum::Json(made.into()))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(preview, list))
        .routes(routes!(show))
        .routes(routes!(apply))
        .routes(routes!(undo))
}
