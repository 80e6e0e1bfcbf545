//! What each background worker of this process did last: kept in memory, for who looks after pglab. Deciding and doing
//! is the workers' own; here is only what they said.

use std::{collections::HashMap, fmt, time::Duration};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use crate::Control;

/// A worker that can be asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worker {
    pub name: &'static str,
    /// What it is for, in a sentence without its end.
    pub about: &'static str,
    /// How long it rests at most; many are woken earlier.
    pub period: Duration,
}

/// How the last activation of a worker went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub at: DateTime<Utc>,
    /// What the last one did that succeeded.
    pub result: Option<String>,
    /// Why the last one failed, and since when they do. `None` when it succeeded.
    pub failing: Option<Failing>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    pub error: String,
    pub since: DateTime<Utc>,
}

/// How much the live path has to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Live {
    /// Databases that are watched.
    pub n_databases: usize,
    /// Databases that were touched and are to be looked at.
    pub n_waiting: usize,
    /// Databases that are being looked at.
    pub n_looking: usize,
}

impl fmt::Display for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            n_databases,
            n_waiting,
            n_looking,
        } = self;
        write!(
            f,
            "{n_databases} databases watched, {n_looking} being looked at, {n_waiting} waiting"
        )
    }
}

#[derive(Debug, Default)]
pub(crate) struct Reports {
    by_name: Mutex<HashMap<&'static str, Report>>,
    live: Mutex<Live>,
}

impl Control {
    /// Remembers how an activation went. The summary is shown as it prints.
    pub(crate) fn report<S: fmt::Display, E: fmt::Display>(&self, worker: &Worker, outcome: &Result<S, E>) {
        let at = self.now();
        self.metrics().worker_ran(worker.name, at, outcome.is_ok());
        let mut reports = self.reports().by_name.lock();
        let report = reports.entry(worker.name).or_insert(Report {
            at,
            result: None,
            failing: None,
        });
        report.at = at;
        match outcome {
            Ok(summary) => {
                report.result = Some(summary.to_string());
                report.failing = None;
            }
            Err(error) => {
                let since = report.failing.take().map_or(at, |failing| failing.since);
                let error = error.to_string();
                report.failing = Some(Failing { error, since });
            }
        }
    }

    pub(crate) fn report_live(&self, live: Live) {
        *self.reports().live.lock() = live;
    }

    /// `None` before the first activation in this process.
    pub fn last_report(&self, worker: &Worker) -> Option<Report> {
        self.reports().by_name.lock().get(worker.name).cloned()
    }

    /// `None` while another process works.
    pub fn live_facts(&self) -> Option<Live> {
        self.works().then(|| *self.reports().live.lock())
    }

    /// Is this the process that works?
    pub fn works(&self) -> bool {
        self.boards().is_leading()
    }
}

/// What was done, of each kind how much: `3 made, 1 failed`; `nothing to do` when all are zero.
pub(crate) fn counted(f: &mut fmt::Formatter<'_>, counts: &[(u64, &str)]) -> fmt::Result {
    let mut separator = "";
    for (n, what) in counts.iter().filter(|(n, _)| *n > 0) {
        write!(f, "{separator}{n} {what}")?;
        separator = ", ";
    }
    if separator.is_empty() {
        f.write_str("nothing to do")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counts(Vec<(u64, &'static str)>);

    impl fmt::Display for Counts {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            counted(f, &self.0)
        }
    }

    #[test]
    fn counts_are_told_without_zeros() {
        let told = |counts: &[(u64, &'static str)]| Counts(counts.to_vec()).to_string();
        assert_eq!(
            told(&[(3, "made"), (0, "removed"), (1, "failed")]),
            "3 made, 1 failed"
        );
        assert_eq!(told(&[(0, "made"), (0, "failed")]), "nothing to do");
    }
}
