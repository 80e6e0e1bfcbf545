//! Notices passwords that students changed with psql's `\password`, so that their page can say that the two differ.

use std::{collections::HashSet, time::Duration};

use pglab_core::ident::Ident;
use pglab_fleet::{Connection, inventory};
use pglab_store::class;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{Control, Error, Worker, credential::note_differs};

const PERIOD: Duration = Duration::from_secs(10);

pub const WORKER: Worker = Worker {
    name: "passwords",
    about: "Notices passwords that were changed with psql",
    period: PERIOD,
};

/// Runs until `stop`.
pub async fn run(control: Control, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = follow(&control) => {}
    }
}

async fn follow(control: &Control) {
    let mut connection = None;
    loop {
        let seen = look(control, &mut connection).await;
        let said = seen.as_ref().map(|may_see| match may_see {
            true => "compared",
            false => "not at work: the maintenance role may not see passwords",
        });
        control.report(&WORKER, &said);
        match seen {
            // Only a superuser sees verifiers: then nothing is ever noticed.
            Ok(false) => return,
            Ok(true) => {}
            Err(error) => {
                connection = None;
                tracing::debug!(%error, "passwords can't be compared");
            }
        }
        sleep(PERIOD).await;
    }
}

/// Compares all passwords once. False: we may not see them.
///
/// # Errors
/// A server does not answer.
pub async fn look(control: &Control, connection: &mut Option<Connection>) -> Result<bool, Error> {
    if control.directory().is_some() {
        // PostgreSQL's own passwords open nothing then.
        return Ok(true);
    }
    let mut seen = HashSet::new();
    let students: Vec<_> = class::students(control.store.pool())
        .await?
        .into_iter()
        .filter(|student| student.scram_applied.is_some() && student.scram_applied == student.scram_verifier)
        .filter(|student| seen.insert(student.person))
        .collect();
    if students.is_empty() {
        return Ok(true);
    }
    let open = match connection {
        Some(open) => open,
        None => connection.insert(control.cluster.maintenance().await?),
    };
    let roles: Vec<&Ident> = students.iter().map(|student| student.login.role()).collect();
    let found = match inventory::verifiers(open, &roles).await {
        Ok(found) => found,
        Err(error) if error.code() == Some("42501") => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    for (student, found) in students.iter().zip(found) {
        let Some(found) = found else { continue };
        let differs = student.scram_verifier.as_ref() != Some(&found);
        if differs != student.differs_since.is_some() {
            note_differs(control, &student.login, &found).await?;
        }
    }
    Ok(true)
}
