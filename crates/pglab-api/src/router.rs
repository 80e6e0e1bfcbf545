//! The list of all routes: router and OpenAPI document from the same lines.

use axum::Router;
use pglab_control::Control;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use tower_http::compression::CompressionLayer;

use crate::{health, pages};

#[derive(OpenApi)]
#[openapi(info(
    title = "pglab",
    description = "Runs a PostgreSQL class: labs, rosters, databases and live progress."
))]
struct Document;

fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::with_openapi(Document::openapi()).merge(health::router())
}

/// The OpenAPI document of all routes.
pub fn document() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}

/// Everything that is served on the main listener.
pub fn router(control: Control) -> Router {
    let (router, _) = routes().split_for_parts();
    router
        .fallback(pages::serve)
        .layer(CompressionLayer::new())
        .with_state(control)
}
