//! How the loading of examples gets on, kept in memory for those who watch. What must survive a restart stands in the
//! table `example`.

use std::collections::{HashMap, HashSet};

use parking_lot::Mutex;
use pglab_core::id::LabId;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Upload,
    Load,
    Introspect,
    Templates,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub phase: Phase,
    pub done_bytes: u64,
    /// 0: not known.
    pub total_bytes: u64,
}

#[derive(Debug)]
pub(crate) struct Live {
    progress: Mutex<HashMap<LabId, Progress>>,
    at_work: Mutex<HashSet<LabId>>,
    changes: watch::Sender<u64>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            progress: Mutex::default(),
            at_work: Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }
}

impl Live {
    pub(crate) fn get(&self, lab: LabId) -> Option<Progress> {
        self.progress.lock().get(&lab).copied()
    }

    pub(crate) fn set(&self, lab: LabId, progress: Progress) {
        self.progress.lock().insert(lab, progress);
        self.changed();
    }

    pub(crate) fn clear(&self, lab: LabId) {
        self.progress.lock().remove(&lab);
        self.changed();
    }

    /// Tells those who watch to look again.
    pub(crate) fn changed(&self) {
        self.changes.send_modify(|n| *n = n.wrapping_add(1));
    }

    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The reconciler works on this example until the guard is dropped.
    pub(super) fn work(&self, lab: LabId) -> AtWork<'_> {
        self.at_work.lock().insert(lab);
        AtWork { live: self, lab }
    }

    /// Nobody else may remove what belongs to the example now.
    pub(crate) fn is_at_work(&self, lab: LabId) -> bool {
        self.at_work.lock().contains(&lab)
    }
}

pub(super) struct AtWork<'a> {
    live: &'a Live,
    lab: LabId,
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.live.at_work.lock().remove(&self.lab);
        self.live.clear(self.lab);
    }
}
