//! Challenges that members run as pods at an instance manager: started, shown, ended, and kept in step with what the
//! manager lists. What follows from a list is decided in `pglab_core::pods`, HTTP is spoken in
//! `pglab_fleet::instance_manager`.

mod change;
mod patch;
mod read;
mod start;
mod sync;

use pglab_core::{
    access::{Actor, Membership, Operation, may},
    activity::{Event, Severity},
    id::{InstanceId, PersonId},
    pods::PodEvent,
};
use pglab_store::{Tx, challenge_instance as table, lab::Lab};

pub use change::{end, extend, retry};
pub use patch::{Patch, by_id, flag, patch};
pub use pglab_fleet::instance_manager::PodDetails;
pub use pglab_store::challenge_instance::{ChallengeInstance, Moved};
pub use read::{OwnChallenge, history, list, own, secret, show, status};
pub use start::start;
pub use sync::{Summary, WORKER, activate, run};

use crate::{
    Control, Error,
    activity::{self, NewActivity},
    lab,
};

/// One instance of a lab, as far as the actor may reach it: the staff every one, others their own.
///
/// # Errors
/// Not theirs to see or to change; no such instance, as far as they may know.
async fn reach(
    control: &Control,
    actor: &Actor,
    slug: &str,
    id: InstanceId,
    change: bool,
) -> Result<(Lab, Option<Membership>, ChallengeInstance), Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    let as_staff = if change {
        Operation::LabAssist(place)
    } else {
        Operation::LabView(place)
    };
    let helps = may(actor, as_staff);
    if !helps {
        control.authorise(
            actor,
            match place {
                Some(own) if change => Operation::ChallengeUse(place, own.member),
                Some(own) => Operation::MemberSelf(place, own.member),
                None => as_staff,
            },
        )?;
    }
    let instance = table::by_id(control.store.pool(), id)
        .await?
        .filter(|instance| instance.lab == lab.id)
        .filter(|instance| helps || place.is_some_and(|place| place.member == instance.member))
        .ok_or_else(|| Error::NotFound(format!("instance {id} in the lab {slug}")))?;
    Ok((lab, place, instance))
}

/// Moves an instance by an event in a transaction that does more. `None`: somebody moved it since it was seen.
async fn move_in(
    control: &Control,
    tx: &mut Tx,
    seen: &ChallengeInstance,
    event: PodEvent,
    actor: Option<PersonId>,
) -> Result<Option<ChallengeInstance>, Error> {
    let name = event.name();
    let mut moved = seen.clone();
    moved.state = seen
        .state
        .clone()
        .apply(event)
        .map_err(|error| Error::Conflict(format!("the instance is not ready for that: {error}")))?;
    // Doubts are observations: they are kept, and make no history.
    let told = (!matches!(name, "doubted" | "trusted")).then_some(name);
    written(control, tx, seen, moved, told, actor).await
}

async fn written(
    control: &Control,
    tx: &mut Tx,
    seen: &ChallengeInstance,
    mut moved: ChallengeInstance,
    event: Option<&str>,
    actor: Option<PersonId>,
) -> Result<Option<ChallengeInstance>, Error> {
    if event.is_some() {
        moved.changed_at = control.now();
    }
    if !table::move_to(tx, seen.version, &moved, event, actor).await? {
        return Ok(None);
    }
    if let Some(event) = event {
        tell(tx, &moved, event, seen.state != moved.state).await?;
    }
    moved.version = seen.version + 1;
    Ok(Some(moved))
}

/// What is worth a line in the activity log.
async fn tell(tx: &mut Tx, instance: &ChallengeInstance, event: &str, moved: bool) -> Result<(), Error> {
    let (told, severity) = match (event, moved) {
        ("wanted" | "retry", _) => (Event::ChallengeInstanceQueued, Severity::Info),
        ("ready", _) => (Event::ChallengeInstanceCreated, Severity::Info),
        ("terminate", _) => (Event::ChallengeTerminationInitiated, Severity::Info),
        ("gone", _) => (Event::ChallengeInstanceDeleted, Severity::Info),
        ("failed", true) => (Event::ChallengeInstanceUpdated, Severity::Warning),
        ("extended" | "changed", _) => (Event::ChallengeInstanceUpdated, Severity::Info),
        // Steps on the way.
        _ => return Ok(()),
    };
    let metadata = serde_json::json!({
        "state": instance.state.name(),
        "why": instance.state.sentence(),
        "name": instance.name,
    });
    let entry = NewActivity::new(instance.changed_at, told)
        .severity(severity)
        .person(instance.person)
        .lab(instance.lab)
        .challenge(instance.challenge)
        .instance(instance.id)
        .metadata(metadata);
    activity::record(tx, &entry).await
}

fn person(actor: &Actor) -> Option<PersonId> {
    match actor {
        Actor::Person(person) => Some(person.id),
        Actor::Stranger | Actor::System => None,
    }
}

fn moved_meanwhile(instance: &ChallengeInstance) -> Error {
    Error::Conflict(format!(
        "the instance {} is being changed at this moment; look again",
        instance.id
    ))
}

/// What a flag is sealed for.
fn flag_purpose(id: InstanceId) -> String {
    format!("flag of {id}")
}
