//! PostgreSQL's verifiers: given to roles of ours when the wanted one is another than the one given last, and never
//! over one that its owner set with psql's `\password`.

use pglab_core::{ident::Ident, instance::InstanceState};
use pglab_fleet::{Connection, inventory, provision::role};
use pglab_store::{class::ClassStudent, credential};

use super::class::Class;
use crate::{Control, Error, directory::verifiers::NONE};

/// How many passwords were given.
pub(super) async fn converge(
    control: &Control,
    connection: &Connection,
    class: &Class,
) -> Result<usize, Error> {
    let mut due: Vec<&ClassStudent> = class
        .students
        .iter()
        .filter(|student| {
            let standing = class
                .instances
                .get(&student.member)
                .is_some_and(|instance| instance.state == InstanceState::Active);
            standing && student.scram_verifier.is_some() && student.scram_verifier != student.scram_applied
        })
        .collect();
    // A student of two labs has one password.
    due.sort_by_key(|student| student.person);
    due.dedup_by_key(|student| student.person);
    if due.is_empty() {
        return Ok(0);
    }
    let roles: Vec<&Ident> = due.iter().map(|student| student.login.role()).collect();
    let found = match inventory::verifiers(connection, &roles).await {
        Ok(found) => found,
        // The maintenance role may not look: then it can only give.
        Err(error) if error.code() == Some("42501") => vec![None; roles.len()],
        Err(error) => return Err(error.into()),
    };
    let mut n_given = 0;
    let mut given = Vec::new();
    for (student, found) in due.into_iter().zip(found) {
        let Some(wanted) = &student.scram_verifier else {
            continue;
        };
        if found.as_deref().unwrap_or(NONE) != wanted {
            match role::set_password(connection, student.login.role(), wanted).await {
                Ok(()) => n_given += 1,
                Err(error @ (pglab_fleet::Error::Connection(_) | pglab_fleet::Error::Deadline(_))) => {
                    return Err(error.into());
                }
                Err(error) => {
                    tracing::warn!(role = student.login.as_str(), %error, "a password could not be given to PostgreSQL");
                    continue;
                }
            }
        }
        given.push((student.person, wanted.as_str()));
    }
    let mut tx = control.store.begin().await?;
    for (person, verifier) in given {
        credential::applied(&mut tx, person, Some(verifier)).await?;
    }
    control.store.commit(tx).await?;
    Ok(n_given)
}
