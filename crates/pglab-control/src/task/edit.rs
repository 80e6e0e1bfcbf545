//! What all edits of tasks have in common: the lab is locked, all of its tasks are read, changed in memory, and
//! written back.

use pglab_core::{
    access::{Actor, Operation},
    id::TaskId,
    lab::LabState,
    task::Task,
};
use pglab_store::{
    Tx, audit,
    lab::Lab,
    task::{self, KeptTask},
};

use crate::{Control, Error, lab};

pub(super) struct Edit {
    pub(super) tx: Tx,
    pub(super) lab: Lab,
    /// Dropped ones too.
    pub(super) tasks: Vec<KeptTask>,
}

impl Edit {
    pub(super) async fn begin(control: &Control, actor: &Actor, slug: &str) -> Result<Self, Error> {
        let (found, place) = lab::find(control, actor, slug).await?;
        control.authorise(actor, Operation::LabManage(place))?;
        let mut tx = control.store.begin().await?;
        let lab = lab::locked(&mut tx, found.id, slug).await?;
        if lab.state == LabState::Archived {
            return Err(Error::Conflict(format!(
                "the lab {slug:?} is archived and its tasks can't be changed"
            )));
        }
        let tasks = task::all(&mut *tx, lab.id).await?;
        Ok(Self { tx, lab, tasks })
    }

    /// A task that was dropped is not found.
    pub(super) fn task(&mut self, id: TaskId) -> Result<&mut KeptTask, Error> {
        self.tasks
            .iter_mut()
            .find(|kept| kept.task.id == id && kept.dropped_at.is_none())
            .ok_or_else(|| Error::NotFound(format!("task {id} in this lab")))
    }

    /// As students meet them.
    pub(super) fn live(&self) -> impl Iterator<Item = Task> {
        self.tasks.iter().cloned().filter_map(KeptTask::live)
    }

    pub(super) async fn finish(
        mut self,
        control: &Control,
        actor: &Actor,
        operation: &str,
        detail: serde_json::Value,
    ) -> Result<(), Error> {
        task::replace(&mut self.tx, self.lab.id, &self.tasks).await?;
        let entry = audit::Entry::new(control.now(), actor, operation, self.lab.slug.as_str()).detail(detail);
        audit::insert(&mut self.tx, entry).await?;
        control.store.commit(self.tx).await?;
        control.wake().live.notify_one();
        Ok(())
    }
}
