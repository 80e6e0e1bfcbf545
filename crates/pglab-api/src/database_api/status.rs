//! Whether pglab is there, and how its own database is.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use pglab_control::{Control, database_api as api};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{extract::Calling, refusal::Refusal};

#[derive(Debug, Serialize, ToSchema)]
pub struct Status {
    /// `ok`, or `error` while the database is away.
    pub status: &'static str,
    pub message: &'static str,
    /// `connected` or `disconnected`.
    pub database: &'static str,
    pub timestamp: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    pub status: &'static str,
    pub message: &'static str,
    pub database: &'static str,
    pub timestamp: DateTime<Utc>,
    pub version: &'static str,
    /// In words: `3 h 12 min`.
    pub uptime: String,
    pub connections: Connections,
    pub performance: Performance,
    pub storage: Storage,
    pub tables: Vec<Table>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HealthConnections)]
pub struct Connections {
    pub current: i64,
    pub max: i64,
    pub utilization_percent: f64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HealthPerformance)]
pub struct Performance {
    pub query_latency_ms: f64,
    pub transaction_latency_ms: f64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HealthStorage)]
pub struct Storage {
    pub database_size_mb: f64,
    pub pretty_size: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HealthTable)]
pub struct Table {
    pub schemaname: String,
    pub table_name: String,
    /// As PostgreSQL counted last.
    pub row_count: i64,
    pub table_size: String,
}

/// Is pglab there, and its database? For everybody.
#[utoipa::path(get, path = "/status", tag = "status", operation_id = "status", security(()),
    responses((status = 200, body = Status), (status = 503, body = Status)))]
async fn status(State(control): State<Control>) -> (StatusCode, axum::Json<Status>) {
    let found = api::status(&control).await;
    if found.is_connected {
        let status = Status {
            status: "ok",
            message: "pglab is running",
            database: "connected",
            timestamp: found.at,
        };
        (StatusCode::OK, axum::Json(status))
    } else {
        let status = Status {
            status: "error",
            message: "pglab's own database does not answer",
            database: "disconnected",
            timestamp: found.at,
        };
        (StatusCode::SERVICE_UNAVAILABLE, axum::Json(status))
    }
}

/// How pglab's own database is.
#[utoipa::path(get, path = "/health/detailed", tag = "status", operation_id = "health",
    responses((status = 200, body = Health)))]
async fn health(
    Calling(caller): Calling,
    State(control): State<Control>,
) -> Result<axum::Json<Health>, Refusal> {
    Ok(axum::Json(api::health(&control, &caller).await?.into()))
}

impl From<api::Health> for Health {
    #[expect(clippy::cast_precision_loss, reason = "numbers for people")]
    fn from(health: api::Health) -> Self {
        let tenths = |number: f64| (number * 10.0).round() / 10.0;
        let database = health.database;
        Self {
            status: "ok",
            message: "pglab is running",
            database: "connected",
            timestamp: health.at,
            version: env!("CARGO_PKG_VERSION"),
            uptime: in_words(health.uptime_s),
            connections: Connections {
                current: database.connections,
                max: database.max_connections,
                utilization_percent: tenths(
                    database.connections as f64 * 100.0 / database.max_connections.max(1) as f64,
                ),
            },
            performance: Performance {
                query_latency_ms: health.query_latency.as_secs_f64() * 1000.0,
                transaction_latency_ms: health.transaction_latency.as_secs_f64() * 1000.0,
            },
            storage: Storage {
                database_size_mb: tenths(database.database_bytes as f64 / f64::from(1 << 20)),
                pretty_size: database.pretty_size,
            },
            tables: health
                .tables
                .into_iter()
                .map(|table| Table {
                    schemaname: table.schema,
                    table_name: table.table,
                    row_count: table.n_rows,
                    table_size: table.size,
                })
                .collect(),
        }
    }
}

fn in_words(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min {} s", seconds % 60),
        (0, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(status))
        .routes(routes!(health))
}
