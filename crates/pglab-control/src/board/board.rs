//! The live board of one lab: what is known, what was last shown, and the changes in between, numbered. One computation
//! and one rendering serve any number of readers.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use pglab_core::id::MemberId;
use tokio::sync::{Notify, broadcast};

use super::{
    Content,
    mistakes::SharedError,
    row::{BoardEvent, BoardView, Change, ClassRow, MemberRow, TaskHead},
    state::{LabHead, Rows, State},
};

/// Changes that are kept for readers who come back: about a minute of a busy class.
const N_KEPT: usize = 2048;
/// Readers further behind than this get the whole board.
const N_BEHIND: usize = 512;
/// What depends on time alone (minutes without progress) is made anew after this.
const OLD: TimeDelta = TimeDelta::seconds(5);

#[derive(Debug)]
pub struct Board {
    inner: Mutex<Inner>,
    events: broadcast::Sender<Arc<BoardEvent>>,
    dirty: AtomicBool,
    n_computed: AtomicU64,
    /// When somebody last looked, in seconds of our clock.
    used_at: AtomicU64,
    /// Tells the one who refreshes.
    changed: Arc<Notify>,
}

#[derive(Debug)]
struct Inner {
    state: State,
    shown: Shown,
    sequence: u64,
    epoch: u64,
    kept: VecDeque<Arc<BoardEvent>>,
}

/// What readers have.
#[derive(Debug)]
struct Shown {
    at: DateTime<Utc>,
    lab: LabHead,
    content: Arc<Content>,
    members: BTreeMap<MemberId, Arc<MemberRow>>,
    class: ClassRow,
    shared_errors: Vec<SharedError>,
    tasks: Arc<[TaskHead]>,
    view: Option<Arc<BoardView>>,
}

/// What a reader begins with.
#[derive(Debug)]
pub enum Beginning {
    Whole(Arc<BoardView>),
    /// What it missed.
    Missed(Vec<Arc<BoardEvent>>),
}

#[derive(Debug)]
pub struct Subscription {
    pub beginning: Beginning,
    pub events: broadcast::Receiver<Arc<BoardEvent>>,
}

impl Board {
    /// `changed` is told of every change; `epoch` tells this board's numbers from those of any other, also of the same lab in another process.
    pub fn new(mut state: State, epoch: u64, changed: Arc<Notify>, now: DateTime<Utc>) -> Self {
        let rows = state.rows(now);
        Self {
            inner: Mutex::new(Inner {
                shown: Shown::new(&state, rows, now),
                state,
                sequence: 0,
                epoch,
                kept: VecDeque::new(),
            }),
            events: broadcast::Sender::new(N_BEHIND),
            dirty: AtomicBool::new(false),
            n_computed: AtomicU64::new(1),
            used_at: AtomicU64::new(0),
            changed,
        }
    }

    /// Looks at what is known.
    pub fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.inner.lock().state)
    }

    /// Changes what is known. It is shown by the next [`Board::refresh`] or [`Board::view`]. `change` tells whether it
    /// changed anything that shows.
    pub fn change(&self, change: impl FnOnce(&mut State) -> bool) -> bool {
        let changed = change(&mut self.inner.lock().state);
        if changed {
            self.dirty.store(true, Ordering::Release);
            self.changed.notify_one();
        }
        changed
    }

    pub fn is_dirty(&self) -> bool {
        self.dirty.load(Ordering::Acquire)
    }

    pub fn n_readers(&self) -> usize {
        self.events.receiver_count()
    }

    /// How often rows were made so far.
    pub fn n_computed(&self) -> u64 {
        self.n_computed.load(Ordering::Relaxed)
    }

    pub fn used_at(&self) -> u64 {
        self.used_at.load(Ordering::Relaxed)
    }

    /// Makes the rows anew, if something changed or they are old, and tells readers what is different.
    pub fn refresh(&self, now: DateTime<Utc>) {
        let mut inner = self.inner.lock();
        self.refresh_locked(&mut inner, now);
    }

    /// The whole board as of now.
    pub fn view(&self, now: DateTime<Utc>) -> Arc<BoardView> {
        let mut inner = self.inner.lock();
        self.used_at
            .store(u64::try_from(now.timestamp()).unwrap_or(0), Ordering::Relaxed);
        self.refresh_locked(&mut inner, now);
        inner.view()
    }

    /// For a reader who has the event `after` (epoch and number), or nothing yet.
    pub fn subscribe(&self, after: Option<(u64, u64)>, now: DateTime<Utc>) -> Subscription {
        let mut inner = self.inner.lock();
        self.used_at
            .store(u64::try_from(now.timestamp()).unwrap_or(0), Ordering::Relaxed);
        self.refresh_locked(&mut inner, now);
        let events = self.events.subscribe();
        let missed = after.and_then(|(epoch, number)| inner.missed(epoch, number));
        let beginning = missed.map_or_else(|| Beginning::Whole(inner.view()), Beginning::Missed);
        Subscription { beginning, events }
    }

    fn refresh_locked(&self, inner: &mut Inner, now: DateTime<Utc>) {
        let old = now - inner.shown.at >= OLD;
        if !self.dirty.swap(false, Ordering::AcqRel) && !old {
            return;
        }
        self.n_computed.fetch_add(1, Ordering::Relaxed);
        for event in inner.refresh(now) {
            // Nobody reads: it is kept for who comes back.
            let _ = self.events.send(event);
        }
    }
}

impl Inner {
    fn refresh(&mut self, now: DateTime<Utc>) -> Vec<Arc<BoardEvent>> {
        let rows = self.state.rows(now);
        let changes = if self.shown.same_frame(&self.state, &rows) {
            self.shown.changes(rows, now)
        } else {
            self.shown = Shown::new(&self.state, rows, now);
            vec![Change::Whole]
        };
        changes
            .into_iter()
            .map(|change| {
                self.sequence += 1;
                let event = Arc::new(BoardEvent {
                    sequence: self.sequence,
                    epoch: self.epoch,
                    change,
                    rendered: OnceLock::new(),
                });
                if self.kept.len() == N_KEPT {
                    self.kept.pop_front();
                }
                self.kept.push_back(event.clone());
                event
            })
            .collect()
    }

    fn view(&mut self) -> Arc<BoardView> {
        let (sequence, epoch) = (self.sequence, self.epoch);
        let shown = &mut self.shown;
        if let Some(view) = &shown.view {
            return view.clone();
        }
        let mut members: Vec<_> = shown.members.values().cloned().collect();
        members.sort_by(|a, b| a.login.cmp(&b.login));
        let view = Arc::new(BoardView {
            lab: shown.lab.slug.clone(),
            title: shown.lab.title.clone(),
            state: shown.lab.state,
            show_class_progress: shown.lab.settings.show_class_progress,
            at: shown.at,
            sequence,
            epoch,
            tasks: shown.tasks.clone(),
            class: shown.class.clone(),
            shared_errors: shown.shared_errors.clone(),
            members,
            rendered: Default::default(),
        });
        shown.view = Some(view.clone());
        view
    }

    /// What came after an event, if all of it is still kept and none of it needs the whole board.
    fn missed(&self, epoch: u64, number: u64) -> Option<Vec<Arc<BoardEvent>>> {
        if epoch != self.epoch || number > self.sequence {
            return None;
        }
        let n_missed = usize::try_from(self.sequence - number).ok()?;
        if n_missed > self.kept.len() || n_missed > N_BEHIND {
            return None;
        }
        let missed: Vec<_> = self
            .kept
            .iter()
            .skip(self.kept.len() - n_missed)
            .cloned()
            .collect();
        missed
            .iter()
            .all(|event| !matches!(event.change, Change::Whole))
            .then_some(missed)
    }
}

impl Shown {
    fn new(state: &State, rows: Rows, now: DateTime<Utc>) -> Self {
        Self {
            at: now,
            lab: state.lab.clone(),
            content: state.content.clone(),
            members: rows
                .members
                .into_iter()
                .map(|(id, row)| (id, Arc::new(row)))
                .collect(),
            class: rows.class,
            shared_errors: rows.shared_errors,
            tasks: rows.tasks.into(),
            view: None,
        }
    }

    /// The same lab, tasks and members: what differs can be told row by row.
    fn same_frame(&self, state: &State, rows: &Rows) -> bool {
        self.lab == state.lab
            && (Arc::ptr_eq(&self.content, &state.content) || *self.tasks == *rows.tasks)
            && self.members.len() == rows.members.len()
            && self.members.keys().eq(rows.members.keys())
    }

    fn changes(&mut self, rows: Rows, now: DateTime<Utc>) -> Vec<Change> {
        let mut changed = Vec::new();
        let mut ranks = Vec::new();
        for (id, row) in rows.members {
            let Some(old) = self.members.get_mut(&id) else {
                continue;
            };
            if **old == row {
                continue;
            }
            let only_rank = {
                let mut moved = (**old).clone();
                moved.need.rank = row.need.rank;
                moved == row
            };
            if only_rank {
                ranks.push((row.login.clone(), row.need.rank));
            }
            *old = Arc::new(row);
            if !only_rank {
                changed.push(old.clone());
            }
        }
        let class = (self.class != rows.class).then(|| rows.class.clone());
        let shared_errors = (self.shared_errors != rows.shared_errors).then(|| rows.shared_errors.clone());
        let frame_changed = class.is_some() || shared_errors.is_some() || !ranks.is_empty();
        self.at = now;
        self.class = rows.class;
        self.shared_errors = rows.shared_errors;
        // A reader is told of the rest together with a member. Where no member changed, the first one carries it.
        if changed.is_empty() && frame_changed {
            changed.extend(self.members.values().next().cloned());
        }
        if changed.is_empty() {
            // The view stays as it is but for its time, so that an idle board is rendered once.
            if frame_changed {
                self.view = None;
                return vec![Change::Whole];
            }
            return Vec::new();
        }
        self.view = None;
        let last = changed.len() - 1;
        let (mut class, mut shared_errors, mut ranks) = (class, shared_errors, Some(ranks));
        changed
            .into_iter()
            .enumerate()
            .map(|(n, member)| Change::Member {
                member,
                tasks: self.tasks.clone(),
                class: if n == last { class.take() } else { None },
                shared_errors: if n == last { shared_errors.take() } else { None },
                ranks: if n == last {
                    ranks.take().unwrap_or_default()
                } else {
                    Vec::new()
                },
            })
            .collect()
    }
}
