//! The tasks of a lab as its challenges say: made with the lab, and brought up to date when the pack is. A task keeps its
//! identity, and with it what people earned, by challenge and component.

use std::collections::HashMap;

use pglab_core::{
    cdf::{Challenge, Document, Question},
    check::Check,
    derive::{OF_A_PACK, fact_key},
    id::{ChallengeId, CheckId, LabId, TaskId},
    task::{Points, Task, TaskContent, TaskKind, kind::HandCheck},
    words,
};
use pglab_store::{
    Tx, competition,
    task::{self, KeptTask},
    task_content::{self, KeptContent},
};

use crate::{Control, Error};

/// A challenge of a lab.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chosen<'c> {
    pub(crate) id: ChallengeId,
    pub(crate) challenge: &'c Challenge,
}

/// The same for all challenges of a lab, whatever packs they are of. Those of `pack` are as `now` says, and gone where it does
/// not name them; the others as they are installed.
pub(crate) async fn renew_all(
    control: &Control,
    tx: &mut Tx,
    lab: LabId,
    now: &[Chosen<'_>],
    pack: Option<&str>,
) -> Result<(), Error> {
    let rows = pglab_store::pack::challenges_of_lab(&mut **tx, lab).await?;
    let mut read: HashMap<ChallengeId, Challenge> = HashMap::new();
    for row in rows.iter().filter(|row| Some(row.pack.as_str()) != pack) {
        let checked = Document::from_value(row.document.clone())
            .map_err(|problem| vec![problem])
            .and_then(|document| document.check());
        let checked = checked.map_err(|_| {
            Error::Conflict(format!(
                "the challenge {:?} of this lab can't be used by this version of pglab",
                row.name
            ))
        })?;
        read.insert(row.id, checked.challenge);
    }
    let chosen: Vec<Chosen<'_>> = rows
        .iter()
        .filter_map(|row| {
            if let Some(challenge) = read.get(&row.id) {
                return Some(Chosen {
                    id: row.id,
                    challenge,
                });
            }
            now.iter().find(|one| one.id == row.id).copied()
        })
        .collect();
    renew(control, tx, lab, &chosen).await
}

/// What tasks are worth so that all of them together are worth `total`: in proportion, to the thousandth.
fn shares(points: &[Points], total: Points) -> Vec<Points> {
    let n = i128::try_from(points.len()).unwrap_or(1).max(1);
    let sum: i128 = points.iter().map(|one| i128::from(one.0)).sum();
    let share = |one: &Points| {
        let share = if sum == 0 {
            i128::from(total.0) / n
        } else {
            i128::from(total.0) * i128::from(one.0) / sum
        };
        Points(i64::try_from(share).unwrap_or(i64::MAX))
    };
    let mut shares: Vec<Points> = points.iter().map(share).collect();
    let rest = total.0 - shares.iter().copied().sum::<Points>().0;
    if let Some(last) = shares.last_mut() {
        last.0 += rest;
    }
    shares
}

/// Makes the tasks of these challenges those of the lab, in this order, before tasks made by hand. A task whose component is
/// gone is dropped: it is no longer met, and what it earned stays.
pub(crate) async fn renew(
    control: &Control,
    tx: &mut Tx,
    lab: LabId,
    chosen: &[Chosen<'_>],
) -> Result<(), Error> {
    let contents = task_content::of_lab(&mut **tx, lab).await?;
    let mut old: HashMap<TaskId, KeptTask> = HashMap::new();
    let mut others = Vec::new();
    for kept in task::all(&mut **tx, lab).await? {
        if contents.contains_key(&kept.task.id) {
            old.insert(kept.task.id, kept);
        } else {
            others.push(kept);
        }
    }
    let known: HashMap<(ChallengeId, &str), TaskId> = contents
        .values()
        .map(|kept| ((kept.challenge, kept.component.as_str()), kept.task))
        .collect();
    let mut tasks: Vec<KeptTask> = Vec::new();
    let mut new_contents = Vec::new();
    let prices: HashMap<ChallengeId, Points> =
        competition::prices(&mut **tx, lab).await?.into_iter().collect();
    for one in chosen {
        let first = tasks.len();
        for question in &one.challenge.questions {
            let before = known
                .get(&(one.id, question.id.as_str()))
                .and_then(|id| old.remove(id));
            let kept = kept(control, one.challenge, question, before);
            new_contents.push(KeptContent {
                task: kept.task.id,
                challenge: one.id,
                component: question.id.clone(),
                content: TaskContent::of(one.challenge, question),
            });
            tasks.push(kept);
        }
        if let Some(total) = prices.get(&one.id) {
            let points: Vec<Points> = tasks[first..].iter().map(|kept| kept.task.points).collect();
            for (kept, share) in tasks[first..].iter_mut().zip(shares(&points, *total)) {
                kept.task.points = share;
            }
        }
    }
    let now = control.now();
    let mut gone: Vec<KeptTask> = old.into_values().collect();
    gone.sort_by_key(|kept| kept.task.id);
    for mut kept in gone {
        kept.dropped_at.get_or_insert(now);
        tasks.push(kept);
    }
    tasks.extend(others);
    task::replace(tx, lab, &tasks).await?;
    for content in &new_contents {
        task_content::put(tx, content).await?;
    }
    Ok(())
}

fn kept(control: &Control, challenge: &Challenge, question: &Question, before: Option<KeptTask>) -> KeptTask {
    let id = before.as_ref().map_or_else(
        || TaskId::new(&*control.clock, &*control.random),
        |kept| kept.task.id,
    );
    let old_checks: HashMap<String, &Check> = before
        .iter()
        .flat_map(|kept| &kept.task.checks)
        .map(|check| (fact_key(&check.fact), check))
        .collect();
    let check = |hand: &HandCheck| Check {
        id: old_checks
            .get(&fact_key(&hand.fact))
            .map_or_else(|| CheckId::new(&*control.clock, &*control.random), |old| old.id),
        title: if hand.title.is_empty() {
            words::fact(&hand.fact)
        } else {
            hand.title.clone()
        },
        explanation: hand.explanation.clone(),
        weight: hand.weight,
        fact: hand.fact.clone(),
    };
    let mut checks: Vec<Check> = match &question.kind {
        TaskKind::State(state) => state.checks.iter().map(check).collect(),
        _ => Vec::new(),
    };
    // What was derived from the example stays until it is derived anew.
    if let (TaskKind::State(state), Some(before)) = (&question.kind, &before)
        && !state.derived.is_empty()
    {
        let ids: Vec<CheckId> = checks.iter().map(|check| check.id).collect();
        let rest = before.task.checks.iter().filter(|check| !ids.contains(&check.id));
        checks.extend(rest.cloned());
    }
    KeptTask {
        is_answered: !matches!(question.kind, TaskKind::State(_)),
        task: Task {
            id,
            key: format!("{OF_A_PACK}{}/{}", challenge.key, question.id),
            title: if question.title.is_empty() {
                words::clip(&question.text)
            } else {
                question.title.clone()
            },
            explanation: question.text.clone(),
            points: question.points,
            checks,
        },
        dropped_at: before.as_ref().and_then(|kept| kept.dropped_at),
        dropped_checks: before.map(|kept| kept.dropped_checks).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        let of = |points: &[i64], total: i64| -> Vec<i64> {
            let points: Vec<Points> = points.iter().map(|one| Points(*one)).collect();
            shares(&points, Points(total)).iter().map(|one| one.0).collect()
        };
        assert_eq!(of(&[10_000, 20_000], 60_000), [20_000, 40_000]);
        assert_eq!(of(&[1, 1, 1], 100), [33, 33, 34]);
        assert_eq!(of(&[0, 0], 5), [2, 3]);
        assert_eq!(of(&[5_000], 0), [0]);
        assert!(of(&[], 5).is_empty());
    }
}
