//! Answers: a student's tasks of challenges, sending an answer, hints; for the staff the attempts, the rules and awards.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use pglab_control::{Control, Error, answer};
use pglab_core::{
    id::{AttemptId, TaskId},
    points::Rules,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    extract::{Acting, Json, Path, Query},
};

/// A task of a challenge as a student meets it: without its answer.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AnswerTask {
    #[schema(value_type = String)]
    pub id: TaskId,
    pub challenge: String,
    pub title: String,
    pub text: String,
    /// `state`, `query`, `assert`, `behaviour`, `plan`, `text`, `choice`, `checkboxes`, `flag`.
    pub kind: String,
    /// Is something sent? Else an empty answer asks that the database be looked at; a `state` turns by itself.
    pub is_answered: bool,
    pub points: f64,
    pub format: String,
    pub options: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    pub n_attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_until: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<DateTime<Utc>>,
    /// What each hint costs.
    pub hint_prices: Vec<f64>,
    pub hints: Vec<Hint>,
    /// Once it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
}

/// A hint that was taken.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = TakenHint)]
pub struct Hint {
    /// From 0.
    pub number: u64,
    pub text: String,
    pub price: f64,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AnswerTaskList {
    pub items: Vec<AnswerTask>,
    /// Always null: all tasks are on one page.
    pub next: Option<String>,
}

/// An answer: a text (also a query, an option, a flag), a list of ticked options, or null to have one's database looked at.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAnswer {
    #[serde(default)]
    #[schema(value_type = Option<AnswerValue>)]
    pub answer: Option<AnswerValue>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum AnswerValue {
    Text(String),
    Options(Vec<String>),
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Answered {
    pub right: bool,
    /// A sentence.
    pub message: String,
    pub verdict: AnswerVerdict,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts_left: Option<u32>,
    /// What it earned now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earned: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// The staff tried the task: nothing was counted.
    pub trial: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AnswerVerdict {
    pub expected: String,
    pub found: String,
    /// By what rows are compared.
    pub contract: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowsThatDiffer>,
    pub parts: Vec<VerdictPart>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<SqlProblem>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RowsThatDiffer {
    pub columns: Vec<String>,
    /// The first rows that the answer lacks; null is NULL.
    pub missing: Vec<Vec<Option<String>>>,
    /// The first rows that it has too much.
    pub extra: Vec<Vec<Option<String>>>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct VerdictPart {
    pub title: String,
    pub passed: bool,
    pub expected: String,
    pub found: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SqlProblem {
    pub sqlstate: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// In the query, in characters from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AnswerAttempt {
    #[schema(value_type = String)]
    pub id: AttemptId,
    pub login: String,
    #[schema(value_type = String)]
    pub task: TaskId,
    pub title: String,
    pub at: DateTime<Utc>,
    /// As it was sent.
    #[schema(value_type = Option<AnswerValue>)]
    pub answer: serde_json::Value,
    /// `right`, `wrong`, `unfit` (does not count), `judging`.
    pub outcome: String,
    pub message: String,
    /// Whose flag it was, where another member's was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flag_of: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AttemptList {
    pub items: Vec<AnswerAttempt>,
    /// For `before`, where there are more.
    pub next: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct AttemptQuery {
    #[param(value_type = Option<String>)]
    pub task: Option<TaskId>,
    pub login: Option<String>,
    /// Older than this attempt.
    #[param(value_type = Option<String>)]
    pub before: Option<AttemptId>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberRules {
    /// Extra time until the due time, in seconds.
    #[serde(default)]
    pub extra_s: u32,
    /// Not in the standings that students see.
    #[serde(default)]
    pub hidden: bool,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAward {
    pub login: String,
    /// Below zero takes points.
    pub points: f64,
    pub reason: String,
}

impl From<answer::HintTaken> for Hint {
    fn from(hint: answer::HintTaken) -> Self {
        Self {
            number: hint.number as u64,
            text: hint.text,
            price: hint.price.as_f64(),
        }
    }
}

impl From<answer::OwnTask> for AnswerTask {
    fn from(task: answer::OwnTask) -> Self {
        Self {
            id: task.id,
            challenge: task.challenge,
            title: task.title,
            text: task.text,
            kind: task.kind.to_owned(),
            is_answered: task.is_answered,
            points: task.points.as_f64(),
            format: task.format,
            options: task.options,
            attempts: task.attempts,
            n_attempts: task.n_counted,
            wait_until: task.wait_until,
            done_at: task.done_at,
            hint_prices: task.hint_prices.into_iter().map(|price| price.as_f64()).collect(),
            hints: task.hints.into_iter().map(Hint::from).collect(),
            explanation: task.explanation,
        }
    }
}

impl From<answer::Answered> for Answered {
    fn from(answered: answer::Answered) -> Self {
        let verdict = answered.verdict;
        Self {
            right: verdict.right,
            message: verdict.message,
            verdict: AnswerVerdict {
                expected: verdict.expected,
                found: verdict.found,
                contract: verdict.contract,
                rows: verdict.rows.map(|rows| RowsThatDiffer {
                    columns: rows.columns,
                    missing: rows.missing,
                    extra: rows.extra,
                }),
                parts: verdict
                    .parts
                    .into_iter()
                    .map(|part| VerdictPart {
                        title: part.title,
                        passed: part.passed,
                        expected: part.expected,
                        found: part.found,
                    })
                    .collect(),
                error: verdict.error.map(|error| SqlProblem {
                    sqlstate: error.sqlstate,
                    message: error.message,
                    hint: error.hint,
                    position: error.position,
                }),
            },
            attempts_left: answered.attempts_left,
            earned: answered.earned.map(pglab_core::task::Points::as_f64),
            explanation: answered.explanation,
            trial: answered.trial,
        }
    }
}

impl From<answer::Attempt> for AnswerAttempt {
    fn from(attempt: answer::Attempt) -> Self {
        let message = attempt
            .verdict
            .as_ref()
            .and_then(|verdict| verdict.get("message")?.as_str())
            .unwrap_or_default()
            .to_owned();
        Self {
            id: attempt.id,
            login: attempt.login,
            task: attempt.task,
            title: attempt.title,
            at: attempt.at,
            answer: attempt.answer,
            outcome: attempt.outcome,
            message,
            flag_of: attempt.flag_of,
        }
    }
}

/// The tasks of challenges in this lab, as a student may see them.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/answers", tag = "answers", operation_id = "answer_tasks",
    params(("lab" = String, Path)), responses((status = 200, body = AnswerTaskList)))]
async fn tasks(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<axum::Json<AnswerTaskList>, Problem> {
    let items = answer::own_tasks(&control, &actor, &lab).await?;
    Ok(axum::Json(AnswerTaskList {
        items: items.into_iter().map(AnswerTask::from).collect(),
        next: None,
    }))
}

/// Answer a task. Who is of the staff tries it as a student would, and nothing is counted.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/tasks/{task}/answers", tag = "answers", operation_id = "answer_submit",
    params(("lab" = String, Path), ("task" = String, Path)), request_body = NewAnswer,
    responses((status = 200, body = Answered)))]
async fn submit(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, task)): Path<(String, TaskId)>,
    Json(body): Json<NewAnswer>,
) -> Result<axum::Json<Answered>, Problem> {
    let given = match body.answer {
        None => answer::Given::Nothing,
        Some(AnswerValue::Text(text)) => answer::Given::Text(text),
        Some(AnswerValue::Options(options)) => answer::Given::Set(options),
    };
    // Also when the client goes away, what was begun is counted and ended.
    let work = tokio::spawn(async move { answer::submit(&control, &actor, &lab, task, given).await });
    let answered = work.await.map_err(Error::internal)??;
    Ok(axum::Json(answered.into()))
}

/// Take a hint, from 0, in order. What it costs comes off what the task earns; taken again it costs nothing.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/tasks/{task}/hints/{hint}", tag = "answers", operation_id = "hint_take",
    params(("lab" = String, Path), ("task" = String, Path), ("hint" = u32, Path)),
    responses((status = 200, body = Hint)))]
async fn hint(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, task, number)): Path<(String, TaskId, u32)>,
) -> Result<axum::Json<Hint>, Problem> {
    let taken = answer::hint(&control, &actor, &lab, task, number as usize).await?;
    Ok(axum::Json(taken.into()))
}

/// What was answered, the latest first.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/attempts", tag = "answers", operation_id = "attempt_list",
    params(("lab" = String, Path), AttemptQuery), responses((status = 200, body = AttemptList)))]
async fn attempts(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Query(query): Query<AttemptQuery>,
) -> Result<axum::Json<AttemptList>, Problem> {
    let found = answer::attempts(
        &control,
        &actor,
        &lab,
        query.task,
        query.login.as_deref(),
        query.before,
    )
    .await?;
    let next = (found.len() >= 200)
        .then(|| found.last().map(|last| last.id.to_string()))
        .flatten();
    Ok(axum::Json(AttemptList {
        items: found.into_iter().map(AnswerAttempt::from).collect(),
        next,
    }))
}

/// When answers are taken, what lateness costs, what the standings show.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/rules", tag = "answers", operation_id = "rules_show",
    params(("lab" = String, Path)), responses((status = 200, body = Rules)))]
async fn rules(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<axum::Json<Rules>, Problem> {
    Ok(axum::Json(answer::rules(&control, &actor, &lab).await?))
}

/// Set all of the rules; what is left out has its default.
#[utoipa::path(put, path = "/api/v1/labs/{lab}/rules", tag = "answers", operation_id = "rules_set",
    params(("lab" = String, Path)), request_body = Rules, responses((status = 200, body = Rules)))]
async fn set_rules(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Json(body): Json<Rules>,
) -> Result<axum::Json<Rules>, Problem> {
    Ok(axum::Json(answer::set_rules(&control, &actor, &lab, body).await?))
}

/// What is different for one member.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/members/{login}/rules", tag = "answers", operation_id = "member_rules_show",
    params(("lab" = String, Path), ("login" = String, Path)), responses((status = 200, body = MemberRules)))]
async fn member_rules(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, login)): Path<(String, String)>,
) -> Result<axum::Json<MemberRules>, Problem> {
    let rules = answer::member_rules(&control, &actor, &lab, &login).await?;
    Ok(axum::Json(MemberRules {
        extra_s: rules.extra_s,
        hidden: rules.hidden,
    }))
}

/// Give one member extra time, or hide them from the standings.
#[utoipa::path(put, path = "/api/v1/labs/{lab}/members/{login}/rules", tag = "answers", operation_id = "member_rules_set",
    params(("lab" = String, Path), ("login" = String, Path)), request_body = MemberRules,
    responses((status = 200, body = MemberRules)))]
async fn set_member_rules(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, login)): Path<(String, String)>,
    Json(body): Json<MemberRules>,
) -> Result<axum::Json<MemberRules>, Problem> {
    let rules = answer::MemberRules {
        extra_s: body.extra_s,
        hidden: body.hidden,
    };
    answer::set_member_rules(&control, &actor, &lab, &login, rules).await?;
    Ok(axum::Json(body))
}

/// Give points to a member, or take them, with a reason.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/awards", tag = "answers", operation_id = "award_create",
    params(("lab" = String, Path)), request_body = NewAward, responses((status = 204)))]
async fn award(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Json(body): Json<NewAward>,
) -> Result<StatusCode, Problem> {
    answer::award(&control, &actor, &lab, &body.login, body.points, &body.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(tasks))
        .routes(routes!(submit))
        .routes(routes!(hint))
        .routes(routes!(attempts))
        .routes(routes!(rules, set_rules))
        .routes(routes!(member_rules, set_member_rules))
        .routes(routes!(award))
}
