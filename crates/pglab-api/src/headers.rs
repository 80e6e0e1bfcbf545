//! Headers that every answer carries, so that a browser trusts our pages with nothing that they don't need.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use pglab_control::Control;

use crate::extract::client;

/// Styles may stand in the page, because the component library puts them there; scripts may not.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

pub(crate) async fn layer(State(control): State<Control>, request: Request, next: Next) -> Response {
    let of_api = request.uri().path().starts_with("/api/");
    let client = client(&control, request.extensions(), request.headers());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Answers hold passwords, and what somebody may see can change at any time.
    if of_api && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if client.is_some_and(|client| client.https) {
        make_cookies_secure(headers);
    }
    response
}

/// Whoever came by TLS gets cookies that go over TLS only, whatever the configuration says of the pages' address.
fn make_cookies_secure(headers: &mut HeaderMap) {
    for (name, value) in headers.iter_mut() {
        let Some(cookie) = value.to_str().ok().filter(|_| name == header::SET_COOKIE) else {
            continue;
        };
        if !cookie.ends_with("; Secure")
            && let Ok(secure) = HeaderValue::try_from(format!("{cookie}; Secure"))
        {
            *value = secure;
        }
    }
}
