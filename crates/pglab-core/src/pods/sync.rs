//! One round of comparing instances with what a manager lists: by value, from rows, answer and clock to moves and
//! calls. Asking the manager, writing and calling are the business of `pglab_control::pods`.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    listed::{Pod, PodStatus},
    state::{PodEvent, PodState},
};
use crate::{id::InstanceId, plan_instances::back_off};

/// A pod is believed to be gone, or to have failed, when so many good answers in a row say so.
pub const MISSED_ANSWERS: u32 = 3;
/// A pod that has just come up is not believed to be gone for so long: lists lag behind.
pub const GRACE: TimeDelta = TimeDelta::seconds(60);
/// A pod that is not up after so long is tried anew.
pub const APPEAR_DEADLINE: TimeDelta = TimeDelta::minutes(10);

/// An instance as our own database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub id: InstanceId,
    /// The deployment's name.
    pub name: String,
    /// Whose it is, as the manager was told.
    pub user_id: String,
    pub state: PodState,
    pub expires_at: DateTime<Utc>,
    /// Why it is no longer wanted, whatever its state, for `Ended: …`.
    pub unwanted: Option<String>,
}

/// What the manager is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Start,
    End,
}

/// What follows from one answer: the moves are written before the calls are made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    pub moves: Vec<(InstanceId, PodEvent)>,
    pub calls: Vec<(InstanceId, Call)>,
    /// What a manager said that changes nothing, for people.
    pub remarks: BTreeMap<InstanceId, String>,
}

impl Plan {
    fn act(&mut self, id: InstanceId, event: Option<PodEvent>, call: Option<Call>) {
        self.moves.extend(event.map(|event| (id, event)));
        self.calls.extend(call.map(|call| (id, call)));
    }
}

/// `listed`: `None` where the manager gave no good answer; then nothing follows. Pods that are not ours are not looked
/// at. Every instance gets one move at most.
pub fn plan(now: DateTime<Utc>, known: &[Known], listed: Option<&[Pod]>) -> Plan {
    let mut plan = Plan::default();
    let Some(listed) = listed else {
        return plan;
    };
    let mut by_name: BTreeMap<&str, Vec<&Pod>> = BTreeMap::new();
    for pod in listed {
        by_name.entry(&pod.name).or_default().push(pod);
    }
    for one in known {
        let pods = by_name.get(one.name.as_str()).map(Vec::as_slice);
        let status = match status_of(one, pods.unwrap_or_default()) {
            Ok(status) => status,
            Err(remark) => {
                plan.remarks.insert(one.id, remark);
                Some(PodStatus::Unknown("contradictions".to_owned()))
            }
        };
        if let Some(PodStatus::Unknown(word)) = &status {
            plan.remarks
                .entry(one.id)
                .or_insert_with(|| format!("The instance manager calls it {word:?}, which says nothing."));
        }
        step(&mut plan, now, one, status.as_ref());
    }
    plan
}

/// What the list says of one instance; `Err`: something that can't be, in a sentence.
fn status_of(one: &Known, pods: &[&Pod]) -> Result<Option<PodStatus>, String> {
    let Some((first, others)) = pods.split_first() else {
        return Ok(None);
    };
    if pods
        .iter()
        .any(|pod| !pod.user_id.is_empty() && pod.user_id != one.user_id)
    {
        return Err("The instance manager lists a pod of its name that is somebody else's.".to_owned());
    }
    if others.iter().any(|other| other.status != first.status) {
        return Err("The instance manager lists it several times, each time in another state.".to_owned());
    }
    Ok(Some(first.status.clone()))
}

fn step(plan: &mut Plan, now: DateTime<Utc>, one: &Known, status: Option<&PodStatus>) {
    use PodStatus as P;
    let id = one.id;
    let stands = matches!(status, Some(P::Up | P::Coming | P::Failed));
    match &one.state {
        // Came late, or did not hear that it is to end.
        PodState::Terminated { .. } => plan.act(id, None, stands.then_some(Call::End)),
        // Whoever is not listed is asked to end once all the same: it may not have appeared yet.
        PodState::Terminating { attempts: 1.., .. } if status.is_none() => {
            plan.act(id, Some(PodEvent::Gone), None);
        }
        PodState::Terminating {
            attempts, next_at, ..
        } => {
            if *next_at <= now {
                let next_at = now + back_off(attempts.saturating_add(1));
                plan.act(id, Some(PodEvent::Asked { next_at }), Some(Call::End));
            }
        }
        _ if one.unwanted.is_some() || one.expires_at <= now => {
            let because = one
                .unwanted
                .clone()
                .unwrap_or_else(|| "its time is over".to_owned());
            plan.act(id, Some(PodEvent::Terminate { because, at: now }), None);
        }
        PodState::Queued { .. } => {
            let deadline = now + APPEAR_DEADLINE;
            match status {
                Some(P::Up) => plan.act(id, Some(PodEvent::Ready { at: now }), None),
                Some(P::Coming) => plan.act(id, Some(PodEvent::Start { deadline }), None),
                None => plan.act(id, Some(PodEvent::Start { deadline }), Some(Call::Start)),
                // What is left of the last try makes room first.
                Some(P::Ended | P::Failed) => plan.act(id, None, Some(Call::End)),
                Some(P::Going | P::Unknown(_)) => {}
            }
        }
        PodState::Creating {
            attempts,
            accepted,
            deadline,
            doubts,
        } => {
            let failed = |reason: String| PodEvent::Failed {
                reason,
                retry_at: now + back_off(*attempts),
            };
            match status {
                Some(P::Up) => plan.act(id, Some(PodEvent::Ready { at: now }), None),
                _ if *deadline <= now => {
                    let minutes = APPEAR_DEADLINE.num_minutes();
                    let reason = match status {
                        None => format!("it did not appear within {minutes} minutes."),
                        Some(status) => {
                            format!("it was not up within {minutes} minutes, but {}.", status.word())
                        }
                    };
                    plan.act(id, Some(failed(reason)), None);
                }
                Some(P::Ended | P::Failed) if doubts + 1 >= MISSED_ANSWERS => {
                    plan.act(
                        id,
                        Some(failed("the instance manager says that it failed.".to_owned())),
                        None,
                    );
                }
                Some(P::Ended | P::Failed) => plan.act(id, Some(PodEvent::Doubted), None),
                Some(P::Coming) if !accepted => plan.act(id, Some(PodEvent::Accepted), None),
                Some(P::Coming) if *doubts > 0 => plan.act(id, Some(PodEvent::Trusted), None),
                // Whoever was to ask for it died before, or did not hear the answer.
                None if !accepted => plan.act(id, None, Some(Call::Start)),
                None | Some(P::Coming | P::Going | P::Unknown(_)) => {}
            }
        }
        PodState::Active { since, doubts } => {
            let sure = doubts + 1 >= MISSED_ANSWERS && *since + GRACE <= now;
            match status {
                Some(P::Up | P::Coming) if *doubts > 0 => plan.act(id, Some(PodEvent::Trusted), None),
                Some(P::Up | P::Coming | P::Unknown(_)) => {}
                Some(P::Failed) if sure => {
                    let event = PodEvent::Failed {
                        reason: "the instance manager says that it failed.".to_owned(),
                        retry_at: now + back_off(1),
                    };
                    plan.act(id, Some(event), None);
                }
                None | Some(P::Ended | P::Going) if sure => {
                    let because = match status {
                        None => format!("it was missing from {MISSED_ANSWERS} lists in a row"),
                        Some(_) => "the instance manager ended it".to_owned(),
                    };
                    plan.act(id, Some(PodEvent::Terminate { because, at: now }), None);
                }
                // More doubts than these say no more.
                _ if doubts + 1 >= MISSED_ANSWERS => {}
                _ => plan.act(id, Some(PodEvent::Doubted), None),
            }
        }
        PodState::Error {
            attempts,
            reason,
            retry_at,
        } => match status {
            Some(P::Up) => plan.act(id, Some(PodEvent::Ready { at: now }), None),
            _ if *retry_at > now => {}
            None => plan.act(id, Some(PodEvent::Retry), None),
            Some(_) => {
                let event = PodEvent::Failed {
                    reason: reason.clone(),
                    retry_at: now + back_off(attempts.saturating_add(1)),
                };
                plan.act(id, Some(event), Some(Call::End));
            }
        },
    }
}

/// What follows from a call to start: `Err` is why it did not, or may not have. `None`: nothing.
pub fn after_start(now: DateTime<Utc>, state: &PodState, outcome: Result<(), String>) -> Option<PodEvent> {
    let PodState::Creating {
        attempts, accepted, ..
    } = state
    else {
        return None;
    };
    match outcome {
        Ok(()) => (!accepted).then_some(PodEvent::Accepted),
        Err(reason) => Some(PodEvent::Failed {
            reason,
            retry_at: now + back_off(*attempts),
        }),
    }
}

/// How long the syncer rests after so many rounds in a row without a good answer: the period doubled with each, at most a
/// minute, and up to a quarter more by `chance` (0 to 255), so that several do not come at once.
pub fn stays_away(period: TimeDelta, n_failed: u32, chance: u8) -> TimeDelta {
    const LONGEST: TimeDelta = TimeDelta::seconds(60);
    let doubled = (0..n_failed.min(6)).fold(period, |pause, _| pause * 2);
    let pause = doubled.min(LONGEST.max(period));
    if n_failed == 0 {
        return pause;
    }
    pause + pause * i32::from(chance) / (4 * 255)
}

#[cfg(test)]
mod tests;
