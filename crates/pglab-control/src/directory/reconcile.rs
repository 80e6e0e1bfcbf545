//! The reconciler of the tree that pglab fills: people, groups and passwords there become what our own database says. What
//! is to be changed is decided in `pglab_core::directory::plan`.

use std::{collections::HashMap, fmt, time::Duration};

use pglab_core::{
    directory::{
        IdentitySettings, StoredHash,
        plan::{Change, GroupOf, WantedGroup, WantedPerson, plan},
        slapd,
    },
    id::PersonId,
    person::Role,
};
use pglab_identity::{directory::DirectoryError, password};
use pglab_store::directory_account::{self, Wanted};
use tokio_util::sync::CancellationToken;

use crate::{Control, Error, Worker, credential::initial_password, reports::counted, sign_in::hashing};

/// Somebody else may change the tree too.
const PERIOD: Duration = Duration::from_secs(60);
/// After a failure: people wait for their accounts.
const RETRY: Duration = Duration::from_secs(3);

pub const WORKER: Worker = Worker {
    name: "directory",
    about: "Makes the LDAP tree hold the people and the groups of the labs",
    period: PERIOD,
};

/// What one activation did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// There is no tree that pglab fills.
    pub idle: bool,
    pub added: u64,
    pub passwords: u64,
    pub disabled: u64,
    pub enabled: u64,
    pub changed: u64,
    /// Entries with a name that pglab needs and that somebody else made.
    pub foreign: Vec<String>,
    /// Changes that the directory refused, and what it said to the first.
    pub refused: u64,
    pub first_refusal: Option<String>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.idle {
            return f.write_str("not at work: pglab fills no LDAP tree");
        }
        let counts = [
            (self.added, "added"),
            (self.passwords, "passwords given"),
            (self.disabled, "disabled"),
            (self.enabled, "enabled"),
            (self.changed, "changed"),
            (
                self.foreign.len() as u64,
                "left alone because somebody else made them",
            ),
            (self.refused, "refused"),
        ];
        counted(f, &counts)?;
        if let Some(first) = self.foreign.first() {
            write!(f, " (such as {first})")?;
        }
        if let Some(said) = &self.first_refusal {
            write!(f, " ({said})")?;
        }
        Ok(())
    }
}

impl Summary {
    fn count(&mut self, change: &Change) {
        *match change {
            Change::AddPerson(_) => &mut self.added,
            Change::Password { .. } => &mut self.passwords,
            Change::Disable { .. } => &mut self.disabled,
            Change::Enable { .. } => &mut self.enabled,
            Change::Describe { .. } | Change::AddGroup { .. } | Change::Members { .. } => &mut self.changed,
        } += 1;
    }
}

/// # Errors
/// The directory or our own database does not answer. What was done stays done.
pub async fn activate(control: &Control) -> Result<Summary, Error> {
    let (Some(directory), IdentitySettings::Managed(_, tree)) =
        (control.directory(), &control.options().identity)
    else {
        return Ok(Summary {
            idle: true,
            ..Summary::default()
        });
    };
    let pool = control.store.pool();
    let people: HashMap<PersonId, Wanted> = directory_account::wanted(pool)
        .await?
        .into_iter()
        .map(|one| (one.person.id, one))
        .collect();
    let mut groups = vec![instructors(people.values())];
    groups.extend(
        directory_account::groups(pool)
            .await?
            .into_iter()
            .map(|group| WantedGroup {
                of: GroupOf::Lab(group.lab),
                name: group.slug,
                members: group.members,
            }),
    );
    let mut wanted: Vec<WantedPerson> = people.values().map(as_wanted).collect();
    wanted.sort_by(|a, b| a.login.cmp(&b.login));

    let Some(mut writing) = directory.writing().await.map_err(unavailable)? else {
        return Ok(Summary {
            idle: true,
            ..Summary::default()
        });
    };
    let found = writing.observe().await.map_err(unavailable)?;
    let planned = plan(tree, &wanted, &groups, &found);
    let mut summary = Summary {
        foreign: planned.foreign.into_iter().map(|foreign| foreign.dn).collect(),
        ..Summary::default()
    };
    for change in &planned.changes {
        let due = match change {
            Change::AddPerson(WantedPerson { person, .. }) | Change::Password { person, .. } => {
                people.get(person)
            }
            _ => None,
        };
        let stored = match due {
            Some(due) => stored(control, tree.hash, due).await?,
            None => None,
        };
        if let (Some(due), None) = (due, &stored) {
            summary.refused += 1;
            summary.first_refusal.get_or_insert_with(|| {
                format!(
                    "{} has a password that a tree without argon2 can't hold: give a new initial password",
                    due.person.login.as_str()
                )
            });
            continue;
        }
        match writing.apply(change, stored.as_deref()).await {
            Ok(()) => summary.count(change),
            Err(error @ DirectoryError::Refused { .. }) => {
                tracing::warn!(%error, "the directory refuses a change");
                summary.refused += 1;
                summary.first_refusal.get_or_insert(error.to_string());
                continue;
            }
            Err(error) => return Err(unavailable(error)),
        }
        if let Some(due) = due {
            let mut tx = control.store.begin().await?;
            directory_account::password_given(&mut tx, due.person.id, due.credential.changed_at).await?;
            control.store.commit(tx).await?;
            control.instances_moved().send_modify(|n| *n += 1);
        }
    }
    Ok(summary)
}

/// Who may look at everybody's dashboards.
fn instructors<'a>(people: impl Iterator<Item = &'a Wanted>) -> WantedGroup {
    let mut members: Vec<_> = people
        .filter(|one| one.person.role == Role::Instructor && one.person.disabled_at.is_none())
        .map(|one| one.person.login.clone())
        .collect();
    members.sort();
    WantedGroup {
        of: GroupOf::Role(Role::Instructor),
        name: slapd::INSTRUCTORS.to_owned(),
        members,
    }
}

fn as_wanted(one: &Wanted) -> WantedPerson {
    let person = &one.person;
    WantedPerson {
        person: person.id,
        login: person.login.clone(),
        name: person.name.clone(),
        email: person.email.clone(),
        external_id: person.external_id.clone(),
        enabled: person.disabled_at.is_none(),
        password_due: one.password_due(),
    }
}

/// What the tree is to hold of the password: never the password itself. `None` where only a hash is known that the tree
/// can't use.
async fn stored(control: &Control, hash: StoredHash, one: &Wanted) -> Result<Option<String>, Error> {
    let known = one.credential.password_hash.as_deref();
    if let (StoredHash::Argon2, Some(known)) = (hash, known) {
        return Ok(Some(password::slapd_argon2(known)));
    }
    let initial = initial_password(control, &one.credential)?;
    if hash == StoredHash::Ssha {
        return Ok(initial.map(|initial| password::slapd_ssha(&initial, &*control.random)));
    }
    let initial = initial.unwrap_or_default();
    let hash = hashing(move || password::hash(&initial)).await?;
    Ok(Some(password::slapd_argon2(&hash)))
}

/// For who looks after pglab: with the cause.
fn unavailable(error: DirectoryError) -> Error {
    Error::Unavailable(error.to_string())
}

/// Until `stop`: every minute, when somebody comes or goes, and soon again after a failure.
pub async fn run(control: Control, stop: CancellationToken) {
    loop {
        let outcome = activate(&control).await;
        control.report(&WORKER, &outcome);
        let rest = match outcome {
            Ok(summary) if summary.idle => {
                stop.cancelled().await;
                return;
            }
            Ok(summary) => {
                if summary != Summary::default() {
                    tracing::info!(%summary, "the LDAP tree is in order");
                }
                PERIOD
            }
            Err(error) => {
                tracing::warn!(%error, "the LDAP tree could not be put in order; trying again");
                RETRY
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = control.wake().directory.notified() => {}
            () = tokio::time::sleep(rest) => {}
        }
    }
}
