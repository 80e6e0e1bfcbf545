//! A task: the thing that earns points.

pub mod content;
pub mod kind;

use serde::{Deserialize, Serialize};

use crate::{
    check::{Check, Verdict, VerdictState},
    id::TaskId,
};

pub use content::TaskContent;
pub use kind::TaskKind;

/// Points in thousandths, so that shares of points add up exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Points(pub i64);

impl Points {
    pub fn from_whole(points: u32) -> Self {
        Self(i64::from(points) * 1000)
    }
    /// For people and for JSON: 2500 is 2.5.
    pub fn as_f64(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "points stay far below 2^52")]
        let thousandths = self.0 as f64;
        thousandths / 1000.0
    }
}

impl std::iter::Sum for Points {
    fn sum<I: Iterator<Item = Self>>(points: I) -> Self {
        Self(points.map(|p| p.0).sum())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    pub id: TaskId,
    /// Stable within the lab, made from what the task is about: `table:public.album`. Survives re-derivation.
    pub key: String,
    pub title: String,
    pub explanation: String,
    pub points: Points,
    pub checks: Vec<Check>,
}

/// How a task stands for one member. Read without colour: each has its own shape on the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Nothing of it is there.
    NotStarted,
    /// Something is there, nothing of it earns points yet.
    Working,
    /// Some points.
    Partly,
    Done,
    /// It was done, and no longer is.
    BrokenAgain,
}

impl TaskState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotStarted => "not_started",
            Self::Working => "working",
            Self::Partly => "partly",
            Self::Done => "done",
            Self::BrokenAgain => "broken_again",
        }
    }
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::NotStarted,
            Self::Working,
            Self::Partly,
            Self::Done,
            Self::BrokenAgain,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
    }
}

/// What a task is worth at this moment: its points times the weight of the checks that pass, rounded down to a
/// thousandth, and all of its points when all pass.
pub fn points_now(task: &Task, verdicts: &[Verdict]) -> Points {
    let total: i64 = task.checks.iter().map(|check| i64::from(check.weight)).sum();
    let passed: i64 = task
        .checks
        .iter()
        .filter(|check| {
            verdicts
                .iter()
                .any(|v| v.check == check.id && v.state == VerdictState::Passed)
        })
        .map(|check| i64::from(check.weight))
        .sum();
    if total == 0 {
        Points(0)
    } else {
        Points(task.points.0 * passed / total)
    }
}

/// Each task with its own verdicts. `verdicts` must be those of [`crate::judge::Judge::verdicts`] for the same tasks: they
/// come in the order of the tasks, so that nothing has to be searched.
pub fn with_verdicts<'a>(
    tasks: &'a [Task],
    verdicts: &'a [Verdict],
) -> impl Iterator<Item = (&'a Task, &'a [Verdict])> {
    let mut rest = verdicts;
    tasks.iter().map(move |task| {
        let (own, others) = rest.split_at(task.checks.len().min(rest.len()));
        rest = others;
        (task, own)
    })
}

/// How a task stands, from what it is worth now and what it once was worth.
pub fn task_state(task: &Task, verdicts: &[Verdict], now: Points, best: Points) -> TaskState {
    let touched = verdicts
        .iter()
        .any(|v| v.state == VerdictState::Failed && task.checks.iter().any(|check| check.id == v.check));
    if task.points.0 > 0 && now >= task.points {
        TaskState::Done
    } else if best >= task.points && task.points.0 > 0 {
        TaskState::BrokenAgain
    } else if now.0 > 0 {
        TaskState::Partly
    } else if touched {
        TaskState::Working
    } else {
        TaskState::NotStarted
    }
}
