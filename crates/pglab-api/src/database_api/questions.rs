//! Questions: shown, answered, vouched for.

use axum::extract::State;
use chrono::{DateTime, Utc};
use pglab_control::{Control, Error, database_api as api};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{Body, Calling, Query},
    refusal::Refusal,
    rows::{PointsRow, QuestionCompletionRow, QuestionRow},
};

#[derive(Debug, Deserialize, ToSchema)]
pub struct CompleteQuestion {
    user_id: String,
    question_id: String,
    group_challenge_id: String,
    /// Not asked for: the server knows what the question is worth.
    #[serde(default)]
    #[expect(dead_code, reason = "clients send it, and it is not believed")]
    points: Option<Value>,
    #[serde(default)]
    #[expect(dead_code, reason = "clients send it, and it is not believed")]
    is_correct: Option<Value>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct QuestionCompleted {
    pub completion: QuestionCompletionRow,
    pub points: PointsRow,
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct NewQuestionAttempt {
    user_id: String,
    question_id: String,
    group_challenge_id: String,
    /// A text, a number, or a list of the options that are right; null where the database itself is looked at.
    answer: Value,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuestionAttemptRow {
    pub id: String,
    pub question_id: String,
    pub user_id: String,
    pub group_challenge_id: String,
    pub attempted_at: DateTime<Utc>,
    /// As it was sent.
    pub answer: Value,
    pub is_correct: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct QuestionAttempted {
    pub correct: bool,
    pub attempt: QuestionAttemptRow,
    pub completion: Option<QuestionCompletionRow>,
    /// null: as many as one likes.
    pub attempts_left: Option<u32>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CompletedQuery {
    user_id: String,
    group_challenge_id: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CompletedQuestions {
    pub completed_questions: Vec<QuestionCompletionRow>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct QuestionQuery {
    question_id: String,
}

/// A service vouches that somebody answered a question rightly. What that earns is the server's to say.
#[utoipa::path(post, path = "/question/complete", tag = "questions", operation_id = "question_complete",
    request_body = CompleteQuestion, responses((status = 200, body = QuestionCompleted)))]
async fn complete(
    Calling(caller): Calling,
    State(control): State<Control>,
    Body(body): Body<CompleteQuestion>,
) -> Result<axum::Json<QuestionCompleted>, Refusal> {
    let done = api::complete(
        &control,
        &caller,
        &body.user_id,
        &body.question_id,
        &body.group_challenge_id,
    )
    .await?;
    Ok(axum::Json(QuestionCompleted {
        completion: done.completion.into(),
        points: done.points.into(),
    }))
}

/// Answer a question: the server judges, counts and prices.
#[utoipa::path(post, path = "/question/attempt", tag = "questions", operation_id = "question_attempt",
    request_body = NewQuestionAttempt, responses((status = 200, body = QuestionAttempted)))]
async fn attempt(
    Calling(caller): Calling,
    State(control): State<Control>,
    Body(body): Body<NewQuestionAttempt>,
) -> Result<axum::Json<QuestionAttempted>, Refusal> {
    let new = api::NewAttempt {
        user_id: body.user_id,
        question_id: body.question_id,
        group_challenge_id: body.group_challenge_id,
        answer: body.answer,
    };
    // Also when the client goes away, what was begun is counted and ended.
    let work = tokio::spawn(async move { api::attempt(&control, &caller, new).await });
    let done = work.await.map_err(Error::internal)??;
    let attempt = done.attempt;
    Ok(axum::Json(QuestionAttempted {
        correct: done.is_correct,
        attempt: QuestionAttemptRow {
            id: attempt.id.to_string(),
            question_id: attempt.question,
            user_id: attempt.user.to_string(),
            group_challenge_id: attempt.group_challenge.to_string(),
            attempted_at: attempt.at,
            answer: attempt.answer,
            is_correct: attempt.is_correct,
        },
        completion: done.completion.map(QuestionCompletionRow::from),
        attempts_left: done.attempts_left,
    }))
}

/// What somebody completed of a challenge.
#[utoipa::path(get, path = "/question/completed", tag = "questions", operation_id = "question_completed",
    params(CompletedQuery), responses((status = 200, body = CompletedQuestions)))]
async fn completed(
    Calling(caller): Calling,
    State(control): State<Control>,
    Query(query): Query<CompletedQuery>,
) -> Result<axum::Json<CompletedQuestions>, Refusal> {
    let done = api::completed(&control, &caller, &query.user_id, &query.group_challenge_id).await?;
    Ok(axum::Json(CompletedQuestions {
        completed_questions: done.into_iter().map(QuestionCompletionRow::from).collect(),
    }))
}

/// One question.
#[utoipa::path(get, path = "/question/details", tag = "questions", operation_id = "question_details",
    params(QuestionQuery), responses((status = 200, body = QuestionRow)))]
async fn details(
    Calling(caller): Calling,
    State(control): State<Control>,
    Query(query): Query<QuestionQuery>,
) -> Result<axum::Json<QuestionRow>, Refusal> {
    let row = api::question_details(&control, &caller, &query.question_id).await?;
    Ok(axum::Json(row.into()))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(complete))
        .routes(routes!(attempt))
        .routes(routes!(completed))
        .routes(routes!(details))
}
