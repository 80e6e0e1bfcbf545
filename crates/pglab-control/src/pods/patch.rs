//! For the Database API: an instance by its id, its flag, and what a front end sets from outside. Who may ask is
//! decided by the caller, because tokens of that API have scopes of their own.

use pglab_core::{access::Actor, id::InstanceId, pods::WireStatus};
use pglab_store::{audit, challenge_instance as table};

use super::{ChallengeInstance, flag_purpose, moved_meanwhile, person, written};
use crate::{Control, Error, answer};

/// Without a question who asks.
///
/// # Errors
/// No such instance.
pub async fn by_id(control: &Control, id: InstanceId) -> Result<ChallengeInstance, Error> {
    table::by_id(control.store.pool(), id)
        .await?
        .ok_or_else(|| Error::NotFound(format!("instance {id}")))
}

/// The flag that is planted in an instance: the member's own, unless the manager or a front end said another. Only for
/// who may see answers.
///
/// # Errors
/// The key is not the one that it was sealed with.
pub fn flag(control: &Control, instance: &ChallengeInstance) -> Result<String, Error> {
    match &instance.flag_sealed {
        Some(sealed) => Ok(control.sealer.open(&flag_purpose(instance.id), sealed)?),
        None => Ok(answer::flag_of_member(
            control,
            instance.lab,
            instance.member,
            "flag",
        )),
    }
}

/// What is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patch {
    pub flag_secret_name: Option<String>,
    pub flag: Option<String>,
    pub status: Option<WireStatus>,
}

/// The longest name of a secret, and the longest flag.
const LONGEST: usize = 1000;

/// All of it or nothing. `actor` is who is named in the history; whether they may is the caller's to ask.
///
/// # Errors
/// No such instance; texts that can't be; [`Error::Conflict`] for a status that the state machine forbids.
pub async fn patch(
    control: &Control,
    actor: &Actor,
    id: InstanceId,
    patch: Patch,
) -> Result<ChallengeInstance, Error> {
    for (path, text) in [("flagSecretName", &patch.flag_secret_name), ("flag", &patch.flag)] {
        if text.as_ref().is_some_and(|text| {
            text.trim().is_empty() || text.len() > LONGEST || text.chars().any(char::is_control)
        }) {
            return Err(Error::invalid(
                path,
                format!("{path} must be 1 to {LONGEST} characters on one line"),
            ));
        }
    }
    let seen = by_id(control, id).await?;
    let now = control.now();
    let mut moved = seen.clone();
    let mut event = "changed";
    if let Some(status) = patch.status
        && let Some((state, name)) = status
            .reached_from(&seen.state, now)
            .map_err(|error| Error::Conflict(error.to_string()))?
    {
        moved.state = state;
        event = name;
    }
    if let Some(name) = patch.flag_secret_name {
        moved.flag_secret_name = Some(name.trim().to_owned());
    }
    if let Some(flag) = patch.flag {
        let sealed = control
            .sealer
            .seal(&*control.random, &flag_purpose(id), flag.trim())?;
        moved.flag_sealed = Some(sealed);
    }
    if moved == seen {
        return Ok(seen);
    }
    let mut tx = control.store.begin().await?;
    let moved = written(control, &mut tx, &seen, moved, Some(event), person(actor))
        .await?
        .ok_or_else(|| moved_meanwhile(&seen))?;
    let subject = format!("instance/{id}");
    let entry = audit::Entry::new(now, actor, "challenge_instance_patch", &subject);
    audit::insert(&mut tx, entry).await?;
    control.store.commit(tx).await?;
    control.wake().pods.notify_one();
    Ok(moved)
}
