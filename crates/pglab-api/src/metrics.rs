//! Metrics for Prometheus: pglab's own, those of sources, whom else to scrape; and the counting of requests. What is told,
//! and to whom, is decided in `control`.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use axum::{
    Extension, Json,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use pglab_control::{Control, metrics, monitoring, statistics};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    extract::{OnMetricsListener, Path, Query, Scraping},
};

fn exposition(text: String) -> Response {
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response()
}

/// The numbers of this pglab in Prometheus' text format.
///
/// For an admin, or a token with the scope `metrics`. `docs/metrics.md` says what each of them means.
#[utoipa::path(get, path = "/metrics", tag = "monitoring", operation_id = "metrics",
    responses((status = 200, body = String, content_type = "text/plain")))]
async fn scrape(State(control): State<Control>, Scraping(actor): Scraping) -> Result<Response, Problem> {
    Ok(exposition(metrics::scrape(&control, &actor).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct ProbeQuery {
    /// A source of the configuration; all of them when left out, each sample with the label `source`.
    pub target: Option<String>,
}

/// The statistics of a source, or of all.
///
/// A source that does not answer has `pglab_source_up` 0 in a 200. Takes no longer than
/// `X-Prometheus-Scrape-Timeout-Seconds` says.
#[utoipa::path(get, path = "/probe", tag = "monitoring", operation_id = "probe", params(ProbeQuery),
    responses((status = 200, body = String, content_type = "text/plain")))]
async fn probe(
    State(control): State<Control>,
    Scraping(actor): Scraping,
    Query(query): Query<ProbeQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let patience = headers
        .get("x-prometheus-scrape-timeout-seconds")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse().ok())
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let text = statistics::probe(&control, &actor, query.target.as_deref(), patience).await?;
    Ok(exposition(text))
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    Pglab,
    Sources,
    Exporters,
}

impl From<TargetKind> for monitoring::TargetKind {
    fn from(kind: TargetKind) -> Self {
        match kind {
            TargetKind::Pglab => Self::Pglab,
            TargetKind::Sources => Self::Sources,
            TargetKind::Exporters => Self::Exporters,
        }
    }
}

/// As Prometheus' `http_sd_configs` reads it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TargetGroup {
    pub targets: Vec<String>,
    pub labels: BTreeMap<String, String>,
}

/// Whom Prometheus should scrape: this pglab, the sources by `/probe`, or the SQL exporters.
#[utoipa::path(get, path = "/api/v1/monitoring/targets/{kind}", tag = "monitoring", operation_id = "monitoring_targets",
    params(("kind" = inline(TargetKind), Path)), responses((status = 200, body = Vec<TargetGroup>)))]
async fn targets(
    State(control): State<Control>,
    Scraping(actor): Scraping,
    Path(kind): Path<TargetKind>,
    listener: Option<Extension<OnMetricsListener>>,
    headers: HeaderMap,
) -> Result<Json<Vec<TargetGroup>>, Problem> {
    let https = listener.is_none() && control.public_url.starts_with("https:");
    // Who asks reaches us by the name that it asks for.
    let own = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("localhost");
    let groups = monitoring::targets(&control, &actor, kind.into(), own, https)?;
    Ok(Json(
        groups
            .into_iter()
            .map(|group| TargetGroup {
                targets: group.targets,
                labels: group.labels,
            })
            .collect(),
    ))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(scrape))
        .routes(routes!(probe))
        .routes(routes!(targets))
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
