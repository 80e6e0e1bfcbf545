//! Access codes: made by instructors, used by whoever has one.

use axum::{extract::State, http::StatusCode, response::IntoResponse, response::Response};
use chrono::{DateTime, Utc};
use pglab_control::{
    Control,
    access_code::{self, Joined},
    session::LONGEST,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    extract::{Acting, ClientAddress, Json, Path},
    session::{Session, cookie},
};

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AccessCode {
    pub id: String,
    /// A–Z and 0–9. People may type it in any case.
    pub code: String,
    /// The page on which it is used.
    pub url: String,
    /// It can be used now, as long as its lab is in preparation or open.
    pub works: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// Missing: as many as one likes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<i32>,
    pub used_count: i32,
    pub created_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<DateTime<Utc>>,
}

impl AccessCode {
    fn new(control: &Control, code: access_code::AccessCode) -> Self {
        Self {
            id: code.id.to_string(),
            url: format!("{}/join/{}", control.public_url, code.code),
            works: code.works(control.now()),
            code: code.code,
            expires_at: code.expires_at,
            max_uses: code.max_uses,
            used_count: code.used_count,
            created_at: code.created_at,
            revoked_at: code.revoked_at,
        }
    }
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AccessCodeList {
    pub items: Vec<AccessCode>,
    /// Always null: a lab's codes are on one page.
    pub next: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccessCode {
    /// 4 to 32 letters and digits; 8 random ones when left out.
    pub code: Option<String>,
    /// Never when left out.
    pub expires_at: Option<DateTime<Utc>>,
    /// 1 to 1000000; as many as one likes when left out.
    pub max_uses: Option<u32>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// In any case.
    pub code: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinWithAccount {
    /// In any case.
    pub code: String,
    /// Also the name of the role in PostgreSQL.
    pub login: String,
    pub name: String,
    /// At least 8 characters. For the pages and for PostgreSQL.
    pub password: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct JoinLab {
    pub slug: String,
    pub title: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct JoinedLab {
    pub lab: JoinLab,
    /// Was a student of it before; nothing was used up.
    pub already: bool,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct JoinOffer {
    pub lab: JoinLab,
    /// Who has no account may make one with this code.
    pub accounts: bool,
}

impl From<pglab_control::access_code::Offer> for JoinOffer {
    fn from(offer: pglab_control::access_code::Offer) -> Self {
        Self {
            accounts: offer.accounts,
            lab: JoinLab {
                slug: offer.lab.slug.into(),
                title: offer.lab.title,
            },
        }
    }
}

/// The codes of a lab, the newest first, also those that work no longer.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/access-codes", tag = "class", operation_id = "access_code_list",
    params(("lab" = String, Path)), responses((status = 200, body = AccessCodeList)))]
async fn list(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<axum::Json<AccessCodeList>, Problem> {
    let codes = access_code::list(&control, &actor, &lab).await?;
    Ok(axum::Json(AccessCodeList {
        items: codes
            .into_iter()
            .map(|code| AccessCode::new(&control, code))
            .collect(),
        next: None,
    }))
}

/// Make a code by which people join the lab as students. One that exists, in whatever lab, is 409.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/access-codes", tag = "class", operation_id = "access_code_create",
    params(("lab" = String, Path)), request_body = NewAccessCode, responses((status = 201, body = AccessCode)))]
async fn create(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Json(body): Json<NewAccessCode>,
) -> Result<(StatusCode, axum::Json<AccessCode>), Problem> {
    let new = access_code::NewCode {
        code: body.code,
        expires_at: body.expires_at,
        max_uses: body.max_uses,
        created_by: None,
    };
    let code = access_code::create(&control, &actor, &lab, new).await?;
    Ok((StatusCode::CREATED, axum::Json(AccessCode::new(&control, code))))
}

/// Revoke a code. Who joined by it stays; revoking twice is fine.
#[utoipa::path(delete, path = "/api/v1/labs/{lab}/access-codes/{code}", tag = "class",
    operation_id = "access_code_revoke", params(("lab" = String, Path), ("code" = String, Path)),
    responses((status = 204)))]
async fn revoke(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, code)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    access_code::revoke(&control, &actor, &lab, &code).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Join the lab of a code as a student.
///
/// A code that is unknown, revoked, expired or used up is 422, with the same words; after 20 of them within 15 minutes the
/// answer is 429.
#[utoipa::path(post, path = "/api/v1/join", tag = "account", operation_id = "lab_join", request_body = Join,
    responses((status = 200, body = JoinedLab)))]
async fn join(
    State(control): State<Control>,
    Acting(actor): Acting,
    ClientAddress(address): ClientAddress,
    Json(body): Json<Join>,
) -> Result<axum::Json<JoinedLab>, Problem> {
    let Joined { lab, already, .. } = access_code::join(&control, &actor, &body.code, &address).await?;
    Ok(axum::Json(JoinedLab {
        lab: JoinLab {
            slug: lab.slug.into(),
            title: lab.title,
        },
        already,
    }))
}

/// What a code is for, for whoever has it. One that does not work is 422.
#[utoipa::path(get, path = "/api/v1/join/{code}", tag = "account", operation_id = "lab_join_look", security(()),
    params(("code" = String, Path)), responses((status = 200, body = JoinOffer)))]
async fn look(
    State(control): State<Control>,
    Acting(actor): Acting,
    ClientAddress(address): ClientAddress,
    Path(code): Path<String>,
) -> Result<axum::Json<JoinOffer>, Problem> {
    let offer = access_code::look(&control, &actor, &code, &address).await?;
    Ok(axum::Json(offer.into()))
}

/// Make an account with a code, join its lab and sign in. Sets the cookie `pglab_session`.
///
/// Only where the lab's setting `self_registration` is on and pglab itself keeps the passwords; else 409.
#[utoipa::path(post, path = "/api/v1/join/account", tag = "account", operation_id = "lab_join_account", security(()),
    request_body = JoinWithAccount, responses((status = 201, body = Session)))]
async fn account(
    State(control): State<Control>,
    ClientAddress(address): ClientAddress,
    Json(body): Json<JoinWithAccount>,
) -> Result<Response, Problem> {
    let new = access_code::NewAccount {
        login: body.login,
        name: body.name,
        password: body.password,
    };
    let (token, description) = access_code::create_account(&control, &body.code, new, &address).await?;
    let cookie = cookie(&control, &token, LONGEST.num_seconds());
    let session = axum::Json(Session::from(description));
    Ok((StatusCode::CREATED, cookie, session).into_response())
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(revoke))
        .routes(routes!(join))
        .routes(routes!(account))
        .routes(routes!(look))
}
