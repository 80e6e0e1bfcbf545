//! The syncer: asks the manager for its list, has the round planned, writes the moves and makes the calls. It runs in the
//! process that works; it can be dropped between any two steps, because what was not written is found again by the next
//! round.

use std::{collections::HashMap, fmt, time::Duration};

use chrono::TimeDelta;
use futures::{StreamExt, stream};
use pglab_core::{
    id::InstanceId,
    pods::{self, Call, Filling, Known, Pod, PodEvent, PodState, filled},
};
use pglab_fleet::InstanceManager;
use pglab_store::challenge_instance::{self as table, Live};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{ChallengeInstance, flag_purpose, move_in, written};
use crate::{Control, Error, Worker, answer, reports::counted};

pub const WORKER: Worker = Worker {
    name: "pods",
    about: "Keeps challenges that run as pods in step with the instance manager",
    period: Duration::from_secs(5),
};

/// Calls to the manager at the same time.
const CALLS: usize = 4;

/// What one round did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    pub moved: u64,
    pub started: u64,
    pub ended: u64,
    /// Calls that the manager did not take.
    pub failed: u64,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.moved, "moved"),
            (self.started, "asked to start"),
            (self.ended, "asked to end"),
            (self.failed, "calls refused"),
        ];
        counted(f, &counts)
    }
}

/// Works until `stop`. Without a manager there is nothing to do.
pub async fn run(control: Control, stop: CancellationToken) {
    let Some(manager) = control.instance_manager().cloned() else {
        control.report(&WORKER, &Ok::<_, Error>(Summary::default()));
        stop.cancelled().await;
        return;
    };
    let period = manager.settings().period;
    let mut n_failed = 0_u32;
    loop {
        let outcome = tokio::select! {
            () = stop.cancelled() => return,
            outcome = activate(&control) => outcome,
        };
        control.report(&WORKER, &outcome);
        let mut again = false;
        match outcome {
            Ok(summary) => {
                n_failed = 0;
                // What was written down may need a call that waits for nothing.
                again = summary.moved > 0;
            }
            Err(error) => {
                n_failed = n_failed.saturating_add(1);
                tracing::warn!(%error, n_failed, "the instance manager gave no good answer; nothing changes");
            }
        }
        let mut chance = [0_u8];
        control.random.fill(&mut chance);
        let period = TimeDelta::from_std(period).unwrap_or(TimeDelta::seconds(5));
        let pause = pods::stays_away(period, n_failed, chance[0]);
        let pause = pause.to_std().unwrap_or(WORKER.period);
        let pause = if again {
            pause.min(Duration::from_secs(1))
        } else {
            pause
        };
        tokio::select! {
            () = stop.cancelled() => return,
            // A manager that does not answer is not asked more often because somebody waits.
            () = control.wake().pods.notified(), if n_failed == 0 => {}
            () = sleep(pause) => {}
        }
    }
}

/// One round.
///
/// # Errors
/// The manager gave no good answer: then nothing was changed. Or our own database does not answer.
pub async fn activate(control: &Control) -> Result<Summary, Error> {
    let Some(manager) = control.instance_manager() else {
        return Ok(Summary::default());
    };
    let listed = manager
        .list()
        .await
        .map_err(|error| Error::Unavailable(error.to_string()))?;
    let names: Vec<String> = listed
        .iter()
        .filter(|pod| pod.name.starts_with("pglab-"))
        .map(|pod| pod.name.clone())
        .collect();
    let live = table::live(control.store.pool(), &names).await?;
    let known: Vec<Known> = live.iter().map(known).collect();
    let plan = pods::plan(control.now(), &known, Some(&listed));
    let mut rows: HashMap<InstanceId, ChallengeInstance> = live
        .into_iter()
        .map(|one| (one.instance.id, one.instance))
        .collect();
    let mut summary = Summary::default();
    observe(control, &mut rows, &listed, &plan.remarks).await?;
    for (id, event) in plan.moves {
        summary.moved += u64::from(step(control, &mut rows, id, event).await?);
    }
    let calls = plan.calls.into_iter().filter_map(|(id, call)| {
        let row = rows.get(&id)?;
        // Somebody else moved it: the next round sees what it is now.
        let still = match call {
            Call::Start => matches!(row.state, PodState::Creating { .. }),
            Call::End => true,
        };
        still.then(|| (row.clone(), call))
    });
    let outcomes: Vec<Result<Summary, Error>> = stream::iter(calls)
        .map(|(row, call)| make(control, manager, row, call))
        .buffer_unordered(CALLS)
        .collect()
        .await;
    for outcome in outcomes {
        let done = outcome?;
        summary.started += done.started;
        summary.ended += done.ended;
        summary.failed += done.failed;
        summary.moved += done.moved;
    }
    secrets(control, manager, &rows).await?;
    Ok(summary)
}

fn known(live: &Live) -> Known {
    let instance = &live.instance;
    let unwanted = match (live.lab_open, live.member_in) {
        (false, _) => Some("the lab is no longer open".to_owned()),
        (_, false) => Some("its member is no longer in the lab".to_owned()),
        (true, true) => None,
    };
    Known {
        id: instance.id,
        name: instance.name.clone(),
        user_id: instance.person.to_string(),
        state: instance.state.clone(),
        expires_at: instance.expires_at,
        unwanted,
    }
}

/// Takes over addresses, the secret's name and remarks where they changed: no moves.
async fn observe(
    control: &Control,
    rows: &mut HashMap<InstanceId, ChallengeInstance>,
    listed: &[Pod],
    remarks: &std::collections::BTreeMap<InstanceId, String>,
) -> Result<(), Error> {
    let by_name: HashMap<&str, &Pod> = listed.iter().map(|pod| (pod.name.as_str(), pod)).collect();
    for row in rows.values_mut() {
        if matches!(row.state, PodState::Terminated { .. }) {
            continue;
        }
        let mut now = row.clone();
        let remark = remarks.get(&row.id);
        now.remark = remark.cloned();
        // An entry that contradicts itself is not asked for addresses either.
        if remark.is_none()
            && let Some(pod) = by_name.get(row.name.as_str())
        {
            now.addresses = pod.addresses.clone();
            if pod.flag_secret_name.is_some() {
                now.flag_secret_name = pod.flag_secret_name.clone();
            }
        }
        if now == *row {
            continue;
        }
        if let Some(remark) = &now.remark
            && row.remark.as_ref() != Some(remark)
        {
            tracing::warn!(instance = %row.id, remark, "the instance manager's list is odd");
        }
        let mut tx = control.store.begin().await?;
        if let Some(written) = written(control, &mut tx, row, now, None, None).await? {
            control.store.commit(tx).await?;
            *row = written;
        }
    }
    Ok(())
}

/// Writes one move. False: somebody else moved it meanwhile, and the next round looks again.
async fn step(
    control: &Control,
    rows: &mut HashMap<InstanceId, ChallengeInstance>,
    id: InstanceId,
    event: PodEvent,
) -> Result<bool, Error> {
    let Some(row) = rows.get_mut(&id) else {
        return Ok(false);
    };
    let mut tx = control.store.begin().await?;
    let Some(moved) = move_in(control, &mut tx, row, event, None).await? else {
        rows.remove(&id);
        return Ok(false);
    };
    control.store.commit(tx).await?;
    tracing::info!(instance = %id, state = moved.state.name(), "a challenge's instance moved");
    *row = moved;
    Ok(true)
}

/// One call, and what follows from its outcome.
async fn make(
    control: &Control,
    manager: &InstanceManager,
    row: ChallengeInstance,
    call: Call,
) -> Result<Summary, Error> {
    let mut done = Summary::default();
    let outcome = match call {
        Call::Start => {
            done.started = 1;
            ask_to_start(control, manager, &row).await?
        }
        Call::End => {
            done.ended = 1;
            manager.end(&row.name).await.map_err(|error| error.to_string())
        }
    };
    if let Err(reason) = &outcome {
        tracing::warn!(instance = %row.id, ?call, reason, "the instance manager did not take a call");
        done.failed = 1;
    }
    if call == Call::Start
        && let Some(event) = pods::after_start(control.now(), &row.state, outcome)
    {
        let mut tx = control.store.begin().await?;
        if move_in(control, &mut tx, &row, event, None).await?.is_some() {
            control.store.commit(tx).await?;
            done.moved = 1;
        }
    }
    Ok(done)
}

async fn ask_to_start(
    control: &Control,
    manager: &InstanceManager,
    row: &ChallengeInstance,
) -> Result<Result<(), String>, Error> {
    let Some(document) = table::document_of(control.store.pool(), row.challenge).await? else {
        return Ok(Err("its challenge is gone.".to_owned()));
    };
    let user_id = row.person.to_string();
    let competition_id = row.lab.to_string();
    let filling = Filling {
        instance_name: row.name.clone(),
        domain: Some(manager.settings().domain()),
        user_id: user_id.clone(),
        competition_id: competition_id.clone(),
        flag: answer::flag_of_member(control, row.lab, row.member, "flag"),
        flag_secret_name: row.flag_secret_name.clone().unwrap_or_default(),
        random_password: control
            .sealer
            .derived("random password of an instance", &row.id.to_string()),
    };
    let content = filled(&document, &filling);
    let outcome = manager
        .start(&row.name, &user_id, &competition_id, &content)
        .await;
    Ok(outcome.map_err(|error| format!("{error}.")))
}

/// Fetches the flags that a manager made itself, of instances that run and whose flag is not kept yet.
async fn secrets(
    control: &Control,
    manager: &InstanceManager,
    rows: &HashMap<InstanceId, ChallengeInstance>,
) -> Result<(), Error> {
    for row in rows.values() {
        let (PodState::Active { .. }, None, Some(name)) =
            (&row.state, &row.flag_sealed, &row.flag_secret_name)
        else {
            continue;
        };
        let flag = match manager.secret(name).await {
            Ok(Some(flag)) => flag,
            // It keeps none: then the flag is the member's own.
            Ok(None) => answer::flag_of_member(control, row.lab, row.member, "flag"),
            Err(error) => {
                tracing::debug!(instance = %row.id, %error, "the flag of an instance is not to be had yet");
                continue;
            }
        };
        let mut now = row.clone();
        now.flag_sealed = Some(
            control
                .sealer
                .seal(&*control.random, &flag_purpose(row.id), &flag)?,
        );
        let mut tx = control.store.begin().await?;
        if written(control, &mut tx, row, now, None, None).await?.is_some() {
            control.store.commit(tx).await?;
        }
    }
    Ok(())
}
