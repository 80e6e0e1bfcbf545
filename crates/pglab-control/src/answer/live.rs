//! What is kept in memory about answers: how many are judged at once, what the references return, and who is making the
//! databases in which they are judged.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use parking_lot::Mutex;
use pglab_core::{answer::rows::RowSet, id::LabId, ident::Ident};
use tokio::sync::{Mutex as AsyncMutex, Semaphore, watch};

use super::{
    Standings,
    mutated::Planned,
    standings_feed::{Feed, FeedKey},
};

/// Sessions on the cluster for judging at once.
const BUDGET: usize = 8;
/// Results of references that are kept.
const MAX_REFERENCES: usize = 1024;

/// A database and a query.
type ReferenceKey = (Ident, String);

#[derive(Debug)]
pub(crate) struct Live {
    pub(super) sessions: Semaphore,
    references: Mutex<HashMap<ReferenceKey, Arc<RowSet>>>,
    /// Those that can't be judged by, of mutated data.
    unusable: Mutex<HashSet<ReferenceKey>>,
    planned: Mutex<HashMap<LabId, Arc<Planned>>>,
    making: Mutex<HashMap<LabId, Arc<AsyncMutex<()>>>>,
    standings: Mutex<HashMap<LabId, Kept>>,
    pub(super) feeds: Mutex<HashMap<FeedKey, Feed>>,
}

/// The standings of a lab as they were computed last, and the number of the change that they show.
#[derive(Debug)]
struct Kept {
    changed: watch::Sender<u64>,
    computed: HashMap<bool, (u64, Arc<Standings>)>,
    /// One computes, the others wait for what comes of it.
    turn: Arc<AsyncMutex<()>>,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            changed: watch::Sender::new(1),
            computed: HashMap::new(),
            turn: Arc::default(),
        }
    }
}

impl Default for Live {
    fn default() -> Self {
        Self {
            sessions: Semaphore::new(BUDGET),
            references: Mutex::default(),
            unusable: Mutex::default(),
            planned: Mutex::default(),
            making: Mutex::default(),
            standings: Mutex::default(),
            feeds: Mutex::default(),
        }
    }
}

impl Live {
    pub(super) fn reference(&self, database: &Ident, sql: &str) -> Option<Arc<RowSet>> {
        let key = (database.clone(), sql.to_owned());
        self.references.lock().get(&key).cloned()
    }

    pub(super) fn keep_reference(&self, database: &Ident, sql: &str, rows: Arc<RowSet>) {
        let mut references = self.references.lock();
        if references.len() >= MAX_REFERENCES {
            references.clear();
        }
        references.insert((database.clone(), sql.to_owned()), rows);
    }

    pub(super) fn forget_references(&self, database: &Ident) {
        self.references.lock().retain(|(other, _), _| other != database);
        self.unusable.lock().retain(|(other, _)| other != database);
    }

    pub(super) fn is_unusable(&self, database: &Ident, sql: &str) -> bool {
        let key = (database.clone(), sql.to_owned());
        self.unusable.lock().contains(&key)
    }

    pub(super) fn keep_unusable(&self, database: &Ident, sql: &str) {
        let mut unusable = self.unusable.lock();
        if unusable.len() >= MAX_REFERENCES {
            unusable.clear();
        }
        unusable.insert((database.clone(), sql.to_owned()));
    }

    pub(super) fn planned(&self, lab: LabId) -> Option<Arc<Planned>> {
        self.planned.lock().get(&lab).cloned()
    }

    pub(super) fn keep_planned(&self, lab: LabId, planned: Arc<Planned>) {
        self.planned.lock().insert(lab, planned);
    }

    pub(super) fn forget_planned(&self, lab: LabId) {
        self.planned.lock().remove(&lab);
    }

    pub(super) fn making(&self, lab: LabId) -> Arc<AsyncMutex<()>> {
        self.making.lock().entry(lab).or_default().clone()
    }

    /// Somebody's points, the rules, or who and what is shown are others now.
    pub(crate) fn standings_changed(&self, lab: LabId) {
        if let Some(kept) = self.standings.lock().get(&lab) {
            kept.changed.send_modify(|n| *n += 1);
        }
    }

    pub(super) fn watch(&self, lab: LabId) -> watch::Receiver<u64> {
        self.standings.lock().entry(lab).or_default().changed.subscribe()
    }

    /// The number of the last change, and the turn to compute.
    pub(super) fn standings_turn(&self, lab: LabId) -> (u64, Arc<AsyncMutex<()>>) {
        let mut all = self.standings.lock();
        let kept = all.entry(lab).or_default();
        (*kept.changed.borrow(), kept.turn.clone())
    }

    /// If they show this change.
    pub(super) fn standings_since(&self, lab: LabId, revealed: bool, number: u64) -> Option<Arc<Standings>> {
        let all = self.standings.lock();
        let (of, standings) = all.get(&lab)?.computed.get(&revealed)?;
        (*of >= number).then(|| standings.clone())
    }

    pub(super) fn keep_standings(&self, lab: LabId, revealed: bool, number: u64, standings: Arc<Standings>) {
        let mut all = self.standings.lock();
        all.entry(lab)
            .or_default()
            .computed
            .insert(revealed, (number, standings));
    }
}
