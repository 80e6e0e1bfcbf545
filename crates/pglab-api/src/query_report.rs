//! The report to the author of a query task: which plausible wrong queries no dataset tells from the reference.

use axum::extract::State;
use pglab_control::{Control, answer::report};
use pglab_core::id::TaskId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    extract::{Acting, Path},
};

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct QueryReport {
    #[schema(value_type = String)]
    pub task: TaskId,
    pub title: String,
    /// Answers to this task are judged on mutated data, too.
    pub mutations: bool,
    /// Why this task is not judged on mutated data, whatever is switched on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_mutations: Option<String>,
    pub datasets: Vec<ReportDataset>,
    /// Why no wrong queries could be made of the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_read: Option<String>,
    /// Wrong queries that are accepted: no dataset tells them from the reference.
    pub missed: Vec<MissedQuery>,
    /// Wrong queries that are refused.
    pub told: Vec<ToldQuery>,
    /// Wrong queries that PostgreSQL refuses anyhow.
    pub n_refused: u64,
    /// Not run, because it took too long.
    pub n_left: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReportDataset {
    pub name: String,
    pub about: String,
    /// Answers are judged on it.
    pub judged_on: bool,
    /// What was done to the start to make it.
    pub changes: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MissedQuery {
    pub sql: String,
    /// How it differs from the reference.
    pub changed: String,
    /// Which data would tell it.
    pub suggestion: String,
    /// The mutated dataset that would tell it, where mutations are off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_by_mutation: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ToldQuery {
    pub sql: String,
    /// How it differs from the reference.
    pub changed: String,
    /// The first dataset that tells it.
    pub dataset: String,
}

impl From<report::Report> for QueryReport {
    fn from(report: report::Report) -> Self {
        Self {
            task: report.task,
            title: report.title,
            mutations: report.mutations,
            no_mutations: report.no_mutations,
            datasets: report
                .datasets
                .into_iter()
                .map(|one| ReportDataset {
                    name: one.name,
                    about: one.about,
                    judged_on: one.judged_on,
                    changes: one.changes,
                })
                .collect(),
            not_read: report.not_read,
            missed: report
                .missed
                .into_iter()
                .map(|one| MissedQuery {
                    sql: one.sql,
                    changed: one.changed,
                    suggestion: one.suggestion,
                    told_by_mutation: one.told_by_mutation,
                })
                .collect(),
            told: report
                .told
                .into_iter()
                .map(|one| ToldQuery {
                    sql: one.sql,
                    changed: one.changed,
                    dataset: one.dataset,
                })
                .collect(),
            n_refused: report.n_refused as u64,
            n_left: report.n_left as u64,
        }
    }
}

/// Run wrong queries that people plausibly write in place of this task's reference, and see which of them no dataset tells from
/// it. Nothing is counted. May take a minute.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/tasks/{task}/report", tag = "answers", operation_id = "query_report",
    params(("lab" = String, Path), ("task" = String, Path)), responses((status = 200, body = QueryReport)))]
async fn make(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, task)): Path<(String, TaskId)>,
) -> Result<axum::Json<QueryReport>, Problem> {
    let made = report::report(&control, &actor, &lab, task).await?;
    Ok(axum::Json(made.into()))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(make))
}
