//! Doing what a preview has shown, and undoing it: each is one transaction, in which nobody's answer to the task is counted.
//! Nothing is judged here.

use std::{collections::HashMap, time::Duration};

use chrono::TimeDelta;
use pglab_core::{
    access::Actor,
    id::{AttemptId, RejudgingId, TaskId},
    words,
};
use pglab_store::{
    Tx, audit,
    lab::Lab,
    member,
    notice::{self, Notice, Subject},
    rejudging::{self as kept, Change, Record, Rejudging as Kept, State},
    rejudging_rows,
};
use serde_json::json;

use super::{Judged, Rejudging, missing, of_author, of_id, rows};
use crate::{Control, Error, board};

/// An attempt that came so shortly after the answers were read may have been judged by the task as it was before.
const IN_FLIGHT: TimeDelta = TimeDelta::seconds(2);
/// How often it is tried to hold the answers still.
const MAX_TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// Does what the preview shows. Attempts that came after it were judged by the task as it is, and are taken as they are; what
/// was earned has the time of the attempt that earned it. A preview that was applied already changes nothing.
///
/// # Errors
/// Not an instructor of the lab; no such rejudging; the task, its price or an attempt changed since the preview, or an answer is
/// being judged.
pub async fn apply(
    control: &Control,
    actor: &Actor,
    slug: &str,
    task: TaskId,
    id: RejudgingId,
) -> Result<Rejudging, Error> {
    let (lab, question) = of_author(control, actor, slug, task).await?;
    let (mut tx, rejudging) = held(control, task, id).await?;
    match rejudging.state {
        State::Preview => {}
        State::Applied => return of_id(control, task, id).await,
        State::Undone => {
            return Err(Error::Conflict(
                "this rejudging was undone; make a new preview".to_owned(),
            ));
        }
    }
    let record = kept::record(&mut tx, lab.id, task).await?;
    let judged: Vec<Judged> = serde_json::from_value(rejudging.judged.clone()).map_err(Error::internal)?;
    still_as_shown(&record, &judged, &rejudging)?;
    let now = control.now();
    let (changes, mut found) = rows::plan(&record, &judged, &question, task, now);
    let shown: super::Found = serde_json::from_value(rejudging.found.clone()).map_err(Error::internal)?;
    found.n_left = shown.n_left;
    let done = rejudging_rows::put(&mut tx, changes)
        .await?
        .map_err(|_| changed_since("the results of some members"))?;
    kept::insert_changes(&mut tx, id, &done).await?;
    let document = serde_json::to_value(&found).map_err(Error::internal)?;
    kept::set_applied(&mut tx, id, now, &document).await?;
    finish(control, actor, tx, &lab, "rejudging_apply", task, id).await
}

/// Puts back all that it changed, to the row. What members answered to other tasks meanwhile stays.
///
/// # Errors
/// Not an instructor of the lab; no such rejudging, or it is not applied; a later one of the task is; members answered the task
/// since, or their results changed otherwise: which.
pub async fn undo(
    control: &Control,
    actor: &Actor,
    slug: &str,
    task: TaskId,
    id: RejudgingId,
) -> Result<Rejudging, Error> {
    let (lab, _) = of_author(control, actor, slug, task).await?;
    let (mut tx, rejudging) = held(control, task, id).await?;
    match rejudging.state {
        State::Applied => {}
        State::Undone => return of_id(control, task, id).await,
        State::Preview => {
            return Err(Error::Conflict(
                "this rejudging was not applied, there is nothing to undo".to_owned(),
            ));
        }
    }
    let all = kept::of_task(&mut *tx, task).await?;
    if all
        .iter()
        .any(|other| other.state == State::Applied && other.applied_at > rejudging.applied_at)
    {
        return Err(Error::Conflict(
            "a later rejudging of this task is applied; undo that one first".to_owned(),
        ));
    }
    let changes = kept::changes(&mut *tx, id)
        .await?
        .into_iter()
        .map(|change| Change {
            old: change.new,
            new: change.old,
            ..change
        })
        .collect();
    if let Err(missed) = rejudging_rows::put(&mut tx, changes).await? {
        return Err(Error::Conflict(answered_since(control, &lab, &missed).await?));
    }
    kept::set_undone(&mut tx, id, control.now()).await?;
    finish(control, actor, tx, &lab, "rejudging_undo", task, id).await
}

/// A transaction in which nobody answers this task, and the rejudging.
async fn held(control: &Control, task: TaskId, id: RejudgingId) -> Result<(Tx, Kept), Error> {
    for _ in 0..MAX_TRIES {
        let mut tx = control.store.begin().await?;
        if kept::lock(&mut tx, task).await? {
            let rejudging = kept::by_id(&mut *tx, task, id).await?;
            return Ok((tx, rejudging.ok_or_else(|| missing(id))?));
        }
        drop(tx);
        tokio::time::sleep(PAUSE).await;
    }
    Err(Error::Unavailable(
        "so many answers to this task come in that they can't be held still; try again in a moment"
            .to_owned(),
    ))
}

fn changed_since(what: &str) -> Error {
    Error::Conflict(format!("{what} changed since the preview; make a new one"))
}

fn still_as_shown(record: &Record, judged: &[Judged], rejudging: &Kept) -> Result<(), Error> {
    if record.mark != rejudging.mark {
        return Err(changed_since("the task, its points or the rules of the lab"));
    }
    let known: HashMap<AttemptId, &Judged> = judged.iter().map(|one| (one.attempt, one)).collect();
    for attempt in &record.attempts {
        let Some(old) = rows::outcome(&attempt.outcome) else {
            return Err(Error::Conflict(format!(
                "an answer of {} is being judged; try again in a moment",
                attempt.login
            )));
        };
        match known.get(&attempt.id) {
            Some(judged) if judged.old == old => {}
            None if attempt.at > rejudging.made_at + IN_FLIGHT => {}
            Some(_) | None => return Err(changed_since(&format!("an answer of {}", attempt.login))),
        }
    }
    Ok(())
}

async fn answered_since(control: &Control, lab: &Lab, missed: &[Change]) -> Result<String, Error> {
    let mut logins: Vec<String> = member::of_lab(control.store.pool(), lab.id)
        .await?
        .into_iter()
        .filter(|member| missed.iter().any(|change| change.member == member.id))
        .map(|member| member.login.to_string())
        .collect();
    logins.sort();
    let who = if logins.is_empty() {
        "somebody who is no longer in the lab".to_owned()
    } else {
        words::list(&logins)
    };
    Ok(format!(
        "this can't be undone any more: what it gave or took was built on since, by {who} (another answer, a hint, a new result); judge anew instead"
    ))
}

async fn finish(
    control: &Control,
    actor: &Actor,
    mut tx: Tx,
    lab: &Lab,
    operation: &str,
    task: TaskId,
    id: RejudgingId,
) -> Result<Rejudging, Error> {
    let detail = json!({ "task": task, "rejudging": id });
    let entry = audit::Entry::new(control.now(), actor, operation, lab.slug.as_str()).detail(detail);
    audit::insert(&mut tx, entry).await?;
    let told = Notice {
        subject: Subject::Earned,
        lab: lab.id,
        member: None,
    };
    notice::tell(&mut tx, told).await?;
    control.store.commit(tx).await?;
    board::earned_changed(control, lab.id).await?;
    control.answers().standings_changed(lab.id);
    of_id(control, task, id).await
}
