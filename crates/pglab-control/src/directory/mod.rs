//! People of an LDAP directory: signing in to it, filling the tree of the mode `managed`, rosters from its groups. In the
//! mode `local` nothing here has anything to do.

pub(crate) mod password;
pub mod reconcile;
pub mod roster;
pub(crate) mod sign_in;
pub mod test;
pub(crate) mod verifiers;

use pglab_core::{
    directory::{IdentityMode, IdentitySettings},
    person::Role,
};
use pglab_identity::directory::{Directory, DirectoryError};
use pglab_store::{credential::Credential, person::Person};

use crate::{Control, Error};

/// The client for these settings.
pub(crate) fn client(settings: &IdentitySettings) -> Option<Directory> {
    match settings {
        IdentitySettings::Local => None,
        IdentitySettings::Managed(directory, tree) => {
            Some(Directory::managed(directory.clone(), tree.clone()))
        }
        IdentitySettings::Directory(directory) => Some(Directory::new(directory.clone())),
    }
}

/// Does pglab itself check this person's password? In every mode it does for admins who have one here, so that somebody
/// gets in while the directory does not answer.
pub(crate) fn is_local(control: &Control, person: Option<&Person>, credential: Option<&Credential>) -> bool {
    match control.options().identity.mode() {
        IdentityMode::Local => true,
        IdentityMode::Managed | IdentityMode::Directory => {
            credential.is_some() && person.is_some_and(|person| person.role == Role::Admin)
        }
    }
}

/// For who waits for an answer: a sentence without a word about how pglab is set up. The cause goes to the log.
pub(crate) fn away(error: &DirectoryError) -> Error {
    tracing::warn!(%error, "the directory could not be asked");
    Error::Unavailable(error.for_people().to_owned())
}

/// What somebody is told who wants to change a password that the directory of the university keeps.
pub(crate) fn not_ours_to_change() -> Error {
    Error::Conflict(
        "passwords are kept by the directory of your university; change yours where you do it for everything else"
            .to_owned(),
    )
}
