//! Metrics for Prometheus, and the counting of requests for them. What is told, and to whom, is decided in `control`.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    http::{Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use pglab_control::{Control, metrics};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{Problem, extract::Scraping};

/// The numbers of this pglab in Prometheus' text format.
///
/// For an admin, or a token with the scope `metrics`. `docs/metrics.md` says what each of them means.
#[utoipa::path(get, path = "/metrics", tag = "monitoring", operation_id = "metrics",
    responses((status = 200, body = String, content_type = "text/plain")))]
async fn scrape(State(control): State<Control>, Scraping(actor): Scraping) -> Result<Response, Problem> {
    let text = metrics::scrape(&control, &actor).await?;
    Ok(([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response())
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(scrape))
}

/// Counts every request by the template of its route.
pub(crate) async fn layer(State(control): State<Control>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        // The pages, and whatever else somebody asks for.
        .map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    let method = method(request.method());
    let response = next.run(request).await;
    control
        .metrics()
        .answered(method, &route, response.status().as_u16(), began.elapsed());
    response
}

/// Anybody may make up a method.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
