//! A person's password, for the web and for PostgreSQL: initial, claimed, changed. What we want is written to our own
//! database first and given to PostgreSQL afterwards.

use pglab_core::{id::PersonId, person::Login};
use pglab_fleet::provision::{NOT_OURS, role};
use pglab_identity::password;
use pglab_store::credential::{self, Credential};

use crate::{Control, Error};

/// A new initial password, not written yet.
pub struct Initial {
    /// Readable; to be shown to the person, or to their instructor.
    pub password: String,
    /// For `pglab_store::credential::put`.
    pub credential: Credential,
}

impl std::fmt::Debug for Initial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Initial(…)")
    }
}

/// Makes an initial password. Costs some milliseconds of computing, for PostgreSQL's verifier.
///
/// # Errors
/// It can't be sealed.
pub fn initial(control: &Control, person: PersonId, must_change: bool) -> Result<Initial, Error> {
    let password = password::readable(&*control.random);
    let sealed = control
        .sealer
        .seal(&*control.random, &purpose(person), &password)?;
    let credential = Credential {
        person,
        password_hash: None,
        scram_verifier: Some(password::scram_verifier(&password)),
        initial_sealed: Some(sealed),
        must_change,
        changed_at: control.now(),
        differs_since: None,
        scram_applied: None,
        claimed_at: None,
    };
    Ok(Initial { password, credential })
}

/// The initial password, as long as it was neither claimed nor changed.
///
/// # Errors
/// The key is not the one that it was sealed with.
pub fn initial_password(control: &Control, credential: &Credential) -> Result<Option<String>, Error> {
    let Some(sealed) = &credential.initial_sealed else {
        return Ok(None);
    };
    Ok(Some(control.sealer.open(&purpose(credential.person), sealed)?))
}

/// What an initial password is sealed for: it opens for this person only.
fn purpose(person: PersonId) -> String {
    format!("initial password of {person}")
}

/// Gives PostgreSQL the passwords that were changed here since it was last given one: of one person, or of all. The
/// answer is how many.
///
/// What is wanted was written before, so a crash between the two servers is made good by the next call. Two changes
/// at the same time may reach PostgreSQL in the wrong order; then what it was given is not what is wanted, and it is
/// given that too.
///
/// # Errors
/// The cluster or our own database does not answer.
pub async fn converge(control: &Control, person: Option<PersonId>) -> Result<u64, Error> {
    if control.directory().is_some() {
        // What roles hold then depends on their labs: the reconciler of instances knows it.
        return Ok(0);
    }
    let mut wanted = credential::wanted(control.store.pool(), person).await?;
    if wanted.is_empty() {
        return Ok(0);
    }
    let cluster = control.cluster.maintenance().await?;
    let mut n_applied = 0;
    for _ in 0..ROUNDS {
        for one in wanted {
            let given = match role::set_password(&cluster, one.login.role(), &one.scram_verifier).await {
                Ok(()) => Some(one.scram_verifier.as_str()),
                // Dropped, or not made by pglab: whoever makes it gives it the password that is wanted then.
                Err(error) if [NO_SUCH_ROLE, NOT_OURS].map(Some).contains(&error.code()) => {
                    tracing::warn!(login = %one.login, %error, "PostgreSQL has no role to give the password to");
                    None
                }
                Err(error) => return Err(error.into()),
            };
            let mut tx = control.store.begin().await?;
            credential::applied(&mut tx, one.person, given).await?;
            control.store.commit(tx).await?;
            n_applied += u64::from(given.is_some());
        }
        wanted = credential::wanted(control.store.pool(), person).await?;
        if wanted.is_empty() {
            break;
        }
    }
    Ok(n_applied)
}

/// How often a change that came in between is followed at once; later ones wait for the next call.
const ROUNDS: usize = 3;
/// The SQLSTATE of a role that does not exist.
const NO_SUCH_ROLE: &str = "42704";

/// Notes that PostgreSQL holds `verifier_found` for this login. When that is not what it was given, the person has used
/// psql's `\password`, and their page says so. Nothing is overwritten: they chose it. The answer says whether the
/// note changed.
///
/// # Errors
/// Our own database does not answer.
pub async fn note_differs(control: &Control, login: &Login, verifier_found: &str) -> Result<bool, Error> {
    let mut tx = control.store.begin().await?;
    let changed = credential::note_found(&mut tx, login, verifier_found, control.now()).await?;
    control.store.commit(tx).await?;
    Ok(changed)
}
