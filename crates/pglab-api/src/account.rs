//! One's own account: what it holds, and its password.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use pglab_control::{Control, account};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    extract::{Acting, ActingSession, Json},
    words::Role,
};

#[derive(Debug, Serialize, ToSchema)]
pub struct Account {
    pub id: String,
    pub login: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    pub role: Role,
    pub password: AccountPassword,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AccountPassword {
    /// It is still the one that was given out.
    pub initial: bool,
    /// Since when PostgreSQL has been seen to hold another password than this page: psql's `\password` changes only
    /// that. Changing it here sets both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differs_since: Option<DateTime<Utc>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    old_password: String,
    /// 8 characters to 256 bytes
    new_password: String,
}

/// One's own account.
#[utoipa::path(get, path = "/api/v1/me", tag = "account", operation_id = "account_show",
    responses((status = 200, body = Account)))]
async fn show(State(control): State<Control>, Acting(actor): Acting) -> Result<axum::Json<Account>, Problem> {
    let account::Account { person, credential } = account::show(&control, &actor).await?;
    Ok(axum::Json(Account {
        id: person.id.to_string(),
        login: person.login.into(),
        name: person.name,
        email: person.email,
        role: person.role.into(),
        password: AccountPassword {
            initial: credential
                .as_ref()
                .is_some_and(|credential| credential.initial_sealed.is_some()),
            differs_since: credential.and_then(|credential| credential.differs_since),
        },
    }))
}

/// Change one's own password, for the pages and for PostgreSQL. One's other sessions end.
#[utoipa::path(post, path = "/api/v1/me/password", tag = "account", operation_id = "password_change",
    request_body = PasswordChange, responses((status = 204)))]
async fn change_password(
    State(control): State<Control>,
    ActingSession(identified): ActingSession,
    Json(body): Json<PasswordChange>,
) -> Result<StatusCode, Problem> {
    account::change_password(&control, &identified, &body.old_password, &body.new_password).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(change_password))
}
