//! Looking at the settings of identity, and testing them: for who sets up the directory. Secrets are not shown, and
//! nothing is changed.

use pglab_core::{
    access::{Actor, Operation},
    directory::IdentitySettings,
};
pub use pglab_identity::directory::{ServerState, Step};

use crate::{Control, Error};

/// The settings, and how each server was when it was last asked.
#[derive(Debug, Clone)]
pub struct IdentityView {
    pub settings: IdentitySettings,
    pub servers: Vec<ServerState>,
}

/// # Errors
/// Not the actor's to see.
pub fn show(control: &Control, actor: &Actor) -> Result<IdentityView, Error> {
    control.authorise(actor, Operation::SystemView)?;
    Ok(IdentityView {
        settings: control.options().identity.clone(),
        servers: control
            .directory()
            .map(|directory| directory.counters().servers())
            .unwrap_or_default(),
    })
}

/// Goes through the steps of reaching the directory; with a login also of finding that person, and with the password of
/// signing in.
///
/// # Errors
/// Not the actor's to do, or there is no directory.
pub async fn test(
    control: &Control,
    actor: &Actor,
    login: Option<&str>,
    password: Option<&str>,
) -> Result<Vec<Step>, Error> {
    control.authorise(actor, Operation::SystemView)?;
    let Some(directory) = control.directory() else {
        return Err(Error::Conflict(
            "pglab keeps the passwords itself (identity.mode is local); there is no directory to test"
                .to_owned(),
        ));
    };
    let filled = |text: Option<&str>| text.map(str::to_owned).filter(|text| !text.is_empty());
    Ok(directory
        .steps(filled(login).as_deref(), filled(password).as_deref())
        .await)
}
