//! What judging a task's answers anew gives and takes: who completes it by which attempt, when, and for how much. Which
//! attempts are right is found elsewhere; here are only values.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Earning, Pricing, Rules};
use crate::{
    id::{AttemptId, MemberId},
    task::Points,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Right,
    Wrong,
    /// Nothing that could be judged: it does not count.
    Unfit,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Unfit => "unfit",
        }
    }

    /// Against a cap.
    fn counts(self) -> i32 {
        i32::from(self != Self::Unfit)
    }

    /// What an attempt becomes that was `self` and of which `found` is said now. One that did not count is never counted
    /// against anybody later: it may become right, and nothing else.
    #[must_use]
    pub fn rejudged(self, found: Self) -> Self {
        match (self, found) {
            (Self::Unfit, Self::Wrong) => Self::Unfit,
            (_, found) => found,
        }
    }
}

/// An attempt as it was judged, and as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejudged {
    pub attempt: AttemptId,
    pub member: MemberId,
    pub at: DateTime<Utc>,
    pub old: Outcome,
    pub new: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Completion {
    /// None: it is not known any more by which.
    pub attempt: Option<AttemptId>,
    pub at: DateTime<Utc>,
    pub points: Points,
    pub late_percent: u8,
}

/// What decides the price.
#[derive(Debug, Clone)]
pub struct Terms<'a> {
    pub base: Points,
    pub pricing: Pricing,
    pub rules: &'a Rules,
    /// The extra time of those who have some.
    pub extra: &'a HashMap<MemberId, TimeDelta>,
    /// When a hint was taken, and what it cost.
    pub hints: &'a HashMap<MemberId, Vec<(DateTime<Utc>, Points)>>,
}

/// What becomes of one member. Those of whom nothing changes have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    pub member: MemberId,
    /// Of the attempts that count.
    pub n_counted: i32,
    pub before: Option<Completion>,
    pub after: Option<Completion>,
}

/// Sorted by member. Who keeps the attempt that completed the task keeps all that it earned, as it was. Who completes it by
/// another attempt has the time of that attempt, and its price then: after as many as completed it before that time, less
/// what was late then and the hints that were taken until then.
pub fn changes(
    attempts: &[Rejudged],
    held: &HashMap<MemberId, Completion>,
    terms: &Terms<'_>,
) -> Vec<Change> {
    let mut in_order: Vec<&Rejudged> = attempts.iter().collect();
    in_order.sort_by_key(|one| (one.at, one.attempt));
    let mut first_right: HashMap<MemberId, &Rejudged> = HashMap::new();
    let mut n_counted: HashMap<MemberId, i32> = HashMap::new();
    let mut now: HashMap<AttemptId, Outcome> = HashMap::new();
    for one in in_order {
        now.insert(one.attempt, one.new);
        *n_counted.entry(one.member).or_default() += one.new.counts() - one.old.counts();
        if one.new == Outcome::Right {
            first_right.entry(one.member).or_insert(one);
        }
    }
    // A completion whose attempt is not among these was not judged anew, and stays.
    let stays = |completion: &Completion| {
        completion
            .attempt
            .is_none_or(|attempt| now.get(&attempt).is_none_or(|now| *now == Outcome::Right))
    };
    let earlier = |member: &MemberId, completion: &Completion| {
        first_right
            .get(member)
            .is_some_and(|right| (right.at, Some(right.attempt)) < (completion.at, completion.attempt))
    };
    let mut times: Vec<(DateTime<Utc>, Option<AttemptId>)> = Vec::new();
    let mut earned: Vec<&Rejudged> = Vec::new();
    let mut lost: Vec<MemberId> = Vec::new();
    for (member, completion) in held {
        if stays(completion) && !earlier(member, completion) {
            times.push((completion.at, completion.attempt));
        } else if !first_right.contains_key(member) {
            lost.push(*member);
        }
    }
    for (member, right) in &first_right {
        if held
            .get(member)
            .is_none_or(|completion| !stays(completion) || earlier(member, completion))
        {
            times.push((right.at, Some(right.attempt)));
            earned.push(right);
        }
    }
    let mut changes: HashMap<MemberId, Change> = HashMap::new();
    let unchanged = |member: MemberId| Change {
        member,
        n_counted: 0,
        before: held.get(&member).copied(),
        after: held.get(&member).copied(),
    };
    for (member, n) in n_counted.into_iter().filter(|(_, n)| *n != 0) {
        changes
            .entry(member)
            .or_insert_with(|| unchanged(member))
            .n_counted = n;
    }
    for member in lost {
        changes.entry(member).or_insert_with(|| unchanged(member)).after = None;
    }
    for right in earned {
        let place = (right.at, Some(right.attempt));
        let n_before = times.iter().filter(|other| **other < place).count();
        let after = terms.completion(right, u32::try_from(n_before).unwrap_or(u32::MAX));
        changes
            .entry(right.member)
            .or_insert_with(|| unchanged(right.member))
            .after = Some(after);
    }
    let mut changes: Vec<Change> = changes.into_values().collect();
    changes.sort_by_key(|change| change.member);
    changes
}

impl Terms<'_> {
    fn completion(&self, right: &Rejudged, n_before: u32) -> Completion {
        let extra = self.extra.get(&right.member).copied().unwrap_or_default();
        // It was taken then; that the lab's times are others now does not make it come too late.
        let late_percent = self.rules.late_percent(extra, right.at).unwrap_or(0);
        let hints = self
            .hints
            .get(&right.member)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let earning = Earning {
            base: self.base,
            pricing: self.pricing,
            n_before,
            first_bonus: self.rules.bonus(),
            late_percent,
            hints: hints
                .iter()
                .filter(|(at, _)| *at <= right.at)
                .map(|(_, price)| *price)
                .sum(),
        };
        Completion {
            attempt: Some(right.attempt),
            at: right.at,
            points: earning.points(),
            late_percent,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }
    fn attempt(member: u128, second: i64, old: Outcome, new: Outcome) -> Rejudged {
        Rejudged {
            attempt: Uuid::from_u128(member * 1000 + u128::try_from(second).unwrap()).into(),
            member: Uuid::from_u128(member).into(),
            at: at(second),
            old,
            new,
        }
    }
    /// What was earned when each was judged as it came: the first right one of each member, at the price of its time.
    fn earned(attempts: &[Rejudged], rules: &Rules, pricing: Pricing) -> HashMap<MemberId, Completion> {
        let judged: Vec<Rejudged> = attempts
            .iter()
            .map(|one| Rejudged { new: one.old, ..*one })
            .collect();
        let none = HashMap::new();
        let terms = Terms {
            base: Points(100_000),
            pricing,
            rules,
            extra: &HashMap::new(),
            hints: &HashMap::new(),
        };
        changes(&judged, &none, &terms)
            .into_iter()
            .filter_map(|change| Some((change.member, change.after?)))
            .collect()
    }
    fn told(changes: &[Change]) -> Vec<String> {
        let completion = |one: Option<Completion>| {
            one.map_or("-".to_owned(), |one| {
                format!("{} at {}", one.points.as_f64(), one.at.timestamp())
            })
        };
        changes
            .iter()
            .map(|one| {
                format!(
                    "{}: {} -> {} ({:+})",
                    one.member.uuid().as_u128(),
                    completion(one.before),
                    completion(one.after),
                    one.n_counted
                )
            })
            .collect()
    }

    #[test]
    fn who_gains_and_loses_and_for_how_much() {
        use Outcome::{Right, Unfit, Wrong};
        let attempts = [
            // Right all along.
            attempt(1, 10, Right, Right),
            // Was right, and is not.
            attempt(2, 20, Right, Wrong),
            // Is right, by the second of three.
            attempt(3, 5, Wrong, Wrong),
            attempt(3, 15, Wrong, Right),
            attempt(3, 30, Wrong, Right),
            // Was right by the second, and is by the first.
            attempt(4, 12, Wrong, Right),
            attempt(4, 40, Right, Right),
            // No longer counts.
            attempt(5, 50, Wrong, Unfit),
        ];
        let rules = Rules {
            first_bonus: 7,
            ..Rules::default()
        };
        let pricing = Pricing::Linear {
            step: Points(10_000),
            floor: Points(0),
        };
        let held = earned(&attempts, &rules, pricing);
        let hints = HashMap::from([(
            attempts[3].member,
            vec![(at(1), Points(3_000)), (at(20), Points(50_000))],
        )]);
        let terms = Terms {
            base: Points(100_000),
            pricing,
            rules: &rules,
            extra: &HashMap::new(),
            hints: &hints,
        };
        insta::assert_snapshot!(told(&changes(&attempts, &held, &terms)).join("\n"), @"
        2: 90 at 20 -> - (+0)
        3: - -> 77 at 15 (+0)
        4: 80 at 40 -> 90 at 12 (+0)
        5: - -> - (-1)
        ");
    }

    #[test]
    fn what_did_not_count_is_not_counted_later() {
        use Outcome::{Right, Unfit, Wrong};
        assert_eq!(Unfit.rejudged(Wrong), Unfit);
        assert_eq!(Unfit.rejudged(Right), Right);
        assert_eq!(Right.rejudged(Unfit), Unfit);
    }

    fn outcome() -> impl Strategy<Value = Outcome> {
        prop_oneof![Just(Outcome::Right), Just(Outcome::Wrong), Just(Outcome::Unfit)]
    }

    proptest! {
        #[test]
        fn who_is_right_has_it_and_nobody_else(found in prop::collection::vec((1..6u128, outcome(), outcome()), 0..25)) {
            let attempts: Vec<Rejudged> = (0_i64..).zip(found).map(|(n, (member, old, new))| attempt(member, n, old, old.rejudged(new))).collect();
            let rules = Rules::default();
            let pricing = Pricing::Linear { step: Points(1_000), floor: Points(10_000) };
            let held = earned(&attempts, &rules, pricing);
            let terms = Terms { base: Points(100_000), pricing, rules: &rules, extra: &HashMap::new(), hints: &HashMap::new() };
            let changes = changes(&attempts, &held, &terms);
            let mut after = held.clone();
            for change in &changes {
                prop_assert_eq!(change.before, held.get(&change.member).copied());
                match change.after {
                    Some(completion) => after.insert(change.member, completion),
                    None => after.remove(&change.member),
                };
            }
            for member in 1..6u128 {
                let member: MemberId = Uuid::from_u128(member).into();
                let first = attempts.iter().find(|one| one.member == member && one.new == Outcome::Right);
                prop_assert_eq!(after.get(&member).map(|one| (one.attempt, one.at)), first.map(|one| (Some(one.attempt), one.at)));
                // Who keeps the attempt keeps the points.
                if let (Some(old), Some(new)) = (held.get(&member), after.get(&member)) && old.attempt == new.attempt {
                    prop_assert_eq!(old, new);
                }
            }
            // Judged once more, nothing is left to do.
            let again: Vec<Rejudged> = attempts.iter().map(|one| Rejudged { old: one.new, ..*one }).collect();
            prop_assert_eq!(super::changes(&again, &after, &terms), vec![]);
        }
    }
}
