//! Hints: taken one after the other, each at its price, which comes off what the task earns.

use pglab_core::{
    access::{Actor, Operation},
    id::TaskId,
    lab::{LabState, MemberRole},
    task::Points,
};
use pglab_store::answer as table;

use crate::{Control, Error, lab};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HintTaken {
    /// From 0.
    pub number: usize,
    pub text: String,
    pub price: Points,
}

/// The hint with this number, from 0. One that was taken before is given again for nothing.
///
/// # Errors
/// No student of this lab; no such task or hint; an earlier hint was not taken yet; the lab is not open.
pub async fn hint(
    control: &Control,
    actor: &Actor,
    slug: &str,
    task: TaskId,
    number: usize,
) -> Result<HintTaken, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    let place = place.filter(|place| place.role == MemberRole::Student);
    let member = place.map_or(uuid::Uuid::nil().into(), |place| place.member);
    control.authorise(actor, Operation::Answer(place, member))?;
    let pool = control.store.pool();
    let question = table::question(pool, lab.id, task, Some(member))
        .await?
        .ok_or_else(|| Error::NotFound(format!("task {task} that is answered in this lab")))?;
    let Some(hint) = question.content.hints.get(number) else {
        return Err(Error::NotFound(format!("hint {} of this task", number + 1)));
    };
    let taken = HintTaken {
        number,
        text: hint.text.clone(),
        price: hint.price,
    };
    let before = table::tallies(pool, member)
        .await?
        .into_iter()
        .find(|tally| tally.task == task);
    let n_taken = before.map_or(0, |tally| usize::try_from(tally.n_hints).unwrap_or(0));
    if number < n_taken || before.is_some_and(|tally| tally.done_at.is_some()) {
        return Ok(taken);
    }
    if lab.state != LabState::Open {
        return Err(Error::Conflict(format!("the lab {slug:?} is not open")));
    }
    if number > n_taken {
        return Err(Error::Conflict(format!("take hint {} first", n_taken + 1)));
    }
    let nth = i32::try_from(number).unwrap_or(i32::MAX);
    table::take_hint(pool, member, task, nth, hint.price, control.now()).await?;
    Ok(taken)
}
