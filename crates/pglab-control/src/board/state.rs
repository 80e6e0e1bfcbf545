//! What is known of a lab's members at this moment, and the rows that a board shows of it. Everything here is pure: it
//! is changed by what was read or observed elsewhere.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use pglab_core::{
    check::Verdict,
    id::{CheckId, InstanceId, LabId, MemberId, TaskId},
    lab::{LabSettings, LabState, Slug},
    need::{NeedInput, RaisedHand, needs, pace},
    person::Login,
    task::{Points, Task, TaskState, with_verdicts},
};
use pglab_fleet::activity::Session;

use super::{
    Content,
    mistakes::{RecentMistakes, SHARED_FOR, SharedError, shared},
    row::{Activity, ActivityState, ClassRow, HandUp, MemberRow, MemberState, NeedRow, TaskHead, TaskRow},
};
use crate::live::score::Standing;

/// Who was active within this time is at work.
const WORKING: TimeDelta = TimeDelta::minutes(2);

#[derive(Debug, Clone, PartialEq)]
pub struct LabHead {
    pub id: LabId,
    pub slug: Slug,
    pub title: String,
    pub state: LabState,
    pub opened_at: Option<DateTime<Utc>>,
    pub settings: LabSettings,
}

/// Who a member is, as the roster has it, and their database.
#[derive(Debug, Clone, PartialEq)]
pub struct Who {
    pub login: Login,
    pub name: String,
    pub section: Option<String>,
    pub seat: Option<String>,
    pub instance: Option<InstanceId>,
    pub database: Option<String>,
    pub instance_state: &'static str,
}

#[derive(Debug, Clone)]
pub struct Member {
    pub who: Who,
    pub standings: HashMap<TaskId, Standing>,
    pub verdicts: HashMap<CheckId, Verdict>,
    /// The same for the rows: task by task, until one is another, or the tasks are.
    per_task: Option<(Arc<Content>, PerTask)>,
    pub stale: HashSet<TaskId>,
    /// The whole database could not be looked at the last time.
    pub all_stale: bool,
    pub activity: Activity,
    pub blocked_since: Option<DateTime<Utc>>,
    /// As the last sweep saw them, with the difference of our clock to the server's.
    pub sessions: Vec<Session>,
    pub clock_ahead: TimeDelta,
    pub first_seen_at: Option<DateTime<Utc>>,
    /// When something was last done, or a session opened.
    pub last_active_at: Option<DateTime<Utc>>,
    pub hand: Option<HandUp>,
    pub mistakes: RecentMistakes,
}

/// The verdicts of each task, shared by all rows that show them.
type PerTask = Arc<[Arc<[Verdict]>]>;

impl Member {
    pub fn new(who: Who) -> Self {
        Self {
            who,
            standings: HashMap::new(),
            verdicts: HashMap::new(),
            per_task: None,
            stale: HashSet::new(),
            all_stale: false,
            activity: Activity::default(),
            blocked_since: None,
            sessions: Vec::new(),
            clock_ahead: TimeDelta::zero(),
            first_seen_at: None,
            last_active_at: None,
            hand: None,
            mistakes: RecentMistakes::default(),
        }
    }

    /// All of a look.
    pub fn set_verdicts(&mut self, verdicts: Vec<Verdict>) {
        self.per_task = None;
        self.verdicts = verdicts
            .into_iter()
            .map(|verdict| (verdict.check, verdict))
            .collect();
    }

    /// One, as it is stored.
    pub fn add_verdict(&mut self, verdict: Verdict) {
        self.per_task = None;
        self.verdicts.insert(verdict.check, verdict);
    }

    fn per_task(&mut self, content: &Arc<Content>) -> PerTask {
        if let Some((of, per_task)) = &self.per_task
            && Arc::ptr_eq(of, content)
        {
            return per_task.clone();
        }
        let per_task = self.verdicts_of_tasks(content);
        self.per_task = Some((content.clone(), per_task.clone()));
        per_task
    }

    fn verdicts_of_tasks(&self, content: &Content) -> PerTask {
        let verdicts = content.in_order(&self.verdicts);
        let n_checks: usize = content.tasks.iter().map(|task| task.checks.len()).sum();
        if verdicts.len() == n_checks {
            return with_verdicts(&content.tasks, &verdicts)
                .map(|(_, own)| own.into())
                .collect();
        }
        // Before the first look after a change of the tasks.
        let of = |task: &Task| {
            let own = task
                .checks
                .iter()
                .filter_map(|check| self.verdicts.get(&check.id));
            own.cloned().collect()
        };
        content.tasks.iter().map(of).collect()
    }

    /// Takes the sessions of a sweep. `ahead` is how far our clock is before the server's. The answer: does the row look
    /// different, and is this the first connection after a pause?
    pub fn sessions_seen(
        &mut self,
        sessions: Vec<Session>,
        ahead: TimeDelta,
        now: DateTime<Utc>,
    ) -> SessionsSeen {
        let ours = |at: Option<DateTime<Utc>>| at.map(|at| (at + ahead).min(now));
        let mut activity = Activity {
            n_connections: u32::try_from(sessions.len()).unwrap_or(u32::MAX),
            last_seen_at: self.activity.last_seen_at,
            ..Activity::default()
        };
        self.blocked_since = None;
        for session in &sessions {
            use pglab_fleet::activity::SessionState as S;
            let state = match session.state {
                _ if session.waits_for_lock => ActivityState::Blocked,
                S::Active => ActivityState::Active,
                S::IdleInTransaction => ActivityState::IdleInTransaction,
                S::Idle => ActivityState::Idle,
            };
            let since = ours(session.state_change.or(Some(session.backend_start)));
            if state == ActivityState::Blocked {
                self.blocked_since = self
                    .blocked_since
                    .map_or(since, |old| since.map(|new| new.min(old)));
            }
            if telling(state) > telling(activity.state) || (state == activity.state && since > activity.since)
            {
                activity.state = state;
                activity.since = since;
            }
            self.last_active_at = self.last_active_at.max(since);
        }
        let mut newly = false;
        if !sessions.is_empty() {
            newly = self.was_away(now);
            self.first_seen_at.get_or_insert(now);
            activity.last_seen_at = Some(now);
        }
        // The second at which a connected member was last seen is no change.
        let shown = |activity: &Activity| (activity.n_connections, activity.state, activity.since);
        let moved = shown(&activity) != shown(&self.activity);
        self.activity = activity;
        self.sessions = sessions;
        self.clock_ahead = ahead;
        SessionsSeen { moved, newly }
    }

    /// Takes a session that the server's log told of: it may be over already, and no sweep has seen it. The answer: is this
    /// the first connection after a pause?
    pub fn visited(&mut self, at: DateTime<Utc>) -> bool {
        let newly = self.was_away(at);
        self.first_seen_at.get_or_insert(at);
        self.last_active_at = self.last_active_at.max(Some(at));
        self.activity.last_seen_at = self.activity.last_seen_at.max(Some(at));
        newly
    }

    /// Not connected, and not for a while before either.
    fn was_away(&self, now: DateTime<Utc>) -> bool {
        const PAUSE: TimeDelta = TimeDelta::minutes(10);
        self.activity.n_connections == 0 && self.activity.last_seen_at.is_none_or(|at| now - at > PAUSE)
    }

    fn n_done(&self, content: &Content) -> usize {
        content
            .tasks
            .iter()
            .filter(|task| {
                self.standings
                    .get(&task.id)
                    .is_some_and(|standing| standing.completed_at.is_some())
            })
            .count()
    }

    fn is_done(&self, content: &Content) -> bool {
        !content.tasks.is_empty() && self.n_done(content) == content.tasks.len()
    }

    fn score(&self, content: &Content) -> Points {
        let of = |id: &TaskId| self.standings.get(id).map(|standing| standing.best);
        content.tasks.iter().filter_map(|task| of(&task.id)).sum()
    }

    fn need_input(&self, content: &Content, now: DateTime<Utc>) -> NeedInput {
        NeedInput {
            login: self.who.login.as_str().to_owned(),
            has_connected: self.has_connected(),
            last_progress_at: self.last_progress_at().or(self.first_seen_at),
            n_tasks_done: u32::try_from(self.n_done(content)).unwrap_or(u32::MAX),
            is_done: self.is_done(content),
            repeated_error: self.mistakes.repeated(now),
            blocked_since: self.blocked_since,
            hand: self.hand.as_ref().map(|hand| RaisedHand {
                raised_at: hand.raised_at,
                why: Some(hand.why.clone()),
            }),
        }
    }

    /// When points were last earned.
    pub fn last_progress_at(&self) -> Option<DateTime<Utc>> {
        let earned = self.standings.values().filter(|standing| standing.best.0 > 0);
        earned.map(|standing| standing.best_at).max()
    }

    /// Between two sweeps a session can come and go unseen; what it earned is seen.
    fn has_connected(&self) -> bool {
        self.first_seen_at.is_some() || self.last_progress_at().is_some()
    }

    /// The last that was seen of the student, in a session or in their database.
    fn last_sign_at(&self) -> Option<DateTime<Utc>> {
        self.last_active_at.max(self.last_progress_at())
    }

    fn row(&mut self, id: MemberId, content: &Arc<Content>, need: NeedRow, now: DateTime<Utc>) -> MemberRow {
        let per_task = self.per_task(content);
        let tasks: Vec<TaskRow> = content
            .tasks
            .iter()
            .zip(per_task.iter().cloned())
            .map(|(task, verdicts)| {
                let standing = self.standings.get(&task.id);
                TaskRow {
                    id: task.id,
                    title: task.title.as_str().into(),
                    score: standing.map_or(Points(0), |standing| standing.best),
                    now: standing.map_or(Points(0), |standing| standing.now),
                    max_score: task.points,
                    state: standing.map_or(TaskState::NotStarted, |standing| standing.state),
                    completed_at: standing.and_then(|standing| standing.completed_at),
                    stale: self.all_stale || self.stale.contains(&task.id),
                    verdicts,
                }
            })
            .collect();
        let state = if self.is_done(content) {
            MemberState::Done
        } else if !self.has_connected() {
            MemberState::Absent
        } else if self.activity.state == ActivityState::Blocked {
            MemberState::Blocked
        } else if self.activity.state == ActivityState::Active
            || self.last_sign_at().is_some_and(|at| now - at < WORKING)
        {
            MemberState::Working
        } else {
            MemberState::Idle
        };
        MemberRow {
            id,
            login: self.who.login.clone(),
            name: self.who.name.clone(),
            section: self.who.section.clone(),
            seat: self.who.seat.clone(),
            score: self.score(content),
            now: tasks.iter().map(|task| task.now).sum(),
            max_score: content.max_score,
            state,
            activity: Activity {
                // While they are connected, the second at which they were last seen is no news.
                last_seen_at: if self.activity.n_connections > 0 {
                    self.last_active_at
                } else {
                    self.activity.last_seen_at.max(self.last_progress_at())
                },
                ..self.activity.clone()
            },
            hand: self.hand.clone(),
            need,
            n_errors_recent: self.mistakes.n_recent(now),
            instance_state: self.who.instance_state,
            tasks,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionsSeen {
    pub moved: bool,
    pub newly: bool,
}

/// Of several sessions, the one that says most about the member.
fn telling(state: ActivityState) -> u8 {
    match state {
        ActivityState::None => 0,
        ActivityState::Idle => 1,
        ActivityState::IdleInTransaction => 2,
        ActivityState::Active => 3,
        ActivityState::Blocked => 4,
    }
}

/// The sessions of a sweep by database and role.
pub type SessionsByPlace = HashMap<(String, String), Vec<Session>>;

/// Everything that a board is made of.
#[derive(Debug)]
pub struct State {
    pub lab: LabHead,
    pub content: Arc<Content>,
    pub members: BTreeMap<MemberId, Member>,
}

/// All rows at one moment.
#[derive(Debug)]
pub struct Rows {
    pub members: BTreeMap<MemberId, MemberRow>,
    pub class: ClassRow,
    pub shared_errors: Vec<SharedError>,
    pub tasks: Vec<TaskHead>,
}

impl State {
    /// Takes the sessions of a sweep; the answer has those who connected for the first time, or after a pause. `changed`
    /// is set where something shows.
    pub fn sessions_seen(
        &mut self,
        sessions: &SessionsByPlace,
        ahead: TimeDelta,
        now: DateTime<Utc>,
        changed: &mut bool,
    ) -> Vec<MemberId> {
        let mut newly = Vec::new();
        for (id, member) in &mut self.members {
            let own =
                member.who.database.as_ref().and_then(|database| {
                    sessions.get(&(database.clone(), member.who.login.as_str().to_owned()))
                });
            if own.is_none() && member.sessions.is_empty() && member.activity.n_connections == 0 {
                continue;
            }
            let seen = member.sessions_seen(own.cloned().unwrap_or_default(), ahead, now);
            *changed |= seen.moved;
            if seen.newly {
                newly.push(*id);
            }
        }
        newly
    }

    pub fn rows(&mut self, now: DateTime<Utc>) -> Rows {
        for member in self.members.values_mut() {
            member.mistakes.forget_before(now - SHARED_FOR);
        }
        let content = &self.content;
        let opened_at = match self.lab.state {
            LabState::Open => self.lab.opened_at,
            LabState::Draft | LabState::Closed | LabState::Archived => None,
        };
        let inputs: Vec<_> = self
            .members
            .values()
            .map(|member| member.need_input(content, now))
            .collect();
        let members: BTreeMap<_, _> = self
            .members
            .iter_mut()
            .zip(needs(&inputs, opened_at, now))
            .map(|((id, member), need)| {
                let need = NeedRow {
                    rank: need.rank,
                    score: need.score,
                    reasons: need.reasons,
                };
                (*id, member.row(*id, content, need, now))
            })
            .collect();
        let mut scores: Vec<Points> = members.values().map(|row| row.score).collect();
        scores.sort_unstable();
        let mut done: Vec<u32> = inputs.iter().map(|input| input.n_tasks_done).collect();
        done.sort_unstable();
        let class = ClassRow {
            n_members: members.len(),
            n_connected: members
                .values()
                .filter(|row| row.activity.n_connections > 0)
                .count(),
            median_score: scores
                .get(scores.len().saturating_sub(1) / 2)
                .copied()
                .unwrap_or_default(),
            median_tasks_done: done.get(done.len().saturating_sub(1) / 2).copied().unwrap_or(0),
            // To half minutes, so that the class does not change with every second.
            seconds_per_task: opened_at.map(|at| (pace(&inputs, at, now).seconds_per_task + 15) / 30 * 30),
            n_done: content
                .tasks
                .iter()
                .enumerate()
                .map(|(n, _)| {
                    members
                        .values()
                        .filter(|row| row.tasks.get(n).is_some_and(|task| task.completed_at.is_some()))
                        .count()
                })
                .collect(),
        };
        let shared_errors = shared(
            self.members
                .values()
                .map(|member| (member.who.login.as_str(), &member.mistakes)),
            now,
        );
        Rows {
            members,
            class,
            shared_errors,
            tasks: content
                .tasks
                .iter()
                .map(|task| TaskHead {
                    id: task.id,
                    title: task.title.as_str().into(),
                    points: task.points,
                })
                .collect(),
        }
    }
}
