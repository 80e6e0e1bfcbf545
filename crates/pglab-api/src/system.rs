//! How pglab itself is: for the page `/system` and for who looks after it. Needs an admin; the health of the process
//! alone is `health`.

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use pglab_control::{
    Control, Live, Report, Worker,
    system::{self, ClusterFacts},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{Problem, extract::Acting};

/// How pglab itself is.
#[derive(Debug, Serialize, ToSchema)]
pub struct System {
    /// Of pglab.
    pub version: String,
    /// When the process that answers began.
    pub started_at: DateTime<Utc>,
    /// Several processes may answer, one of them works: is it the one that answers now? What reconcilers did is known
    /// to the one that works.
    pub leader: bool,
    /// The students' PostgreSQL. Null when it does not answer.
    pub postgres: Option<Postgres>,
    /// Why it does not, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postgres_error: Option<String>,
    pub reconcilers: Vec<Reconciler>,
    /// Null while another process works.
    pub live: Option<LivePath>,
    /// Boards that the process keeps in memory.
    pub n_boards: usize,
    /// Pages and programs that follow one of these boards.
    pub n_readers: usize,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Postgres {
    /// `15.8`
    pub version: String,
    /// Of clients, pglab's own among them.
    pub connections: i64,
    pub max_connections: i32,
    /// The role by which pglab works there.
    pub role: String,
    pub superuser: bool,
    /// May end what runs too long.
    pub may_end_sessions: bool,
    /// Notices passwords that were changed with psql.
    pub may_see_passwords: bool,
    /// Where the server writes its log: the error feed reads it.
    pub log_destination: String,
    pub logging_collector: bool,
    /// A standby takes no changes.
    pub in_recovery: bool,
    /// Databases, besides templates and `postgres`, that anybody may connect to.
    pub open_databases: Vec<String>,
}

/// A worker, and what it did last in the process that answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reconciler {
    pub name: String,
    /// What it is for.
    pub about: String,
    /// How long it rests at most.
    pub period_s: f64,
    /// Left out before the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run_at: Option<DateTime<Utc>>,
    /// What it did the last time that it succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_result: Option<String>,
    /// Why the last run failed; left out when it succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<DateTime<Utc>>,
}

/// How much the live path has to do.
#[derive(Debug, Serialize, ToSchema)]
pub struct LivePath {
    /// Databases that are watched.
    pub n_databases: usize,
    /// Databases that were touched and are to be looked at.
    pub n_waiting: usize,
    /// Databases that are being looked at.
    pub n_looking: usize,
}

impl From<ClusterFacts> for Postgres {
    fn from(facts: ClusterFacts) -> Self {
        Self {
            version: format!("{}.{}", facts.version / 10_000, facts.version % 10_000),
            connections: facts.n_connections,
            max_connections: facts.max_connections,
            role: facts.role,
            superuser: facts.superuser,
            may_end_sessions: facts.superuser || facts.signal_backend,
            may_see_passwords: facts.read_passwords,
            log_destination: facts.log_destination,
            logging_collector: facts.logging_collector,
            in_recovery: facts.in_recovery,
            open_databases: facts.open_databases,
        }
    }
}

impl Reconciler {
    fn new(worker: Worker, report: Option<Report>) -> Self {
        let (last_run_at, last_result, failing) = match report {
            Some(report) => (Some(report.at), report.result, report.failing),
            None => (None, None, None),
        };
        let (last_error, failing_since) = failing.map(|failing| (failing.error, failing.since)).unzip();
        Self {
            name: worker.name.to_owned(),
            about: worker.about.to_owned(),
            period_s: worker.period.as_secs_f64(),
            last_run_at,
            last_result,
            last_error,
            failing_since,
        }
    }
}

impl From<Live> for LivePath {
    fn from(live: Live) -> Self {
        Self {
            n_databases: live.n_databases,
            n_waiting: live.n_waiting,
            n_looking: live.n_looking,
        }
    }
}

/// How pglab itself is: versions, and what each reconciler did last.
#[utoipa::path(get, path = "/api/v1/system", tag = "system", operation_id = "system_show",
    responses((status = 200, body = System)))]
async fn show(State(control): State<Control>, Acting(actor): Acting) -> Result<Json<System>, Problem> {
    let view = system::show(&control, &actor).await?;
    let (postgres, postgres_error) = match view.cluster {
        Ok(facts) => (Some(facts.into()), None),
        Err(error) => (None, Some(error)),
    };
    Ok(Json(System {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: view.started_at,
        leader: view.leader,
        postgres,
        postgres_error,
        reconcilers: view
            .workers
            .into_iter()
            .map(|(worker, report)| Reconciler::new(worker, report))
            .collect(),
        live: view.live.map(Into::into),
        n_boards: view.n_boards,
        n_readers: view.n_readers,
    }))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(show))
}
