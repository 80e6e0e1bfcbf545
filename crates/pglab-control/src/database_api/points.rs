//! Points that a front end gives by hand: awards of the lab, with the call as their reason. What tasks earn is never set
//! from outside.

use pglab_core::{
    id::{AwardId, PersonId},
    lab::MemberRole,
    task::Points,
};
use pglab_store::{
    audit,
    competition::{self as table, MemberPoints},
    lab::Lab,
    membership, standing,
};
use serde_json::json;

use super::{Caller, Refused, group, person_by_id, thousandths};
use crate::Control;

#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub user_id: String,
    pub group_id: String,
    pub points: f64,
}

/// # Errors
/// Not an instructor's to do; no such person or lab; not a student of it; no number but 0.
pub async fn add_points(control: &Control, caller: &Caller, change: Change) -> Result<MemberPoints, Refused> {
    let points = thousandths("points", change.points)?;
    if points.0 == 0 {
        return Err(Refused::bad("points must not be 0"));
    }
    give(control, caller, change, "points_add", |_| points).await
}

/// # Errors
/// As [`add_points`]; 0 is allowed.
pub async fn set_points(control: &Control, caller: &Caller, change: Change) -> Result<MemberPoints, Refused> {
    let points = thousandths("points", change.points)?;
    give(control, caller, change, "points_set", move |now| {
        Points(points.0 - now.0)
    })
    .await
}

async fn give(
    control: &Control,
    caller: &Caller,
    change: Change,
    operation: &str,
    difference: impl FnOnce(Points) -> Points,
) -> Result<MemberPoints, Refused> {
    let lab = group(control, caller, &change.group_id).await?;
    caller.must_manage(control, &lab).await?;
    let place = place(control, &lab, &change.user_id).await?;
    let now = control.now();
    let mut tx = control.store.begin().await?;
    table::lock_member(&mut tx, place).await?;
    let gone = || Refused::missing("User not found");
    let before = table::points(&mut *tx, place).await?.ok_or_else(gone)?;
    let difference = difference(before.points);
    if difference.0 == 0 {
        return Ok(before);
    }
    let id = AwardId::new(&*control.clock, &*control.random);
    let by = Some(caller.person.id);
    standing::insert_award(
        &mut tx,
        id,
        place,
        now,
        difference,
        "Through the Database API",
        by,
    )
    .await?;
    let after = table::points(&mut *tx, place).await?.ok_or_else(gone)?;
    let detail = json!({ "lab": lab.slug.as_str(), "points": difference.as_f64() });
    let entry = audit::Entry::new(now, &caller.actor, operation, &change.user_id).detail(detail);
    audit::insert(&mut tx, entry).await?;
    control.store.commit(tx).await?;
    control.answers().standings_changed(lab.id);
    Ok(after)
}

async fn place(control: &Control, lab: &Lab, user: &str) -> Result<pglab_core::id::MemberId, Refused> {
    let person = person_by_id(control, user).await?;
    membership::of_person(control.store.pool(), lab.id, person.id)
        .await?
        .filter(|place| place.role == MemberRole::Student)
        .map(|place| place.member)
        .ok_or_else(|| Refused::Forbidden("User is not a member of this group".to_owned()))
}

/// 0 for who is in the lab without points, and for who is not in it.
///
/// # Errors
/// Not one's own and not a service's to see; no such person or lab.
pub async fn get_points(
    control: &Control,
    caller: &Caller,
    user: &str,
    group_id: &str,
) -> Result<Points, Refused> {
    let lab = group(control, caller, group_id).await?;
    if !caller.manages(control, &lab).await? {
        caller.acts_for(control, &lab, user).await?;
    }
    let id: PersonId = person_by_id(control, user).await?.id;
    let pool = control.store.pool();
    let Some(place) = membership::of_person(pool, lab.id, id).await? else {
        return Ok(Points(0));
    };
    let points = table::points(pool, place.member).await?;
    Ok(points.map_or(Points(0), |points| points.points))
}
