//! Who needs help: a score and its reasons for every member of a lab, from what is known about them. Pure: the time comes
//! in, and equal inputs give equal ranks.
//!
//! The score is a sum of
//!
//! | what | points |
//! |---|---|
//! | a raised hand | 1000, and 1 per minute that it is up, at most 300 |
//! | never connected since the lab opened | 600, and nothing else but a hand |
//! | the same error three times or more in ten minutes | 10 for each time after the second, at most 100 |
//! | waits for a lock for 10 s or more | 50, and 5 per minute, at most 100 |
//! | no progress for longer than the class needs for a task and a half, and 3 minutes | 20 for each task that the class would have done meanwhile, at most 200 |
//! | fewer tasks done than the median | 15 for each, at most 150 |
//! | all tasks done | nothing of the above but a hand |
//!
//! so that hands come first, then those who are not there, then everybody by how much is wrong. The class's pace is the
//! time since the opening divided by the median number of tasks done, at most [`SLOWEST_PACE_MINUTES`]. Equals are
//! ordered by who has gone longer without progress, then by login.

use chrono::{DateTime, Utc};

use crate::words::{clip, count};

/// The pace that is assumed until half the class has done a task, and the slowest that is believed. Minutes per task.
pub const SLOWEST_PACE_MINUTES: i64 = 10;

const HAND: u32 = 1000;
const ABSENT: u32 = 600;
const MOST_FOR_HAND: i64 = 300;
const MOST_FOR_ERRORS: i64 = 100;
const MOST_FOR_LOCK: i64 = 100;
const MOST_FOR_STANDSTILL: i64 = 200;
const MOST_FOR_BEHIND: i64 = 150;
const LEAST_STANDSTILL_MINUTES: i64 = 3;

/// What is known about a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeedInput {
    pub login: String,
    pub has_connected: bool,
    /// When their score last rose; before that, when they first connected. `None`: since the opening.
    pub last_progress_at: Option<DateTime<Utc>>,
    pub n_tasks_done: u32,
    /// All tasks are done.
    pub is_done: bool,
    /// The error that they made most often in the last ten minutes.
    pub repeated_error: Option<RepeatedError>,
    /// Since when a statement of theirs waits for a lock.
    pub blocked_since: Option<DateTime<Utc>>,
    pub hand: Option<RaisedHand>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepeatedError {
    pub sqlstate: String,
    pub message: String,
    pub times: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaisedHand {
    pub raised_at: DateTime<Utc>,
    pub why: Option<String>,
}

/// Where a member stands among those who need help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub login: String,
    /// 1 needs it most; every member has a rank of their own.
    pub rank: u32,
    pub score: u32,
    /// Sentences, the weightiest first; never empty.
    pub reasons: Vec<String>,
}

/// How fast a class goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    pub median_tasks_done: u32,
    pub seconds_per_task: i64,
}

/// The pace of a class that began at `opened_at`.
pub fn pace(members: &[NeedInput], opened_at: DateTime<Utc>, now: DateTime<Utc>) -> Pace {
    let mut done: Vec<u32> = members.iter().map(|member| member.n_tasks_done).collect();
    done.sort_unstable();
    let median = done.get(done.len().saturating_sub(1) / 2).copied().unwrap_or(0);
    let slowest = SLOWEST_PACE_MINUTES * 60;
    let elapsed = (now - opened_at).num_seconds().max(0);
    Pace {
        median_tasks_done: median,
        seconds_per_task: if median == 0 {
            slowest
        } else {
            (elapsed / i64::from(median)).clamp(1, slowest)
        },
    }
}

/// The needs of all members, in the order in which they were given. `opened_at` is `None` while the lab is not open:
/// nobody is missed then.
pub fn needs(members: &[NeedInput], opened_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Vec<Need> {
    let pace = opened_at.map(|opened_at| (opened_at, pace(members, opened_at, now)));
    let mut needs: Vec<Need> = members.iter().map(|member| need(member, pace, now)).collect();
    let mut order: Vec<usize> = (0..members.len()).collect();
    order.sort_by(|a, b| {
        let (x, y) = (&members[*a], &members[*b]);
        needs[*b]
            .score
            .cmp(&needs[*a].score)
            .then_with(|| x.is_done.cmp(&y.is_done))
            .then_with(|| x.last_progress_at.cmp(&y.last_progress_at))
            .then_with(|| x.login.cmp(&y.login))
    });
    for (rank, at) in (1..).zip(order) {
        needs[at].rank = rank;
    }
    needs
}

fn need(member: &NeedInput, pace: Option<(DateTime<Utc>, Pace)>, now: DateTime<Utc>) -> Need {
    let mut parts: Vec<(u32, String)> = Vec::new();
    if let Some(hand) = &member.hand {
        let minutes = minutes_since(hand.raised_at, now);
        let why = hand.why.as_deref().map(str::trim).filter(|why| !why.is_empty());
        parts.push((
            HAND + points(minutes, MOST_FOR_HAND),
            format!(
                "Raised a hand {}{}",
                if minutes == 0 {
                    "just now".to_owned()
                } else {
                    format!("{minutes} min ago")
                },
                why.map_or_else(String::new, |why| format!(": '{}'", clip(why)))
            ),
        ));
    }
    if member.is_done {
        parts.push((0, "Done".to_owned()));
    } else if let Some((opened_at, pace)) = pace {
        if member.has_connected {
            parts.extend(trouble(member, opened_at, pace, now));
        } else {
            parts.push((ABSENT, "No connection yet".to_owned()));
        }
    }
    // Stable: equal parts stay in the order of the table above.
    parts.sort_by_key(|(points, _)| std::cmp::Reverse(*points));
    let score = parts.iter().map(|(points, _)| points).sum();
    let mut reasons: Vec<String> = parts.into_iter().map(|(_, reason)| reason).collect();
    if reasons.is_empty() {
        reasons.push(
            if pace.is_some() {
                "Keeps up with the class"
            } else {
                "The lab is not open"
            }
            .to_owned(),
        );
    }
    Need {
        login: member.login.clone(),
        rank: 0,
        score,
        reasons,
    }
}

fn trouble(
    member: &NeedInput,
    opened_at: DateTime<Utc>,
    pace: Pace,
    now: DateTime<Utc>,
) -> Vec<(u32, String)> {
    let mut parts = Vec::new();
    if let Some(error) = &member.repeated_error
        && error.times >= 3
    {
        parts.push((
            points(10 * (i64::from(error.times) - 2), MOST_FOR_ERRORS),
            format!("Same error {} times: {}", error.times, clip(error.message.trim())),
        ));
    }
    if let Some(since) = member.blocked_since {
        let seconds = (now - since).num_seconds();
        if seconds >= 10 {
            parts.push((
                points(50 + 5 * (seconds / 60), MOST_FOR_LOCK),
                format!("Waits for a lock for {}", duration(seconds)),
            ));
        }
    }
    let standstill = (now - member.last_progress_at.unwrap_or(opened_at).max(opened_at)).num_seconds();
    if standstill >= LEAST_STANDSTILL_MINUTES * 60 && standstill * 2 > pace.seconds_per_task * 3 {
        parts.push((
            points(20 * standstill / pace.seconds_per_task, MOST_FOR_STANDSTILL),
            if pace.median_tasks_done == 0 {
                format!("{} without progress", duration(standstill))
            } else {
                format!(
                    "{} without progress; the class needs {} per task",
                    duration(standstill),
                    duration(pace.seconds_per_task)
                )
            },
        ));
    }
    let behind = pace.median_tasks_done.saturating_sub(member.n_tasks_done);
    if behind > 0 {
        parts.push((
            points(15 * i64::from(behind), MOST_FOR_BEHIND),
            format!(
                "{} behind the middle of the class",
                count(u64::from(behind), "task")
            ),
        ));
    }
    parts
}

fn points(amount: i64, most: i64) -> u32 {
    u32::try_from(amount.clamp(0, most)).unwrap_or(0)
}

fn minutes_since(then: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    (now - then).num_minutes().max(0)
}

/// `40 s`, `12 min`.
fn duration(seconds: i64) -> String {
    if seconds < 60 {
        format!("{seconds} s")
    } else {
        format!("{} min", (seconds + 30) / 60)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn member(login: &str, n_tasks_done: u32, last_progress: i64) -> NeedInput {
        NeedInput {
            login: login.to_owned(),
            has_connected: true,
            last_progress_at: Some(at(last_progress)),
            n_tasks_done,
            is_done: false,
            repeated_error: None,
            blocked_since: None,
            hand: None,
        }
    }

    fn class() -> Vec<NeedInput> {
        let mut absent = member("absent", 0, 0);
        absent.has_connected = false;
        absent.last_progress_at = None;
        let mut hand = member("hand", 6, 38);
        hand.hand = Some(RaisedHand {
            raised_at: at(38),
            why: Some("stuck on FK".to_owned()),
        });
        let mut wrong = member("wrong", 9, 36);
        wrong.repeated_error = Some(RepeatedError {
            sqlstate: "42P01".to_owned(),
            message: "relation \"albums\" does not exist".to_owned(),
            times: 6,
        });
        let mut locked = member("locked", 10, 39);
        locked.blocked_since = Some(at(38));
        let mut done = member("done", 12, 30);
        done.is_done = true;
        vec![
            member("fine", 11, 39),
            absent,
            member("slow", 8, 28),
            done,
            wrong,
            locked,
            hand,
            member("also_fine", 10, 39),
            member("twin_b", 10, 39),
        ]
    }

    fn table(mut needs: Vec<Need>) -> String {
        needs.sort_by_key(|need| need.rank);
        needs
            .iter()
            .map(|need| {
                format!(
                    "{} {} {}: {}\n",
                    need.rank,
                    need.score,
                    need.login,
                    need.reasons.join(" | ")
                )
            })
            .collect()
    }

    #[test]
    fn everybody_has_a_rank_and_a_reason() {
        insta::assert_snapshot!(table(needs(&class(), Some(at(0)), at(40))), @r#"
        1 1062 hand: Raised a hand 2 min ago: 'stuck on FK' | 4 tasks behind the middle of the class
        2 600 absent: No connection yet
        3 90 slow: 12 min without progress; the class needs 4 min per task | 2 tasks behind the middle of the class
        4 60 locked: Waits for a lock for 2 min
        5 55 wrong: Same error 6 times: relation "albums" does not exist | 1 task behind the middle of the class
        6 0 also_fine: Keeps up with the class
        7 0 fine: Keeps up with the class
        8 0 twin_b: Keeps up with the class
        9 0 done: Done
        "#);
    }

    #[test]
    fn nobody_is_missed_before_the_lab_opens() {
        let needs = needs(&class(), None, at(40));
        assert!(
            needs
                .iter()
                .filter(|need| need.login != "hand")
                .all(|need| need.score == 0)
        );
        assert_eq!(needs[1].reasons, ["The lab is not open"]);
    }

    #[test]
    fn an_empty_class_and_one_that_has_done_nothing() {
        assert!(needs(&[], Some(at(0)), at(1)).is_empty());
        let pace = pace(&[member("a", 0, 0)], at(0), at(500));
        assert_eq!(pace.seconds_per_task, SLOWEST_PACE_MINUTES * 60);
        let needs = needs(&[member("a", 0, 0)], Some(at(0)), at(30));
        assert_eq!(needs[0].reasons, ["30 min without progress"]);
    }

    #[test]
    fn the_order_of_the_input_does_not_matter() {
        let mut members = class();
        let forward = table(needs(&members, Some(at(0)), at(40)));
        members.reverse();
        assert_eq!(table(needs(&members, Some(at(0)), at(40))), forward);
    }

    proptest::proptest! {
        /// A raised hand is before all others, an absence before all who are there; clocks that went backwards do no harm.
        #[test]
        fn hands_first_then_the_absent(
            people in proptest::collection::vec(
                (proptest::bool::weighted(0.2), proptest::bool::weighted(0.8), 0..30_u32, -10..200_i64, 0..50_u32, -10..200_i64),
                1..30,
            ),
        ) {
            let members: Vec<_> = people.iter().enumerate().map(|(n, (hand, connected, done, progress, times, blocked))| NeedInput {
                login: format!("s{n}"),
                has_connected: *connected,
                last_progress_at: connected.then(|| at(*progress)),
                n_tasks_done: *done,
                is_done: *done == 29,
                repeated_error: Some(RepeatedError { sqlstate: "x".to_owned(), message: "x".to_owned(), times: *times }),
                blocked_since: Some(at(*blocked)),
                hand: hand.then(|| RaisedHand { raised_at: at(*progress), why: None }),
            }).collect();
            let needs = needs(&members, Some(at(0)), at(100));
            let class = |member: &NeedInput| if member.hand.is_some() { 0 } else if member.is_done { 3 } else if member.has_connected { 2 } else { 1 };
            let mut ranked: Vec<_> = members.iter().zip(&needs).collect();
            ranked.sort_by_key(|(_, need)| need.rank);
            proptest::prop_assert!(ranked.windows(2).all(|pair| class(pair[0].0) <= class(pair[1].0)));
            let mut ranks: Vec<_> = needs.iter().map(|need| need.rank as usize).collect();
            ranks.sort_unstable();
            proptest::prop_assert_eq!(ranks, (1..=members.len()).collect::<Vec<_>>());
            proptest::prop_assert!(needs.iter().all(|need| !need.reasons.is_empty()));
        }
    }
}
