//! The list of all routes: router and OpenAPI document from the same lines; and the layers around them.

use std::any::Any;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
};
use pglab_control::Control;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use crate::{
    Problem, access_codes, account, activity, answers, board, claims, console, credentials,
    document::{Top, completed},
    example,
    extract::OnMetricsListener,
    headers, health, idempotency, identity, instances, labs, library, members, metrics, monitoring, oidc,
    packs, pages, people, preparation, query_report, rejudging, results, roster, session, similarity,
    standings, system, tasks, teams, tokens,
};

/// The largest body, in bytes, where a route does not say otherwise.
pub(crate) const BODY_LIMIT: usize = 1 << 20;

fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::with_openapi(Top::openapi())
        .merge(health::router())
        .merge(system::router())
        .merge(identity::router())
        .merge(session::router())
        .merge(oidc::router())
        .merge(account::router())
        .merge(tokens::router())
        .merge(people::router())
        .merge(labs::router())
        .merge(example::router())
        .merge(packs::router())
        .merge(library::router())
        .merge(answers::router())
        .merge(query_report::router())
        .merge(rejudging::router())
        .merge(instances::router())
        .merge(standings::router())
        .merge(similarity::router())
        .merge(activity::router())
        .merge(tasks::router())
        .merge(roster::router())
        .merge(members::router())
        .merge(teams::router())
        .merge(preparation::router())
        .merge(credentials::router())
        .merge(claims::router())
        .merge(access_codes::router())
        .merge(results::router())
        .merge(board::router())
        .merge(console::router())
        .merge(metrics::router())
        .merge(monitoring::router())
}

/// The OpenAPI document of all routes.
pub fn document() -> utoipa::openapi::OpenApi {
    completed(routes().into_openapi())
}

/// Everything that is served on the main listener.
pub fn router(control: Control) -> Router {
    let (router, document) = routes().split_for_parts();
    let document = completed(document);
    router
        .layer(from_fn_with_state(control.clone(), idempotency::layer))
        .merge(SwaggerUi::new("/api/docs").url("/api/openapi.json", document))
        .fallback(pages::serve)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(control.clone(), headers::layer))
        .layer(from_fn_with_state(control.clone(), metrics::layer))
        .with_state(control)
}

/// What is served on the listener for metrics, to whoever reaches it.
pub fn metrics_router(control: Control) -> Router {
    let (router, _) = OpenApiRouter::with_openapi(Top::openapi())
        .merge(health::router())
        .merge(metrics::router())
        .split_for_parts();
    router
        .layer(axum::Extension(OnMetricsListener))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(CompressionLayer::new())
        .with_state(control)
}

/// A bug in a handler costs one request.
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(
        panic = message.unwrap_or("without a message"),
        "a handler panicked"
    );
    let detail = "something went wrong inside pglab; its log has the cause";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail).into_response()
}
