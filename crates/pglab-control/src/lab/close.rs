//! Closing a lab ends its students' access; databases and results stay.

use pglab_core::{
    access::{Actor, Operation},
    lab::LabState,
};
use serde_json::json;

use super::{LabView, find, locked, view, write};
use crate::{Control, Error};

/// An open lab becomes closed; a closed one stays so.
///
/// # Errors
/// Not an instructor of the lab; it was never opened, or is archived.
pub async fn close(control: &Control, actor: &Actor, slug: &str) -> Result<LabView, Error> {
    let (lab, place) = find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    let mut tx = control.store.begin().await?;
    let mut lab = locked(&mut tx, lab.id, slug).await?;
    match lab.state {
        LabState::Closed => return view(control, actor, lab, place).await,
        LabState::Draft => {
            return Err(Error::Conflict(format!("the lab {slug:?} is not open")));
        }
        LabState::Archived => {
            return Err(Error::Conflict(format!("the lab {slug:?} is archived")));
        }
        LabState::Open => {}
    }
    lab.state = LabState::Closed;
    lab.closed_at = Some(control.now());
    write(control, tx, actor, &lab, "lab_close", json!({})).await?;
    control.wake().people_changed();
    control.wake().live.notify_one();
    lab.version += 1;
    view(control, actor, lab, place).await
}
