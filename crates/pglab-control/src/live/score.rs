//! What the verdicts of one look mean for a member: new standings, and what of it goes into the timeline. Pure.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use pglab_core::{
    check::{Check, Fact, Verdict, VerdictState},
    id::{CheckId, MemberId, TaskId},
    snapshot::ObjectName,
    task::{Points, Task, TaskState, points_now, task_state, with_verdicts},
};
use pglab_store::timeline;

/// How a task stands for a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub best: Points,
    pub now: Points,
    pub state: TaskState,
    pub best_at: DateTime<Utc>,
    pub completed_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Default)]
pub struct Judged {
    pub verdicts: Vec<Verdict>,
    /// Of every task of the lab.
    pub standings: HashMap<TaskId, Standing>,
    /// The tasks whose standing is another than before.
    pub moved: Vec<TaskId>,
    /// Tasks with a check that could not be made again: their verdict is an older one.
    pub stale: HashSet<TaskId>,
    pub timeline: Vec<timeline::NewEntry>,
}

/// Which checks read the rows of a relation.
fn relation(check: &Check) -> Option<&ObjectName> {
    match &check.fact {
        Fact::Rows { table: name } | Fact::RowCount { table: name, .. } | Fact::ViewRows { view: name } => {
            Some(name)
        }
        _ => None,
    }
}

/// `verdicts` are those of the look, in the order of the tasks. The checks on relations in `late`, which were locked or
/// for which no time was left, keep what they said `before`.
pub fn judged(
    member: MemberId,
    tasks: &[Task],
    mut verdicts: Vec<Verdict>,
    late: &HashSet<ObjectName>,
    before: &HashMap<CheckId, Verdict>,
    standings: &HashMap<TaskId, Standing>,
    at: DateTime<Utc>,
) -> Judged {
    let mut judged = Judged::default();
    if !late.is_empty() {
        let checks = tasks
            .iter()
            .flat_map(|task| task.checks.iter().map(move |check| (task.id, check)));
        for ((task, check), verdict) in checks.zip(&mut verdicts) {
            if relation(check).is_some_and(|name| late.contains(name)) && verdict.state == VerdictState::Error
            {
                judged.stale.insert(task);
                if let Some(old) = before.get(&check.id) {
                    *verdict = old.clone();
                }
            }
        }
    }
    for (task, own) in with_verdicts(tasks, &verdicts) {
        if task.checks.is_empty() {
            // It is answered, and an answer decides.
            continue;
        }
        let now = points_now(task, own);
        let old = standings.get(&task.id);
        let best = old.map_or(Points(0), |old| old.best);
        let standing = Standing {
            best: best.max(now),
            now,
            state: task_state(task, own, now, best),
            best_at: old.filter(|_| now <= best).map_or(at, |old| old.best_at),
            completed_at: old
                .and_then(|old| old.completed_at)
                .or((now >= task.points && task.points.0 > 0).then_some(at)),
        };
        if old != Some(&standing) {
            judged.moved.push(task.id);
            judged.timeline.extend(entry(member, task, old, &standing, at));
        }
        judged.standings.insert(task.id, standing);
    }
    judged.verdicts = verdicts;
    judged
}

fn entry(
    member: MemberId,
    task: &Task,
    old: Option<&Standing>,
    new: &Standing,
    at: DateTime<Utc>,
) -> Option<timeline::NewEntry> {
    use timeline::Kind;
    let was_done = old.is_some_and(|old| old.now >= task.points);
    let is_done = task.points.0 > 0 && new.now >= task.points;
    let (kind, text, points) = if is_done && old.is_none_or(|old| old.completed_at.is_none()) {
        (
            Kind::Completed,
            format!("Completed: {}", task.title),
            Some(new.best),
        )
    } else if is_done && !was_done {
        (Kind::Repaired, format!("Works again: {}", task.title), None)
    } else if was_done && !is_done && new.completed_at.is_some() {
        (Kind::Broken, format!("No longer right: {}", task.title), None)
    } else if new.best > old.map_or(Points(0), |old| old.best) {
        (
            Kind::Progress,
            format!(
                "{}: {} of {} points",
                task.title,
                new.best.as_f64(),
                task.points.as_f64()
            ),
            Some(new.best),
        )
    } else {
        return None;
    };
    Some(timeline::NewEntry {
        member,
        at,
        kind,
        text,
        task: Some(task.id),
        points,
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use uuid::Uuid;

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    fn check(id: u128, fact: Fact) -> Check {
        Check {
            id: Uuid::from_u128(id).into(),
            title: String::new(),
            explanation: String::new(),
            weight: 1,
            fact,
        }
    }

    fn task() -> Task {
        let table = ObjectName::new("public", "t");
        Task {
            id: Uuid::from_u128(1).into(),
            key: "table:public.t".to_owned(),
            title: "Table t".to_owned(),
            explanation: String::new(),
            points: Points(4000),
            checks: vec![
                check(11, Fact::TableExists { table: table.clone() }),
                check(12, Fact::Rows { table }),
            ],
        }
    }

    /// Looks again and again; the letters are the states of the two verdicts, `L` a row check that was late.
    fn story(looks: &[&str]) -> Vec<String> {
        let tasks = [task()];
        let (mut before, mut standings) = (HashMap::new(), HashMap::new());
        let mut told = Vec::new();
        for (n, look) in (0_i64..).zip(looks) {
            let mut late = HashSet::new();
            let verdicts = tasks[0]
                .checks
                .iter()
                .zip(look.chars())
                .map(|(check, letter)| {
                    if letter == 'L' {
                        late.insert(ObjectName::new("public", "t"));
                    }
                    Verdict {
                        check: check.id,
                        state: match letter {
                            'p' => VerdictState::Passed,
                            'f' => VerdictState::Failed,
                            'n' => VerdictState::NotYet,
                            _ => VerdictState::Error,
                        },
                        expected: String::new(),
                        found: String::new(),
                    }
                })
                .collect();
            let judged = judged(
                Uuid::nil().into(),
                &tasks,
                verdicts,
                &late,
                &before,
                &standings,
                at(n),
            );
            let standing = judged.standings[&tasks[0].id];
            told.push(format!(
                "{look}: {} {}/{} best_at {} completed {:?} {}{}",
                standing.state.as_str(),
                standing.now.0,
                standing.best.0,
                standing.best_at.timestamp(),
                standing.completed_at.map(|at| at.timestamp()),
                judged
                    .timeline
                    .iter()
                    .map(|entry| entry.text.as_str())
                    .collect::<String>(),
                if judged.stale.is_empty() { "" } else { " stale" },
            ));
            before = judged
                .verdicts
                .iter()
                .map(|verdict| (verdict.check, verdict.clone()))
                .collect();
            standings = judged.standings;
        }
        told
    }

    #[test]
    fn what_was_earned_is_kept_and_what_is_late_changes_nothing() {
        insta::assert_snapshot!(
            story(&["nn", "pf", "pf", "pL", "pp", "pL", "nn", "pe", "pp"]).join("\n"),
            @r"
        nn: not_started 0/0 best_at 0 completed None 
        pf: partly 2000/2000 best_at 1 completed None Table t: 2 of 4 points
        pf: partly 2000/2000 best_at 1 completed None 
        pL: partly 2000/2000 best_at 1 completed None  stale
        pp: done 4000/4000 best_at 4 completed Some(4) Completed: Table t
        pL: done 4000/4000 best_at 4 completed Some(4)  stale
        nn: broken_again 0/4000 best_at 4 completed Some(4) No longer right: Table t
        pe: broken_again 2000/4000 best_at 4 completed Some(4) 
        pp: done 4000/4000 best_at 4 completed Some(4) Works again: Table t
        "
        );
    }
}
