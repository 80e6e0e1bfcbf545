//! A fresh copy of the start for one member. The old database goes, or is kept under another name; the instance
//! reconciler does both.

use pglab_core::{
    access::{Actor, Operation, may},
    instance::{InstanceEvent, InstanceState},
    names,
    plan_instances::MAKE_DEADLINE,
};
use pglab_store::{audit, instance, snapshot_database, timeline};

use super::find;
use crate::{Control, Error, lab};

/// `confirm` is the login once more: what is lost was somebody's work.
///
/// # Errors
/// Not the actor's to do, `confirm` is another login, or there is no database that could be reset now.
pub async fn reset(
    control: &Control,
    actor: &Actor,
    slug: &str,
    login: &str,
    keep_snapshot: bool,
    confirm: &str,
) -> Result<(), Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    let found = find(control, &lab, place, actor, login).await?;
    control.authorise(actor, Operation::MemberSelf(place, found.id))?;
    let helps = may(actor, Operation::LabAssist(place));
    if !helps && (!lab.settings.student_reset || keep_snapshot || read_only(actor)) {
        return Err(Error::Forbidden);
    }
    if confirm != found.login.as_str() {
        return Err(Error::invalid(
            "confirm",
            format!("to reset the database of {0}, confirm with \"{0}\"", found.login),
        ));
    }
    let now = control.now();
    let seen = instance::by_member(control.store.pool(), found.id)
        .await?
        .ok_or_else(|| Error::Conflict(format!("{login} has no database yet")))?;
    if seen.state != InstanceState::Active {
        return Err(Error::Conflict(format!(
            "the database of {login} can't be reset now: {}",
            seen.state.sentence()
        )));
    }
    let event = InstanceEvent::Reset {
        deadline: now + MAKE_DEADLINE,
    };
    let mut moved = seen.clone();
    moved.state = seen.state.clone().apply(event).map_err(Error::internal)?;
    moved.replaces_old = true;
    moved.keep_as = if keep_snapshot {
        Some(names::snapshot_database(&seen.database, now).map_err(Error::internal)?)
    } else {
        None
    };
    if let Some(name) = &moved.keep_as {
        let kept = snapshot_database::standing(control.store.pool()).await?;
        if kept.iter().any(|snapshot| snapshot.database == *name) {
            return Err(Error::Conflict(format!(
                "a database was kept as {} this very second; try again",
                name.as_str()
            )));
        }
    }
    moved.changed_at = now;
    let person = match actor {
        Actor::Person(person) => Some(person.id),
        Actor::Stranger | Actor::System => None,
    };
    let mut tx = control.store.begin().await?;
    if !instance::move_to(&mut tx, seen.version, &moved, "reset", person).await? {
        return Err(Error::Conflict(format!(
            "the database of {login} is being changed by somebody else; look again"
        )));
    }
    let subject = format!("lab/{}/member/{}", lab.slug, found.login);
    let detail = serde_json::json!({ "kept_as": moved.keep_as });
    let entry = audit::Entry::new(now, actor, "member_reset", &subject).detail(detail);
    audit::insert(&mut tx, entry).await?;
    let text = match &moved.keep_as {
        Some(name) => format!("Starts over; the old database is kept as {}.", name.as_str()),
        None => "Starts over with a fresh database.".to_owned(),
    };
    let happened = timeline::NewEntry {
        member: found.id,
        at: now,
        kind: timeline::Kind::Reset,
        text,
        task: None,
        points: None,
    };
    timeline::insert(&mut tx, &[happened]).await?;
    control.store.commit(tx).await?;
    control.wake().prepare.notify_one();
    Ok(())
}

fn read_only(actor: &Actor) -> bool {
    matches!(actor, Actor::Person(person) if person.read_only)
}
