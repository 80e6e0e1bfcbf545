//! From what is said of the attempts now to the rows that become others, and to what is shown of it. Reads and writes nothing.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use pglab_core::{
    id::{AttemptId, MemberId, TaskId},
    points::rejudge::{self, Completion, Outcome, Rejudged, Terms},
    task::TaskState,
};
use pglab_store::{
    answer::Question,
    rejudging::{Change, Record, Relation},
};
use serde_json::{Value, json};

use super::{AttemptFound, Found, Judged, MemberFound};

/// `None`: it is being judged.
pub(super) fn outcome(text: &str) -> Option<Outcome> {
    [Outcome::Right, Outcome::Wrong, Outcome::Unfit]
        .into_iter()
        .find(|outcome| outcome.as_str() == text)
}

/// An attempt that was not judged anew stays as it is.
pub(super) fn plan(
    record: &Record,
    judged: &[Judged],
    question: &Question,
    task: TaskId,
    now: DateTime<Utc>,
) -> (Vec<Change>, Found) {
    let judged: HashMap<AttemptId, &Judged> = judged.iter().map(|one| (one.attempt, one)).collect();
    let mut found = Found {
        n_attempts: record.attempts.len(),
        as_of_now: !question.content.kind.is_answered(),
        ..Found::default()
    };
    let mut rows = Vec::new();
    let mut attempts = Vec::new();
    let mut logins: BTreeMap<MemberId, &str> = BTreeMap::new();
    for attempt in &record.attempts {
        logins.insert(attempt.member, &attempt.login);
        let Some(old) = outcome(&attempt.outcome) else {
            continue;
        };
        let anew = judged.get(&attempt.id).copied();
        let new = anew.map_or(old, |judged| judged.new);
        attempts.push(Rejudged {
            attempt: attempt.id,
            member: attempt.member,
            at: attempt.at,
            old,
            new,
        });
        let Some((judged, verdict)) = anew.and_then(|judged| Some((judged, judged.verdict.as_ref()?))) else {
            continue;
        };
        found.attempts.push(AttemptFound {
            id: attempt.id,
            login: attempt.login.clone(),
            at: attempt.at,
            before: old,
            after: new,
            message: verdict
                .get("message")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
        });
        let parts = json!({ "outcome": new, "verdict": verdict, "flag_of": judged.flag_of });
        rows.push(Change {
            relation: Relation::Attempt,
            member: attempt.member,
            old: Some(attempt.row.clone()),
            new: Some(with(&attempt.row, &parts)),
        });
    }
    let held: HashMap<MemberId, Completion> = record
        .completions
        .iter()
        .map(|(member, (completion, _))| (*member, *completion))
        .collect();
    let extra: HashMap<MemberId, TimeDelta> = record
        .extra
        .iter()
        .map(|(member, seconds)| (*member, TimeDelta::seconds(i64::from(*seconds))))
        .collect();
    let terms = Terms {
        base: question.points,
        pricing: question.content.pricing,
        rules: &question.rules,
        extra: &extra,
        hints: &record.hints,
    };
    for change in rejudge::changes(&attempts, &held, &terms) {
        let login = logins.get(&change.member).copied().unwrap_or_default();
        if change.before != change.after || change.n_counted != 0 {
            found.members.push(MemberFound {
                login: login.to_owned(),
                before: change.before.map(|one| one.points),
                after: change.after.map(|one| one.points),
                before_at: change.before.map(|one| one.at),
                after_at: change.after.map(|one| one.at),
                n_counted: change.n_counted,
            });
        }
        rows.extend(of_member(record, &change, &question.title, task, now));
    }
    found.members.sort_by(|a, b| a.login.cmp(&b.login));
    (rows, found)
}

fn of_member(
    record: &Record,
    change: &rejudge::Change,
    title: &str,
    task: TaskId,
    now: DateTime<Utc>,
) -> Vec<Change> {
    let member = change.member;
    let row = |relation: Relation, old: Option<Value>, new: Option<Value>| Change {
        relation,
        member,
        old,
        new,
    };
    let mut rows = Vec::new();
    if let Some(tally) = record.tallies.get(&member) {
        let n_counted = tally.get("n_counted").and_then(Value::as_i64).unwrap_or(0);
        let mut parts = json!({ "n_counted": n_counted + i64::from(change.n_counted) });
        if change.before != change.after {
            parts["done_at"] = json!(change.after.map(|one| one.at));
        }
        rows.push(row(
            Relation::Tally,
            Some(tally.clone()),
            Some(with(tally, &parts)),
        ));
    }
    if change.before == change.after {
        return rows;
    }
    let completion = record.completions.get(&member).map(|(_, row)| row.clone());
    let score = record.scores.get(&member).cloned();
    let new = change.after.map(|one| {
        let completion = json!({
            "member_id": member, "task_id": task, "attempt_id": one.attempt, "at": one.at, "points": one.points,
            "late_percent": one.late_percent,
        });
        let score = json!({
            "member_id": member, "task_id": task, "best": one.points, "now": one.points, "state": TaskState::Done,
            "best_at": one.at, "completed_at": one.at, "changed_at": now,
        });
        let line = json!({
            "member_id": member, "at": one.at, "kind": "completed", "text": format!("Completed: {title}"), "task_id": task,
            "points": one.points,
        });
        (completion, score, line)
    });
    let (new_completion, new_score, new_line) = match new {
        Some((completion, score, line)) => (Some(completion), Some(score), Some(line)),
        None => (None, None, None),
    };
    if completion.is_some() || new_completion.is_some() {
        rows.push(row(Relation::Completion, completion, new_completion));
    }
    if score.is_some() || new_score.is_some() {
        rows.push(row(Relation::Score, score, new_score));
    }
    for line in record.lines.get(&member).into_iter().flatten() {
        rows.push(row(Relation::Timeline, Some(line.clone()), None));
    }
    if let Some(line) = new_line {
        rows.push(row(Relation::Timeline, None, Some(line)));
    }
    rows
}

/// The row with these parts in place of its own.
fn with(row: &Value, parts: &Value) -> Value {
    let mut row = row.clone();
    if let (Some(row), Some(parts)) = (row.as_object_mut(), parts.as_object()) {
        for (key, value) in parts {
            row.insert(key.clone(), value.clone());
        }
    }
    row
}
