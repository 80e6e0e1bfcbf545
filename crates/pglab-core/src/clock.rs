//! The two things that a decision may not fetch for itself: the time and a random number.

use std::fmt::Debug;

use chrono::{DateTime, Utc};

/// Tells the time. Tests use one that stands still.
pub trait Clock: Debug + Send + Sync + 'static {
    fn now(&self) -> DateTime<Utc>;
}

/// A source of bytes that nobody can guess. Tests use one with a seed.
pub trait Random: Debug + Send + Sync + 'static {
    fn fill(&self, bytes: &mut [u8]);
}
