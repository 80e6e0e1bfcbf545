//! Challenges: listed and shown with their questions.

use axum::extract::State;
use pglab_control::{Control, database_api as api};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{Calling, Query},
    refusal::Refusal,
    rows::{AppConfigRow, ChallengeRow, QuestionRow},
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ChallengeQuery {
    challenge_id: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ChallengeDetails {
    pub id: String,
    pub name: String,
    pub description: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// In order.
    pub questions: Vec<QuestionRow>,
    #[serde(rename = "appConfigs")]
    pub app_configs: Vec<AppConfigRow>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    /// EASY, MEDIUM, HARD or EXPERT.
    #[serde(default)]
    difficulty: Option<String>,
    #[serde(default)]
    pack_id: Option<String>,
    /// In the name or the description.
    #[serde(default)]
    search: Option<String>,
    /// 100 when left out.
    #[serde(default)]
    #[param(minimum = 0, maximum = 1000)]
    limit: Option<i64>,
    #[serde(default)]
    #[param(minimum = 0)]
    offset: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ChallengeList {
    pub challenges: Vec<ChallengeRow>,
    /// On all pages.
    pub total: i64,
}

/// A challenge with its questions and apps.
#[utoipa::path(get, path = "/challenge/details", tag = "challenges", operation_id = "challenge_details",
    params(ChallengeQuery), responses((status = 200, body = ChallengeDetails)))]
async fn details(
    Calling(caller): Calling,
    State(control): State<Control>,
    Query(query): Query<ChallengeQuery>,
) -> Result<axum::Json<ChallengeDetails>, Refusal> {
    let found = api::details(&control, &caller, &query.challenge_id).await?;
    Ok(axum::Json(ChallengeDetails {
        id: found.id,
        name: found.name,
        description: found.description,
        kind: found.challenge_type,
        questions: found.questions.into_iter().map(QuestionRow::from).collect(),
        app_configs: found.apps.into_iter().map(AppConfigRow::from).collect(),
    }))
}

/// Challenges, page by page.
#[utoipa::path(get, path = "/challenge/list", tag = "challenges", operation_id = "challenge_list", params(ListQuery),
    responses((status = 200, body = ChallengeList)))]
async fn list(
    Calling(caller): Calling,
    State(control): State<Control>,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<ChallengeList>, Refusal> {
    let wanted = api::ListWanted {
        challenge_type: query.kind,
        difficulty: query.difficulty,
        pack: query.pack_id,
        search: query.search,
        limit: query.limit,
        offset: query.offset,
    };
    let found = api::challenge_list(&control, &caller, wanted).await?;
    Ok(axum::Json(ChallengeList {
        challenges: found.challenges.into_iter().map(ChallengeRow::from).collect(),
        total: found.total,
    }))
}

/// All challenges, 1000 at most.
#[utoipa::path(get, path = "/challenges", tag = "challenges", operation_id = "challenge_all",
    responses((status = 200, body = [ChallengeRow])))]
async fn all(
    Calling(caller): Calling,
    State(control): State<Control>,
) -> Result<axum::Json<Vec<ChallengeRow>>, Refusal> {
    let wanted = api::ListWanted {
        limit: Some(1000),
        ..api::ListWanted::default()
    };
    let found = api::challenge_list(&control, &caller, wanted).await?;
    Ok(axum::Json(
        found.challenges.into_iter().map(ChallengeRow::from).collect(),
    ))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(details))
        .routes(routes!(list))
        .routes(routes!(all))
}
