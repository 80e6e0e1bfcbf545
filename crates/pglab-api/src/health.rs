//! Is the process alive? For load balancers and supervisors; needs no sign-in and touches nothing.

use axum::Json;
use pglab_control::Control;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`
    pub status: String,
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "system", security(()), responses((status = 200, body = Health)))]
async fn healthz() -> Json<Health> {
    Json(Health {
        status: "ok".to_owned(),
    })
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(healthz))
}
