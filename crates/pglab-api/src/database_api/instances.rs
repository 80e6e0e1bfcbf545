//! Instances of challenges that run as pods.

use axum::extract::State;
use chrono::{DateTime, Utc};
use pglab_control::{Control, database_api as api};
use pglab_core::person::Role;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{Body, Calling, Path, Query},
    refusal::Refusal,
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InstanceQuery {
    challenge_instance_id: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonRow {
    pub id: String,
    pub name: String,
    pub email: Option<String>,
    /// ADMIN, INSTRUCTOR or STUDENT.
    pub role: &'static str,
    pub created_at: DateTime<Utc>,
    /// pglab does not note when an account was changed: when it was made.
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChallengeInstanceRow {
    pub id: String,
    pub challenge_id: String,
    pub user_id: String,
    pub challenge_url: Option<String>,
    /// CREATING, ACTIVE, QUEUED, TERMINATING, TERMINATED or ERROR.
    pub status: &'static str,
    /// Only for a service.
    pub flag_secret_name: Option<String>,
    /// Only for a service with the scope `answers`.
    pub flag: Option<String>,
    pub user: PersonRow,
    pub group_challenge_id: Option<String>,
    pub group_id: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChallengeInstancePatch {
    flag_secret_name: Option<String>,
    flag: Option<String>,
    /// One that can follow the status now.
    status: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ChallengeInstancePatched {
    pub success: bool,
    pub message: &'static str,
    pub data: PatchedInstance,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PatchedInstance {
    pub id: String,
    pub flag_secret_name: Option<String>,
    /// Only for a service with the scope `answers`.
    pub flag: Option<String>,
    pub status: &'static str,
}

/// One instance, with whose it is.
#[utoipa::path(get, path = "/get_challenge_instance", tag = "instances", operation_id = "challenge_instance_get",
    params(InstanceQuery), responses((status = 200, body = ChallengeInstanceRow)))]
async fn show(
    Calling(caller): Calling,
    State(control): State<Control>,
    Query(query): Query<InstanceQuery>,
) -> Result<axum::Json<ChallengeInstanceRow>, Refusal> {
    let view = api::instance_show(&control, &caller, &query.challenge_instance_id).await?;
    let person = view.person;
    Ok(axum::Json(ChallengeInstanceRow {
        id: view.instance.id.to_string(),
        challenge_id: view.instance.challenge.to_string(),
        user_id: person.id.to_string(),
        challenge_url: view.url,
        status: view.status,
        flag_secret_name: view.flag_secret_name,
        flag: view.flag,
        user: PersonRow {
            id: person.id.to_string(),
            name: person.name,
            email: person.email,
            role: match person.role {
                Role::Admin => "ADMIN",
                Role::Instructor => "INSTRUCTOR",
                Role::Student => "STUDENT",
            },
            created_at: person.created_at,
            updated_at: person.created_at,
        },
        group_challenge_id: view.group_challenge.map(|id| id.to_string()),
        group_id: view.instance.lab.to_string(),
    }))
}

/// Set what a front end knows of an instance. A status that can't follow is refused.
#[utoipa::path(patch, path = "/api/challenge-instances/{id}", tag = "instances",
    operation_id = "challenge_instance_patch", params(("id" = String, Path)), request_body = ChallengeInstancePatch,
    responses((status = 200, body = ChallengeInstancePatched)))]
async fn patch(
    Calling(caller): Calling,
    State(control): State<Control>,
    Path(id): Path<String>,
    Body(body): Body<ChallengeInstancePatch>,
) -> Result<axum::Json<ChallengeInstancePatched>, Refusal> {
    let wanted = api::InstancePatch {
        flag_secret_name: body.flag_secret_name,
        flag: body.flag,
        status: body.status,
    };
    let view = api::instance_patch(&control, &caller, &id, wanted).await?;
    Ok(axum::Json(ChallengeInstancePatched {
        success: true,
        message: "Challenge instance updated",
        data: PatchedInstance {
            id: view.instance.id.to_string(),
            flag_secret_name: view.flag_secret_name,
            flag: view.flag,
            status: view.status,
        },
    }))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(show)).routes(routes!(patch))
}
