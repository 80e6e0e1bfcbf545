//! Which database is looked at next. A plan without I/O: times come in, nothing waits here.
//!
//! Who was active last comes first, so that a commit is seen soon; but nobody waits longer than [`PATIENCE`] while
//! others are served, the longest wait coming first then. A database that fails or is slow is looked at less and less
//! often, and such databases together never take more than half of the places.

use std::{
    collections::HashMap,
    hash::Hash,
    time::{Duration, Instant},
};

/// After this long, the order is by who has waited longest.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two looks at one database, at least this and as long as the last look took.
const PAUSE: Duration = Duration::from_millis(200);
/// PostgreSQL writes the counters of a session that is connected and idle up to 10 s late: rows that were judged
/// unchanged by them are looked at once more.
const SETTLED: Duration = Duration::from_secs(11);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(60);

/// How a look went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Fine,
    /// The student holds a lock: nothing is wrong, look again soon.
    Busy,
    /// It could not be made, or had to be ended.
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    /// Read all rows, also of tables that seem unchanged.
    pub full: bool,
}

#[derive(Debug)]
struct Entry {
    due: Option<Instant>,
    waiting_since: Instant,
    last_activity: Instant,
    /// Since when a look is being made, and what it will have seen.
    running: Option<(Instant, u64)>,
    touched: u64,
    seen: u64,
    full: bool,
    not_before: Instant,
    n_failed: u32,
    n_busy: u32,
    follow_up: Option<Instant>,
}

#[derive(Debug)]
pub struct Queue<K> {
    entries: HashMap<K, Entry>,
    sequence: u64,
    n_places: usize,
}

impl<K: Copy + Eq + Hash + Ord> Queue<K> {
    pub fn new(n_places: usize) -> Self {
        Self {
            entries: HashMap::new(),
            sequence: 0,
            n_places,
        }
    }

    /// Something may have been committed there. The answer is what [`Queue::has_seen`] understands.
    pub fn touch(&mut self, key: K, full: bool, now: Instant) -> u64 {
        self.sequence += 1;
        let sequence = self.sequence;
        let entry = self.entries.entry(key).or_insert(Entry {
            due: None,
            waiting_since: now,
            last_activity: now,
            running: None,
            touched: 0,
            seen: 0,
            full: true,
            not_before: now,
            n_failed: 0,
            n_busy: 0,
            follow_up: None,
        });
        entry.touched = sequence;
        entry.full |= full;
        entry.last_activity = now;
        entry.follow_up = Some(now + SETTLED);
        // Also where a look is due only later, when the counters have settled.
        if entry.due.is_none_or(|due| due > now) {
            entry.due = Some(now);
            entry.waiting_since = now;
        }
        sequence
    }

    /// Is there a touch that no look has seen?
    pub fn pending(&self, key: K) -> Option<u64> {
        self.entries
            .get(&key)
            .filter(|entry| entry.seen < entry.touched)
            .map(|entry| entry.touched)
    }

    /// Was a look ended that began after this touch? True for what is no longer looked at.
    pub fn has_seen(&self, key: K, touch: u64) -> bool {
        self.entries.get(&key).is_none_or(|entry| entry.seen >= touch)
    }

    pub fn contains(&self, key: K) -> bool {
        self.entries.contains_key(&key)
    }

    /// Takes the next one that is to be looked at now.
    pub fn next(&mut self, now: Instant) -> Option<(K, Job)> {
        let running = self.entries.values().filter(|entry| entry.running.is_some());
        let (n_running, n_bad) = running.fold((0, 0), |(n, bad), entry| {
            (n + 1, bad + usize::from(entry.n_failed > 0))
        });
        if n_running >= self.n_places {
            return None;
        }
        let room_for_bad = n_bad < (self.n_places / 2).max(1);
        let key = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.is_due(now) && (entry.n_failed == 0 || room_for_bad))
            .min_by_key(|(key, entry)| {
                let waited = now.saturating_duration_since(entry.waiting_since.max(entry.not_before));
                let overdue = waited > PATIENCE;
                (
                    !overdue,
                    overdue.then_some(std::cmp::Reverse(waited)),
                    std::cmp::Reverse(entry.last_activity),
                    **key,
                )
            })
            .map(|(key, _)| *key)?;
        let entry = self.entries.get_mut(&key)?;
        entry.due = None;
        entry.running = Some((now, entry.touched));
        Some((
            key,
            Job {
                full: std::mem::take(&mut entry.full),
            },
        ))
    }

    /// A look has ended.
    pub fn finish(&mut self, key: K, outcome: Outcome, job: Job, now: Instant) {
        let Some(entry) = self.entries.get_mut(&key) else {
            return;
        };
        let Some((began, seen)) = entry.running.take() else {
            return;
        };
        entry.seen = entry.seen.max(seen);
        let pause = match outcome {
            Outcome::Fine => {
                entry.n_failed = 0;
                entry.n_busy = 0;
                now.saturating_duration_since(began).max(PAUSE)
            }
            Outcome::Busy => {
                entry.n_busy = (entry.n_busy + 1).min(3);
                Duration::from_millis(500) * 2_u32.pow(entry.n_busy)
            }
            Outcome::Failed => {
                entry.n_failed = (entry.n_failed + 1).min(6);
                (Duration::from_secs(1) * 2_u32.pow(entry.n_failed)).min(LONGEST_BACK_OFF)
            }
        };
        entry.not_before = now + pause;
        if outcome != Outcome::Fine {
            // What it would have seen has not been seen yet.
            entry.full |= job.full;
            if entry.due.is_none_or(|due| due > now) {
                entry.due = Some(now);
                entry.waiting_since = now;
            }
        } else if entry.due.is_none() && entry.follow_up.is_some_and(|at| at > now) {
            entry.due = entry.follow_up.take();
            entry.waiting_since = entry.due.unwrap_or(now);
        }
    }

    /// How many are to be looked at now, and wait for a place.
    pub fn n_waiting(&self, now: Instant) -> usize {
        let waits = |entry: &&Entry| {
            entry.running.is_none() && entry.due.is_some_and(|due| due.max(entry.not_before) <= now)
        };
        self.entries.values().filter(waits).count()
    }

    /// It is no longer looked at.
    pub fn remove(&mut self, key: K) {
        self.entries.remove(&key);
    }

    /// When [`Queue::next`] may have something that it has not now. `None`: only after a touch or an end.
    pub fn wake_at(&self) -> Option<Instant> {
        self.entries
            .values()
            .filter(|entry| entry.running.is_none())
            .filter_map(|entry| entry.due.map(|due| due.max(entry.not_before)))
            .min()
    }
}

impl Entry {
    fn is_due(&self, now: Instant) -> bool {
        self.running.is_none() && self.due.is_some_and(|due| due <= now) && self.not_before <= now
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FULL: Job = Job { full: true };

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn the_last_active_first_and_none_twice_at_once() {
        let start = Instant::now();
        let mut queue = Queue::new(2);
        for (n, key) in (0..).zip(["a", "b", "c"]) {
            queue.touch(key, false, start + ms(n));
        }
        let now = start + ms(10);
        assert_eq!(
            queue.next(now),
            Some(("c", FULL)),
            "the first look reads everything"
        );
        queue.touch("c", false, now);
        assert_eq!(queue.next(now).map(|(key, _)| key), Some("b"));
        assert_eq!(queue.next(now), None, "both places are taken");
        queue.finish("b", Outcome::Fine, FULL, now);
        assert_eq!(
            queue.next(now).map(|(key, _)| key),
            Some("a"),
            "c is still being looked at"
        );
        queue.finish("c", Outcome::Fine, FULL, now);
        assert_eq!(queue.next(now), None, "c was just looked at");
        assert_eq!(queue.next(now + ms(200)), Some(("c", Job { full: false })));
    }

    #[test]
    fn who_has_waited_long_is_next_whoever_is_active() {
        let start = Instant::now();
        let mut queue = Queue::new(1);
        queue.touch(1, false, start);
        queue.touch(2, false, start + ms(1));
        queue.touch(1, false, start + ms(2500));
        queue.touch(3, false, start + ms(2501));
        let now = start + ms(2502);
        assert_eq!(queue.next(now).map(|(key, _)| key), Some(1));
        queue.finish(1, Outcome::Fine, FULL, now);
        assert_eq!(queue.next(now).map(|(key, _)| key), Some(2));
        queue.finish(2, Outcome::Fine, FULL, now);
        assert_eq!(queue.next(now).map(|(key, _)| key), Some(3));
    }

    #[test]
    fn a_look_follows_when_the_counters_have_settled() {
        let start = Instant::now();
        let mut queue = Queue::new(1);
        let touch = queue.touch(1, false, start);
        assert_eq!(queue.pending(1), Some(touch));
        queue.next(start).unwrap();
        assert!(!queue.has_seen(1, touch));
        queue.finish(1, Outcome::Fine, FULL, start + ms(30));
        assert!(queue.has_seen(1, touch));
        assert_eq!(queue.wake_at(), Some(start + SETTLED));
        assert_eq!(queue.next(start + SETTLED), Some((1, Job { full: false })));
        queue.finish(1, Outcome::Fine, FULL, start + SETTLED + ms(30));
        assert_eq!(queue.wake_at(), None, "then there is silence");
        let later = start + SETTLED + ms(5000);
        queue.touch(1, false, later);
        queue.next(later).unwrap();
        queue.finish(1, Outcome::Fine, FULL, later);
        queue.touch(1, false, later + ms(500));
        assert!(
            queue.next(later + ms(500)).is_some(),
            "a touch does not wait for that"
        );
    }

    #[test]
    fn those_that_fail_leave_half_of_the_places_to_others() {
        let start = Instant::now();
        let mut queue = Queue::new(4);
        for key in 0..10 {
            queue.touch(key, false, start);
        }
        // All but two of them hang, whenever they are looked at.
        let mut now = start;
        let mut looks = HashMap::new();
        for _ in 0..600 {
            now += ms(100);
            while let Some((key, _)) = queue.next(now) {
                *looks.entry(key).or_insert(0) += 1;
                if key >= 8 {
                    queue.finish(key, Outcome::Fine, FULL, now);
                }
            }
            queue.touch(8, false, now);
            queue.touch(9, false, now);
            let stuck: Vec<_> = queue
                .entries
                .iter()
                .filter(|(_, entry)| entry.running.is_some_and(|(began, _)| now - began >= ms(3000)))
                .map(|(key, _)| *key)
                .collect();
            for key in stuck {
                queue.finish(key, Outcome::Failed, FULL, now);
            }
        }
        assert!(looks[&8] > 150 && looks[&9] > 150, "{looks:?}");
        assert!((0..8).all(|key| (2..10).contains(&looks[&key])), "{looks:?}");
    }

    proptest! {
        /// Whatever happens in whatever order: at most `n_places` at once, no key twice, and every touch is seen in the end.
        #[test]
        fn nobody_is_forgotten(steps in prop::collection::vec((0..6u8, 0..8u8, 0..500u64), 0..200)) {
            let mut now = Instant::now();
            let mut queue = Queue::new(3);
            let mut running: Vec<(u8, Job)> = Vec::new();
            let mut touches = HashMap::new();
            for (what, key, pause) in steps {
                now += ms(pause);
                match what {
                    0..=2 => { touches.insert(key, queue.touch(key, what == 0, now)); }
                    3 | 4 => if let Some((key, job)) = queue.next(now) {
                        prop_assert!(running.iter().all(|(other, _)| *other != key));
                        running.push((key, job));
                        prop_assert!(running.len() <= 3);
                    },
                    _ => if !running.is_empty() {
                        let (key, job) = running.remove(usize::from(key) % running.len());
                        let outcome = [Outcome::Fine, Outcome::Busy, Outcome::Failed][usize::try_from(pause % 3).unwrap()];
                        queue.finish(key, outcome, job, now);
                    },
                }
            }
            for _ in 0..200 {
                for (key, job) in running.drain(..) {
                    queue.finish(key, Outcome::Fine, job, now);
                }
                match queue.next(now) {
                    Some(next) => running.push(next),
                    None => match queue.wake_at() {
                        Some(at) => now = now.max(at),
                        None => break,
                    },
                }
            }
            prop_assert!(touches.iter().all(|(key, touch)| queue.has_seen(*key, *touch)));
            prop_assert_eq!(queue.wake_at(), None);
        }
    }
}
