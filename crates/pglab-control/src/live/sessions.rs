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
            self.idle.remove(0);
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
