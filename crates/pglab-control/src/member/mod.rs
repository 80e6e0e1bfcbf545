//! Members of a lab: listing, moving, removing, resetting, new passwords. Who is one comes from rosters.

mod change;
mod list;
mod password;
mod reset;

use pglab_core::{
    access::{Actor, Membership, Operation, may},
    person::Login,
};
use pglab_store::{
    lab::Lab,
    member::{self, Member},
};

pub use change::{MemberChange, remove, update};
pub use list::{Listed, PasswordKind, list, password_kind};
pub use password::renew;
pub use reset::reset;

use crate::{Control, Error};

/// A member by login, also one who was removed. Who sees nobody else's learns nothing about who is there.
///
/// # Errors
/// No such member, as far as the actor may know.
pub(crate) async fn find(
    control: &Control,
    lab: &Lab,
    place: Option<Membership>,
    actor: &Actor,
    login: &str,
) -> Result<Member, Error> {
    let missing = || {
        if may(actor, Operation::LabAssist(place)) {
            Error::NotFound(format!("member {login:?} in the lab {}", lab.slug))
        } else {
            Error::Forbidden
        }
    };
    let parsed = Login::parse(login).map_err(|_| missing())?;
    member::by_login(control.store.pool(), lab.id, &parsed)
        .await?
        .ok_or_else(missing)
}
