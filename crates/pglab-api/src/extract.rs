//! What handlers take from a request: who acts, the body, the path, the query. Each refusal is a [`Problem`]; who may do
//! what is decided in `control`.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

use axum::{
    extract::{
        ConnectInfo, FromRequest, FromRequestParts, Request,
        rejection::{BytesRejection, FailedToBufferBody, JsonRejection},
    },
    http::{Extensions, HeaderMap, Method, StatusCode, header, request::Parts},
};
use pglab_control::{
    Control, Error,
    session::{Identified, Shown, identify, identify_scraper},
};
use pglab_core::{
    access::Actor,
    proxies::{Client, Said},
};
use serde::de::DeserializeOwned;

use crate::Problem;

/// The cookie of a session.
pub const COOKIE: &str = "pglab_session";
/// Where a page shows that it is ours.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// Who acts: from the session's cookie, or from `Authorization: Bearer pgl_…`. A stranger when there is neither. What
/// changes something behind a cookie needs the session's CSRF token too, and a token that may do more than read.
#[derive(Debug, Clone)]
pub struct Acting(pub Actor);

/// The same, with the session.
#[derive(Debug, Clone)]
pub struct ActingSession(pub Identified);

impl FromRequestParts<Control> for Acting {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, control: &Control) -> Result<Self, Problem> {
        let ActingSession(identified) = ActingSession::from_request_parts(parts, control).await?;
        Ok(Self(identified.actor))
    }
}

impl FromRequestParts<Control> for ActingSession {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, control: &Control) -> Result<Self, Problem> {
        // Whoever looked already (the layer for idempotency keys) left the answer here.
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let identified = identify(control, shown(&parts.headers)?).await?;
        let safe = [Method::GET, Method::HEAD, Method::OPTIONS].contains(&parts.method);
        let csrf = parts
            .headers
            .get(CSRF_HEADER)
            .and_then(|value| value.to_str().ok());
        if !safe && !identified.csrf_fits(csrf) {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "csrf",
                "the header X-CSRF-Token is missing or not that of this session; reload the page",
            ));
        }
        if !safe && matches!(&identified.actor, Actor::Person(person) if person.read_only) {
            let detail = "this token may only read; make one with the scope \"write\"";
            return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
        }
        let known = Self(identified);
        parts.extensions.insert(known.clone());
        Ok(known)
    }
}

/// Who scrapes: as [`Acting`], where a token with the scope `metrics` is enough. On the listener for metrics alone,
/// which only this machine reaches, nobody has to say who they are.
#[derive(Debug, Clone)]
pub struct Scraping(pub Actor);

/// Put on requests of the listener for metrics.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OnMetricsListener;

impl FromRequestParts<Control> for Scraping {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, control: &Control) -> Result<Self, Problem> {
        if parts.extensions.get::<OnMetricsListener>().is_some() {
            return Ok(Self(Actor::System));
        }
        let identified = identify_scraper(control, shown(&parts.headers)?).await?;
        Ok(Self(identified.actor))
    }
}

pub(crate) fn shown(headers: &HeaderMap) -> Result<Shown<'_>, Problem> {
    if let Some(authorization) = headers.get(header::AUTHORIZATION) {
        let token = authorization.to_str().ok().and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        return Ok(Shown::ApiToken(token.ok_or(Error::NotSignedIn)?));
    }
    let cookie = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then_some(value));
    Ok(cookie.map_or(Shown::Nothing, Shown::Cookie))
}

/// Where the request comes from: behind proxies that the operator trusts, what they say.
#[derive(Debug, Clone)]
pub struct ClientAddress(pub String);

impl FromRequestParts<Control> for ClientAddress {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, control: &Control) -> Result<Self, Infallible> {
        let client = client(control, &parts.extensions, &parts.headers);
        Ok(Self(client.map_or_else(
            || "unknown".to_owned(),
            |client| counted(client.address),
        )))
    }
}

/// Who asks, as far as proxies may be believed. `None` without a connection: tests call the router itself.
pub(crate) fn client(control: &Control, extensions: &Extensions, headers: &HeaderMap) -> Option<Client> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    let values = |name: &str| {
        headers
            .get_all(name)
            .iter()
            .map(|value| value.to_str().unwrap_or_default())
            .collect()
    };
    let said = Said {
        x_forwarded_for: values("x-forwarded-for"),
        x_forwarded_proto: values("x-forwarded-proto"),
        forwarded: values("forwarded"),
    };
    Some(control.options().proxies.client(peer.ip(), &said))
}

/// What counts as one address: a subscriber of IPv6 has a whole /64.
fn counted(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let network = Ipv6Addr::from_bits(address.to_bits() >> 64 << 64);
            format!("{network}/64")
        }
    }
}

/// A body of JSON. To be the last argument of a handler.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(body)) => Ok(Self(body)),
            Err(rejection) => Err(body_problem(&rejection)),
        }
    }
}

fn body_problem(rejection: &JsonRejection) -> Problem {
    if matches!(
        rejection,
        JsonRejection::BytesRejection(BytesRejection::FailedToBufferBody(
            FailedToBufferBody::LengthLimitError(_)
        ))
    ) {
        return too_large();
    }
    let detail = match rejection {
        JsonRejection::MissingJsonContentType(_) => {
            "the body must be JSON, with the header Content-Type: application/json".to_owned()
        }
        other => format!("the body can't be read: {}", plain(&other.body_text())),
    };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
}

pub(crate) fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        "the body is larger than this operation takes",
    )
}

/// Parameters of the path, parsed: `Path(lab): Path<Slug>`, `Path((lab, login)): Path<(Slug, Login)>`.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(path)) => Ok(Self(path)),
            Err(rejection) => Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid",
                format!("the address can't be read: {}", plain(&rejection.body_text())),
            )),
        }
    }
}

/// What stands behind the question mark.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(rejection) => Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid",
                format!("the query can't be read: {}", plain(&rejection.body_text())),
            )),
        }
    }
}

/// Without the prefixes that axum puts before every reason.
fn plain(text: &str) -> &str {
    text.rsplit_once("target type: ")
        .map_or(text, |(_, reason)| reason)
        .trim_start_matches("Failed to parse the request body as JSON: ")
        .trim_start_matches("Invalid URL: ")
}
