//! The tasks of a lab: list, make by hand, change, drop, order, derive again.

use axum::{extract::State, http::StatusCode};
use pglab_control::{Control, Error, task};
use pglab_core::{
    check::Fact,
    derive::fact_key,
    id::{CheckId, TaskId},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    extract::{Acting, Json, Path, Query},
};

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Task {
    pub id: String,
    /// What it is about: `table:public.album`. The same after the example was loaded again.
    pub key: String,
    pub title: String,
    pub explanation: String,
    pub points: f64,
    /// From 0.
    pub position: usize,
    pub checks: Vec<Check>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Check {
    pub id: String,
    /// What it is about: `column_type:public.album.title`.
    pub key: String,
    /// `table_exists`, `column_type`, …: the kinds of `Fact`.
    pub kind: String,
    /// What must hold.
    pub title: String,
    pub explanation: String,
    /// The share of the task's points, relative to its other checks.
    pub weight: u32,
}

/// With their positions.
pub(crate) fn tasks(tasks: Vec<pglab_core::task::Task>) -> Vec<Task> {
    tasks
        .into_iter()
        .enumerate()
        .map(|(position, task)| wire(position, task))
        .collect()
}

fn wire(position: usize, task: pglab_core::task::Task) -> Task {
    Task {
        id: task.id.to_string(),
        key: task.key,
        title: task.title,
        explanation: task.explanation,
        points: task.points.as_f64(),
        position,
        checks: task
            .checks
            .into_iter()
            .map(|check| Check {
                id: check.id.to_string(),
                key: fact_key(&check.fact),
                kind: check.fact.kind().to_owned(),
                title: check.title,
                explanation: check.explanation,
                weight: check.weight,
            })
            .collect(),
    }
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TaskList {
    pub items: Vec<Task>,
    /// Always null: all tasks are on one page.
    pub next: Option<String>,
}

impl From<Vec<pglab_core::task::Task>> for TaskList {
    fn from(list: Vec<pglab_core::task::Task>) -> Self {
        Self {
            items: tasks(list),
            next: None,
        }
    }
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTask {
    /// `own:…`, to find it again; made up when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    pub title: String,
    #[serde(default)]
    pub explanation: String,
    pub points: f64,
    pub checks: Vec<NewCheck>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NewCheck {
    /// What the fact says, when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// 1 to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    #[serde(flatten)]
    pub fact: Fact,
}

/// What is left out stays.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskChange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<f64>,
    /// From 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<usize>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckChange>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckChange {
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskOrder {
    /// Ids; those that are not named come behind, as they were.
    pub tasks: Vec<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct Derivation {
    /// Bring back what was dropped.
    #[serde(default)]
    pub restore: bool,
}

/// The tasks in their order.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/tasks", tag = "tasks", operation_id = "task_list",
    params(("lab" = String, Path)), responses((status = 200, body = TaskList)))]
async fn list(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<axum::Json<TaskList>, Problem> {
    Ok(axum::Json(task::list(&control, &actor, &lab).await?.into()))
}

/// Make a task by hand.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/tasks", tag = "tasks", operation_id = "task_create",
    params(("lab" = String, Path)), request_body = NewTask, responses((status = 201, body = Task)))]
async fn create(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Json(body): Json<NewTask>,
) -> Result<(StatusCode, axum::Json<Task>), Problem> {
    let new = task::NewTask {
        key: body.key,
        title: body.title,
        explanation: body.explanation,
        points: body.points,
        checks: body
            .checks
            .into_iter()
            .map(|check| task::NewCheck {
                title: check.title,
                explanation: check.explanation,
                weight: check.weight,
                fact: check.fact,
            })
            .collect(),
    };
    let placed = task::create(&control, &actor, &lab, new).await?;
    Ok((
        StatusCode::CREATED,
        axum::Json(wire(placed.position, placed.task)),
    ))
}

/// Change a task's words, points, place, or the weights of its checks.
#[utoipa::path(patch, path = "/api/v1/labs/{lab}/tasks/{task}", tag = "tasks", operation_id = "task_change",
    params(("lab" = String, Path), ("task" = String, Path)),
    request_body = TaskChange, responses((status = 200, body = Task)))]
async fn change(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, task)): Path<(String, String)>,
    Json(body): Json<TaskChange>,
) -> Result<axum::Json<Task>, Problem> {
    let checks =
        body.checks
            .into_iter()
            .enumerate()
            .map(|(at, check)| {
                Ok(task::CheckChange {
                    id: check.id.parse().map_err(|_| {
                        Error::invalid(&format!("checks[{at}].id"), "this is no id of a check")
                    })?,
                    weight: check.weight,
                    title: check.title,
                    explanation: check.explanation,
                })
            })
            .collect::<Result<_, Error>>()?;
    let change = task::TaskChange {
        title: body.title,
        explanation: body.explanation,
        points: body.points,
        position: body.position,
        checks,
    };
    let placed = task::change(&control, &actor, &lab, task_id(&task)?, change).await?;
    Ok(axum::Json(wire(placed.position, placed.task)))
}

/// Drop a task. Deriving again does not bring it back, unless asked to.
#[utoipa::path(delete, path = "/api/v1/labs/{lab}/tasks/{task}", tag = "tasks", operation_id = "task_drop",
    params(("lab" = String, Path), ("task" = String, Path)), responses((status = 204)))]
async fn drop_task(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, task)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    task::drop(&control, &actor, &lab, task_id(&task)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Drop a check of a task.
#[utoipa::path(delete, path = "/api/v1/labs/{lab}/tasks/{task}/checks/{check}", tag = "tasks",
    operation_id = "check_drop",
    params(("lab" = String, Path), ("task" = String, Path), ("check" = String, Path)), responses((status = 204)))]
async fn drop_check(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, task, check)): Path<(String, String, String)>,
) -> Result<StatusCode, Problem> {
    let check: CheckId = check
        .parse()
        .map_err(|_| Error::NotFound(format!("check {check:?} in this task")))?;
    task::check_drop(&control, &actor, &lab, task_id(&task)?, check).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Put the tasks into an order.
#[utoipa::path(put, path = "/api/v1/labs/{lab}/tasks/order", tag = "tasks", operation_id = "task_order",
    params(("lab" = String, Path)), request_body = TaskOrder, responses((status = 200, body = TaskList)))]
async fn order(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Json(body): Json<TaskOrder>,
) -> Result<axum::Json<TaskList>, Problem> {
    let wanted = body
        .tasks
        .iter()
        .enumerate()
        .map(|(at, id)| {
            id.parse()
                .map_err(|_| Error::invalid(&format!("tasks[{at}]"), "this is no id of a task"))
        })
        .collect::<Result<Vec<TaskId>, Error>>()?;
    Ok(axum::Json(
        task::order(&control, &actor, &lab, &wanted).await?.into(),
    ))
}

/// Derive the tasks from the example again; what was edited stays.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/tasks/derive", tag = "tasks", operation_id = "task_derive",
    params(("lab" = String, Path), Derivation), responses((status = 200, body = TaskList)))]
async fn derive(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Query(derivation): Query<Derivation>,
) -> Result<axum::Json<TaskList>, Problem> {
    let tasks = task::derive(&control, &actor, &lab, derivation.restore).await?;
    Ok(axum::Json(tasks.into()))
}

fn task_id(text: &str) -> Result<TaskId, Error> {
    text.parse()
        .map_err(|_| Error::NotFound(format!("task {text:?} in this lab")))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(order))
        .routes(routes!(derive))
        .routes(routes!(change, drop_task))
        .routes(routes!(drop_check))
}
