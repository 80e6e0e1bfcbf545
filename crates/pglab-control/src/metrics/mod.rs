//! The numbers of this process for Prometheus: counted where things happen, and read from the boards in memory when
//! somebody asks. Nothing here asks our own database or a student's.

mod directory;
mod family;
mod lab;
mod process;
mod sign;
mod source;

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use pglab_core::{
    access::{Actor, Operation},
    directory::IdentityMode,
};
use pglab_fleet::{collect::Probed, node::NodeHealth};
use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder,
    process_collector::ProcessCollector, proto::MetricFamily,
};

pub use sign::student_name;
pub(crate) use source::probes;

use crate::{Control, Error, live::queue::Outcome};

/// The name of the one cluster that there is.
pub const CLUSTER: &str = "main";
/// What a scrape answers with.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Seconds of a sweep or a check.
const SHORT: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
];
/// Seconds of a request: an event stream counts until it begins.
const REQUEST: &[f64] = &[
    0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

const SIGN_IN_OUTCOMES: [&str; 4] = ["ok", "refused", "limited", "failed"];

/// Counters and histograms of this process, and what was last observed of servers.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    sweeps: HistogramVec,
    checks: HistogramVec,
    check_outcomes: IntCounterVec,
    worker_runs: IntCounterVec,
    requests: IntCounterVec,
    request_durations: HistogramVec,
    sign_ins: IntCounterVec,
    directory_durations: HistogramVec,
    worker_successes: Mutex<HashMap<&'static str, DateTime<Utc>>>,
    sizes: Mutex<BTreeMap<String, u64>>,
    nodes: Mutex<Vec<(String, Option<NodeHealth>)>>,
    /// Of each source at its last probe: up, seconds, and problems so far.
    sources: Mutex<BTreeMap<String, (bool, f64, u64)>>,
}

impl Default for Metrics {
    #[expect(
        clippy::expect_used,
        reason = "names and labels are constants, and a test makes them all"
    )]
    fn default() -> Self {
        let registry = Registry::new();
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels).expect("a counter");
            registry
                .register(Box::new(counter.clone()))
                .expect("its name is new");
            counter
        };
        let histogram = |name: &str, help: &str, labels: &[&str], buckets: &[f64]| {
            let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
            let histogram = HistogramVec::new(options, labels).expect("a histogram");
            registry
                .register(Box::new(histogram.clone()))
                .expect("its name is new");
            histogram
        };
        registry
            .register(Box::new(ProcessCollector::for_self()))
            .expect("its names are new");
        let metrics = Self {
            sweeps: histogram(
                "pglab_sweep_duration_seconds",
                "Time that one activity sweep over a cluster took",
                &["cluster"],
                SHORT,
            ),
            checks: histogram(
                "pglab_check_duration_seconds",
                "Time that one look at one database took, with judging and writing down",
                &["cluster"],
                SHORT,
            ),
            check_outcomes: counter(
                "pglab_checks_total",
                "Looks at databases by outcome: fine, busy, failed",
                &["cluster", "outcome"],
            ),
            worker_runs: counter(
                "pglab_worker_runs_total",
                "Activations of background workers by outcome: ok, failed",
                &["worker", "outcome"],
            ),
            requests: counter(
                "pglab_http_requests_total",
                "Answered HTTP requests by route template",
                &["method", "route", "status"],
            ),
            request_durations: histogram(
                "pglab_http_request_duration_seconds",
                "Time until an HTTP answer began",
                &["method", "route"],
                REQUEST,
            ),
            sign_ins: counter(
                "pglab_sign_ins_total",
                "Sign-ins on the pages by identity mode and outcome: ok, refused, limited, failed",
                &["mode", "outcome"],
            ),
            directory_durations: histogram(
                "pglab_directory_sign_in_duration_seconds",
                "Time that the LDAP directory took to let somebody in, or to refuse",
                &[],
                REQUEST,
            ),
            worker_successes: Mutex::default(),
            sizes: Mutex::default(),
            nodes: Mutex::default(),
            sources: Mutex::default(),
            registry: registry.clone(),
        };
        // Counters are there from the start, so that their first increase shows as one.
        for outcome in ["fine", "busy", "failed"] {
            metrics.check_outcomes.with_label_values(&[CLUSTER, outcome]);
        }
        for outcome in SIGN_IN_OUTCOMES {
            metrics.sign_ins.with_label_values(&["local", outcome]);
        }
        metrics.sweeps.with_label_values(&[CLUSTER]);
        metrics.checks.with_label_values(&[CLUSTER]);
        metrics
    }
}

impl Metrics {
    /// With the counters of an identity mode, so that their first increase shows as one.
    pub(crate) fn of(mode: IdentityMode) -> Self {
        let metrics = Self::default();
        for outcome in SIGN_IN_OUTCOMES {
            metrics.sign_ins.with_label_values(&[mode.as_str(), outcome]);
        }
        metrics
    }

    pub(crate) fn swept(&self, took: Duration) {
        self.sweeps
            .with_label_values(&[CLUSTER])
            .observe(took.as_secs_f64());
    }

    pub(crate) fn checked(&self, took: Duration, outcome: Outcome) {
        self.checks
            .with_label_values(&[CLUSTER])
            .observe(took.as_secs_f64());
        let outcome = match outcome {
            Outcome::Fine => "fine",
            Outcome::Busy => "busy",
            Outcome::Failed => "failed",
        };
        self.check_outcomes.with_label_values(&[CLUSTER, outcome]).inc();
    }

    pub(crate) fn worker_ran(&self, worker: &'static str, at: DateTime<Utc>, ok: bool) {
        let outcome = if ok { "ok" } else { "failed" };
        self.worker_runs.with_label_values(&[worker, outcome]).inc();
        if ok {
            self.worker_successes.lock().insert(worker, at);
        }
    }

    /// The sizes of databases, as they were measured last.
    pub(crate) fn measured(&self, sizes: &BTreeMap<String, u64>) {
        self.sizes.lock().clone_from(sizes);
    }

    pub(crate) fn nodes_observed(&self, nodes: Vec<(String, Option<NodeHealth>)>) {
        *self.nodes.lock() = nodes;
    }

    pub(crate) fn probed(&self, probed: &[Probed]) {
        let mut sources = self.sources.lock();
        for one in probed {
            let known = sources.entry(one.source.clone()).or_default();
            let n_problems = u64::try_from(one.problems.len()).unwrap_or(u64::MAX);
            *known = (one.up, one.took.as_secs_f64(), known.2.saturating_add(n_problems));
        }
    }

    /// One answered request. `route` is the template of the path, never the path itself; `method` is one of HTTP's own.
    pub fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        self.requests
            .with_label_values(&[method, route, status.to_string().as_str()])
            .inc();
        self.request_durations
            .with_label_values(&[method, route])
            .observe(took.as_secs_f64());
    }

    /// A sign-in on the pages. `mode` is how the person is known: `local`, `managed`, `directory`, `oidc`.
    pub fn signed_in<T>(&self, mode: &str, result: &Result<T, Error>) {
        let outcome = match result {
            Ok(_) => "ok",
            Err(Error::SignInRefused) => "refused",
            Err(Error::RateLimited(_)) => "limited",
            Err(_) => "failed",
        };
        self.sign_ins.with_label_values(&[mode, outcome]).inc();
    }

    /// How long the directory took for one sign-in, whatever it said.
    pub(crate) fn directory_asked(&self, took: Duration) {
        self.directory_durations
            .with_label_values::<&str>(&[])
            .observe(took.as_secs_f64());
    }
}

/// Everything, in Prometheus' text format. The progress of labs is told by the process that works, so that several
/// processes can be scraped and nothing counts twice.
///
/// # Errors
/// Not the actor's to see.
pub async fn scrape(control: &Control, actor: &Actor) -> Result<String, Error> {
    control.authorise(actor, Operation::SystemView)?;
    let mut families = process::families(control);
    source::last_probes(control, &mut families);
    directory::families(control, &mut families);
    if control.works() {
        lab::families(control, &mut families);
    }
    let mut families = family::encoded(families);
    families.extend(control.metrics().registry.gather());
    families.retain(|family| !family.get_metric().is_empty());
    families.sort_by(|a, b| a.name().cmp(b.name()));
    text(families)
}

fn text(families: Vec<MetricFamily>) -> Result<String, Error> {
    TextEncoder::new()
        .encode_to_string(&families)
        .map_err(Error::internal)
}
