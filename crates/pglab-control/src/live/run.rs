//! The loop of the live path: a sweep every second, looks at the databases that were touched, as many at a time as the
//! budget allows. Nothing here waits for a student's database; looks run beside the loop.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use pglab_core::id::InstanceId;
use pglab_fleet::{
    activity::{Sweep, Sweeper, changed},
    introspect::Snapshots,
};
use pglab_store::timeline::{self, NewEntry};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::{Id, JoinError, JoinSet},
    time::{sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    log::connected,
    look::{Look, Looked, Memory, look},
    queue::{Outcome, Queue},
    sessions::Sessions,
    subjects::Subjects,
};
use crate::{Control, Error, Live as Facts, Worker, board::feed};

/// Connections of checkers on the cluster, those that are kept for the active included.
pub const BUDGET: usize = 8;
const SWEEP_PERIOD: Duration = Duration::from_secs(1);
/// While a class is prepared, instances move all the time.
const RELOAD_PAUSE: Duration = Duration::from_millis(500);

pub const WORKER: Worker = Worker {
    name: "board",
    about: "Sees which databases were touched, looks at these, and keeps the boards",
    period: SWEEP_PERIOD,
};

/// Runs until `stop`. In one process at a time.
pub async fn run(control: Control, stop: CancellationToken) {
    let leading = Leading::begin(&control);
    let (wanted, wanted_seen) = watch::channel(0);
    let (sweeps, swept) = mpsc::channel(4);
    let mut live = Live {
        control: leading.0,
        subjects: Subjects::default(),
        queue: Queue::new(BUDGET),
        sessions: Sessions::new(BUDGET),
        memories: HashMap::new(),
        snapshots: Arc::default(),
        looks: JoinSet::new(),
        looking: HashMap::new(),
        last_sweep: None,
        reachable: false,
        wanted,
        waiting: Vec::new(),
        n_reloads: 0,
        reload_at: Some(Instant::now()),
        reloaded_at: None,
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = sweep(leading.0, sweeps, wanted_seen) => {}
        () = live.run(swept) => {}
    }
}

/// While it lives, this process is the one that looks.
struct Leading<'a>(&'a Control);

impl<'a> Leading<'a> {
    fn begin(control: &'a Control) -> Self {
        control.boards().leading.store(true, Ordering::Release);
        Self(control)
    }
}

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        self.0.boards().leading.store(false, Ordering::Release);
    }
}

/// What a sweep found, or that there was none; with the number of the last wish that came before it began.
type Swept = (u64, Option<Sweep>);

/// Sweeps every second, and at once when somebody waits for it.
async fn sweep(control: &Control, sweeps: mpsc::Sender<Swept>, mut wanted: watch::Receiver<u64>) {
    let mut sweeper: Option<Sweeper> = None;
    loop {
        let number = *wanted.borrow_and_update();
        let began = Instant::now();
        let found = async {
            let open = match sweeper.take() {
                Some(open) => open,
                None => Sweeper::open(&control.cluster).await?,
            };
            let found = open.sweep().await?;
            Ok::<_, pglab_fleet::Error>((open, found))
        };
        let found = match found.await {
            Ok((open, found)) => {
                control.metrics().swept(began.elapsed());
                sweeper = Some(open);
                Some(found)
            }
            Err(error) => {
                tracing::warn!(%error, "can't see what students do; trying again");
                control.report(&WORKER, &Err::<Facts, _>(error));
                None
            }
        };
        if sweeps.send((number, found)).await.is_err() {
            return;
        }
        tokio::select! {
            () = sleep(SWEEP_PERIOD) => {}
            changed = wanted.changed() => if changed.is_err() { return; },
        }
    }
}

/// Somebody waits until a lab's databases have been looked at.
struct Waiting {
    lab: pglab_core::id::LabId,
    /// The sweep that tells which.
    sweep: u64,
    /// How often the subjects had been read by then: a lab that was opened just before has databases that they lack.
    n_reloads: u64,
    /// Which, and what of them must have been seen; after the sweep.
    looks: Option<Vec<(InstanceId, u64)>>,
    done: oneshot::Sender<()>,
}

struct Live<'a> {
    control: &'a Control,
    subjects: Subjects,
    queue: Queue<InstanceId>,
    sessions: Sessions,
    memories: HashMap<InstanceId, Memory>,
    /// Another one when it may be another server that answers.
    snapshots: Arc<Snapshots>,
    looks: JoinSet<Looked>,
    looking: HashMap<Id, InstanceId>,
    last_sweep: Option<Sweep>,
    /// The last sweep was answered.
    reachable: bool,
    wanted: watch::Sender<u64>,
    waiting: Vec<Waiting>,
    /// How often the subjects have been read.
    n_reloads: u64,
    /// When they are to be read again.
    reload_at: Option<Instant>,
    reloaded_at: Option<Instant>,
}

impl Live<'_> {
    async fn run(&mut self, mut swept: mpsc::Receiver<Swept>) {
        let control = self.control;
        let boards = control.boards();
        let mut wishes = boards.wanted().await;
        loop {
            if self.reload_at.is_some_and(|at| at <= Instant::now()) {
                self.reload().await;
            }
            self.begin_looks();
            // Without a server there is nothing to look at.
            let wake_at = self
                .queue
                .wake_at()
                .filter(|_| self.reachable && self.looks.len() < BUDGET)
                .into_iter()
                .chain(self.reload_at)
                .min();
            tokio::select! {
                () = boards.subjects.notified() => self.reload_soon(),
                () = control.wake().live.notified() => self.reload_soon(),
                Some((number, found)) = swept.recv() => self.take_sweep(number, found).await,
                Some(ended) = self.looks.join_next_with_id() => self.take_look(ended),
                Some(wish) = wishes.recv() => {
                    self.reload_soon();
                    self.wanted.send_modify(|number| *number += 1);
                    self.waiting.push(Waiting {
                        lab: wish.lab,
                        sweep: *self.wanted.borrow(),
                        n_reloads: self.n_reloads,
                        looks: None,
                        done: wish.done,
                    });
                }
                () = sleep_until(wake_at.unwrap_or_else(|| Instant::now() + SWEEP_PERIOD).into()) => {}
            }
        }
    }

    fn reload_soon(&mut self) {
        let earliest = self.reloaded_at.map(|at| at + RELOAD_PAUSE);
        self.reload_at
            .get_or_insert(earliest.unwrap_or_else(Instant::now));
    }

    async fn reload(&mut self) {
        self.reload_at = None;
        self.reloaded_at = Some(Instant::now());
        match self.subjects.reload(self.control).await {
            Ok(changes) => {
                let now = Instant::now();
                self.n_reloads += 1;
                for id in changes.forget {
                    self.memories.remove(&id);
                    if !self.subjects.by_instance.contains_key(&id) {
                        self.queue.remove(id);
                    }
                }
                for id in changes.look {
                    self.queue.touch(id, true, now);
                }
                let subjects = &self.subjects.by_instance;
                self.sessions.tidy(now, |id| subjects.contains_key(&id));
            }
            Err(error) => {
                tracing::warn!(%error, "can't read which databases there are; trying again");
                self.reload_soon();
            }
        }
    }

    async fn take_sweep(&mut self, number: u64, found: Option<Sweep>) {
        let now = Instant::now();
        self.reachable = found.is_some();
        let Some(found) = found else {
            self.snapshots = Arc::default();
            return;
        };
        let touched = match &self.last_sweep {
            Some(last) => changed(last, &found),
            // Everything is looked at after a start.
            None => BTreeSet::new(),
        };
        let ids: Vec<InstanceId> = touched
            .iter()
            .filter_map(|name| self.subjects.by_database.get(name))
            .copied()
            .collect();
        for id in ids {
            // For who waits, also what the counters may not tell yet.
            let lab = self.subjects.by_instance.get(&id).map(|(subject, _)| subject.lab);
            let full = self.waiting.iter().any(|waiting| Some(waiting.lab) == lab);
            self.queue.touch(id, full, now);
        }
        self.last_sweep = Some(found.clone());
        let newly = feed::take_sweep(self.control, found);
        if !newly.is_empty()
            && let Err(error) = self.write_connected(newly).await
        {
            tracing::warn!(%error, "who connected could not be written down");
        }
        for waiting in &mut self.waiting {
            if waiting.looks.is_none() && waiting.sweep <= number && waiting.n_reloads < self.n_reloads {
                let pending = self
                    .subjects
                    .of_lab(waiting.lab)
                    .filter_map(|id| Some((id, self.queue.pending(id)?)));
                waiting.looks = Some(pending.collect());
            }
        }
        self.answer();
        let subjects = &self.subjects.by_instance;
        self.sessions.tidy(now, |id| subjects.contains_key(&id));
        self.begin_looks();
        let facts = Facts {
            n_databases: self.subjects.by_instance.len(),
            n_waiting: self.queue.n_waiting(now),
            n_looking: self.looks.len(),
        };
        self.control.report_live(facts);
        self.control.report(&WORKER, &Ok::<_, Error>(facts));
    }

    async fn write_connected(
        &self,
        newly: Vec<(pglab_core::id::LabId, pglab_core::id::MemberId)>,
    ) -> Result<(), Error> {
        let at = self.control.now();
        let entries: Vec<NewEntry> = newly
            .into_iter()
            .map(|(_, member)| connected(member, at))
            .collect();
        let mut tx = self.control.store.begin().await?;
        timeline::insert(&mut tx, &entries).await?;
        Ok(self.control.store.commit(tx).await?)
    }

    fn begin_looks(&mut self) {
        if !self.reachable {
            return;
        }
        while let Some((id, job)) = self.queue.next(Instant::now()) {
            let Some((subject, board)) = self.subjects.by_instance.get(&id) else {
                self.queue.remove(id);
                continue;
            };
            let what = Look {
                subject: subject.clone(),
                board: board.clone(),
                memory: self.memories.remove(&id).unwrap_or_default(),
                snapshots: self.snapshots.clone(),
                session: self.sessions.take(id),
                job,
            };
            let running = self.looks.spawn(look(self.control.clone(), what));
            self.looking.insert(running.id(), id);
        }
    }

    fn take_look(&mut self, ended: Result<(Id, Looked), JoinError>) {
        let now = Instant::now();
        match ended {
            Ok((task, looked)) => {
                let id = looked.subject.instance;
                self.looking.remove(&task);
                self.sessions.give(id, looked.session, now);
                self.queue.finish(id, looked.outcome, looked.job, now);
                let same = self
                    .subjects
                    .by_instance
                    .get(&id)
                    .is_some_and(|(subject, _)| Arc::ptr_eq(subject, &looked.subject));
                if same {
                    self.memories.insert(id, looked.memory);
                }
            }
            Err(error) => {
                tracing::error!(%error, "a look died");
                if let Some(id) = self.looking.remove(&error.id()) {
                    self.sessions.give(id, None, now);
                    self.queue
                        .finish(id, Outcome::Failed, super::queue::Job { full: true }, now);
                }
            }
        }
        self.answer();
    }

    /// Tells those who wait for nothing any more.
    fn answer(&mut self) {
        let (queue, mut kept) = (&self.queue, Vec::new());
        for waiting in self.waiting.drain(..) {
            if waiting.done.is_closed() {
                continue;
            }
            let over = waiting
                .looks
                .as_ref()
                .is_some_and(|looks| looks.iter().all(|(id, touch)| queue.has_seen(*id, *touch)));
            if over {
                // Who asked may have gone.
                let _ = waiting.done.send(());
            } else {
                kept.push(waiting);
            }
        }
        self.waiting = kept;
    }
}
