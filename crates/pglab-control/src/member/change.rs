//! Moving a member to another section, seat or role, and removing one.

use pglab_core::{
    access::{Actor, Operation},
    activity::Event,
    lab::MemberRole,
};
use pglab_store::{audit, member, timeline};

use super::{Listed, find, list};
use crate::{
    Control, Error,
    activity::{self, NewActivity},
    lab,
};

/// What is `None` stays; an empty text clears.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemberChange {
    pub section: Option<String>,
    pub seat: Option<String>,
    pub role: Option<MemberRole>,
}

/// # Errors
/// Not the actor's to do, or no such member.
pub async fn update(
    control: &Control,
    actor: &Actor,
    slug: &str,
    login: &str,
    change: MemberChange,
) -> Result<Listed, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    let found = find(control, &lab, place, actor, login).await?;
    for (path, text) in [("section", &change.section), ("seat", &change.seat)] {
        let text = text.as_deref().unwrap_or_default();
        if text.chars().count() > pglab_core::roster::MAX_KEPT_CHARS || text.chars().any(char::is_control) {
            return Err(Error::invalid(
                path,
                "must be on one line and have at most 255 characters",
            ));
        }
    }
    let pick = |new: Option<String>, old: Option<String>| match new {
        Some(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        None => old,
    };
    let section = pick(change.section, found.section);
    let seat = pick(change.seat, found.seat);
    let role = change.role.unwrap_or(found.role);
    let mut tx = control.store.begin().await?;
    member::set_place(&mut tx, found.id, role, section.as_deref(), seat.as_deref()).await?;
    let subject = format!("lab/{}/member/{}", lab.slug, found.login);
    let detail = serde_json::json!({ "role": role, "section": section, "seat": seat });
    let entry = audit::Entry::new(control.now(), actor, "member_update", &subject).detail(detail);
    audit::insert(&mut tx, entry).await?;
    control.store.commit(tx).await?;
    control.wake().people_changed();
    control.wake().live.notify_one();
    let listed = list(control, actor, slug).await?;
    listed
        .into_iter()
        .find(|listed| listed.member.id == found.id)
        .ok_or_else(|| Error::NotFound(format!("member {login:?}")))
}

/// Closes their access. Their database stays until the lab is archived. Removing twice is fine.
///
/// # Errors
/// Not the actor's to do, no such member, or it is the actor.
pub async fn remove(control: &Control, actor: &Actor, slug: &str, login: &str) -> Result<(), Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    let found = find(control, &lab, place, actor, login).await?;
    if place.is_some_and(|place| place.member == found.id) {
        return Err(Error::Conflict(
            "you can't remove yourself; let another instructor do it".to_owned(),
        ));
    }
    if found.removed_at.is_some() {
        return Ok(());
    }
    let mut tx = control.store.begin().await?;
    member::set_removed(&mut tx, found.id, Some(control.now())).await?;
    let subject = format!("lab/{}/member/{}", lab.slug, found.login);
    audit::insert(
        &mut tx,
        audit::Entry::new(control.now(), actor, "member_remove", &subject),
    )
    .await?;
    let happened = timeline::NewEntry {
        member: found.id,
        at: control.now(),
        kind: timeline::Kind::Roster,
        text: "Was removed from the lab.".to_owned(),
        task: None,
        points: None,
    };
    timeline::insert(&mut tx, &[happened]).await?;
    let removed = NewActivity::new(control.now(), Event::GroupMemberRemoved)
        .person(found.person)
        .lab(lab.id);
    activity::record(&mut tx, &removed).await?;
    control.store.commit(tx).await?;
    control.wake().people_changed();
    control.wake().live.notify_one();
    Ok(())
}
