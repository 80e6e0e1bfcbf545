//! A board on the wire: what pages, programs and `pglab lab board --json` read.

use chrono::{DateTime, Utc};
use pglab_control::board;
use pglab_core::{
    check::{self, VerdictState},
    lab::LabState,
    task::TaskState,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::members::RaisedHand;

/// Everybody in a lab, how far they are and who needs help.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Board {
    /// The lab's slug.
    pub lab: String,
    pub title: String,
    pub state: LabState,
    pub at: DateTime<Utc>,
    /// Of the last event that it contains.
    pub sequence: u64,
    pub tasks: Vec<BoardTask>,
    pub class: BoardClass,
    pub shared_errors: Vec<SharedError>,
    /// By login.
    pub members: Vec<BoardMember>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BoardTask {
    pub id: String,
    pub title: String,
    pub points: f64,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BoardClass {
    pub n_members: usize,
    pub n_connected: usize,
    pub pace: Pace,
    /// How many members have done each task.
    pub per_task: Vec<TaskDone>,
}

/// How fast the class goes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Pace {
    pub median_score: f64,
    pub median_tasks_done: u32,
    /// Only while the lab is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_per_task: Option<i64>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TaskDone {
    pub id: String,
    pub done: usize,
}

/// An error that at least two members met in the last 15 minutes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SharedError {
    pub sqlstate: String,
    /// With `…` where the members' messages differ.
    pub message: String,
    pub n_members: usize,
    pub logins: Vec<String>,
    pub last_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BoardMember {
    pub login: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<String>,
    /// What was earned, and is kept.
    pub score: f64,
    /// What the database deserves at this moment.
    pub now: f64,
    pub max_score: f64,
    pub state: MemberState,
    pub activity: Activity,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand: Option<RaisedHand>,
    pub need: Need,
    /// In the last ten minutes.
    pub n_errors_recent: u32,
    /// Of their database: `none`, `queued`, `creating`, `active`, `terminating`, `terminated`, `error`.
    pub instance_state: String,
    pub tasks: Vec<BoardCell>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemberState {
    /// Never connected.
    Absent,
    Idle,
    Working,
    /// Waits for a lock.
    Blocked,
    Done,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Activity {
    pub connections: u32,
    pub state: ActivityState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActivityState {
    /// Not connected.
    None,
    Idle,
    Active,
    IdleInTransaction,
    Blocked,
}

/// How much a member needs help, and why.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Need {
    /// 1 needs it most; every member has another.
    pub rank: u32,
    pub score: u32,
    pub reasons: Vec<String>,
}

/// How a task stands for a member.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BoardCell {
    pub id: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    pub score: f64,
    pub now: f64,
    pub max_score: f64,
    pub state: TaskState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
    /// Not all of it could be looked at the last time; what is said may be old.
    pub stale: bool,
    /// Left out with `verdicts=false`, and from events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdicts: Option<Vec<Verdict>>,
}

/// What a check said.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Verdict {
    pub check: String,
    pub state: VerdictState,
    pub expected: String,
    pub found: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
}

impl Board {
    pub fn new(view: &board::BoardView, with_verdicts: bool) -> Self {
        Self {
            lab: view.lab.to_string(),
            title: view.title.clone(),
            state: view.state,
            at: view.at,
            sequence: view.sequence,
            tasks: view
                .tasks
                .iter()
                .map(|task| BoardTask {
                    id: task.id.to_string(),
                    title: task.title.to_string(),
                    points: task.points.as_f64(),
                })
                .collect(),
            class: BoardClass::new(&view.class, &view.tasks),
            shared_errors: view.shared_errors.iter().map(Into::into).collect(),
            members: view
                .members
                .iter()
                .map(|row| BoardMember::new(row, with_verdicts))
                .collect(),
        }
    }
}

impl BoardClass {
    pub fn new(class: &board::ClassRow, tasks: &[board::TaskHead]) -> Self {
        Self {
            n_members: class.n_members,
            n_connected: class.n_connected,
            pace: Pace {
                median_score: class.median_score.as_f64(),
                median_tasks_done: class.median_tasks_done,
                seconds_per_task: class.seconds_per_task,
            },
            per_task: per_task(class, tasks),
        }
    }
}

pub fn per_task(class: &board::ClassRow, tasks: &[board::TaskHead]) -> Vec<TaskDone> {
    tasks
        .iter()
        .zip(&class.n_done)
        .map(|(task, done)| TaskDone {
            id: task.id.to_string(),
            done: *done,
        })
        .collect()
}

impl From<&board::SharedError> for SharedError {
    fn from(error: &board::SharedError) -> Self {
        Self {
            sqlstate: error.sqlstate.clone(),
            message: error.message.clone(),
            n_members: error.logins.len(),
            logins: error.logins.clone(),
            last_at: error.last_at,
        }
    }
}

impl BoardMember {
    pub fn new(row: &board::MemberRow, with_verdicts: bool) -> Self {
        Self {
            login: row.login.to_string(),
            name: row.name.clone(),
            section: row.section.clone(),
            seat: row.seat.clone(),
            score: row.score.as_f64(),
            now: row.now.as_f64(),
            max_score: row.max_score.as_f64(),
            state: match row.state {
                board::MemberState::Absent => MemberState::Absent,
                board::MemberState::Idle => MemberState::Idle,
                board::MemberState::Working => MemberState::Working,
                board::MemberState::Blocked => MemberState::Blocked,
                board::MemberState::Done => MemberState::Done,
            },
            activity: Activity {
                connections: row.activity.n_connections,
                state: row.activity.state.into(),
                since: row.activity.since,
                last_seen_at: row.activity.last_seen_at,
            },
            hand: row.hand.clone().map(Into::into),
            need: Need {
                rank: row.need.rank,
                score: row.need.score,
                reasons: row.need.reasons.clone(),
            },
            n_errors_recent: row.n_errors_recent,
            instance_state: row.instance_state.to_owned(),
            tasks: row
                .tasks
                .iter()
                .map(|task| BoardCell::new(task, with_verdicts))
                .collect(),
        }
    }

    /// With the titles and explanations of tasks and checks.
    pub fn explained(row: &board::MemberRow, content: &board::Content) -> Self {
        let mut member = Self::new(row, true);
        for (cell, task) in member.tasks.iter_mut().zip(&content.tasks) {
            if cell.id != task.id.to_string() {
                continue;
            }
            cell.explanation = Some(task.explanation.clone());
            for verdict in cell.verdicts.iter_mut().flatten() {
                let check = task
                    .checks
                    .iter()
                    .find(|check| check.id.to_string() == verdict.check);
                verdict.title = check.map(|check| check.title.clone());
                verdict.explanation = check.map(|check| check.explanation.clone());
            }
        }
        member
    }
}

impl BoardCell {
    fn new(row: &board::TaskRow, with_verdicts: bool) -> Self {
        Self {
            id: row.id.to_string(),
            title: row.title.to_string(),
            explanation: None,
            score: row.score.as_f64(),
            now: row.now.as_f64(),
            max_score: row.max_score.as_f64(),
            state: row.state,
            completed_at: row.completed_at,
            stale: row.stale,
            verdicts: with_verdicts.then(|| row.verdicts.iter().map(Into::into).collect()),
        }
    }
}

impl From<&check::Verdict> for Verdict {
    fn from(verdict: &check::Verdict) -> Self {
        Self {
            check: verdict.check.to_string(),
            state: verdict.state,
            expected: verdict.expected.clone(),
            found: verdict.found.clone(),
            title: None,
            explanation: None,
        }
    }
}

impl From<board::ActivityState> for ActivityState {
    fn from(state: board::ActivityState) -> Self {
        match state {
            board::ActivityState::None => Self::None,
            board::ActivityState::Idle => Self::Idle,
            board::ActivityState::Active => Self::Active,
            board::ActivityState::IdleInTransaction => Self::IdleInTransaction,
            board::ActivityState::Blocked => Self::Blocked,
        }
    }
}

impl From<board::HandUp> for RaisedHand {
    fn from(hand: board::HandUp) -> Self {
        Self {
            raised_at: hand.raised_at,
            why: hand.why,
        }
    }
}
