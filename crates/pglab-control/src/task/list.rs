//! The tasks of a lab in their order, without dropped ones.

use pglab_core::{
    access::{Actor, Operation},
    task::Task,
};
use pglab_store::task;

use crate::{Control, Error, lab};

/// # Errors
/// No such lab, or the actor is not of its staff.
pub async fn list(control: &Control, actor: &Actor, slug: &str) -> Result<Vec<Task>, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabView(place))?;
    Ok(task::live(control.store.pool(), lab.id).await?)
}
