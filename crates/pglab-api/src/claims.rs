//! Claim links, for whoever holds one: the link is the proof, so nobody signs in here.

use axum::extract::State;
use pglab_control::{Control, claim};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{Problem, extract::Path, kit::Kit};

#[derive(Debug, Serialize, ToSchema)]
pub struct Claim {
    pub login: String,
    pub name: String,
    pub lab: ClaimLab,
    pub state: ClaimState,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ClaimLab {
    pub slug: String,
    pub title: String,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClaimState {
    Fresh,
    Used,
    Expired,
}

#[derive(Serialize, ToSchema)]
struct Claimed {
    kit: Kit,
}

/// What a claim link is for.
#[utoipa::path(get, path = "/api/v1/claims/{token}", tag = "class", operation_id = "claim_show", security(()),
    params(("token" = String, Path)), responses((status = 200, body = Claim)))]
async fn show(
    State(control): State<Control>,
    Path(token): Path<String>,
) -> Result<axum::Json<Claim>, Problem> {
    let claim = claim::look(&control, &token).await?;
    Ok(axum::Json(Claim {
        login: claim.member.login.into(),
        name: claim.member.name,
        lab: ClaimLab {
            slug: claim.lab.slug.into(),
            title: claim.lab.title,
        },
        state: match claim.state {
            claim::ClaimState::Fresh => ClaimState::Fresh,
            claim::ClaimState::Used => ClaimState::Used,
            claim::ClaimState::Expired => ClaimState::Expired,
        },
    }))
}

/// Show the kit with the password: once.
#[utoipa::path(post, path = "/api/v1/claims/{token}", tag = "class", operation_id = "claim_take", security(()),
    params(("token" = String, Path)), responses((status = 200, body = Claimed)))]
async fn take(
    State(control): State<Control>,
    Path(token): Path<String>,
) -> Result<axum::Json<Claimed>, Problem> {
    let kit = claim::take(&control, &token).await.map_err(|error| {
        let gone = matches!(error, pglab_control::Error::Gone(_));
        let mut problem = Problem::from(error);
        if gone {
            problem.code = "claimed".to_owned();
        }
        problem
    })?;
    Ok(axum::Json(Claimed { kit: kit.into() }))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(show, take))
}
