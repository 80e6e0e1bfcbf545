//! Preparing a class: asking for it, and how far it is. The work is done by the instance reconciler; what is told here
//! is read from the states of the instances.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{Stream, stream};
use pglab_core::{
    access::{Actor, Operation},
    directory::IdentityMode,
    id::MemberId,
    instance::{InstanceEvent, InstanceState},
    lab::{LabState, MemberRole},
};
use pglab_store::{
    directory_account,
    example::{self, ExampleState},
    instance::{self, Instance},
    lab::Lab,
    member::{self, Member},
};

use tokio::time::timeout;

use crate::{Control, Error};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreparationState {
    /// Nobody asked for it.
    Idle,
    Running,
    Done,
    /// What could be made is made; the rest is tried again.
    Failed,
}

impl PreparationState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preparation {
    pub state: PreparationState,
    pub total: usize,
    pub ready: usize,
    /// Login and reason.
    pub failed: Vec<(String, String)>,
    pub waiting: usize,
    /// None while nothing can be said.
    pub eta_seconds: Option<u64>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    /// What everybody waits for.
    pub note: Option<String>,
}

impl Preparation {
    /// Databases alone are of no use: a class is ready when everybody can sign in.
    fn wait_for_accounts(&mut self, n_accounts: u64, failing: Option<String>) {
        if n_accounts == 0 || !matches!(self.state, PreparationState::Running | PreparationState::Done) {
            return;
        }
        self.state = PreparationState::Running;
        self.finished_at = None;
        let accounts = if n_accounts == 1 {
            "1 account".to_owned()
        } else {
            format!("{n_accounts} accounts")
        };
        self.note.get_or_insert(match failing {
            Some(why) => format!(
                "Waits for the directory, which {accounts} are to be made in; it goes on by itself: {why}."
            ),
            None => format!("Waits for the directory, which {accounts} are to be made in."),
        });
    }
}

/// Asks for a database for every student. Asking twice is fine; what failed is tried again at once.
///
/// # Errors
/// Not the actor's to do, the lab is closed or archived, or there is no example to make a start from.
pub async fn prepare(control: &Control, actor: &Actor, slug: &str) -> Result<Preparation, Error> {
    let (found, place) = crate::lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    let now = control.now();
    let mut tx = control.store.begin().await?;
    let mut lab = crate::lab::locked(&mut tx, found.id, slug).await?;
    if matches!(lab.state, LabState::Closed | LabState::Archived) {
        return Err(Error::Conflict(format!(
            "the lab {slug} is {}; open it to prepare it",
            lab.state.as_str()
        )));
    }
    match example::of_lab(&mut *tx, lab.id)
        .await?
        .map(|example| example.state)
    {
        Some(ExampleState::Ready | ExampleState::Loading) => {}
        Some(ExampleState::Failed) => {
            return Err(Error::Conflict(format!(
                "the example of the lab {slug} could not be loaded; upload one that can first"
            )));
        }
        None => {
            return Err(Error::Conflict(format!(
                "the lab {slug} has no example yet; upload one first"
            )));
        }
    }
    lab.prepare_wanted_at = Some(now);
    retry_failed(control, &mut tx, &lab).await?;
    crate::lab::write(control, tx, actor, &lab, "lab_prepare", serde_json::json!({})).await?;
    control.wake().people_changed();
    of_lab(control, &lab).await
}

async fn retry_failed(control: &Control, tx: &mut pglab_store::Tx, lab: &Lab) -> Result<(), Error> {
    for instance in instance::of_lab(&mut **tx, lab.id).await? {
        if let InstanceState::Error { .. } = instance.state {
            let mut moved = instance.clone();
            moved.state = moved.state.apply(InstanceEvent::Retry).map_err(Error::internal)?;
            moved.changed_at = control.now();
            instance::move_to(tx, instance.version, &moved, "retry", None).await?;
        }
    }
    Ok(())
}

/// # Errors
/// Not the actor's to see.
pub async fn look(control: &Control, actor: &Actor, slug: &str) -> Result<Preparation, Error> {
    let (lab, place) = crate::lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabView(place))?;
    of_lab(control, &lab).await
}

/// For who has looked already whether the actor may see the lab.
///
/// # Errors
/// Our own database does not answer.
pub async fn of_lab(control: &Control, lab: &Lab) -> Result<Preparation, Error> {
    let pool = control.store.pool();
    let members = member::of_lab(pool, lab.id).await?;
    let instances = instance::of_lab(pool, lab.id).await?;
    let example = example::of_lab(pool, lab.id).await?.map(|example| example.state);
    let mut preparation = summarise(lab, example, &members, &instances, control.now());
    if control.options().identity.mode() == IdentityMode::Managed {
        let n_accounts = directory_account::n_waiting(pool, lab.id).await?;
        let failing = control
            .last_report(&crate::directory::reconcile::WORKER)
            .and_then(|report| report.failing)
            .map(|failing| failing.error);
        preparation.wait_for_accounts(n_accounts, failing);
    }
    Ok(preparation)
}

/// Another process may do the work: then its progress is seen in our own database, this often.
const EVENT_PERIOD: Duration = Duration::from_secs(1);
/// Between two looks, however often something moves.
const EVENT_BREATH: Duration = Duration::from_millis(150);

/// The preparation as it stands, and again after every change. Ends when the lab is gone or our own database does not
/// answer.
///
/// # Errors
/// Not the actor's to see.
pub async fn events(
    control: &Control,
    actor: &Actor,
    slug: &str,
) -> Result<impl Stream<Item = Preparation> + Send + use<>, Error> {
    let (lab, place) = crate::lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabView(place))?;
    let moves = control.instances_moved().subscribe();
    let state = (control.clone(), moves, None::<Preparation>);
    Ok(stream::unfold(
        state,
        move |(control, mut moves, last)| async move {
            loop {
                moves.mark_unchanged();
                let lab = pglab_store::lab::by_id(control.store.pool(), lab.id)
                    .await
                    .ok()??;
                let now = of_lab(&control, &lab).await.ok()?;
                if last.as_ref() != Some(&now) {
                    return Some((now.clone(), (control, moves, Some(now))));
                }
                // Elapsed or moved, it is time to look.
                let _ = timeout(EVENT_PERIOD, moves.changed()).await;
                tokio::time::sleep(EVENT_BREATH).await;
            }
        },
    ))
}

fn summarise(
    lab: &Lab,
    example: Option<ExampleState>,
    members: &[Member],
    instances: &[Instance],
    now: DateTime<Utc>,
) -> Preparation {
    let instances: HashMap<MemberId, &Instance> = instances
        .iter()
        .map(|instance| (instance.member, instance))
        .collect();
    let students = members
        .iter()
        .filter(|member| member.role == MemberRole::Student && member.removed_at.is_none());
    let (mut total, mut waiting, mut failed, mut ready_at) = (0, 0, Vec::new(), Vec::new());
    for student in students {
        total += 1;
        let instance = instances.get(&student.id);
        match instance.map(|instance| (&instance.state, instance.changed_at)) {
            Some((InstanceState::Active, at)) => ready_at.push(at),
            Some((InstanceState::Error { reason, .. }, _)) => {
                failed.push((student.login.as_str().to_owned(), reason.clone()));
            }
            _ => waiting += 1,
        }
    }
    ready_at.sort_unstable();
    let started_at = lab.prepare_wanted_at.or(lab.opened_at);
    let wanted = started_at.is_some() && matches!(lab.state, LabState::Draft | LabState::Open);
    let blocked = example != Some(ExampleState::Ready);
    let note = match example {
        _ if !wanted || waiting == 0 => None,
        Some(ExampleState::Ready) => None,
        Some(ExampleState::Loading) => Some("Waits for the example to be loaded.".to_owned()),
        Some(ExampleState::Failed) => Some("The example could not be loaded.".to_owned()),
        None => Some("There is no example to make the databases from.".to_owned()),
    };
    let state = if !wanted {
        PreparationState::Idle
    } else if waiting > 0 && matches!(example, Some(ExampleState::Failed) | None) {
        PreparationState::Failed
    } else if waiting > 0 {
        PreparationState::Running
    } else if failed.is_empty() {
        PreparationState::Done
    } else {
        PreparationState::Failed
    };
    Preparation {
        state,
        total,
        ready: ready_at.len(),
        waiting,
        eta_seconds: if waiting == 0 || blocked {
            None
        } else {
            eta(&ready_at, waiting, now)
        },
        started_at,
        finished_at: match state {
            PreparationState::Done => ready_at.last().copied().max(started_at),
            _ => None,
        },
        failed,
        note,
    }
}

/// From the pace of the last twenty that became ready within ten minutes. `ready_at` is sorted.
fn eta(ready_at: &[DateTime<Utc>], waiting: usize, now: DateTime<Utc>) -> Option<u64> {
    let recent: Vec<_> = ready_at
        .iter()
        .rev()
        .take(20)
        .take_while(|at| now - **at < TimeDelta::minutes(10))
        .collect();
    let (latest, first) = (recent.first()?, recent.last()?);
    let n_intervals = recent.len() - 1;
    if n_intervals == 0 {
        return None;
    }
    let millis = u64::try_from((**latest - **first).num_milliseconds()).ok()?;
    let waiting = u64::try_from(waiting).ok()?;
    Some((millis * waiting / u64::try_from(n_intervals).ok()?).div_ceil(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eta_follows_the_pace() {
        let at = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        assert_eq!(eta(&[], 10, at(0)), None);
        assert_eq!(eta(&[at(0)], 10, at(1)), None);
        assert_eq!(eta(&[at(0), at(2), at(4)], 10, at(5)), Some(20));
        assert_eq!(eta(&[at(0), at(2), at(4)], 10, at(5000)), None);
        // The morning's preparation says nothing of the afternoon's.
        assert_eq!(eta(&[at(0), at(4000), at(4003)], 2, at(4005)), Some(6));
    }
}
