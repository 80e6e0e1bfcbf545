//! The boards of this process, each made from the store when it is first asked for, and dropped when nobody needs it.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use pglab_core::{id::LabId, lab::LabState};
use pglab_store::{
    lab::{self, Lab},
    notice::{Notice, Subject},
};
use tokio::sync::{Notify, Semaphore, SemaphorePermit, mpsc, oneshot, watch};

use super::{Board, load};
use crate::{Control, Error};

/// Who wants the databases of a lab to be looked at before going on.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) lab: LabId,
    pub(crate) done: oneshot::Sender<()>,
}

#[derive(Debug)]
pub struct Boards {
    boards: Mutex<HashMap<LabId, Arc<Board>>>,
    /// One board is made at a time: a whole class opening the page makes it once.
    making: tokio::sync::Mutex<()>,
    /// Something changed on a board.
    pub(crate) changed: Arc<Notify>,
    /// Members, instances or labs are others: what is looked at has to be read anew.
    pub(crate) subjects: Notify,
    /// This process looks at the databases.
    pub(crate) leading: AtomicBool,
    wanted: (mpsc::Sender<Wanted>, tokio::sync::Mutex<mpsc::Receiver<Wanted>>),
    /// How many schemas are read for pages at the same time.
    schema_places: Semaphore,
    /// Counts the answers of another process to what we wanted, by lab.
    settled: watch::Sender<HashMap<LabId, u64>>,
}

impl Default for Boards {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(256);
        Self {
            boards: Mutex::default(),
            making: tokio::sync::Mutex::default(),
            changed: Arc::new(Notify::new()),
            subjects: Notify::new(),
            leading: AtomicBool::new(false),
            wanted: (sender, tokio::sync::Mutex::new(receiver)),
            schema_places: Semaphore::new(4),
            settled: watch::Sender::default(),
        }
    }
}

impl Boards {
    /// # Errors
    /// Our own database does not answer.
    pub(crate) async fn of_lab(&self, control: &Control, lab: &Lab) -> Result<Arc<Board>, Error> {
        if let Some(board) = self.known(lab.id) {
            return Ok(board);
        }
        let _one = self.making.lock().await;
        if let Some(board) = self.known(lab.id) {
            return Ok(board);
        }
        let state = load::state(control, lab).await?;
        let mut epoch = [0; 4];
        control.random.fill(&mut epoch);
        let board = Arc::new(Board::new(
            state,
            u64::from(u32::from_le_bytes(epoch)),
            self.changed.clone(),
            control.now(),
        ));
        self.boards.lock().insert(lab.id, board.clone());
        Ok(board)
    }

    pub(crate) fn known(&self, lab: LabId) -> Option<Arc<Board>> {
        self.boards.lock().get(&lab).cloned()
    }

    pub(crate) fn all(&self) -> Vec<(LabId, Arc<Board>)> {
        self.boards
            .lock()
            .iter()
            .map(|(id, board)| (*id, board.clone()))
            .collect()
    }

    pub(crate) fn forget(&self, lab: LabId) {
        self.boards.lock().remove(&lab);
    }

    pub(crate) fn is_leading(&self) -> bool {
        self.leading.load(Ordering::Acquire)
    }

    pub(crate) async fn wanted(&self) -> tokio::sync::MutexGuard<'_, mpsc::Receiver<Wanted>> {
        self.wanted.1.lock().await
    }

    /// `None` only when this is being dropped.
    pub(crate) async fn schema_places(&self) -> Option<SemaphorePermit<'_>> {
        self.schema_places.acquire().await.ok()
    }

    pub(crate) fn has_settled(&self, lab: LabId) {
        self.settled
            .send_modify(|counts| *counts.entry(lab).or_default() += 1);
    }

    /// Asks the live path of this process; the answer comes when everything that was touched before has been looked at.
    pub(crate) fn want(&self, lab: LabId) -> oneshot::Receiver<()> {
        let (done, answer) = oneshot::channel();
        // A full queue of people who want the same: the answer is that it was not waited for.
        let _ = self.wanted.0.try_send(Wanted { lab, done });
        answer
    }
}

/// Waits until all that was committed in the lab's databases before has been looked at, but no longer than `patience`.
/// False: it was not.
///
/// # Errors
/// Our own database does not answer.
pub(crate) async fn settle(control: &Control, lab: &Lab, patience: Duration) -> Result<bool, Error> {
    if matches!(lab.state, LabState::Archived) {
        return Ok(true);
    }
    let boards = control.boards();
    if boards.is_leading() {
        let answer = boards.want(lab.id);
        return Ok(tokio::time::timeout(patience, answer)
            .await
            .is_ok_and(|answer| answer.is_ok()));
    }
    let mut settled = boards.settled.subscribe();
    let before = settled.borrow_and_update().get(&lab.id).copied().unwrap_or(0);
    let mut tx = control.store.begin().await?;
    let notice = Notice {
        subject: Subject::Wanted,
        lab: lab.id,
        member: None,
    };
    pglab_store::notice::tell(&mut tx, notice).await?;
    control.store.commit(tx).await?;
    let answered = settled.wait_for(|counts| counts.get(&lab.id).copied().unwrap_or(0) > before);
    Ok(tokio::time::timeout(patience, answered).await.is_ok())
}

/// The lab of a board as it is now; `None` when it is gone.
pub(crate) async fn lab_of(control: &Control, lab: LabId) -> Result<Option<Lab>, Error> {
    Ok(lab::by_id(control.store.pool(), lab)
        .await?
        .filter(|lab| lab.delete_wanted_at.is_none()))
}
