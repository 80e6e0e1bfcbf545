//! What is said of the answers to a task now, each judged as it was when it came: by the member's own role, with the same
//! limits.

use std::collections::{HashMap, HashSet};

use futures::{StreamExt, TryStreamExt, stream};
use pglab_core::{
    id::{AttemptId, MemberId},
    points::rejudge::Outcome,
};
use pglab_store::{
    answer::Question,
    lab::Lab,
    rejudging::{AttemptRow, Record},
};
use serde_json::json;

use super::{
    super::{
        flag,
        judge::{Said, Who, judge},
        submit::{Given, session},
    },
    Judged,
};
use crate::{Control, Error};

/// Judged at once by one rejudging; answers that come meanwhile have the other places.
const AT_ONCE: usize = 4;

/// Of each attempt that is not being judged at this moment; and how many could not be judged, and stay as they are.
pub(super) async fn judged(
    control: &Control,
    lab: &Lab,
    question: &Question,
    record: &Record,
) -> Result<(Vec<Judged>, usize), Error> {
    let wanted = wanted(question, record);
    let mut works = Vec::new();
    for attempt in &record.attempts {
        if let Some(old) = super::rows::outcome(&attempt.outcome) {
            works.push(one(
                control,
                lab,
                question,
                attempt,
                old,
                wanted.contains(&attempt.id),
            ));
        }
    }
    let all: Vec<(Judged, bool)> = stream::iter(works).buffered(AT_ONCE).try_collect().await?;
    let n_left = all.iter().filter(|(_, is_judged)| !is_judged).count();
    Ok((all.into_iter().map(|(judged, _)| judged).collect(), n_left))
}

/// Where a member's own database is looked at, it is looked at once, for the last that they sent: how it was at the time of
/// the others nobody knows any more.
fn wanted(question: &Question, record: &Record) -> HashSet<AttemptId> {
    if question.content.kind.is_answered() {
        return record.attempts.iter().map(|attempt| attempt.id).collect();
    }
    let last: HashMap<MemberId, AttemptId> = record
        .attempts
        .iter()
        .map(|attempt| (attempt.member, attempt.id))
        .collect();
    last.into_values().collect()
}

fn stays(attempt: &AttemptRow, old: Outcome) -> Judged {
    Judged {
        attempt: attempt.id,
        old,
        new: old,
        verdict: None,
        flag_of: None,
    }
}

async fn one(
    control: &Control,
    lab: &Lab,
    question: &Question,
    attempt: &AttemptRow,
    old: Outcome,
    is_wanted: bool,
) -> Result<(Judged, bool), Error> {
    if !is_wanted {
        return Ok((stays(attempt, old), true));
    }
    let mut said = said(control, lab, question, attempt).await?;
    // Nobody loses anything because the server was slow just now.
    if old == Outcome::Right && !matches!(&said, Said::Verdict(verdict) if verdict.right) {
        said = self::said(control, lab, question, attempt).await?;
    }
    let (found, verdict) = match said {
        Said::NotReady(_) => return Ok((stays(attempt, old), false)),
        Said::Unfit(why) => (Outcome::Unfit, json!({ "right": false, "message": why })),
        Said::Verdict(verdict) => (
            if verdict.right {
                Outcome::Right
            } else {
                Outcome::Wrong
            },
            serde_json::to_value(&verdict).map_err(Error::internal)?,
        ),
    };
    let new = old.rejudged(found);
    if new == old {
        return Ok((stays(attempt, old), true));
    }
    let kind = &question.content.kind;
    let right = new == Outcome::Right;
    let flag_of = flag::foreign(control, lab, kind, attempt.member, right, &attempt.answer).await?;
    let judged = Judged {
        attempt: attempt.id,
        old,
        new,
        verdict: Some(verdict),
        flag_of,
    };
    Ok((judged, true))
}

async fn said(
    control: &Control,
    lab: &Lab,
    question: &Question,
    attempt: &AttemptRow,
) -> Result<Said, Error> {
    let kind = &question.content.kind;
    let given = Given::of_document(&attempt.answer);
    let _session = session(control, kind).await?;
    judge(control, lab, Who::Member(attempt.member), kind, &given).await
}
