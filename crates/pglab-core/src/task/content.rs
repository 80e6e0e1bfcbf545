//! What a task of a challenge is beside its title, text and points: its kind, hints, price and caps. One JSON document;
//! how it is judged is in [`crate::answer`], what it earns in [`crate::points`].

use serde::{Deserialize, Serialize};

use super::TaskKind;
use crate::{
    cdf::{Challenge, Hint, Question},
    points::Pricing,
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskContent {
    /// The name of the challenge, for a heading.
    pub challenge: String,
    pub kind: TaskKind,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<Hint>,
    /// Shown when the task is done.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub explanation: String,
    /// What an answer looks like, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub format: String,
    #[serde(default)]
    pub pricing: Pricing,
    /// How often one member may answer. None: as often as they like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// How long one must wait after an answer. Seconds.
    #[serde(default)]
    pub cooldown_s: u32,
    /// Keys or names of the challenges that must be done before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prerequisites: Vec<String>,
}

impl TaskContent {
    pub fn of(challenge: &Challenge, question: &Question) -> Self {
        Self {
            challenge: challenge.name.clone(),
            kind: question.kind.clone(),
            hints: question.hints.clone(),
            explanation: question.explanation.clone(),
            format: question.format.clone(),
            pricing: question.pricing,
            attempts: question.attempts,
            cooldown_s: question.cooldown_s,
            prerequisites: challenge.prerequisites.clone(),
        }
    }

    /// Turns by itself when the member's database is as it should be; nothing is sent.
    pub fn is_state(&self) -> bool {
        matches!(self.kind, TaskKind::State(_))
    }
}
