//! What front ends tell for the activity log.

use axum::extract::State;
use chrono::{DateTime, Utc};
use pglab_control::{Control, database_api as api};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{Body, Calling},
    refusal::Refusal,
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewActivity {
    /// Required: one of the events, `CHALLENGE_STARTED`.
    event_type: Option<String>,
    /// Required: somebody who exists.
    user_id: Option<String>,
    /// INFO, WARNING, ERROR or CRITICAL; INFO when left out.
    severity: Option<String>,
    /// An object, or the text of one.
    metadata: Option<Value>,
    challenge_id: Option<String>,
    group_id: Option<String>,
    challenge_instance_id: Option<String>,
    access_code_id: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Logged {
    pub id: String,
    pub timestamp: DateTime<Utc>,
}

/// Tell what somebody did. It is kept as told by a front end.
#[utoipa::path(post, path = "/activity/log", tag = "activity", operation_id = "activity_log",
    request_body = NewActivity, responses((status = 200, body = Logged)))]
async fn log(
    Calling(caller): Calling,
    State(control): State<Control>,
    Body(body): Body<NewActivity>,
) -> Result<axum::Json<Logged>, Refusal> {
    let new = api::NewReport {
        event_type: body.event_type,
        user_id: body.user_id,
        severity: body.severity,
        metadata: body.metadata,
        challenge_id: body.challenge_id,
        group_id: body.group_id,
        challenge_instance_id: body.challenge_instance_id,
        access_code_id: body.access_code_id,
    };
    let told = api::report(&control, &caller, new).await?;
    Ok(axum::Json(Logged {
        id: told.id.to_string(),
        timestamp: told.at,
    }))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(log))
}
