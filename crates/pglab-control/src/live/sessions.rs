//! The connections of checkers that are kept open between two looks, within a budget for the whole cluster. One that
//! died meanwhile is no loss: the next look opens another.

use std::time::{Duration, Instant};

use pglab_core::id::InstanceId;
use pglab_fleet::check::CheckSession;

/// A student who did nothing for so long gives their connection back.
const IDLE: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Sessions {
    budget: usize,
    n_used: usize,
    /// The longest idle first.
    idle: Vec<(InstanceId, Instant, CheckSession)>,
}

impl Sessions {
    /// At most `budget` connections, those in use included.
    pub(super) fn new(budget: usize) -> Self {
        Self {
            budget,
            n_used: 0,
            idle: Vec::new(),
        }
    }

    /// For a look that begins: its own connection where there is one. Where there is none, room is made for one.
    pub(super) fn take(&mut self, instance: InstanceId) -> Option<CheckSession> {
        self.n_used += 1;
        let kept = self.idle.iter().position(|(id, ..)| *id == instance);
        let session = kept.map(|at| self.idle.remove(at).2);
        while self.idle.len() + self.n_used > self.budget && !self.idle.is_empty() {
            self.idle.remove(victim(self.idle.len()));
        }
        session.filter(CheckSession::is_usable)
    }

    /// A look has ended.
    pub(super) fn give(&mut self, instance: InstanceId, session: Option<CheckSession>, now: Instant) {
        self.n_used = self.n_used.saturating_sub(1);
        if let Some(session) = session {
            self.idle.push((instance, now, session));
        }
    }

    /// Closes what has been idle for long, and the connections to databases that are no longer looked at.
    pub(super) fn tidy(&mut self, now: Instant, is_subject: impl Fn(InstanceId) -> bool) {
        self.idle.retain(|(id, since, session)| {
            now.saturating_duration_since(*since) < IDLE && session.is_usable() && is_subject(*id)
        });
    }
}

/// Which of so many idle ones is closed, the longest idle first: the one before the last. Students who work in turn come
/// back after all others did, so that closing the longest idle one would close each just before it is wanted; and
/// whoever was looked at last is likely to be looked at again at once.
fn victim(n_idle: usize) -> usize {
    n_idle.saturating_sub(2)
}

#[cfg(test)]
mod tests {
    use super::victim;

    /// How many of 1,000 looks find their connection open.
    fn n_found(looks: impl Iterator<Item = u32>, victim: fn(usize) -> usize) -> usize {
        let mut idle: Vec<u32> = Vec::new();
        let mut n = 0;
        for student in looks.take(1000) {
            let kept = idle.iter().position(|kept| *kept == student);
            n += usize::from(kept.is_some());
            if let Some(at) = kept {
                idle.remove(at);
            }
            while idle.len() + 1 > 8 {
                idle.remove(victim(idle.len()));
            }
            idle.push(student);
        }
        n
    }

    #[test]
    fn students_who_work_in_turn_find_their_connections() {
        let in_turn = |n: u32| (0..).map(move |look| look % n);
        let longest_idle = |_: usize| 0;
        assert_eq!(n_found(in_turn(10), longest_idle), 0);
        assert_eq!(n_found(in_turn(50), longest_idle), 0);
        assert!(n_found(in_turn(8), victim) > 980);
        assert!(n_found(in_turn(10), victim) > 600);
        assert!(n_found(in_turn(50), victim) > 100);
        // One who works fast among others.
        let fast = (0..).map(|look| if look % 2 == 0 { 0 } else { 1 + look / 2 % 30 });
        assert!(n_found(fast, victim) > 498);
    }
}
