//! Instances: every student's database, made and kept as it should be by a reconciler. What should be is decided in
//! `pglab_core::plan_instances`, how PostgreSQL is told in `pglab_fleet::provision`.

mod class;
mod make;
mod passwords;
mod reconcile;
mod remove;
mod write_down;

use pglab_core::{
    id::{InstanceId, LabId},
    instance::{InstanceEvent, InstanceState},
    plan_instances::REMOVE_DEADLINE,
};
use pglab_store::instance::{self, Instance};

pub use reconcile::{Summary, WORKER, activate, run};

use crate::{Control, Error};

/// Ends all instances of a lab: the reconciler drops their databases, and those that resets kept. It is done when
/// `pglab_store::instance::n_standing` is zero. For labs that are being archived, after their dumps are written;
/// those of a lab that is being deleted go by themselves.
///
/// # Errors
/// Our own database does not answer.
pub async fn terminate_all(control: &Control, lab: LabId) -> Result<(), Error> {
    let now = control.now();
    let mut tx = control.store.begin().await?;
    for seen in instance::of_lab(&mut *tx, lab).await? {
        if matches!(
            seen.state,
            InstanceState::Terminating { .. } | InstanceState::Terminated
        ) {
            continue;
        }
        let mut moved = seen.clone();
        let deadline = now + REMOVE_DEADLINE;
        moved.state = moved
            .state
            .apply(InstanceEvent::Terminate { deadline })
            .map_err(Error::internal)?;
        moved.changed_at = now;
        // One that moves at this moment is met again at the caller's next try.
        instance::move_to(&mut tx, seen.version, &moved, "terminate", None).await?;
    }
    control.store.commit(tx).await?;
    control.wake().prepare.notify_one();
    Ok(())
}

/// The password of an instance's checker role.
///
/// # Errors
/// The key is not the one that it was sealed with.
pub fn checker_password(control: &Control, instance: &Instance) -> Result<String, Error> {
    Ok(control
        .sealer
        .open(&checker_purpose(instance.id), &instance.checker_sealed)?)
}

fn checker_purpose(instance: InstanceId) -> String {
    format!("checker of {instance}")
}

/// Moves an instance by an event, with its history, in a transaction of its own. `None`: somebody else moved it since
/// it was seen.
async fn moved(
    control: &Control,
    seen: &Instance,
    event: InstanceEvent,
    edit: impl FnOnce(&mut Instance),
) -> Result<Option<Instance>, Error> {
    let name = event.name();
    let mut moved = seen.clone();
    moved.state = seen.state.clone().apply(event).map_err(Error::internal)?;
    edit(&mut moved);
    written(control, seen, moved, name).await
}

async fn written(
    control: &Control,
    seen: &Instance,
    mut moved: Instance,
    event: &str,
) -> Result<Option<Instance>, Error> {
    moved.changed_at = control.now();
    let mut tx = control.store.begin().await?;
    if !instance::move_to(&mut tx, seen.version, &moved, event, None).await? {
        return Ok(None);
    }
    control.store.commit(tx).await?;
    moved.version = seen.version + 1;
    control.instances_moved().send_modify(|n| *n += 1);
    Ok(Some(moved))
}
