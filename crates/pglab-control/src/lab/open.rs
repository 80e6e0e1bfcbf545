//! Opening a lab lets its students in. The reconciler of the class does it on the cluster.

use pglab_core::{
    access::{Actor, Operation},
    lab::LabState,
};
use pglab_store::{example::ExampleState, lab_source};
use serde_json::json;

use super::{LabView, find, locked, view, write};
use crate::{Control, Error};

/// A draft or closed lab becomes open; an open one stays so.
///
/// # Errors
/// Not an instructor of the lab; its example is not ready, unless it was made of challenges that need none; it is archived, or
/// being archived.
pub async fn open(control: &Control, actor: &Actor, slug: &str) -> Result<LabView, Error> {
    let (lab, place) = find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    let mut tx = control.store.begin().await?;
    let mut lab = locked(&mut tx, lab.id, slug).await?;
    match lab.state {
        LabState::Open => return view(control, actor, lab, place).await,
        LabState::Archived => {
            return Err(Error::Conflict(format!(
                "the lab {slug:?} is archived and can't be opened again; apply its definition as a new lab"
            )));
        }
        LabState::Draft | LabState::Closed => {}
    }
    if lab.archive_wanted_at.is_some() {
        return Err(Error::Conflict(format!("the lab {slug:?} is being archived")));
    }
    let example = pglab_store::example::of_lab(&mut *tx, lab.id).await?;
    match example.map(|example| example.state) {
        Some(ExampleState::Ready) => {}
        Some(ExampleState::Loading) => {
            return Err(Error::Conflict(format!(
                "the example of the lab {slug:?} is still being loaded; open the lab when it is ready"
            )));
        }
        Some(ExampleState::Failed) => {
            return Err(Error::Conflict(format!(
                "the example of the lab {slug:?} could not be loaded; upload it again before opening the lab"
            )));
        }
        // Challenges that need no database: there is nothing to wait for.
        None if lab_source::of_lab(&mut *tx, lab.id)
            .await?
            .is_some_and(|source| source.database.is_none()) => {}
        None => {
            return Err(Error::Conflict(format!(
                "the lab {slug:?} has no example yet; upload one before opening the lab"
            )));
        }
    }
    lab.state = LabState::Open;
    lab.opened_at = lab.opened_at.or(Some(control.now()));
    lab.closed_at = None;
    write(control, tx, actor, &lab, "lab_open", json!({})).await?;
    control.wake().people_changed();
    control.wake().live.notify_one();
    lab.version += 1;
    view(control, actor, lab, place).await
}
