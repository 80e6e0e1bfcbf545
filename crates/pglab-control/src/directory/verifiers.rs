//! What PostgreSQL holds of students' passwords while a directory checks them: nothing, so that nobody gets in with a
//! password that the directory has forgotten. A lab may keep a fallback for the time when the directory is away.

use std::collections::HashMap;

use pglab_core::directory::IdentityMode;
use pglab_store::{class::ClassStudent, directory_account};

use crate::{Control, Error};

/// PostgreSQL takes an empty password for none.
pub(crate) const NONE: &str = "";

/// Sets what each student's role is to hold, by the mode.
///
/// # Errors
/// Our own database does not answer.
pub(crate) async fn choose(control: &Control, students: &mut [ClassStudent]) -> Result<(), Error> {
    let mode = control.options().identity.mode();
    if mode == IdentityMode::Local {
        return Ok(());
    }
    let fallbacks: HashMap<_, _> = directory_account::fallbacks(control.store.pool())
        .await?
        .into_iter()
        .collect();
    for student in students {
        let fallback = match (fallbacks.get(&student.person), mode) {
            (Some(_), IdentityMode::Managed) => student.scram_verifier.take(),
            (Some(kept), _) => kept.clone(),
            (None, _) => None,
        };
        student.scram_verifier = Some(fallback.unwrap_or_else(|| NONE.to_owned()));
    }
    Ok(())
}
