//! The Database API: the paths, fields and texts that front ends of this family know, on a listener of their own. Each
//! handler makes one call into `pglab_control::database_api`; what differs from the original is in docs/database-api.md.

mod activity;
mod cdf;
mod challenges;
mod competitions;
mod document;
mod extract;
mod instances;
mod packs;
mod points;
mod questions;
mod refusal;
mod rows;
mod status;

use std::any::Any;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{StatusCode, header},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use pglab_control::Control;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use document::{Top, completed};
use refusal::Refusal;

/// The largest body, in bytes.
pub const BODY_LIMIT: usize = 16 << 20;

fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::with_openapi(Top::openapi())
        .merge(status::router())
        .merge(activity::router())
        .merge(points::router())
        .merge(instances::router())
        .merge(competitions::router())
        .merge(questions::router())
        .merge(challenges::router())
        .merge(packs::router())
        .merge(cdf::router())
}

/// The OpenAPI document of the Database API.
pub fn document() -> utoipa::openapi::OpenApi {
    completed(routes().into_openapi())
}

/// All that is served on its listener.
pub fn router(control: Control) -> Router {
    let (router, document) = routes().split_for_parts();
    let document = completed(document);
    router
        .method_not_allowed_fallback(async || {
            Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "this path does not take this method",
            )
        })
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document))
        .fallback(async || Refusal::new(StatusCode::NOT_FOUND, "there is nothing at this path"))
        .layer(from_fn(around))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(CompressionLayer::new())
        .with_state(control)
}

/// PostgreSQL keeps no NUL, so nothing of ours has one in its name; and answers are nobody else's.
async fn around(request: Request, next: Next) -> Response {
    let uri = request.uri();
    let nul = |text: &str| text.contains("%00");
    if nul(uri.path()) || uri.query().is_some_and(nul) {
        return Refusal::new(StatusCode::BAD_REQUEST, "the address holds the NUL character").into_response();
    }
    let is_page = uri.path().starts_with("/docs");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        header::HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        header::HeaderValue::from_static(crate::headers::CONTENT_SECURITY_POLICY),
    );
    if !is_page {
        headers.insert(
            header::CACHE_CONTROL,
            header::HeaderValue::from_static("no-store"),
        );
    }
    response
}

/// A bug in a handler costs one request.
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(
        panic = message.unwrap_or("without a message"),
        "a handler of the Database API panicked"
    );
    Refusal::internal().into_response()
}
