//! A completion that a front end vouches for: nobody sent an answer to us, and caps do not count. What it earns, and whether
//! the lab takes answers now, is decided as for any other.

use pglab_core::{
    access::Actor,
    id::{AttemptId, MemberId, TaskId},
    points::{Earning, Pricing},
    task::Points,
};
use pglab_store::{
    answer::{self as table, Judged, NewAttempt, Outcome},
    audit,
    competition::reserve_vouched,
    lab::Lab,
    notice::{self, Notice, Subject},
};
use serde_json::{Value, json};

use super::{
    submit::{Taking, admitted},
    verdict::Verdict,
};
use crate::{Control, Error};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vouched {
    pub at: chrono::DateTime<chrono::Utc>,
    pub points: Points,
}

/// `None`: it is done already. Whether the actor may vouch is the caller's to ask.
///
/// # Errors
/// A task that turns by itself; the lab takes no answers now.
pub(crate) async fn vouch(
    control: &Control,
    actor: &Actor,
    lab: &Lab,
    member: MemberId,
    task: TaskId,
) -> Result<Option<Vouched>, Error> {
    let question = table::question(control.store.pool(), lab.id, task, Some(member))
        .await?
        .ok_or_else(|| Error::NotFound(format!("task {task} in this lab")))?;
    if question.content.is_state() {
        return Err(Error::Conflict(
            "this task turns by itself when the database of the member is as it should be".to_owned(),
        ));
    }
    let at = control.now();
    let late_percent = admitted(control, lab, member, &question, at).await?;
    let id = AttemptId::new(&*control.clock, &*control.random);
    let mut tx = control.store.begin().await?;
    if !reserve_vouched(&mut tx, id, member, task, at).await? {
        return Ok(None);
    }
    if let Some(team) = question.team {
        pglab_store::team::lock_shared(&mut tx, team).await?;
    }
    let bonus = question.rules.bonus();
    let by_team = lab.settings.teams || question.team.is_some();
    let n_before = if question.content.pricing != Pricing::Fixed || bonus.0 > 0 {
        table::n_completed_locked(&mut tx, task, by_team).await?
    } else {
        1
    };
    let earning = Earning {
        base: question.points,
        pricing: question.content.pricing,
        n_before,
        first_bonus: bonus,
        late_percent,
        // Taken off by the statement that writes the completion.
        hints: Points(0),
    };
    let verdict =
        serde_json::to_value(Verdict::plain(true, "A front end vouched for it.")).map_err(Error::internal)?;
    let judged = Judged {
        attempt: id,
        outcome: Outcome::Right,
        verdict: &verdict,
        flag_of: None,
        at,
        price: earning.points(),
        late_percent: i32::from(late_percent),
        title: &question.title,
    };
    let Some(settled) = table::finish(&mut *tx, &judged).await? else {
        return Ok(None);
    };
    let Some(points) = settled.earned else {
        return Ok(None);
    };
    for earner in &settled.members {
        let told = Notice {
            subject: Subject::Earned,
            lab: lab.id,
            member: Some(*earner),
        };
        notice::tell(&mut tx, told).await?;
    }
    let detail = json!({ "lab": lab.slug.as_str(), "member": member.to_string() });
    let subject = task.to_string();
    let entry = audit::Entry::new(at, actor, "answer_vouch", &subject).detail(detail);
    audit::insert(&mut tx, entry).await?;
    control.store.commit(tx).await?;
    let new = NewAttempt {
        id,
        member,
        task,
        at,
        answer: &Value::Null,
        cap: None,
        wait_until: None,
        per_minute: 0,
    };
    let taking = Taking {
        control,
        lab,
        question: &question,
        new: &new,
        late_percent,
    };
    taking.show(points, &settled.members).await?;
    Ok(Some(Vouched { at, points }))
}
