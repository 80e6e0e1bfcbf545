//! Judging what somebody answered, as far as no database is needed: texts, choices, flags, rows of a query beside
//! those of the reference, plans, and what statements did. Running the SQL is the business of `pglab-fleet`.

pub mod behaviour;
pub mod flag;
pub mod order;
pub mod plan;
pub mod rows;
pub mod text;

pub use text::{AnswerHashes, NoHashes};

/// The longest answer that is a text, a choice or a flag, in bytes.
pub const MAX_TEXT_BYTES: usize = 4096;
/// The longest answer that is a query, in bytes.
pub const MAX_QUERY_BYTES: usize = 64 << 10;

/// What was said of one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Right,
    Wrong,
    /// Nothing that could be judged, with the reason: it does not count as an attempt.
    Unfit(String),
}

impl Outcome {
    pub fn is_right(&self) -> bool {
        *self == Self::Right
    }
}

impl From<bool> for Outcome {
    fn from(right: bool) -> Self {
        if right { Self::Right } else { Self::Wrong }
    }
}
