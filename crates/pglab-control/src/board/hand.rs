//! Raising and lowering a hand on the page. In psql it is `pglab.help`, which comes by the error feed.

use pglab_core::access::{Actor, Operation};
use pglab_store::{
    audit,
    hand::{self, Hand},
    timeline,
};

use super::HandUp;
use crate::{Control, Error, lab, live::log::raised, member};

/// The longest reason that is kept, in characters.
const MAX_WHY: usize = 500;

/// Raising it again replaces the reason.
///
/// # Errors
/// Not the member themselves nor of the lab's staff.
pub async fn raise(
    control: &Control,
    actor: &Actor,
    slug: &str,
    login: &str,
    why: Option<&str>,
) -> Result<HandUp, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    let member = member::find(control, &lab, place, actor, login).await?;
    control.authorise(actor, Operation::MemberSelf(place, member.id))?;
    let why: String = why
        .unwrap_or_default()
        .replace('\0', "")
        .trim()
        .chars()
        .take(MAX_WHY)
        .collect();
    let hand = Hand {
        member: member.id,
        raised_at: control.now(),
        why,
    };
    let mut tx = control.store.begin().await?;
    if hand::raise(&mut tx, &hand).await? {
        timeline::insert(&mut tx, &[raised(&hand)]).await?;
    }
    let up = hand::of_member(&mut *tx, member.id).await?.unwrap_or(hand);
    control.store.commit(tx).await?;
    let up = HandUp {
        raised_at: up.raised_at,
        why: up.why,
    };
    show(control, lab.id, member.id, Some(up.clone()));
    Ok(up)
}

/// Lowering one that is down is fine.
///
/// # Errors
/// Not the member themselves nor of the lab's staff.
pub async fn lower(control: &Control, actor: &Actor, slug: &str, login: &str) -> Result<(), Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    let member = member::find(control, &lab, place, actor, login).await?;
    control.authorise(actor, Operation::MemberSelf(place, member.id))?;
    let by = match actor {
        Actor::Person(person) => Some(person.id),
        Actor::Stranger | Actor::System => None,
    };
    let mut tx = control.store.begin().await?;
    if hand::lower(&mut tx, member.id, by, control.now()).await? {
        let subject = format!("lab/{}/member/{}", lab.slug, member.login);
        audit::insert(
            &mut tx,
            audit::Entry::new(control.now(), actor, "hand_lower", &subject),
        )
        .await?;
    }
    control.store.commit(tx).await?;
    show(control, lab.id, member.id, None);
    Ok(())
}

/// At once in this process; the others hear of it.
fn show(
    control: &Control,
    lab: pglab_core::id::LabId,
    member: pglab_core::id::MemberId,
    hand: Option<HandUp>,
) {
    if let Some(board) = control.boards().known(lab) {
        board.change(|state| match state.members.get_mut(&member) {
            Some(member) if member.hand != hand => {
                member.hand = hand;
                true
            }
            _ => false,
        });
    }
}
