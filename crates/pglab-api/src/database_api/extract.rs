//! What handlers of the Database API take from a request. A body or query that does not fit is 400 and names the field;
//! nobody is let in without a token.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, rejection::JsonRejection},
    http::{Method, StatusCode, header, request::Parts},
};
use pglab_control::{
    Control,
    database_api::{Caller, identify},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::refusal::Refusal;

/// Who calls. To be the first argument of a handler, so that strangers learn nothing about their request.
#[derive(Debug, Clone)]
pub struct Calling(pub Caller);

impl FromRequestParts<Control> for Calling {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, control: &Control) -> Result<Self, Refusal> {
        let token = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        let changes = ![Method::GET, Method::HEAD].contains(&parts.method);
        Ok(Self(identify(control, token, changes).await?))
    }
}

/// A body of JSON.
#[derive(Debug, Clone, Copy)]
pub struct Body<T>(pub T);

/// A body of JSON as it was written.
#[derive(Debug, Clone)]
pub struct Text(pub String);

async fn bytes(request: Request, control: &Control) -> Result<Bytes, Refusal> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if essence != "application/json" && !essence.ends_with("+json") {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the body must be JSON, with the header Content-Type: application/json",
        ));
    }
    Bytes::from_request(request, control)
        .await
        .map_err(|rejection| body_refused(rejection.status()))
}

pub(super) fn body_refused(status: StatusCode) -> Refusal {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        Refusal::new(status, "the body is larger than 16 MiB")
    } else {
        Refusal::bad("the body can't be read")
    }
}

impl FromRequest<Control> for Text {
    type Rejection = Refusal;
    async fn from_request(request: Request, control: &Control) -> Result<Self, Refusal> {
        let bytes = bytes(request, control).await?;
        let text =
            String::from_utf8(bytes.into()).map_err(|_| Refusal::bad("the body is no text in UTF-8"))?;
        serde_json::from_str::<serde::de::IgnoredAny>(&text)
            .map_err(|error| Refusal::bad(format!("the body is no JSON: {error}")))?;
        Ok(Self(text))
    }
}

impl<T: DeserializeOwned> FromRequest<Control> for Body<T> {
    type Rejection = Refusal;
    async fn from_request(request: Request, control: &Control) -> Result<Self, Refusal> {
        let bytes = bytes(request, control).await?;
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|error| Refusal::bad(format!("the body is no JSON: {error}")))?;
        if !value.is_object() {
            return Err(Refusal::bad("the body must be a JSON object"));
        }
        if let Some(path) = with_nul(&value, "") {
            return Err(Refusal::bad(format!("{path} holds the NUL character")));
        }
        match axum::Json::<T>::from_bytes(&bytes) {
            Ok(axum::Json(body)) => Ok(Self(body)),
            Err(rejection) => Err(Refusal::bad(in_words(&rejection))),
        }
    }
}

/// Where a text holds what PostgreSQL can't keep.
fn with_nul(value: &Value, path: &str) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(|| path.to_owned()),
        Value::Array(list) => list.iter().find_map(|one| with_nul(one, path)),
        Value::Object(map) => map.iter().find_map(|(key, one)| {
            if key.contains('\0') {
                return Some("a key".to_owned());
            }
            let path = if path.is_empty() {
                key.clone()
            } else {
                format!("{path}.{key}")
            };
            with_nul(one, &path)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn in_words(rejection: &JsonRejection) -> String {
    let text = rejection.body_text();
    let text = text
        .rsplit_once("target type: ")
        .map_or(text.as_str(), |(_, reason)| reason);
    missing_field(text).unwrap_or_else(|| text.to_owned())
}

/// `missing field `x`` is how the library says it.
fn missing_field(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("missing field `")?;
    let (field, _) = rest.split_once('`')?;
    Some(format!("{field} is required"))
}

/// What stands behind the question mark.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Control> for Query<T> {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, control: &Control) -> Result<Self, Refusal> {
        match axum::extract::Query::<T>::from_request_parts(parts, control).await {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(rejection) => {
                let text = rejection.body_text();
                let text = missing_field(&text)
                    .unwrap_or_else(|| text.replace("Failed to deserialize query string: ", ""));
                Err(Refusal::bad(text))
            }
        }
    }
}

/// A parameter of the path: a text, which may be an id of something.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Control> for Path<T> {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, control: &Control) -> Result<Self, Refusal> {
        match axum::extract::Path::<T>::from_request_parts(parts, control).await {
            Ok(axum::extract::Path(path)) => Ok(Self(path)),
            Err(_) => Err(Refusal::new(
                StatusCode::NOT_FOUND,
                "there is nothing at this path",
            )),
        }
    }
}

/// A time that can be kept.
pub(super) fn time(
    field: &str,
    at: chrono::DateTime<chrono::Utc>,
) -> Result<chrono::DateTime<chrono::Utc>, Refusal> {
    use chrono::Datelike;
    if (1970..=9999).contains(&at.year()) {
        Ok(at)
    } else {
        Err(Refusal::bad(format!("{field} must be a time from 1970 to 9999")))
    }
}
