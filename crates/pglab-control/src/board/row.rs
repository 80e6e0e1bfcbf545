//! What a board shows: plain values, made anew when something changed and compared to tell what did. How they look on
//! the wire is up to the API.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use pglab_core::{
    check::Verdict,
    id::{MemberId, TaskId},
    lab::{LabState, Slug},
    person::Login,
    task::{Points, TaskState},
};

use super::mistakes::SharedError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberState {
    /// Never connected.
    Absent,
    Idle,
    Working,
    /// Waits for a lock.
    Blocked,
    Done,
}

impl MemberState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Idle => "idle",
            Self::Working => "working",
            Self::Blocked => "blocked",
            Self::Done => "done",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ActivityState {
    /// Not connected.
    #[default]
    None,
    Idle,
    Active,
    IdleInTransaction,
    Blocked,
}

impl ActivityState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Idle => "idle",
            Self::Active => "active",
            Self::IdleInTransaction => "idle_in_transaction",
            Self::Blocked => "blocked",
        }
    }
}

/// What a member's sessions do, the most telling of them. Times are ours.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Activity {
    pub n_connections: u32,
    pub state: ActivityState,
    pub since: Option<DateTime<Utc>>,
    pub last_seen_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandUp {
    pub raised_at: DateTime<Utc>,
    pub why: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeedRow {
    /// 1 needs help most.
    pub rank: u32,
    pub score: u32,
    pub reasons: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRow {
    pub id: TaskId,
    pub title: Arc<str>,
    /// The most it was ever worth.
    pub score: Points,
    pub now: Points,
    pub max_score: Points,
    pub state: TaskState,
    pub completed_at: Option<DateTime<Utc>>,
    /// Not all of it could be looked at the last time.
    pub stale: bool,
    pub verdicts: Arc<[Verdict]>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRow {
    pub id: MemberId,
    pub login: Login,
    pub name: String,
    pub section: Option<String>,
    pub seat: Option<String>,
    pub score: Points,
    pub now: Points,
    pub max_score: Points,
    pub state: MemberState,
    pub activity: Activity,
    pub hand: Option<HandUp>,
    pub need: NeedRow,
    pub n_errors_recent: u32,
    /// `none` before there is one.
    pub instance_state: &'static str,
    pub tasks: Vec<TaskRow>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassRow {
    pub n_members: usize,
    pub n_connected: usize,
    pub median_score: Points,
    pub median_tasks_done: u32,
    /// The class's pace; `None` while the lab is not open.
    pub seconds_per_task: Option<i64>,
    /// How many members have done each task, in the order of the tasks.
    pub n_done: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskHead {
    pub id: TaskId,
    pub title: Arc<str>,
    pub points: Points,
}

/// A whole board at one moment. Shared by all who look at it until something changes.
#[derive(Debug)]
pub struct BoardView {
    pub lab: Slug,
    pub title: String,
    pub state: LabState,
    pub show_class_progress: bool,
    pub at: DateTime<Utc>,
    /// Of the last event that it contains.
    pub sequence: u64,
    /// Tells the sequence of this process from that of another.
    pub epoch: u64,
    pub tasks: Arc<[TaskHead]>,
    pub class: ClassRow,
    pub shared_errors: Vec<SharedError>,
    /// By login.
    pub members: Vec<Arc<MemberRow>>,
    /// What the API made of it: with verdicts, without, and as an event.
    pub rendered: [OnceLock<Bytes>; 3],
}

/// One change of a board.
#[derive(Debug)]
pub struct BoardEvent {
    pub sequence: u64,
    pub epoch: u64,
    pub change: Change,
    /// What the API made of it: once, for all readers.
    pub rendered: OnceLock<Bytes>,
}

#[derive(Debug)]
pub enum Change {
    /// A member's row, and what else changed with it.
    Member {
        member: Arc<MemberRow>,
        /// Of the lab.
        tasks: Arc<[TaskHead]>,
        class: Option<ClassRow>,
        shared_errors: Option<Vec<SharedError>>,
        /// Where others stand now among those who need help.
        ranks: Vec<(Login, u32)>,
    },
    /// Members, tasks or the lab itself are others: everything is to be read anew.
    Whole,
}
