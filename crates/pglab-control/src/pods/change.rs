//! What people do to an instance that runs as a pod: end it, try it again, give it more time. The syncer acts on it.

use pglab_core::{
    access::Actor,
    id::InstanceId,
    pods::{LIFETIME, PodEvent, PodState},
};
use pglab_store::audit;

use super::{ChallengeInstance, move_in, moved_meanwhile, person, reach, written};
use crate::{Control, Error};

/// How often somebody may have moved it meanwhile.
const TRIES: u32 = 5;

/// By the member or the staff. Ending what is ended, or on its way, is fine.
///
/// # Errors
/// Not the actor's to do, or no such instance.
pub async fn end(
    control: &Control,
    actor: &Actor,
    slug: &str,
    id: InstanceId,
) -> Result<ChallengeInstance, Error> {
    for _ in 0..TRIES {
        let (lab, _, seen) = reach(control, actor, slug, id, true).await?;
        if matches!(
            seen.state,
            PodState::Terminating { .. } | PodState::Terminated { .. }
        ) {
            return Ok(seen);
        }
        let now = control.now();
        let by = match actor {
            Actor::Person(who) if who.id == seen.person => "its member ended it".to_owned(),
            Actor::Person(who) => format!("{} ended it", who.login),
            Actor::Stranger | Actor::System => "pglab ended it".to_owned(),
        };
        let event = PodEvent::Terminate { because: by, at: now };
        let mut tx = control.store.begin().await?;
        let Some(moved) = move_in(control, &mut tx, &seen, event, person(actor)).await? else {
            continue;
        };
        let subject = format!("lab/{}/member/{}", lab.slug, seen.login);
        let detail = serde_json::json!({ "instance": id });
        let entry = audit::Entry::new(now, actor, "challenge_end", &subject).detail(detail);
        audit::insert(&mut tx, entry).await?;
        control.store.commit(tx).await?;
        control.wake().pods.notify_one();
        return Ok(moved);
    }
    let (_, _, seen) = reach(control, actor, slug, id, true).await?;
    Err(moved_meanwhile(&seen))
}

/// What failed is tried again at once, not only when its time comes.
///
/// # Errors
/// Not the actor's to do; no such instance; it has not failed.
pub async fn retry(
    control: &Control,
    actor: &Actor,
    slug: &str,
    id: InstanceId,
) -> Result<ChallengeInstance, Error> {
    let (lab, _, seen) = reach(control, actor, slug, id, true).await?;
    if !matches!(seen.state, PodState::Error { .. }) {
        return Err(Error::Conflict(format!(
            "the instance is {}; only what failed can be tried again",
            seen.state.name()
        )));
    }
    let mut tx = control.store.begin().await?;
    let moved = move_in(control, &mut tx, &seen, PodEvent::Retry, person(actor))
        .await?
        .ok_or_else(|| moved_meanwhile(&seen))?;
    let subject = format!("lab/{}/member/{}", lab.slug, seen.login);
    let detail = serde_json::json!({ "instance": id });
    let entry = audit::Entry::new(control.now(), actor, "challenge_retry", &subject).detail(detail);
    audit::insert(&mut tx, entry).await?;
    control.store.commit(tx).await?;
    control.wake().pods.notify_one();
    Ok(moved)
}

/// Its time begins anew from now. Only while it is wanted.
///
/// # Errors
/// Not the actor's to do; no such instance; it is ended.
pub async fn extend(
    control: &Control,
    actor: &Actor,
    slug: &str,
    id: InstanceId,
) -> Result<ChallengeInstance, Error> {
    let (lab, _, seen) = reach(control, actor, slug, id, true).await?;
    if matches!(
        seen.state,
        PodState::Terminating { .. } | PodState::Terminated { .. }
    ) {
        return Err(Error::Conflict(
            "the instance is ended; start a new one".to_owned(),
        ));
    }
    let now = control.now();
    let mut moved = seen.clone();
    moved.expires_at = now + LIFETIME;
    let mut tx = control.store.begin().await?;
    let moved = written(control, &mut tx, &seen, moved, Some("extended"), person(actor))
        .await?
        .ok_or_else(|| moved_meanwhile(&seen))?;
    let subject = format!("lab/{}/member/{}", lab.slug, seen.login);
    let detail = serde_json::json!({ "instance": id, "until": moved.expires_at });
    let entry = audit::Entry::new(now, actor, "challenge_extend", &subject).detail(detail);
    audit::insert(&mut tx, entry).await?;
    control.store.commit(tx).await?;
    Ok(moved)
}
