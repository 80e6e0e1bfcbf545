//! `Idempotency-Key` on creations: a POST that is sent again under the same key gets the first answer again.

use axum::{
    body::Body,
    extract::{FromRequestParts, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use pglab_control::{
    Control,
    idempotency::{Turn, begin},
};

use crate::{
    Problem,
    extract::{ActingSession, too_large},
    router::BODY_LIMIT,
};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// An answer that was given before says so.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// Answers of creations are small.
const ANSWER_LIMIT: usize = 1 << 20;

/// For all routes; it concerns POST with a body of JSON, or none, by somebody who is signed in.
pub(crate) async fn layer(
    State(control): State<Control>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let concerned = request.method() == Method::POST && is_json_or_empty(&request);
    let key = request.headers().get(KEY).filter(|_| concerned).cloned();
    let Some(key) = key else {
        return Ok(next.run(request).await);
    };
    let (mut parts, body) = request.into_parts();
    let ActingSession(identified) = ActingSession::from_request_parts(&mut parts, &control).await?;
    let body = axum::body::to_bytes(body, BODY_LIMIT)
        .await
        .map_err(|_| too_large())?;
    let about = format!("{} {}\n", parts.method, parts.uri);
    let whole = [about.as_bytes(), &body].concat();
    let key = key.to_str().unwrap_or_default();
    let turn = begin(&control, &identified.actor, key, &whole).await?;
    let request = Request::from_parts(parts, Body::from(body));
    match turn {
        None => Ok(next.run(request).await),
        Some(Turn::Again(status, body)) => Ok(again(status, body)),
        Some(Turn::Run(ticket)) => {
            // Also when the client goes away meanwhile, the answer is kept: the client will ask again.
            let done = tokio::spawn(async move {
                let response = next.run(request).await;
                if !response.status().is_success() {
                    ticket.give_up(&control).await?;
                    return Ok(response);
                }
                let (parts, body) = response.into_parts();
                let body = axum::body::to_bytes(body, ANSWER_LIMIT)
                    .await
                    .map_err(pglab_control::Error::internal)?;
                let text = String::from_utf8_lossy(&body);
                // It was done: an answer that can't be kept is given all the same.
                if let Err(error) = ticket.finish(&control, parts.status.as_u16(), &text).await {
                    tracing::warn!(%error, "the answer to an Idempotency-Key was not kept");
                }
                Ok(Response::from_parts(parts, Body::from(body)))
            });
            done.await.map_err(pglab_control::Error::internal)?
        }
    }
}

fn is_json_or_empty(request: &Request) -> bool {
    match request.headers().get(header::CONTENT_TYPE) {
        None => true,
        Some(kind) => kind.as_bytes().starts_with(b"application/json"),
    }
}

fn again(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
