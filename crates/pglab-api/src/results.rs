//! What the students of a lab scored, for other systems.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use pglab_control::{Control, results};
use pglab_core::results::{Results, canvas_csv, long_csv, moodle_csv};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    extract::{Acting, Path, Query},
};

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResultFormat {
    #[default]
    Json,
    /// One line per student and task.
    Csv,
    /// As Canvas takes grades in.
    Canvas,
    /// As Moodle takes grades in.
    Moodle,
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct ResultQuery {
    #[serde(default)]
    #[param(inline)]
    pub format: ResultFormat,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LabResults {
    pub lab: String,
    pub title: String,
    pub max_score: f64,
    pub students: Vec<StudentResult>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StudentResult {
    pub login: String,
    pub name: String,
    pub email: Option<String>,
    pub section: Option<String>,
    pub external_id: Option<String>,
    pub score: f64,
    pub tasks: Vec<TaskResult>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TaskResult {
    pub key: String,
    pub title: String,
    pub points: f64,
    pub max_points: f64,
    pub completed_at: Option<DateTime<Utc>>,
    /// Null: tasks that are judged from the database have none.
    pub attempts: Option<u64>,
}

fn json(results: &Results) -> LabResults {
    LabResults {
        lab: results.lab.clone(),
        title: results.title.clone(),
        max_score: results.max_score().as_f64(),
        students: results
            .students
            .iter()
            .map(|student| StudentResult {
                login: student.login.clone(),
                name: student.name.clone(),
                email: student.email.clone(),
                section: student.section.clone(),
                external_id: student.external_id.clone(),
                score: student.score().as_f64(),
                tasks: results
                    .tasks
                    .iter()
                    .zip(&student.scores)
                    .map(|(task, score)| TaskResult {
                        key: task.key.clone(),
                        title: task.title.clone(),
                        points: score.points.as_f64(),
                        max_points: task.points.as_f64(),
                        completed_at: score.completed_at,
                        attempts: None,
                    })
                    .collect(),
            })
            .collect(),
    }
}

fn file(results: &Results, suffix: &str, text: String) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    // A slug needs no quoting.
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{}{suffix}.csv\"", results.lab))
    {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

/// Points per student and task.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/results", tag = "labs", operation_id = "lab_results",
    params(("lab" = String, Path), ResultQuery),
    responses((status = 200, content((LabResults = "application/json"), (String = "text/csv")))))]
async fn show(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Query(query): Query<ResultQuery>,
) -> Result<Response, Problem> {
    let results = results::results(&control, &actor, &lab).await?;
    Ok(match query.format {
        ResultFormat::Json => axum::Json(json(&results)).into_response(),
        ResultFormat::Csv => file(&results, "-results", long_csv(&results)),
        ResultFormat::Canvas => file(&results, "-canvas", canvas_csv(&results)),
        ResultFormat::Moodle => file(&results, "-moodle", moodle_csv(&results)),
    })
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(show))
}
