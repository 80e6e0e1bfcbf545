//! Groups: labs as front ends make, join and follow them.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use pglab_control::{Control, database_api as api};
use serde::{Deserialize, Serialize};
use serde_json::Number;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{Body, Calling, Path, time},
    refusal::Refusal,
    rows::{CompetitionRow, GroupChallengeRow, number},
};
use crate::extract::ClientAddress;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewCompetition {
    name: String,
    /// No answers before.
    start_date: DateTime<Utc>,
    /// People who are instructors or admins; the token's owner is one besides.
    instructor_ids: Vec<String>,
    description: Option<String>,
    /// No answers after.
    end_date: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Join {
    /// In any case.
    code: String,
    user_id: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct JoinedCompetition {
    #[serde(flatten)]
    pub competition: CompetitionRow,
    pub challenges: Vec<GroupChallengeRow>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewAccessCode {
    group_id: String,
    created_by: String,
    /// Made when left out: 8 of A–Z and 0–9.
    code: Option<String>,
    expires_at: Option<DateTime<Utc>>,
    #[schema(minimum = 1)]
    max_uses: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessCodeRow {
    pub id: String,
    pub code: String,
    pub expires_at: Option<DateTime<Utc>>,
    pub max_uses: Option<i32>,
    pub used_count: i32,
    pub group_id: String,
    pub created_at: DateTime<Utc>,
    pub created_by: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewGroupChallenge {
    challenge_id: String,
    group_id: String,
    /// What its questions are worth together in this group.
    points: f64,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CompleteChallenge {
    user_id: String,
    group_challenge_id: String,
    group_id: String,
    challenge_id: String,
    /// Not asked for: the server knows what was earned.
    #[serde(default)]
    #[expect(dead_code, reason = "clients send it, and it is not believed")]
    points_earned: Option<serde_json::Value>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChallengeCompletionRow {
    pub id: String,
    pub user_id: String,
    pub group_challenge_id: String,
    #[schema(value_type = f64)]
    pub points_earned: Number,
    pub completed_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeaderboardRow {
    pub user_id: String,
    pub name: String,
    #[schema(value_type = f64)]
    pub points: Number,
    /// Questions that they completed.
    pub completions: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    pub progress: Vec<ProgressRow>,
    #[schema(value_type = f64)]
    pub total_points: Number,
    #[schema(value_type = f64)]
    pub earned_points: Number,
    /// Of the challenges, 0 to 100.
    pub completion_percentage: f64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProgressRow {
    pub challenge_id: String,
    pub challenge_name: String,
    #[schema(value_type = f64)]
    pub points: Number,
    pub completed: bool,
    #[schema(value_type = f64)]
    pub points_earned: Number,
}

/// Make a group: a lab that is open at once and takes answers between its dates.
#[utoipa::path(post, path = "/competition/create", tag = "competitions", operation_id = "competition_create",
    request_body = NewCompetition, responses((status = 201, body = CompetitionRow)))]
async fn create(
    Calling(caller): Calling,
    State(control): State<Control>,
    Body(body): Body<NewCompetition>,
) -> Result<(StatusCode, axum::Json<CompetitionRow>), Refusal> {
    let new = api::NewCompetition {
        name: body.name,
        start_date: time("startDate", body.start_date)?,
        end_date: body.end_date.map(|at| time("endDate", at)).transpose()?,
        description: body.description.unwrap_or_default(),
        instructor_ids: body.instructor_ids,
    };
    let made = api::competition_create(&control, &caller, new).await?;
    Ok((StatusCode::CREATED, axum::Json(made.into())))
}

/// Join a group by an access code.
#[utoipa::path(post, path = "/competition/join", tag = "competitions", operation_id = "competition_join",
    request_body = Join, responses((status = 200, body = JoinedCompetition)))]
async fn join(
    Calling(caller): Calling,
    State(control): State<Control>,
    ClientAddress(address): ClientAddress,
    Body(body): Body<Join>,
) -> Result<axum::Json<JoinedCompetition>, Refusal> {
    let (competition, challenges) = api::join(&control, &caller, &body.code, &body.user_id, &address).await?;
    Ok(axum::Json(JoinedCompetition {
        competition: competition.into(),
        challenges: challenges.into_iter().map(GroupChallengeRow::from).collect(),
    }))
}

/// Make an access code of a group.
#[utoipa::path(post, path = "/competition/generate-code", tag = "competitions", operation_id = "access_code_create",
    request_body = NewAccessCode, responses((status = 201, body = AccessCodeRow)))]
async fn generate_code(
    Calling(caller): Calling,
    State(control): State<Control>,
    Body(body): Body<NewAccessCode>,
) -> Result<(StatusCode, axum::Json<AccessCodeRow>), Refusal> {
    let new = api::NewAccessCode {
        group_id: body.group_id,
        created_by: body.created_by,
        code: body.code,
        expires_at: body.expires_at.map(|at| time("expiresAt", at)).transpose()?,
        max_uses: body.max_uses,
    };
    let code = api::generate_code(&control, &caller, new).await?;
    let row = AccessCodeRow {
        id: code.id.to_string(),
        code: code.code,
        expires_at: code.expires_at,
        max_uses: code.max_uses,
        used_count: code.used_count,
        group_id: code.lab.to_string(),
        created_at: code.created_at,
        created_by: code.created_by.map(|id| id.to_string()),
    };
    Ok((StatusCode::CREATED, axum::Json(row)))
}

/// Add a challenge to a group.
#[utoipa::path(post, path = "/competition/add-challenge", tag = "competitions", operation_id = "group_challenge_create",
    request_body = NewGroupChallenge, responses((status = 201, body = GroupChallengeRow)))]
async fn add_challenge(
    Calling(caller): Calling,
    State(control): State<Control>,
    Body(body): Body<NewGroupChallenge>,
) -> Result<(StatusCode, axum::Json<GroupChallengeRow>), Refusal> {
    let added =
        api::add_challenge(&control, &caller, &body.challenge_id, &body.group_id, body.points).await?;
    Ok((StatusCode::CREATED, axum::Json(added.into())))
}

/// Say that all questions of a challenge are done: the server looks whether they are.
#[utoipa::path(post, path = "/competition/complete-challenge", tag = "competitions", operation_id = "challenge_complete",
    request_body = CompleteChallenge, responses((status = 200, body = ChallengeCompletionRow)))]
async fn complete_challenge(
    Calling(caller): Calling,
    State(control): State<Control>,
    Body(body): Body<CompleteChallenge>,
) -> Result<axum::Json<ChallengeCompletionRow>, Refusal> {
    let done = api::complete_challenge(
        &control,
        &caller,
        &body.user_id,
        &body.group_challenge_id,
        &body.group_id,
        &body.challenge_id,
    )
    .await?;
    Ok(axum::Json(ChallengeCompletionRow {
        id: done.id.to_string(),
        user_id: done.user.to_string(),
        group_challenge_id: done.group_challenge.to_string(),
        points_earned: number(done.points),
        completed_at: done.at,
    }))
}

/// Who stands where in a group.
#[utoipa::path(get, path = "/competition/{group_id}/leaderboard", tag = "competitions", operation_id = "leaderboard",
    params(("group_id" = String, Path)), responses((status = 200, body = [LeaderboardRow])))]
async fn leaderboard(
    Calling(caller): Calling,
    State(control): State<Control>,
    Path(group): Path<String>,
) -> Result<axum::Json<Vec<LeaderboardRow>>, Refusal> {
    let rows = api::leaderboard(&control, &caller, &group).await?;
    let rows = rows.into_iter().map(|row| LeaderboardRow {
        user_id: row.user.to_string(),
        name: row.name,
        points: number(row.points),
        completions: row.completions as u64,
    });
    Ok(axum::Json(rows.collect()))
}

/// Where a member of a group is with its challenges.
#[utoipa::path(get, path = "/competition/{group_id}/progress/{user_id}", tag = "competitions",
    operation_id = "progress", params(("group_id" = String, Path), ("user_id" = String, Path)),
    responses((status = 200, body = Progress)))]
async fn progress(
    Calling(caller): Calling,
    State(control): State<Control>,
    Path((group, user)): Path<(String, String)>,
) -> Result<axum::Json<Progress>, Refusal> {
    let found = api::progress(&control, &caller, &group, &user).await?;
    Ok(axum::Json(Progress {
        total_points: number(found.total),
        earned_points: number(found.earned),
        completion_percentage: found.percentage,
        progress: found
            .rows
            .into_iter()
            .map(|row| ProgressRow {
                challenge_id: row.challenge.to_string(),
                challenge_name: row.name,
                points: number(row.points),
                completed: row.is_completed,
                points_earned: number(row.earned),
            })
            .collect(),
    }))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(join))
        .routes(routes!(generate_code))
        .routes(routes!(add_challenge))
        .routes(routes!(complete_challenge))
        .routes(routes!(leaderboard))
        .routes(routes!(progress))
}
