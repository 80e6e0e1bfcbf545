//! How a lab's row is changed: locked, so that changes come one after the other, and only over the version that was
//! read.

use pglab_core::{access::Actor, activity::Event, id::LabId};
use pglab_store::{Tx, audit, lab::Lab};

use crate::{
    Control, Error,
    activity::{self, NewActivity},
};

/// Locks the lab until the transaction ends, and reads it again.
pub(crate) async fn locked(tx: &mut Tx, id: LabId, slug: &str) -> Result<Lab, Error> {
    pglab_store::lab::lock(tx, id)
        .await?
        .filter(|lab| lab.delete_wanted_at.is_none())
        .ok_or_else(|| Error::NotFound(format!("lab {slug:?}")))
}

/// Writes a changed lab with its line in the audit, and ends the transaction.
pub(crate) async fn write(
    control: &Control,
    mut tx: Tx,
    actor: &Actor,
    lab: &Lab,
    operation: &str,
    detail: serde_json::Value,
) -> Result<(), Error> {
    if !pglab_store::lab::update(&mut tx, lab).await? {
        return Err(Error::Conflict(format!(
            "somebody else changed the lab {:?} at the same moment; look at it again and repeat your change",
            lab.slug.as_str()
        )));
    }
    let entry = audit::Entry::new(control.now(), actor, operation, lab.slug.as_str()).detail(detail);
    audit::insert(&mut tx, entry).await?;
    let event = match operation {
        "lab_delete" => Event::GroupDeleted,
        _ => Event::GroupUpdated,
    };
    let person = match actor {
        Actor::Person(person) => Some(person.id),
        Actor::Stranger | Actor::System => None,
    };
    let changed = NewActivity::new(control.now(), event)
        .person(person)
        .lab(lab.id)
        .metadata(serde_json::json!({ "operation": operation }));
    activity::record(&mut tx, &changed).await?;
    Ok(control.store.commit(tx).await?)
}
