//! Which pairs of members have answers in common that they hardly came to alone: near-identical queries, somebody else's
//! flag, several tasks done in the same minute. A reason to talk to two people, never a proof; by value, and with work that
//! is bounded for a thousand members.

mod near;
mod tokens;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};

use crate::id::{MemberId, TaskId};

/// Shorter queries are alike by themselves.
const SHORTEST: usize = 12;
/// Who did a task within the same time of each other.
const TOGETHER: TimeDelta = TimeDelta::seconds(60);
/// A task that more did within that time was done by the class.
const CROWD: usize = 12;
/// Tasks done together from which on it counts.
const TOGETHER_FROM: usize = 3;

/// The query that counts for a member and a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub member: MemberId,
    pub task: TaskId,
    pub at: DateTime<Utc>,
    pub sql: String,
}

/// Somebody sent the flag that was made for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlagOfOther {
    pub member: MemberId,
    pub of: MemberId,
    pub task: TaskId,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    pub member: MemberId,
    pub task: TaskId,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// One for each member and task.
    pub answers: Vec<Answer>,
    pub flags: Vec<FlagOfOther>,
    /// One for each member and task.
    pub done: Vec<Done>,
}

/// Two members' answers to one task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    pub task: TaskId,
    /// Tokens that differ; 0 where only spaces, comments and capitals do.
    pub distance: usize,
    pub n_tokens: usize,
    /// How many members have this very answer, or the nearer of the two.
    pub n_same: usize,
    pub at: [DateTime<Utc>; 2],
    pub sql: [String; 2],
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Together {
    pub task: TaskId,
    pub at: [DateTime<Utc>; 2],
}

/// Two members, and what they have in common; of each array the first is of the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    pub members: [MemberId; 2],
    /// From 0; 10 for a flag of the other, at most 4 for an answer, at most 1 for a task done together.
    pub score: f64,
    pub answers: Vec<Alike>,
    pub flags: Vec<FlagOfOther>,
    /// Empty below three.
    pub together: Vec<Together>,
}

#[derive(Debug, Default)]
struct Found {
    answers: Vec<(f64, Alike)>,
    flags: Vec<FlagOfOther>,
    together: Vec<(f64, Together)>,
}

type Pairs = BTreeMap<[MemberId; 2], Found>;

/// The most conspicuous first, at most `most`; the same for the same evidence in whatever order. `allowed` says of which
/// pairs nothing is said, because they work together.
pub fn pairs(evidence: &Evidence, allowed: impl Fn(MemberId, MemberId) -> bool, most: usize) -> Vec<Pair> {
    let mut pairs = Pairs::new();
    for answers in by_task(&evidence.answers, |answer| answer.task).values() {
        alike(answers, &mut pairs);
    }
    for flag in &evidence.flags {
        if flag.member != flag.of {
            let found = pairs.entry(pair(flag.member, flag.of)).or_default();
            found.flags.push(*flag);
        }
    }
    for done in by_task(&evidence.done, |done| done.task).values() {
        together(done, &mut pairs);
    }
    let mut pairs: Vec<Pair> = pairs
        .into_iter()
        .filter(|(members, _)| !allowed(members[0], members[1]))
        .filter_map(|(members, found)| scored(members, found))
        .collect();
    pairs.sort_by(|one, other| {
        other
            .score
            .total_cmp(&one.score)
            .then(one.members.cmp(&other.members))
    });
    pairs.truncate(most);
    pairs
}

fn by_task<T>(all: &[T], task: impl Fn(&T) -> TaskId) -> BTreeMap<TaskId, Vec<&T>> {
    let mut by_task: BTreeMap<TaskId, Vec<&T>> = BTreeMap::new();
    for one in all {
        by_task.entry(task(one)).or_default().push(one);
    }
    by_task
}

fn pair(one: MemberId, other: MemberId) -> [MemberId; 2] {
    if one <= other { [one, other] } else { [other, one] }
}

fn scored(members: [MemberId; 2], mut found: Found) -> Option<Pair> {
    if found.together.len() < TOGETHER_FROM {
        found.together.clear();
    }
    let answers: f64 = found.answers.iter().map(|(weight, _)| weight).sum();
    let together: f64 = found.together.iter().map(|(weight, _)| weight).sum();
    #[expect(clippy::cast_precision_loss, reason = "a few flags")]
    let flags = 10.0 * found.flags.len() as f64;
    let score = answers + together + flags;
    found.flags.sort_by_key(|flag| (flag.at, flag.task));
    (score > 0.0).then(|| Pair {
        members,
        score,
        answers: found.answers.into_iter().map(|(_, alike)| alike).collect(),
        flags: found.flags,
        together: found.together.into_iter().map(|(_, together)| together).collect(),
    })
}

/// Answers that so many members have are the usual ones.
fn usual(n_members: usize) -> usize {
    (n_members / 20).max(4)
}

#[expect(clippy::cast_precision_loss, reason = "members of a class")]
fn rarity(n: usize) -> f64 {
    2.0 / n.max(2) as f64
}

fn alike(answers: &[&Answer], pairs: &mut Pairs) {
    // The same tokens have the same number.
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let mut groups: BTreeMap<Vec<u32>, Vec<&Answer>> = BTreeMap::new();
    let mut sorted = answers.to_vec();
    sorted.sort_by_key(|answer| answer.member);
    for answer in sorted {
        let tokens: Vec<u32> = tokens::tokens(&answer.sql)
            .into_iter()
            .map(|token| {
                let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
                *numbers.entry(token).or_insert(next)
            })
            .collect();
        if tokens.len() >= SHORTEST {
            groups.entry(tokens).or_default().push(answer);
        }
    }
    let usual = usual(answers.len());
    let groups: Vec<(Vec<u32>, Vec<&Answer>)> = groups
        .into_iter()
        .filter(|(_, having)| having.len() <= usual)
        .collect();
    let mut add = |one: &Answer, other: &Answer, distance: usize, n_tokens: usize, n_same: usize| {
        if one.member == other.member {
            return;
        }
        let (first, second) = if one.member <= other.member {
            (one, other)
        } else {
            (other, one)
        };
        let nearness = if distance == 0 { 4.0 } else { 3.0 };
        let alike = Alike {
            task: one.task,
            distance,
            n_tokens,
            n_same,
            at: [first.at, second.at],
            sql: [first.sql.clone(), second.sql.clone()],
        };
        let found = pairs.entry([first.member, second.member]).or_default();
        found.answers.push((nearness * rarity(n_same), alike));
    };
    for (tokens, having) in &groups {
        for (at, one) in having.iter().enumerate() {
            for other in &having[at + 1..] {
                add(one, other, 0, tokens.len(), having.len());
            }
        }
    }
    let different: Vec<&[u32]> = groups.iter().map(|(tokens, _)| tokens.as_slice()).collect();
    for (one, other, distance) in near::near(&different) {
        let n_tokens = different[one].len().min(different[other].len());
        let (one, other) = (&groups[one].1, &groups[other].1);
        let n_same = one.len() + other.len();
        if n_same <= usual {
            for first in one {
                for second in other {
                    add(first, second, distance, n_tokens, n_same);
                }
            }
        }
    }
}

fn together(done: &[&Done], pairs: &mut Pairs) {
    let mut done = done.to_vec();
    done.sort_by_key(|done| (done.at, done.member));
    let until = |at: usize| {
        let end = done[at].at + TOGETHER;
        at + done[at..].partition_point(|other| other.at <= end)
    };
    for at in 0..done.len() {
        let end = until(at);
        // Whoever was at it at the same time, before or after.
        let begin = done.partition_point(|other| other.at < done[at].at - TOGETHER);
        if end - begin > CROWD {
            continue;
        }
        for other in at + 1..end {
            let (one, other) = (done[at], done[other]);
            if one.member == other.member {
                continue;
            }
            let members = pair(one.member, other.member);
            let times = if members[0] == one.member {
                [one.at, other.at]
            } else {
                [other.at, one.at]
            };
            let together = Together {
                task: one.task,
                at: times,
            };
            let found = pairs.entry(members).or_default();
            found.together.push((rarity(end - begin), together));
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn member(n: u128) -> MemberId {
        Uuid::from_u128(n).into()
    }
    fn task(n: u128) -> TaskId {
        Uuid::from_u128(1000 + n).into()
    }
    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }
    fn answer(of: u128, on: u128, sql: &str) -> Answer {
        Answer {
            member: member(of),
            task: task(on),
            at: at(i64::try_from(of).unwrap() * 3600),
            sql: sql.to_owned(),
        }
    }
    fn nobody(_: MemberId, _: MemberId) -> bool {
        false
    }

    /// A query of its own for each member and task.
    fn own(of: u128, on: u128) -> String {
        format!(
            "SELECT t{of}.a{on}, count(x{of}) AS n{of}_{on} FROM ship AS t{of} JOIN port AS x{of} ON x{of}.id = t{of}.port_{of} \
             GROUP BY t{of}.a{on} HAVING count(x{of}) > {of} ORDER BY n{of}_{on}"
        )
    }

    #[test]
    fn a_planted_pair_stands_first() {
        let mut evidence = Evidence::default();
        for on in 0..10 {
            for of in 0..40 {
                evidence.answers.push(answer(of, on, &own(of, on)));
            }
            // The usual answer, of many.
            for of in 40..60 {
                evidence.answers.push(answer(of, on, &own(999, on)));
            }
        }
        // 3 copied from 17: once with another lay-out, once with two changes.
        let copied = own(17, 2).to_lowercase().replace(' ', "\n  ") + " -- mine";
        evidence
            .answers
            .retain(|one| !(one.member == member(3) && [task(2), task(5)].contains(&one.task)));
        evidence.answers.push(answer(3, 2, &copied));
        evidence.answers.push(answer(
            3,
            5,
            &own(17, 5)
                .replace("ORDER BY n17_5", "ORDER BY 2")
                .replace("> 17", "> 16"),
        ));
        let found = pairs(&evidence, nobody, 10);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0].members, [member(3), member(17)]);
        let shown: Vec<_> = found[0]
            .answers
            .iter()
            .map(|one| (one.task, one.distance, one.n_same))
            .collect();
        assert_eq!(shown, [(task(2), 0, 2), (task(5), 2, 2)]);
        assert!(found[0].answers[0].sql[0].contains("-- mine"));
        assert!((found[0].score - 7.0).abs() < 1e-9);
        // Whatever the order.
        evidence.answers.reverse();
        assert_eq!(pairs(&evidence, nobody, 10), found);
        // They are allowed to.
        let both = |one, other| [one, other] == [member(3), member(17)];
        assert_eq!(pairs(&evidence, both, 10), []);
    }

    #[test]
    fn short_and_usual_answers_say_nothing() {
        let short = (0..3).map(|of| answer(of, 0, "SELECT name FROM ship ORDER BY name"));
        let usual = (0..30).map(|of| answer(of, 1, &own(7, 1)));
        let evidence = Evidence {
            answers: short.chain(usual).collect(),
            ..Evidence::default()
        };
        assert_eq!(pairs(&evidence, nobody, 10), []);
    }

    #[test]
    fn flags_of_others_and_tasks_done_together() {
        let done = |of: u128, on: u128, seconds: i64| Done {
            member: member(of),
            task: task(on),
            at: at(seconds),
        };
        let mut evidence = Evidence {
            flags: vec![FlagOfOther {
                member: member(9),
                of: member(2),
                task: task(7),
                at: at(5),
            }],
            ..Evidence::default()
        };
        for on in 0..4 {
            let base = i64::try_from(on).unwrap() * 10_000;
            evidence
                .done
                .extend([done(1, on, base), done(2, on, base + 60), done(3, on, base + 200)]);
            // Twice is chance.
            if on < 2 {
                evidence.done.push(done(4, on, base + 210));
            }
            // The whole class at once.
            evidence
                .done
                .extend((100..140).map(|of| done(of, on, base + 5000)));
        }
        let found = pairs(&evidence, nobody, 10);
        let shown: Vec<_> = found
            .iter()
            .map(|pair| (pair.members, pair.flags.len(), pair.together.len(), pair.score))
            .collect();
        assert_eq!(
            shown,
            [
                ([member(2), member(9)], 1, 0, 10.0),
                ([member(1), member(2)], 0, 4, 4.0),
            ]
        );
    }

    /// A thousand members with fifty tasks: the work does not grow with the square of the class.
    #[test]
    fn a_thousand_members_are_compared_in_bounded_work() {
        let mut evidence = Evidence::default();
        for on in 0..50 {
            for of in 0..1000_u128 {
                // Ten usual answers with small variations of one's own, done by a hundred at a time.
                let variant = of % 10;
                let sql = own(variant, on).replace("ORDER BY", &format!("AND true OR {of} < 0 ORDER BY"));
                evidence.answers.push(answer(of, on, &sql));
                evidence.done.push(Done {
                    member: member(of),
                    task: task(on),
                    at: at(i64::try_from(on * 5000 + of % 10 * 100).unwrap()),
                });
            }
        }
        let found = pairs(&evidence, nobody, 100);
        assert!(found.len() <= 100);
    }
}
