//! A person's password, for the web and for PostgreSQL: initial, claimed, changed. What we want is written to our own
//! database first and given to PostgreSQL afterwards.

use pglab_core::id::PersonId;
use pglab_identity::password;
use pglab_store::credential::Credential;

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
