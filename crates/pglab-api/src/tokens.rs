//! One's own API tokens.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use pglab_control::{Control, tokens};
use pglab_core::id::TokenId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    extract::{Acting, Json, Path},
};

/// What a token may be used for.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Read,
    Write,
    /// To scrape metrics, and nothing else. Only an admin may make such a token.
    Metrics,
    /// To act for the students of labs, through the Database API alone. Only an instructor may make such a token.
    ActFor,
    /// With `act_for`: receives answers and flags too.
    Answers,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Token {
    pub id: String,
    pub name: String,
    pub scopes: Vec<String>,
    pub created_at: DateTime<Utc>,
    /// To the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<DateTime<Utc>>,
}

impl From<tokens::ApiToken> for Token {
    fn from(token: tokens::ApiToken) -> Self {
        Self {
            id: token.id.to_string(),
            name: token.name,
            scopes: token.scopes,
            created_at: token.created_at,
            last_used_at: token.last_used_at,
            expires_at: token.expires_at,
            revoked_at: token.revoked_at,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TokenList {
    pub items: Vec<Token>,
    pub next: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    pub name: String,
    /// `read` and `write` when left out; `write` includes `read`.
    #[serde(default)]
    pub scopes: Vec<Scope>,
    /// Short names of the labs that a token with `act_for` is for; all of them when left out, which is for admins. It is also
    /// for labs that are made with it.
    pub labs: Option<Vec<String>>,
    /// 1 to 3650; never when left out.
    pub expires_in_days: Option<u32>,
}

#[derive(Serialize, ToSchema)]
struct CreatedToken {
    #[serde(flatten)]
    about: Token,
    /// Shown only now.
    token: String,
}

/// One's own tokens, the newest first, also those that ended.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "account", operation_id = "token_list",
    responses((status = 200, body = TokenList)))]
async fn list(
    State(control): State<Control>,
    Acting(actor): Acting,
) -> Result<axum::Json<TokenList>, Problem> {
    let tokens = tokens::list(&control, &actor).await?;
    Ok(axum::Json(TokenList {
        items: tokens.into_iter().map(Token::from).collect(),
        next: None,
    }))
}

/// Make a token for a program. It may do what its owner may, or only read.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "account", operation_id = "token_create",
    request_body = NewToken, responses((status = 201, body = CreatedToken)))]
async fn create(
    State(control): State<Control>,
    Acting(actor): Acting,
    Json(body): Json<NewToken>,
) -> Result<(StatusCode, axum::Json<CreatedToken>), Problem> {
    let scopes = body.scopes.iter().map(|scope| match scope {
        Scope::Read => "read".to_owned(),
        Scope::Write => "write".to_owned(),
        Scope::Metrics => "metrics".to_owned(),
        Scope::ActFor => "act_for".to_owned(),
        Scope::Answers => "answers".to_owned(),
    });
    let new = tokens::NewToken {
        scopes: scopes.collect(),
        labs: body.labs,
        name: body.name,
        expires_in_days: body.expires_in_days,
    };
    let (about, token) = tokens::create(&control, &actor, new).await?;
    let created = CreatedToken {
        about: about.into(),
        token,
    };
    Ok((StatusCode::CREATED, axum::Json(created)))
}

/// Revoke a token. Revoking twice is fine.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "account", operation_id = "token_revoke",
    params(("id" = String, Path)), responses((status = 204)))]
async fn revoke(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(id): Path<TokenId>,
) -> Result<StatusCode, Problem> {
    tokens::revoke(&control, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(revoke))
}
