//! Points that a front end gives by hand.

use axum::extract::State;
use pglab_control::{Control, database_api as api};
use serde::{Deserialize, Serialize};
use serde_json::Number;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{Body, Calling, Query},
    refusal::Refusal,
    rows::{PointsRow, number},
};

#[derive(Debug, Deserialize, ToSchema)]
pub struct PointsChange {
    user_id: String,
    group_id: String,
    points: f64,
}

impl From<PointsChange> for api::Change {
    fn from(change: PointsChange) -> Self {
        Self {
            user_id: change.user_id,
            group_id: change.group_id,
            points: change.points,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PointsQuery {
    user_id: String,
    group_id: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PointsFound {
    #[schema(value_type = f64)]
    pub points: Number,
}

/// Give points to a member of a group, or take them.
#[utoipa::path(post, path = "/add_points", tag = "points", operation_id = "points_add",
    request_body = PointsChange, responses((status = 200, body = PointsRow)))]
async fn add(
    Calling(caller): Calling,
    State(control): State<Control>,
    Body(body): Body<PointsChange>,
) -> Result<axum::Json<PointsRow>, Refusal> {
    Ok(axum::Json(
        api::add_points(&control, &caller, body.into()).await?.into(),
    ))
}

/// Bring the points of a member of a group to a number.
#[utoipa::path(post, path = "/set_points", tag = "points", operation_id = "points_set",
    request_body = PointsChange, responses((status = 200, body = PointsRow)))]
async fn set(
    Calling(caller): Calling,
    State(control): State<Control>,
    Body(body): Body<PointsChange>,
) -> Result<axum::Json<PointsRow>, Refusal> {
    Ok(axum::Json(
        api::set_points(&control, &caller, body.into()).await?.into(),
    ))
}

/// The points of somebody in a group; 0 if there are none.
#[utoipa::path(get, path = "/get_points", tag = "points", operation_id = "points_get", params(PointsQuery),
    responses((status = 200, body = PointsFound)))]
async fn get(
    Calling(caller): Calling,
    State(control): State<Control>,
    Query(query): Query<PointsQuery>,
) -> Result<axum::Json<PointsFound>, Refusal> {
    let points = api::get_points(&control, &caller, &query.user_id, &query.group_id).await?;
    Ok(axum::Json(PointsFound {
        points: number(points),
    }))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(add))
        .routes(routes!(set))
        .routes(routes!(get))
}
