//! Documents of challenges, one by one, and the schema that describes them.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use pglab_control::{Control, database_api as api};
use pglab_core::{cdf::Problem, pack::diff::ChallengeDiff};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{Calling, Path, Text},
    refusal::Refusal,
    rows::ChallengeRow,
};

/// What a document looks like, as a JSON schema.
pub const SCHEMA: &str = include_str!("cdf-schema.json");

/// A document of CDF: see `/api/schema`.
#[derive(Debug, ToSchema)]
#[schema(value_type = Object)]
pub struct CdfDocument(#[expect(dead_code, reason = "what the document tells of the body")] pub Value);

#[derive(Debug, Serialize, ToSchema)]
pub struct CdfChecked {
    pub valid: bool,
    pub errors: Vec<Problem>,
    pub warnings: Vec<Problem>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CdfChanged {
    pub challenge: ChallengeRow,
    pub changed: bool,
    /// Ids of question components.
    pub tasks_added: Vec<String>,
    pub tasks_changed: Vec<String>,
    pub tasks_removed: Vec<String>,
}

/// Is this a document that can be used? An invalid one is an answer, not an error.
#[utoipa::path(post, path = "/cdf/validate", tag = "cdf", operation_id = "cdf_validate",
    request_body = CdfDocument, responses((status = 200, body = CdfChecked)))]
async fn validate(
    Calling(caller): Calling,
    State(control): State<Control>,
    Text(text): Text,
) -> Result<axum::Json<CdfChecked>, Refusal> {
    let checked = api::validate(&control, &caller, &text)?;
    Ok(axum::Json(CdfChecked {
        valid: checked.errors.is_empty(),
        errors: checked.errors,
        warnings: checked.warnings,
    }))
}

/// Take a document in as a challenge. The same document again changes nothing.
#[utoipa::path(post, path = "/cdf/import", tag = "cdf", operation_id = "cdf_import",
    request_body = CdfDocument, responses((status = 200, body = ChallengeRow)))]
async fn import(
    Calling(caller): Calling,
    State(control): State<Control>,
    Text(text): Text,
) -> Result<axum::Json<ChallengeRow>, Refusal> {
    Ok(axum::Json(api::import(&control, &caller, &text).await?.into()))
}

/// The document of a challenge as it was written, with its answers: only for a service with the scope `answers`.
#[utoipa::path(get, path = "/cdf/export/{challenge_id}", tag = "cdf", operation_id = "cdf_export",
    params(("challenge_id" = String, Path)), responses((status = 200, body = CdfDocument)))]
async fn export(
    Calling(caller): Calling,
    State(control): State<Control>,
    Path(id): Path<String>,
) -> Result<axum::Json<Value>, Refusal> {
    Ok(axum::Json(api::export(&control, &caller, &id).await?))
}

/// Put another document in the place of that of a challenge.
#[utoipa::path(post, path = "/cdf/update/{challenge_id}", tag = "cdf", operation_id = "cdf_update",
    params(("challenge_id" = String, Path)), request_body = CdfDocument,
    responses((status = 200, body = CdfChanged)))]
async fn update(
    Calling(caller): Calling,
    State(control): State<Control>,
    Path(id): Path<String>,
    Text(text): Text,
) -> Result<axum::Json<CdfChanged>, Refusal> {
    let done = api::update(&control, &caller, &id, &text).await?;
    let changed = done.diff.is_some();
    let diff: ChallengeDiff = done.diff.unwrap_or_default();
    Ok(axum::Json(CdfChanged {
        challenge: done.challenge.into(),
        changed,
        tasks_added: diff.tasks_added,
        tasks_changed: diff.tasks_changed,
        tasks_removed: diff.tasks_removed,
    }))
}

/// The JSON schema of documents.
#[utoipa::path(get, path = "/api/schema", tag = "cdf", operation_id = "cdf_schema",
    responses((status = 200, body = CdfDocument)))]
async fn schema(Calling(_caller): Calling) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], SCHEMA).into_response()
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(validate))
        .routes(routes!(import))
        .routes(routes!(export))
        .routes(routes!(update))
        .routes(routes!(schema))
}
