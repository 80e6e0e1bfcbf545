//! What an example holds: tables, columns, constraints and the rest, as its catalog tells it.

use pglab_core::{
    access::{Actor, Operation},
    snapshot::SchemaSnapshot,
};
use pglab_store::example;

use crate::{Control, Error, lab};

/// # Errors
/// No such lab, its example is not loaded, or the actor is not of its staff.
pub async fn schema(control: &Control, actor: &Actor, slug: &str) -> Result<SchemaSnapshot, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabView(place))?;
    example::snapshot(control.store.pool(), lab.id)
        .await?
        .ok_or_else(|| Error::NotFound(format!("loaded example of the lab {slug:?} yet")))
}
