//! The steps that only our own database sees: an instance is wanted, is to be tried again, is to go. All of a round in
//! one transaction.

use std::collections::HashSet;

use pglab_core::{
    id::{InstanceId, MemberId},
    ident::Ident,
    instance::{InstanceEvent, InstanceState},
    names,
    plan_instances::{REMOVE_DEADLINE, Step},
};
use pglab_fleet::{
    Connection,
    inventory::{self, FoundDatabase},
};
use pglab_identity::token;
use pglab_store::instance::{self, Instance};

use super::{checker_purpose, class::Class};
use crate::{Control, Error};

/// How many were written down.
pub(super) async fn write_down(
    control: &Control,
    connection: &Connection,
    class: &Class,
    steps: &[(MemberId, Step)],
) -> Result<usize, Error> {
    let new: Vec<MemberId> = steps
        .iter()
        .filter(|(_, step)| *step == Step::Queue)
        .map(|(member, _)| *member)
        .collect();
    let wanted = wanted(control, connection, class, &new).await?;
    let mut n_written = 0;
    let mut tx = control.store.begin().await?;
    for instance in &wanted {
        instance::insert(&mut tx, instance).await?;
        n_written += 1;
    }
    for (member, step) in steps {
        let event = match step {
            Step::Requeue => InstanceEvent::Retry,
            Step::Terminate => InstanceEvent::Terminate {
                deadline: control.now() + REMOVE_DEADLINE,
            },
            _ => continue,
        };
        let Some(seen) = class.instances.get(member) else {
            continue;
        };
        let name = event.name();
        let mut moved = seen.clone();
        moved.state = seen.state.clone().apply(event).map_err(Error::internal)?;
        moved.changed_at = control.now();
        if instance::move_to(&mut tx, seen.version, &moved, name, None).await? {
            n_written += 1;
        }
    }
    control.store.commit(tx).await?;
    if n_written > 0 {
        control.instances_moved().send_modify(|n| *n += 1);
    }
    Ok(n_written)
}

/// New instances, with names that nobody has: neither we nor, on a server that is not ours alone, anybody else.
async fn wanted(
    control: &Control,
    connection: &Connection,
    class: &Class,
    members: &[MemberId],
) -> Result<Vec<Instance>, Error> {
    let mut plain = Vec::new();
    for member in members {
        if let Some((lab, student)) = class.student(*member) {
            let name =
                names::member_database(&lab.slug, &student.login, *member, false).map_err(Error::internal)?;
            plain.push((lab, student, name));
        }
    }
    let asked: Vec<(&Ident, &Ident)> = plain
        .iter()
        .map(|(_, student, name)| (name, student.login.role()))
        .collect();
    let found = inventory::observe(connection, &asked).await?;
    let mut taken: HashSet<Ident> = class
        .instances
        .values()
        .flat_map(|instance| [Some(instance.database.clone()), instance.keep_as.clone()])
        .flatten()
        .chain(class.snapshots.iter().map(|snapshot| snapshot.database.clone()))
        .collect();
    let now = control.now();
    let mut instances = Vec::new();
    for ((lab, student, name), found) in plain.into_iter().zip(found) {
        let name = if taken.contains(&name) || found.database != FoundDatabase::Absent {
            names::member_database(&lab.slug, &student.login, student.member, true)
                .map_err(Error::internal)?
        } else {
            name
        };
        taken.insert(name.clone());
        let id = InstanceId::new(&*control.clock, &*control.random);
        let password = token::generate(&*control.random, "");
        instances.push(Instance {
            id,
            member: student.member,
            lab: lab.id,
            database: name,
            checker_role: names::checker_role(student.member).map_err(Error::internal)?,
            checker_sealed: control
                .sealer
                .seal(&*control.random, &checker_purpose(id), &password)?,
            state: InstanceState::Queued { attempts: 0 },
            version: 1,
            generation: None,
            replaces_old: false,
            keep_as: None,
            created_at: now,
            changed_at: now,
        });
    }
    Ok(instances)
}
