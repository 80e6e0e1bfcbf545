//! Changing a password in the tree that pglab fills, as the person whose it is. What the directory objects to becomes a
//! sentence beside the field that it is about.

use pglab_core::{directory::IdentityMode, person::Login};
use pglab_identity::directory::{ChangeRefusal, PolicyError, Refusal};

use super::{away, not_ours_to_change};
use crate::{Control, Error};

/// # Errors
/// The old password is wrong, the new one is not good enough, the directory does not answer, or it is not pglab's.
pub(crate) async fn change(control: &Control, login: &Login, old: &str, new: &str) -> Result<(), Error> {
    let (Some(directory), IdentityMode::Managed) = (control.directory(), control.options().identity.mode())
    else {
        return Err(not_ours_to_change());
    };
    match directory.change_password(login.as_str(), old, new).await {
        Err(error) => Err(away(&error)),
        Ok(Ok(())) => Ok(()),
        Ok(Err(ChangeRefusal::Old(Refusal::Policy(
            error @ (PolicyError::Locked | PolicyError::Expired),
        )))) => Err(Error::AccountHeld(error.sentence().to_owned())),
        Ok(Err(ChangeRefusal::Old(_))) => Err(Error::invalid("old_password", "the old password is wrong")),
        Ok(Err(ChangeRefusal::New(error))) => Err(Error::invalid("new_password", error.sentence())),
        Ok(Err(ChangeRefusal::Other(said))) => Err(Error::invalid(
            "new_password",
            format!("the directory keeps the old password: {said}"),
        )),
    }
}
