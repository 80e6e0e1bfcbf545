//! Making one instance: the old database out of the way, roles, the copy, its rights. Every part can be done again, so
//! that whoever finds an instance in the making starts over.

use pglab_core::{
    instance::{InstanceEvent, InstanceState},
    names,
    plan_instances::{MAKE_DEADLINE, back_off},
};
use pglab_fleet::{
    Connection,
    provision::{self, InstanceSpec, database},
};
use pglab_identity::password;
use pglab_store::{
    instance::{self, Instance},
    snapshot_database::{self, SnapshotDatabase},
};

use super::{
    checker_password,
    class::{Class, One},
    moved,
};
use crate::{Control, Error};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    Ready,
    Failed,
    /// Somebody else moved it.
    LeftAlone,
}

/// Why one can't be made.
enum Stop {
    /// PostgreSQL refuses: told to people, and tried again later.
    Refused(pglab_fleet::Error),
    /// The cluster or our own database is away, for this instance and all others.
    Away(Error),
    LeftAlone,
}

impl From<pglab_fleet::Error> for Stop {
    fn from(error: pglab_fleet::Error) -> Self {
        match error {
            pglab_fleet::Error::Connection(_) | pglab_fleet::Error::Deadline(_) => Self::Away(error.into()),
            other => Self::Refused(other),
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Away(error)
    }
}

impl From<pglab_store::Error> for Stop {
    fn from(error: pglab_store::Error) -> Self {
        Self::Away(error.into())
    }
}

/// Makes, or finishes, one instance.
pub(super) async fn make(
    control: &Control,
    connection: &Connection,
    class: &Class,
    one: One<'_>,
) -> Result<Made, Error> {
    let deadline = control.now() + MAKE_DEADLINE;
    let event = match one.instance.state {
        InstanceState::Active => InstanceEvent::Reset { deadline },
        _ => InstanceEvent::Start { deadline },
    };
    let Some(creating) = moved(control, one.instance, event, |_| {}).await? else {
        return Ok(Made::LeftAlone);
    };
    let generation = one.lab.start.as_ref().map(|(generation, _)| *generation);
    match provision(control, connection, class, one, creating.clone()).await {
        Ok(done) => {
            let ready = moved(control, &done, InstanceEvent::Ready, |instance| {
                instance.generation = generation;
            });
            Ok(ready.await?.map_or(Made::LeftAlone, |_| Made::Ready))
        }
        Err(Stop::LeftAlone) => Ok(Made::LeftAlone),
        Err(Stop::Away(error)) => Err(error),
        Err(Stop::Refused(error)) => {
            tracing::warn!(database = creating.database.as_str(), %error, "a database could not be made");
            fail(control, one, &error).await
        }
    }
}

async fn fail(control: &Control, one: One<'_>, error: &pglab_fleet::Error) -> Result<Made, Error> {
    // What was done of a reset is written down by now, and must stay so.
    let pool = control.store.pool();
    let Some(creating) = instance::by_member(pool, one.student.member).await? else {
        return Ok(Made::LeftAlone);
    };
    let InstanceState::Creating { attempts, .. } = creating.state else {
        return Ok(Made::LeftAlone);
    };
    let event = InstanceEvent::Failed {
        reason: error.to_string(),
        retry_at: control.now() + back_off(attempts),
    };
    let failed = moved(control, &creating, event, |_| {}).await?;
    Ok(failed.map_or(Made::LeftAlone, |_| Made::Failed))
}

async fn provision(
    control: &Control,
    connection: &Connection,
    class: &Class,
    one: One<'_>,
    mut instance: Instance,
) -> Result<Instance, Stop> {
    let (Some((_, template)), Some(verifier)) = (&one.lab.start, &one.student.scram_verifier) else {
        return Err(Stop::LeftAlone);
    };
    let seed = crate::answer::has_seed(control, one.lab.id).await?;
    if !seed.is_empty() && !instance.replaces_old && one.instance.state != InstanceState::Active {
        // Found in the making: nobody worked in it yet, and half a seed may be in it.
        database::drop(connection, &instance.database).await?;
    }
    if instance.replaces_old {
        instance = move_old_away(control, connection, one, instance).await?;
    }
    let secret = checker_password(control, &instance)?;
    let checker_verifier = tokio::task::spawn_blocking(move || password::scram_verifier(&secret))
        .await
        .map_err(|error| Stop::Away(Error::internal(error)))?;
    let spec = InstanceSpec {
        database: instance.database.clone(),
        template: template.clone(),
        lab_role: names::lab_role(&one.lab.slug).map_err(|error| Stop::Away(Error::internal(error)))?,
        member_role: one.student.login.role().clone(),
        member_verifier: verifier.clone(),
        checker_role: instance.checker_role.clone(),
        checker_verifier,
        limits: (&one.lab.settings).into(),
        mark: instance.id.to_string(),
        open: class.open(one.student),
    };
    provision::instance::ensure(connection, &spec).await?;
    if !seed.is_empty() {
        let login = one.student.login.as_str();
        crate::answer::plant(control, &one.lab.slug, &instance, login, &seed).await??;
    }
    Ok(instance)
}

/// Drops the database that a reset replaces, or gives it the name that it is kept under. Only when that is written
/// down, the new one is made under the old name.
async fn move_old_away(
    control: &Control,
    connection: &Connection,
    one: One<'_>,
    instance: Instance,
) -> Result<Instance, Stop> {
    let old = &instance.database;
    let mut kept = None;
    match &instance.keep_as {
        None => database::drop(connection, old).await?,
        Some(keep_as) => {
            if database::exists(connection, old).await? {
                provision::instance::close_access(connection, old, one.student.login.role()).await?;
                database::rename(connection, old, keep_as).await?;
            }
            if database::exists(connection, keep_as).await? {
                kept = Some(SnapshotDatabase {
                    database: keep_as.clone(),
                    member: one.student.member,
                    lab: one.lab.id,
                    taken_at: control.now(),
                });
            }
        }
    }
    let mut away = instance.clone();
    away.replaces_old = false;
    away.keep_as = None;
    away.changed_at = control.now();
    let mut tx = control.store.begin().await?;
    if let Some(kept) = &kept {
        snapshot_database::insert(&mut tx, kept).await?;
    }
    if !instance::move_to(&mut tx, instance.version, &away, "old_moved_away", None).await? {
        return Err(Stop::LeftAlone);
    }
    control.store.commit(tx).await?;
    away.version += 1;
    Ok(away)
}
