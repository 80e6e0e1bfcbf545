//! Signing in through an OpenID Connect provider: two addresses that a browser is sent to, and what the page of sign-in
//! needs to know. A browser is always sent on to a page of ours, with a code where it did not work.

use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use pglab_control::{
    Control, Error,
    oidc::{self, Failure, Finished, Returned},
    session,
};
use pglab_core::oidc::{OidcSettings, Refusal, SignOut, Strangers};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    extract::{Acting, ClientAddress, Query},
    identity::IdentityTestResult,
    session::cookie,
};

/// What the cookies begin with that tie a sign-in to the browser that began it.
const BROWSER: &str = "pglab_oidc_";

#[derive(Debug, Deserialize, IntoParams)]
struct WaysQuery {
    /// The code that the browser was sent back with.
    failed: Option<String>,
}

/// The ways to sign in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignInWays {
    /// With login and password, by `POST /api/v1/session`. Always.
    pub password: bool,
    /// Through a provider. Left out where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<SignInProvider>,
    /// Why the last try failed: a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SignInProvider {
    /// For the button.
    pub label: String,
    /// Where the button leads.
    pub url: String,
}

/// How people may sign in here.
#[utoipa::path(get, path = "/api/v1/session/ways", tag = "session", operation_id = "session_ways", security(()),
    params(WaysQuery), responses((status = 200, body = SignInWays)))]
async fn ways(State(control): State<Control>, Query(query): Query<WaysQuery>) -> Answer<SignInWays> {
    let ways = oidc::ways(&control, query.failed.as_deref());
    Answer(SignInWays {
        password: true,
        provider: ways.provider.map(|label| SignInProvider {
            label,
            url: "/api/v1/session/oidc".to_owned(),
        }),
        failed: ways.failed,
    })
}

#[derive(Debug, Deserialize, IntoParams)]
struct Begin {
    /// The page to go on to: a path of ours.
    next: Option<String>,
}

/// Begin to sign in through the provider: for browsers, which are sent there.
#[utoipa::path(get, path = "/api/v1/session/oidc", tag = "session", operation_id = "session_oidc_begin", security(()),
    params(Begin), responses((status = 303, description = "to the provider, or back with the code of what is wrong")))]
async fn begin(
    State(control): State<Control>,
    ClientAddress(address): ClientAddress,
    Query(query): Query<Begin>,
) -> Result<Response, Problem> {
    match oidc::begin(&control, query.next.as_deref(), &address).await {
        Ok(begun) => {
            let age = oidc::FLOW.num_seconds();
            let kept = browser_cookie(&control, &begun.name, &begun.browser, age);
            Ok(see_other(&begun.url, &[kept]))
        }
        Err(failure) => {
            control.metrics().signed_in("oidc", &counted(&failure));
            failed(failure, &[])
        }
    }
}

#[derive(Deserialize, IntoParams)]
struct Back {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Where the provider sends the browser back to. Signs in, and sends the browser on to its page.
#[utoipa::path(get, path = "/api/v1/session/oidc/callback", tag = "session", operation_id = "session_oidc_finish",
    security(()), params(Back), responses((status = 303, description = "to the page, or back with the code of what is wrong")))]
async fn finish(
    State(control): State<Control>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Query(back): Query<Back>,
) -> Result<Response, Problem> {
    let state = back.state.unwrap_or_default();
    let name = oidc::name_of(&state);
    let returned = Returned {
        state,
        code: back.code,
        error: back.error,
        iss: back.iss,
        browser: browser(&headers, &name).map(str::to_owned),
        address,
    };
    let finished = oidc::finish(&control, returned).await;
    let spent = browser_cookie(&control, &name, "", 0);
    match finished {
        Ok(Finished { cookie: token, next }) => {
            control.metrics().signed_in("oidc", &Ok(()));
            let mut response = see_other(next.as_str(), &[spent]);
            for (name, value) in cookie(&control, &token, session::LONGEST.num_seconds()).iter() {
                response.headers_mut().append(name, value.clone());
            }
            Ok(response)
        }
        Err(failure) => {
            control.metrics().signed_in("oidc", &counted(&failure));
            // The cookie of another browser's sign-in is none of this one's.
            let spent = if name.is_empty() { vec![] } else { vec![spent] };
            failed(failure, &spent)
        }
    }
}

fn counted(failure: &Failure) -> Result<(), Error> {
    Err(match failure {
        Failure::Refused(Refusal::Away | Refusal::Inside) => Error::Unavailable(String::new()),
        Failure::Refused(Refusal::Busy) => Error::RateLimited(std::time::Duration::ZERO),
        Failure::Refused(_) => Error::SignInRefused,
        Failure::Failed(_) => Error::Unavailable(String::new()),
    })
}

fn failed(failure: Failure, cookies: &[HeaderValue]) -> Result<Response, Problem> {
    let refusal = match failure {
        Failure::Refused(refusal) => refusal,
        Failure::Failed(error @ Error::NotFound(_)) => return Err(error.into()),
        // Logged on the way to a problem; whoever looks at a page gets a page.
        Failure::Failed(error) => {
            let _logged = Problem::from(error);
            Refusal::Inside
        }
    };
    Ok(see_other(&format!("/sign-in?failed={}", refusal.code()), cookies))
}

fn see_other(to: &str, cookies: &[HeaderValue]) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    if let Ok(to) = HeaderValue::try_from(to) {
        headers.insert(header::LOCATION, to);
    }
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie.clone());
    }
    response
}

/// Lax: it has to come back with a browser that the provider sends here, and with nothing else of another site.
fn browser_cookie(control: &Control, name: &str, value: &str, max_age_s: i64) -> HeaderValue {
    let secure = if control.public_url.starts_with("https:") {
        "; Secure"
    } else {
        ""
    };
    let text = format!(
        "{BROWSER}{name}={value}; Path=/api/v1/session/oidc; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{secure}"
    );
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

fn browser<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(found, value)| (found.strip_prefix(BROWSER) == Some(name)).then_some(value))
}

/// The provider that people may sign in through, as it is set up. No secret is shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct OidcView {
    pub label: String,
    pub issuer: String,
    pub client_id: String,
    /// To be registered at the provider.
    pub redirect_uri: String,
    pub scopes: Vec<String>,
    /// By what somebody is recognised at their first time: `login`, `external_id`, `email`.
    pub link_by: Vec<String>,
    /// Whom nobody knows here gets an account.
    pub creates_people: bool,
    /// Signing out of pglab signs out of the provider too.
    pub signs_out: bool,
}

impl OidcView {
    pub(crate) fn new(settings: &OidcSettings, redirect_uri: &str) -> Self {
        Self {
            label: settings.label.clone(),
            issuer: settings.issuer.clone(),
            client_id: settings.client_id.clone(),
            redirect_uri: redirect_uri.to_owned(),
            scopes: settings.scopes.clone(),
            link_by: settings.link_by.iter().map(|by| by.as_str().to_owned()).collect(),
            creates_people: settings.strangers == Strangers::Create,
            signs_out: settings.sign_out == SignOut::Provider,
        }
    }
}

/// Test the provider: each step, and what it said to it. Nobody signs in.
#[utoipa::path(post, path = "/api/v1/identity/oidc/test", tag = "system", operation_id = "identity_oidc_test",
    responses((status = 200, body = IdentityTestResult)))]
async fn test(
    State(control): State<Control>,
    Acting(actor): Acting,
) -> Result<Answer<IdentityTestResult>, Problem> {
    Ok(Answer(oidc::test(&control, &actor).await?.into()))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(ways))
        .routes(routes!(begin))
        .routes(routes!(finish))
        .routes(routes!(test))
}
