//! The web pages, embedded in the binary: files under their own names, and the one page for every other path that a
//! browser asks for. Not the API: whatever begins with `/api` is never answered from here.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::Problem;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Pages;

const INDEX: &str = "index.html";

/// Answers what no route did.
pub async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") || path == "api" {
        return Problem::new(StatusCode::NOT_FOUND, "not_found", format!("there is no /{path}"))
            .into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        let detail = format!("{method} is not for pages");
        return Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail).into_response();
    }
    match Pages::get(path) {
        Some(file) if !path.is_empty() => answer(path, file, &headers),
        // A missing file is missing; every other path is a page of the application, also that of the member
        // `grace.hopper`.
        _ if path.starts_with("assets/") || (path.contains('.') && !path.contains('/')) => {
            Problem::new(StatusCode::NOT_FOUND, "not_found", format!("there is no /{path}")).into_response()
        }
        _ => match Pages::get(INDEX) {
            Some(file) => answer(INDEX, file, &headers),
            None => Problem::new(
                StatusCode::NOT_FOUND,
                "not_found",
                "this pglab was built without its pages: run `make web` and build it again",
            )
            .into_response(),
        },
    }
}

fn answer(path: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let etag: String = file
        .metadata
        .sha256_hash()
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let etag = format!("\"{etag}\"");
    // The names of assets carry a hash of their content; the page itself is asked for again each time.
    let caching = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok());
    let mut response = if known.is_some_and(|known| known == etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(file.data.into_owned()).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    if let Ok(kind) = HeaderValue::from_str(file.metadata.mimetype()) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    response
}
