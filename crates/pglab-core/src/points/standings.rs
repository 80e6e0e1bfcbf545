//! The order of a lab's members by what they earned. Ties are broken by the time of the last change of the score: who
//! came to the same points earlier stands before.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::{id::MemberId, task::Points};

/// Points given or taken: by a completion or by an award.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    pub member: MemberId,
    pub points: Points,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// From 1. Equal points reached at the same moment share a rank, and the next one leaves as many out.
    pub rank: usize,
    pub member: MemberId,
    pub points: Points,
    /// The last completion that changed the score. None: the score never changed.
    pub reached_at: Option<DateTime<Utc>>,
}

/// All of `members`, also those without points, in order; the same for the same changes in whatever order they come.
/// With `frozen_at`, what happened at that time or later does not show. Changes of others are left out: hidden members
/// need only be missing from `members`.
pub fn standings(
    members: &[MemberId],
    changes: &[Change],
    frozen_at: Option<DateTime<Utc>>,
) -> Vec<Standing> {
    let mut scores: HashMap<MemberId, (Points, Option<DateTime<Utc>>)> = members
        .iter()
        .map(|member| (*member, (Points(0), None)))
        .collect();
    for change in changes {
        if change.points == Points(0) || frozen_at.is_some_and(|frozen| change.at >= frozen) {
            continue;
        }
        if let Some((points, reached_at)) = scores.get_mut(&change.member) {
            points.0 = points.0.saturating_add(change.points.0);
            *reached_at = (*reached_at).max(Some(change.at));
        }
    }
    let mut standings: Vec<Standing> = scores
        .into_iter()
        .map(|(member, (points, reached_at))| Standing {
            rank: 0,
            member,
            points,
            reached_at,
        })
        .collect();
    standings.sort_by_key(|standing| (key(standing), standing.member));
    let mut rank = 0;
    for at in 0..standings.len() {
        if at == 0 || key(&standings[at]) != key(&standings[at - 1]) {
            rank = at + 1;
        }
        standings[at].rank = rank;
    }
    standings
}

/// Most points first, then the earliest. Who never scored comes after who lost all again.
fn key(standing: &Standing) -> (std::cmp::Reverse<Points>, DateTime<Utc>) {
    let reached_at = standing.reached_at.unwrap_or(DateTime::<Utc>::MAX_UTC);
    (std::cmp::Reverse(standing.points), reached_at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn member(n: u128) -> MemberId {
        MemberId::from(uuid::Uuid::from_u128(n))
    }
    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000 + seconds, 0).unwrap()
    }
    fn change(n: u128, points: i64, seconds: i64) -> Change {
        Change {
            member: member(n),
            points: Points(points),
            at: at(seconds),
        }
    }
    fn ranks(standings: &[Standing]) -> Vec<(u128, usize, i64)> {
        standings
            .iter()
            .map(|s| (s.member.uuid().as_u128(), s.rank, s.points.0))
            .collect()
    }

    #[test]
    fn ties_go_to_who_was_earlier() {
        let members: Vec<MemberId> = (1..=5).map(member).collect();
        let changes = [
            change(1, 10, 50),
            change(2, 10, 20),
            change(3, 5, 5),
            change(3, 5, 20),
            change(2, 0, 90),
            change(9, 99, 1),
        ];
        assert_eq!(
            ranks(&standings(&members, &changes, None)),
            [(2, 1, 10), (3, 1, 10), (1, 3, 10), (4, 4, 0), (5, 4, 0)]
        );
        assert_eq!(
            ranks(&standings(&members, &changes, Some(at(20)))),
            [(3, 1, 5), (1, 2, 0), (2, 2, 0), (4, 2, 0), (5, 2, 0)]
        );
    }

    proptest! {
        #[test]
        fn order_of_changes_does_not_matter(changes in prop::collection::vec((1..5u128, -3..6i64, 0..20i64), 0..20), frozen in prop::option::of(0..20i64)) {
            let members: Vec<MemberId> = (1..=4).map(member).collect();
            let mut changes: Vec<Change> = changes.into_iter().map(|(n, points, s)| change(n, points, s)).collect();
            let one = standings(&members, &changes, frozen.map(at));
            changes.reverse();
            let other = standings(&members, &changes, frozen.map(at));
            prop_assert_eq!(&one, &other);
            prop_assert_eq!(one.len(), 4);
            for pair in one.windows(2) {
                prop_assert!(pair[0].points >= pair[1].points && pair[0].rank <= pair[1].rank);
            }
            // The model: each member's own sum, and how many are strictly better.
            for standing in &one {
                let sum: i64 = changes.iter().filter(|c| c.member == standing.member && frozen.is_none_or(|f| c.at < at(f))).map(|c| c.points.0).sum();
                prop_assert_eq!(standing.points.0, sum);
                let better = one.iter().filter(|other| key(other) < key(standing)).count();
                prop_assert_eq!(standing.rank, better + 1);
            }
        }
    }
}
