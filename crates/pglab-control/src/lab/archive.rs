//! Archiving a closed lab: its reconciler writes a dump of every student's database, then the databases go. Here it is
//! only wanted.

use pglab_core::{
    access::{Actor, Operation},
    lab::LabState,
};
use serde_json::json;

use super::{LabView, find, locked, view, write};
use crate::{Control, Error};

/// The lab is `archived` when its reconciler is done.
///
/// # Errors
/// Not an instructor of the lab, or it is not closed.
pub async fn archive(control: &Control, actor: &Actor, slug: &str) -> Result<LabView, Error> {
    let (lab, place) = find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    let mut tx = control.store.begin().await?;
    let mut lab = locked(&mut tx, lab.id, slug).await?;
    match lab.state {
        LabState::Archived => return view(control, actor, lab, place).await,
        LabState::Open => {
            return Err(Error::Conflict(format!(
                "the lab {slug:?} is open; close it before it is archived"
            )));
        }
        LabState::Draft | LabState::Closed => {}
    }
    if lab.archive_wanted_at.is_none() {
        lab.archive_wanted_at = Some(control.now());
        lab.state = LabState::Closed;
        lab.closed_at = lab.closed_at.or(Some(control.now()));
        lab.trouble = None;
        write(control, tx, actor, &lab, "lab_archive", json!({})).await?;
        lab.version += 1;
        control.wake().clean_up.notify_one();
        control.wake().people_changed();
    }
    view(control, actor, lab, place).await
}
