//! The errors that a member met lately, and those that several members share. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use pglab_core::need::RepeatedError;

/// Errors older than this are in the store only.
pub const SHARED_FOR: TimeDelta = TimeDelta::minutes(15);
/// What counts as lately for one member.
pub const RECENT: TimeDelta = TimeDelta::minutes(10);
/// Of one member; a loop that fails fast keeps its counts, not its texts.
const MAX_KEPT: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Recent {
    at: DateTime<Utc>,
    sqlstate: String,
    message: String,
    times: u32,
}

/// The last errors of one member.
#[derive(Debug, Clone, Default)]
pub struct RecentMistakes {
    recent: VecDeque<Recent>,
    n_total: u64,
}

impl RecentMistakes {
    pub fn add(&mut self, at: DateTime<Utc>, sqlstate: &str, message: &str, times: u32) {
        self.n_total = self.n_total.saturating_add(u64::from(times));
        match self.recent.back_mut() {
            Some(last)
                if last.sqlstate == sqlstate
                    && last.message == message
                    && at - last.at < TimeDelta::seconds(2) =>
            {
                last.times = last.times.saturating_add(times);
                last.at = at;
            }
            _ => self.recent.push_back(Recent {
                at,
                sqlstate: sqlstate.to_owned(),
                message: message.to_owned(),
                times,
            }),
        }
        while self.recent.len() > MAX_KEPT {
            self.recent.pop_front();
        }
    }

    pub fn forget_before(&mut self, time: DateTime<Utc>) {
        while self.recent.front().is_some_and(|oldest| oldest.at < time) {
            self.recent.pop_front();
        }
    }

    /// How many since this was made, the forgotten ones too: a counter.
    pub fn n_total(&self) -> u64 {
        self.n_total
    }

    /// How many in the last ten minutes.
    pub fn n_recent(&self, now: DateTime<Utc>) -> u32 {
        self.recent(now)
            .fold(0, |n: u32, mistake| n.saturating_add(mistake.times))
    }

    /// The one made most often in the last ten minutes; of equals the latest.
    pub fn repeated(&self, now: DateTime<Utc>) -> Option<RepeatedError> {
        let mut counts: HashMap<(&str, &str), (u32, DateTime<Utc>)> = HashMap::new();
        for mistake in self.recent(now) {
            let entry = counts
                .entry((&mistake.sqlstate, &mistake.message))
                .or_insert((0, mistake.at));
            entry.0 = entry.0.saturating_add(mistake.times);
            entry.1 = entry.1.max(mistake.at);
        }
        counts.into_iter().max_by_key(|(key, count)| (*count, *key)).map(
            |((sqlstate, message), (times, _))| RepeatedError {
                sqlstate: sqlstate.to_owned(),
                message: message.to_owned(),
                times,
            },
        )
    }

    fn recent(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Recent> {
        self.recent
            .iter()
            .filter(move |mistake| mistake.at > now - RECENT)
    }
}

/// An error that at least two members met in the last 15 minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedError {
    pub sqlstate: String,
    /// With `…` where the members' messages differ.
    pub message: String,
    pub logins: Vec<String>,
    pub last_at: DateTime<Utc>,
}

/// The most shared first.
pub fn shared<'a>(
    members: impl Iterator<Item = (&'a str, &'a RecentMistakes)>,
    now: DateTime<Utc>,
) -> Vec<SharedError> {
    struct Group<'a> {
        parts: Vec<Part<'a>>,
        sqlstate: &'a str,
        logins: BTreeSet<&'a str>,
        last_at: DateTime<Utc>,
    }
    let mut groups: BTreeMap<(&str, String), Group<'_>> = BTreeMap::new();
    for (login, mistakes) in members {
        for mistake in mistakes
            .recent
            .iter()
            .filter(|mistake| mistake.at > now - SHARED_FOR)
        {
            let parts = parts(&mistake.message);
            let group = groups
                .entry((class(&mistake.sqlstate), skeleton(&parts)))
                .or_insert_with(|| Group {
                    parts: parts.clone(),
                    sqlstate: &mistake.sqlstate,
                    logins: BTreeSet::new(),
                    last_at: mistake.at,
                });
            for (kept, other) in group.parts.iter_mut().zip(&parts) {
                if kept != other {
                    *kept = Part::Differs;
                }
            }
            group.logins.insert(login);
            group.last_at = group.last_at.max(mistake.at);
        }
    }
    let mut shared: Vec<_> = groups
        .into_values()
        .filter(|group| group.logins.len() >= 2)
        .map(|group| SharedError {
            sqlstate: group.sqlstate.to_owned(),
            message: group.parts.iter().map(Part::text).collect(),
            logins: group.logins.into_iter().map(str::to_owned).collect(),
            last_at: group.last_at,
        })
        .collect();
    shared.sort_by(|a, b| {
        (b.logins.len(), b.last_at)
            .cmp(&(a.logins.len(), a.last_at))
            .then_with(|| a.message.cmp(&b.message))
    });
    shared
}

/// PostgreSQL 18 says 23001 where older ones say 23503 for the same refusal of a foreign key.
fn class(sqlstate: &str) -> &str {
    if sqlstate == "23001" { "23503" } else { sqlstate }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part<'a> {
    Fixed(&'a str),
    /// A quoted name or value, or a number.
    Free(&'a str),
    Differs,
}

impl Part<'_> {
    fn text(&self) -> &str {
        match self {
            Self::Fixed(text) | Self::Free(text) => text,
            Self::Differs => "…",
        }
    }
}

fn skeleton(parts: &[Part<'_>]) -> String {
    parts
        .iter()
        .map(|part| match part {
            Part::Fixed(text) => text,
            _ => "\u{0}",
        })
        .collect()
}

/// Cuts a message into what every such message says and what is of this one.
fn parts(message: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = message;
    while !rest.is_empty() {
        let Some(start) = rest.find(|c: char| c == '"' || c == '\'' || c.is_ascii_digit()) else {
            parts.push(Part::Fixed(rest));
            break;
        };
        if start > 0 {
            parts.push(Part::Fixed(&rest[..start]));
        }
        let free = &rest[start..];
        let first = free.chars().next().unwrap_or('"');
        let end = if first.is_ascii_digit() {
            free.find(|c: char| !c.is_ascii_digit() && c != '.')
        } else {
            free[1..].find(first).map(|end| end + 2)
        }
        .unwrap_or(free.len());
        parts.push(Part::Free(&free[..end]));
        rest = &free[end..];
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    fn of(mistakes: &[(i64, &str, &str)]) -> RecentMistakes {
        let mut recent = RecentMistakes::default();
        for (second, sqlstate, message) in mistakes {
            recent.add(at(*second), sqlstate, message, 1);
        }
        recent
    }

    #[test]
    fn what_several_met_is_told_once_with_what_they_have_in_common() {
        let ada = of(&[
            (10, "42P01", "relation \"albums\" does not exist"),
            (
                20,
                "42703",
                "column \"titel\" of relation \"album\" does not exist",
            ),
            (
                30,
                "23503",
                "update or delete on table \"ship\" violates foreign key constraint \"a\" on table \"berth\"",
            ),
        ]);
        let bob = of(&[
            (40, "42P01", "relation \"albums\" does not exist"),
            (
                50,
                "42703",
                "column \"tilte\" of relation \"album\" does not exist",
            ),
            (
                60,
                "23001",
                "update or delete on table \"ship\" violates foreign key constraint \"b\" on table \"berth\"",
            ),
            (70, "42601", "syntax error at or near \"FORM\""),
        ]);
        let shared: Vec<_> = shared([("ada", &ada), ("bob", &bob)].into_iter(), at(100))
            .into_iter()
            .map(|shared| (shared.sqlstate, shared.message, shared.logins.join(" ")))
            .collect();
        insta::assert_debug_snapshot!(shared, @r#"
        [
            (
                "23503",
                "update or delete on table \"ship\" violates foreign key constraint … on table \"berth\"",
                "ada bob",
            ),
            (
                "42703",
                "column … of relation \"album\" does not exist",
                "ada bob",
            ),
            (
                "42P01",
                "relation \"albums\" does not exist",
                "ada bob",
            ),
        ]
        "#);
    }

    #[test]
    fn old_ones_are_not_shared() {
        let ada = of(&[(0, "42P01", "relation \"a\" does not exist")]);
        let bob = of(&[(2000, "42P01", "relation \"a\" does not exist")]);
        assert_eq!(shared([("ada", &ada), ("bob", &bob)].into_iter(), at(2001)), []);
    }

    #[test]
    fn a_loop_that_fails_is_counted_and_does_not_grow() {
        let mut recent = RecentMistakes::default();
        for n in 0..10_000 {
            recent.add(at(n / 1000), "22012", "division by zero", 1);
        }
        for n in 0..1000 {
            recent.add(at(10), "42P01", &format!("relation \"r{n}\" does not exist"), 1);
        }
        assert!(recent.recent.len() <= MAX_KEPT);
        let mut recent = of(&[]);
        for n in 0..10_000 {
            recent.add(at(n / 1000), "22012", "division by zero", 1);
        }
        assert_eq!(recent.n_recent(at(20)), 10_000);
        assert_eq!(recent.repeated(at(20)).unwrap().times, 10_000);
        assert_eq!(recent.n_recent(at(20_000)), 0);
    }

    proptest::proptest! {
        /// Nothing of a message is lost or invented.
        #[test]
        fn parts_make_the_message(message in "[a-z \"'0-9é.]{0,40}") {
            let whole: String = parts(&message).iter().map(|part| part.text().to_owned()).collect();
            proptest::prop_assert_eq!(whole, message);
        }
    }
}
