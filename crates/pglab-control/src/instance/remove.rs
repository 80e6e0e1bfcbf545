//! Removing what is no longer wanted: one instance with its roles, or a database that a reset kept.

use std::collections::HashSet;

use pglab_core::{
    id::MemberId,
    ident::Ident,
    instance::{InstanceEvent, InstanceState},
    names,
};
use pglab_fleet::{
    Connection,
    provision::{self, database, role},
};
use pglab_store::{
    class::ClassStudent,
    credential,
    snapshot_database::{self, SnapshotDatabase},
};
use tokio::sync::Mutex;

use super::{
    class::{Class, One},
    moved,
};
use crate::{Control, Error};

/// Drops the database and the checker's role, and the student's where it has no other database.
pub(super) async fn remove(
    control: &Control,
    connection: &Connection,
    one: One<'_>,
    last_of_a_role: &Mutex<()>,
) -> Result<(), Error> {
    let instance = one.instance;
    for role in [
        names::console_role(instance.member),
        names::onlooker_role(instance.member),
    ] {
        role::remove(connection, &role.map_err(Error::internal)?).await?;
    }
    provision::instance::remove(connection, &instance.database, &instance.checker_role).await?;
    if instance.replaces_old
        && let Some(keep_as) = &instance.keep_as
    {
        // A reset was under way, and may have got as far as this.
        database::drop(connection, keep_as).await?;
    }
    // Two databases of one student that go at the same time: the second finds the first gone.
    let _alone = last_of_a_role.lock().await;
    drop_role_of_last(control, connection, one.student, &instance.database).await?;
    // Written down last, so that whoever finds it undone does all of it again.
    moved(control, instance, InstanceEvent::Gone, |instance| {
        instance.generation = None;
        instance.replaces_old = false;
        instance.keep_as = None;
    })
    .await?;
    Ok(())
}

/// Drops a student's role when `gone` was their last database, in any lab.
async fn drop_role_of_last(
    control: &Control,
    connection: &Connection,
    student: &ClassStudent,
    gone: &Ident,
) -> Result<(), Error> {
    let now = Class::read(control).await?;
    let theirs: HashSet<MemberId> = now
        .students
        .iter()
        .filter(|other| other.person == student.person)
        .map(|other| other.member)
        .collect();
    let has_database = now.instances.values().any(|other| {
        theirs.contains(&other.member) && other.state != InstanceState::Terminated && other.database != *gone
    }) || now
        .snapshots
        .iter()
        .any(|other| theirs.contains(&other.member) && other.database != *gone);
    if has_database {
        return Ok(());
    }
    match role::drop(connection, student.login.role()).await {
        Ok(()) => {}
        // It owns something elsewhere, or is not ours: then it is not ours to drop.
        Err(error) if matches!(error.code(), Some("2BP01" | provision::NOT_OURS)) => {
            tracing::info!(role = student.login.as_str(), %error, "a role stays");
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    }
    let mut tx = control.store.begin().await?;
    credential::applied(&mut tx, student.person, None).await?;
    Ok(control.store.commit(tx).await?)
}

/// Databases that resets kept, of labs that are deleted, or archived and otherwise cleared.
pub(super) fn unwanted_snapshots(class: &Class) -> Vec<SnapshotDatabase> {
    let cleared = |snapshot: &&SnapshotDatabase| {
        let Some(lab) = class.labs.get(&snapshot.lab) else {
            return true;
        };
        lab.delete_wanted_at.is_some()
            || lab.archive_wanted_at.is_some()
                && class
                    .instances
                    .values()
                    .filter(|instance| instance.lab == lab.id)
                    .all(|instance| {
                        matches!(
                            instance.state,
                            InstanceState::Terminating { .. } | InstanceState::Terminated
                        )
                    })
    };
    class.snapshots.iter().filter(cleared).cloned().collect()
}

pub(super) async fn remove_snapshot(
    control: &Control,
    connection: &Connection,
    class: &Class,
    snapshot: &SnapshotDatabase,
) -> Result<(), Error> {
    database::drop(connection, &snapshot.database).await?;
    let student = class
        .students
        .iter()
        .find(|student| student.member == snapshot.member);
    if let Some(student) = student {
        drop_role_of_last(control, connection, student, &snapshot.database).await?;
    }
    let mut tx = control.store.begin().await?;
    snapshot_database::mark_dropped(&mut tx, &snapshot.database, control.now()).await?;
    Ok(control.store.commit(tx).await?)
}
