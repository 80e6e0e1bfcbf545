//! Signing in and out on the pages: the session behind the cookie.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use pglab_control::{
    Control, oidc,
    session::{self, Description},
    sign_in,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    extract::{ActingSession, COOKIE, ClientAddress, Json},
    words::Role,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    login: String,
    password: String,
}

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    pub signed_in: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<SessionPerson>,
    /// The initial password has to be changed before anything else.
    pub must_change_password: bool,
    /// For the header X-CSRF-Token of what changes something. None behind an API token, which needs none.
    pub csrf_token: Option<String>,
    /// `lab_create`, `person_manage`, `system_view`
    pub may: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SessionPerson {
    pub id: String,
    pub login: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    pub role: Role,
}

impl From<Description> for Session {
    fn from(description: Description) -> Self {
        Self {
            signed_in: description.person.is_some(),
            person: description.person.map(|person| SessionPerson {
                id: person.id.to_string(),
                login: person.login.into(),
                name: person.name,
                email: person.email,
                role: person.role.into(),
            }),
            must_change_password: description.must_change_password,
            csrf_token: description.csrf_token,
            may: description.may.into_iter().map(str::to_owned).collect(),
        }
    }
}

/// Sign in with login and password. Sets the cookie `pglab_session`.
///
/// After 10 failures of one login from one address within 15 minutes (50 of one login from anywhere, 300 from one
/// address) it answers 429 until the first of them is 15 minutes old.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", operation_id = "session_create", security(()),
    request_body = SignIn, responses((status = 200, body = Session)))]
async fn create(
    State(control): State<Control>,
    ClientAddress(address): ClientAddress,
    Json(body): Json<SignIn>,
) -> Result<Response, Problem> {
    let (token, description) = sign_in::sign_in(&control, &body.login, &body.password, &address).await?;
    let cookie = cookie(&control, &token, session::LONGEST.num_seconds());
    Ok((cookie, axum::Json(Session::from(description))).into_response())
}

/// Who is signed in; nobody is an answer too.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", operation_id = "session_show", security(()),
    responses((status = 200, body = Session)))]
async fn show(
    State(control): State<Control>,
    ActingSession(identified): ActingSession,
) -> Result<axum::Json<Session>, Problem> {
    Ok(axum::Json(session::describe(&control, &identified).await?.into()))
}

/// Where to go on after signing out.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedOut {
    /// At the provider that the session came from, to end the one there too.
    pub go_to: String,
}

/// Sign out. Where the session came from a provider that says how, the answer is where to sign out of that too.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", operation_id = "session_delete",
    responses((status = 204), (status = 200, body = SignedOut)))]
async fn delete(
    State(control): State<Control>,
    ActingSession(identified): ActingSession,
) -> Result<Response, Problem> {
    let go_to = oidc::sign_out(&control, &identified).await?;
    let cookie = cookie(&control, "", 0);
    Ok(match go_to {
        Some(go_to) => (cookie, axum::Json(SignedOut { go_to })).into_response(),
        None => (cookie, StatusCode::NO_CONTENT).into_response(),
    })
}

/// Scripts can't read it, other sites can't send it with what changes something, and it goes over TLS only where
/// there is TLS.
pub(crate) fn cookie(control: &Control, token: &str, max_age_s: i64) -> HeaderMap {
    let secure = if control.public_url.starts_with("https:") {
        "; Secure"
    } else {
        ""
    };
    let cookie = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{secure}");
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::try_from(cookie) {
        headers.insert(header::SET_COOKIE, value);
    }
    headers
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(create, show, delete))
}
