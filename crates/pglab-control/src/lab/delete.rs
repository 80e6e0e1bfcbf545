//! Deleting a lab with everything in it. What is on the cluster goes first, by its reconciler; for everybody else the
//! lab is gone at once.

use pglab_core::access::{Actor, Operation};
use serde_json::json;

use super::{find, locked, write};
use crate::{Control, Error};

/// `confirm` is the slug again, typed by the person.
///
/// # Errors
/// Not an instructor of the lab, or the confirmation is not its slug.
pub async fn delete(control: &Control, actor: &Actor, slug: &str, confirm: &str) -> Result<(), Error> {
    let (lab, place) = find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    if confirm != lab.slug.as_str() {
        return Err(Error::invalid(
            "confirm",
            format!(
                "deleting the lab {slug:?} destroys its students' databases and results; confirm with its short name"
            ),
        ));
    }
    let mut tx = control.store.begin().await?;
    let mut lab = locked(&mut tx, lab.id, slug).await?;
    lab.delete_wanted_at = Some(control.now());
    lab.trouble = None;
    write(control, tx, actor, &lab, "lab_delete", json!({})).await?;
    control.wake().clean_up.notify_one();
    control.wake().people_changed();
    Ok(())
}
