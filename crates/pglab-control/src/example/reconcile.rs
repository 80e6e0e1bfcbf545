//! The reconciler of examples: for every example that is wanted, the example database, then the start template, then
//! the tasks. Safe to stop at any point: the next activation removes what was left half-made and starts over.

use std::{collections::HashSet, fmt, time::Duration};

use futures::{FutureExt, StreamExt, stream::FuturesUnordered};
use pglab_core::id::LabId;
use pglab_store::{
    example::{self, Example, ExampleState},
    example_rows,
    lab::Lab,
    start_dump::{self, StartDump},
};
use serde_json::json;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{
    live::{Phase, Progress},
    uploads,
    view::{ExampleProblem, ExampleSummary, WAITS_FOR},
    work::{self, Failure},
};
use crate::{Control, Error, Worker, lab, reports::counted, task};

/// When nobody wakes it: another process may have taken the upload.
const PERIOD: Duration = Duration::from_secs(5);
/// How often progress is written down, and it is asked whether the work is still wanted.
const NOTED_EVERY: Duration = Duration::from_secs(1);
/// Loading keeps a server busy; more at once would make all of them slow.
const MAX_AT_ONCE: usize = 2;

pub const WORKER: Worker = Worker {
    name: "examples",
    about: "Loads example databases, makes what students start from, and derives the tasks",
    period: PERIOD,
};

/// What an activation did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    pub ready: usize,
    pub failed: usize,
    /// Something else was wanted in the meantime.
    pub given_up: usize,
    /// Tried again by the next activation: why, for each.
    pub put_off: Vec<String>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.ready as u64, "ready"),
            (self.failed as u64, "failed"),
            (self.given_up as u64, "no longer wanted"),
            (self.put_off.len() as u64, "put off"),
        ];
        counted(f, &counts)?;
        if !self.put_off.is_empty() {
            write!(f, " ({})", self.put_off.join("; "))?;
        }
        Ok(())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Ready,
    Failed,
    GivenUp,
    /// Of which lab, and why.
    PutOff(String),
}

/// Works until `stop`.
pub async fn run(control: Control, stop: CancellationToken) {
    loop {
        let activation = tokio::select! {
            () = stop.cancelled() => return,
            activation = activate(&control) => activation,
        };
        control.report(&WORKER, &activation);
        match activation {
            Ok(summary) if summary != Summary::default() => tracing::info!(?summary, "examples"),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "examples could not be looked at"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = control.wake().example.notified() => {}
            () = sleep(PERIOD) => {}
        }
    }
}

/// Goes on until nothing is wanted that it has not tried, also what comes in the meantime.
///
/// # Errors
/// Our own database does not answer.
pub async fn activate(control: &Control) -> Result<Summary, Error> {
    let mut summary = Summary::default();
    let mut at_work = FuturesUnordered::new();
    let mut busy: HashSet<LabId> = HashSet::new();
    let mut put_off: HashSet<LabId> = HashSet::new();
    loop {
        for example in example::loading(control.store.pool()).await? {
            let lab = example.lab;
            if busy.len() < MAX_AT_ONCE && !put_off.contains(&lab) && busy.insert(lab) {
                at_work.push(one(control, example).map(move |outcome| (lab, outcome)));
            }
        }
        if at_work.is_empty() {
            break;
        }
        tokio::select! {
            Some((lab, outcome)) = at_work.next() => {
                busy.remove(&lab);
                match outcome {
                    Outcome::Ready => summary.ready += 1,
                    Outcome::Failed => summary.failed += 1,
                    Outcome::GivenUp => summary.given_up += 1,
                    Outcome::PutOff(why) => {
                        put_off.insert(lab);
                        summary.put_off.push(why);
                    }
                }
            }
            () = control.wake().example.notified() => {}
        }
    }
    let known = example::files(control.store.pool()).await?;
    if let Err(error) = uploads::sweep(control, &known).await {
        tracing::warn!(%error, "the folder of uploads can't be swept");
    }
    Ok(summary)
}

async fn one(control: &Control, example: Example) -> Outcome {
    let lab = match pglab_store::lab::by_id(control.store.pool(), example.lab).await {
        // Its removal is the business of another reconciler.
        Ok(Some(lab)) if lab.delete_wanted_at.is_none() => lab,
        Ok(_) => return Outcome::PutOff("a lab that is being deleted".to_owned()),
        Err(error) => return put_off(control, &example, "a lab", &error.into()).await,
    };
    let slug = lab.slug.clone();
    match try_one(control, lab, &example).await {
        Ok(outcome) => outcome,
        Err(error) => put_off(control, &example, slug.as_str(), &error).await,
    }
}

async fn try_one(control: &Control, lab: Lab, example: &Example) -> Result<Outcome, Error> {
    let dump = start_dump::of_lab(control.store.pool(), lab.id).await?;
    let wanted = Wanted { lab, dump };
    let _working = control.examples().work(example.lab);
    // What is made is noted outside of this: once that begins, the example is no longer being loaded, which must not
    // be taken for its being no longer wanted.
    let made = tokio::select! {
        made = make(control, &wanted, example.clone()) => made,
        () = unwanted(control, example) => return Ok(Outcome::GivenUp),
    };
    match made {
        Ok(Some((made_for, start))) => note_start(control, &wanted, &made_for, start).await,
        Ok(None) => Ok(Outcome::GivenUp),
        Err(Stop::PutOff(error)) => Err(error),
        Err(Stop::Failed(problem)) => fail(control, &wanted, example, &problem).await,
    }
}

/// Told in the log, in the report of the worker, and to those who look at the example.
async fn put_off(control: &Control, example: &Example, slug: &str, error: &Error) -> Outcome {
    tracing::warn!(lab = slug, %error, "an example is put off");
    let waits = json!({ WAITS_FOR: error.to_string() });
    if let Err(error) =
        example::set_progress(control.store.pool(), example.lab, example.generation, &waits).await
    {
        tracing::warn!(lab = slug, %error, "that an example is put off can't be written");
    }
    control.examples().changed();
    Outcome::PutOff(format!("{slug}: {error}"))
}

/// Writes the progress down from time to time; ends when something else is wanted.
async fn unwanted(control: &Control, example: &Example) {
    loop {
        sleep(NOTED_EVERY).await;
        let progress = control.examples().get(example.lab);
        let progress = serde_json::to_value(progress).unwrap_or_default();
        match example::set_progress(control.store.pool(), example.lab, example.generation, &progress).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::warn!(%error, "progress can't be written"),
        }
    }
}

/// What an example is made for, as it was when the work began.
struct Wanted {
    lab: Lab,
    dump: Option<StartDump>,
}

enum Stop {
    /// The dump, or what it makes of the database, is at fault.
    Failed(ExampleProblem),
    PutOff(Error),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Problem(problem) => Self::Failed(problem),
            Failure::Error(error) => Self::PutOff(error),
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::PutOff(error)
    }
}

impl From<pglab_store::Error> for Stop {
    fn from(error: pglab_store::Error) -> Self {
        Self::PutOff(error.into())
    }
}

/// The example as it is noted by now, and its start. `None`: something else is wanted.
async fn make(
    control: &Control,
    wanted: &Wanted,
    mut example: Example,
) -> Result<Option<(Example, work::StartMade)>, Stop> {
    let lab = &wanted.lab;
    let told = |progress: Progress| control.examples().set(lab.id, progress);
    if example.example_database.is_none() {
        work::remove_all(control, lab).await?;
        let made = work::make_example(control, lab, &example, &told).await?;
        let Some(noted) = note_example(control, wanted, example.generation, made).await? else {
            return Ok(None);
        };
        example = noted;
    }
    told(Progress {
        phase: Phase::Templates,
        done_bytes: 0,
        total_bytes: 0,
    });
    work::remove_starts(control, lab).await?;
    let start = work::StartWanted {
        lab,
        example: &example,
        dump: wanted.dump.as_ref(),
    };
    let made = work::make_start(control, start, &told).await?;
    Ok(Some((example, made)))
}

/// The example itself is there. `None`: something else is wanted by now.
async fn note_example(
    control: &Control,
    wanted: &Wanted,
    generation: i32,
    made: work::ExampleMade,
) -> Result<Option<Example>, Stop> {
    let lab = wanted.lab.id;
    let mut tx = control.store.begin().await?;
    // A start that changed in the meantime does not make the example itself useless.
    let Some((mut example, _)) = still_wanted(&mut tx, &wanted.lab, generation).await? else {
        return Ok(None);
    };
    example.example_database = Some(made.database);
    example.warnings = serde_json::to_value(&made.warnings).unwrap_or_default();
    example.summary = serde_json::to_value(ExampleSummary::of(&made.snapshot, &made.rows)).ok();
    example::put(&mut tx, &example).await?;
    example::set_snapshot(&mut tx, lab, &made.snapshot).await?;
    example_rows::replace(&mut tx, lab, &made.rows).await?;
    control.store.commit(tx).await?;
    Ok(Some(example))
}

/// Everything is there: the tasks are derived, and the class can be prepared.
async fn note_start(
    control: &Control,
    wanted: &Wanted,
    made_for: &Example,
    made: work::StartMade,
) -> Result<Outcome, Error> {
    let mut tx = control.store.begin().await?;
    let Some((mut example, lab)) = still_wanted(&mut tx, &wanted.lab, made_for.generation).await? else {
        return Ok(Outcome::GivenUp);
    };
    if !wanted.same_start(&mut tx, &lab).await? {
        return Ok(Outcome::GivenUp);
    }
    example.state = ExampleState::Ready;
    example.error = None;
    example.progress = json!({});
    example.start_database = Some(made.database);
    example.start_made = Some(lab.start.clone());
    example.loaded_at = Some(control.now());
    let mut warnings = made_for.warnings.as_array().cloned().unwrap_or_default();
    warnings.extend(
        made.warnings
            .iter()
            .filter_map(|warning| serde_json::to_value(warning).ok()),
    );
    example.warnings = warnings.into();
    example::put(&mut tx, &example).await?;
    example::set_start(&mut tx, lab.id, &made.snapshot, &made.rows).await?;
    task::derive_again(control, &mut tx, &lab).await?;
    control.store.commit(tx).await?;
    control.examples().clear(lab.id);
    control.wake().prepare.notify_one();
    control.wake().live.notify_one();
    Ok(Outcome::Ready)
}

/// Nothing of what failed stays on the cluster; then it is told.
async fn fail(
    control: &Control,
    wanted: &Wanted,
    failed: &Example,
    problem: &ExampleProblem,
) -> Result<Outcome, Error> {
    let lab = &wanted.lab;
    let example = example::of_lab(control.store.pool(), lab.id).await?;
    if example.is_some_and(|example| example.example_database.is_some()) {
        work::remove_starts(control, lab).await?;
    } else {
        work::remove_all(control, lab).await?;
        // With databases of students there it is in use; who makes one makes it again.
        if pglab_store::instance::of_lab(control.store.pool(), lab.id)
            .await?
            .is_empty()
        {
            work::remove_lab_role(control, lab).await?;
        }
    }
    let mut tx = control.store.begin().await?;
    let Some((mut example, now)) = still_wanted(&mut tx, lab, failed.generation).await? else {
        return Ok(Outcome::GivenUp);
    };
    if !wanted.same_start(&mut tx, &now).await? {
        return Ok(Outcome::GivenUp);
    }
    example.state = ExampleState::Failed;
    example.error = serde_json::to_value(problem).ok();
    example.progress = json!({});
    example.start_database = None;
    example.start_made = None;
    example::put(&mut tx, &example).await?;
    control.store.commit(tx).await?;
    control.examples().clear(lab.id);
    tracing::info!(lab = %lab.slug, line = problem.line, reason = %problem.message, "an example failed");
    Ok(Outcome::Failed)
}

/// Locks the lab, and gives it and its example if that is still the one that is being worked on.
async fn still_wanted(
    tx: &mut pglab_store::Tx,
    lab: &Lab,
    generation: i32,
) -> Result<Option<(Example, Lab)>, Error> {
    let lab = match lab::locked(tx, lab.id, lab.slug.as_str()).await {
        Ok(lab) => lab,
        Err(Error::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(example::of_lab(&mut **tx, lab.id)
        .await?
        .filter(|example| example.generation == generation && example.state == ExampleState::Loading)
        .map(|example| (example, lab)))
}

impl Wanted {
    /// Is the start that the work was begun for still the one that is wanted?
    async fn same_start(&self, tx: &mut pglab_store::Tx, now: &Lab) -> Result<bool, Error> {
        Ok(now.start == self.lab.start && start_dump::of_lab(&mut **tx, now.id).await? == self.dump)
    }
}
