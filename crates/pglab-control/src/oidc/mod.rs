//! Signing in through an OpenID Connect provider, beside whoever keeps the passwords: begun here, brought to its end
//! here, and tested here. Speaking to the provider is `pglab_identity::oidc`, reading its claims `pglab_core::oidc`.

mod admit;
mod sign_in;
mod sign_out;

use pglab_core::{
    access::{Actor, Operation},
    oidc::{OidcSettings, Refusal},
};
use pglab_identity::{directory::Step, oidc::Oidc};

pub use sign_in::{Begun, FLOW, Finished, Returned, begin, finish, name_of};
pub use sign_out::sign_out;

use crate::{Control, Error};

/// Where the provider sends browsers back to, below the public URL.
pub const CALLBACK: &str = "/api/v1/session/oidc/callback";

/// The client for these settings.
pub(crate) fn client(settings: Option<&OidcSettings>, public_url: &str) -> Option<Oidc> {
    settings.map(|settings| Oidc::new(settings.clone(), format!("{public_url}{CALLBACK}")))
}

/// Why somebody did not get in.
#[derive(Debug)]
pub enum Failure {
    /// They are told this.
    Refused(Refusal),
    /// Something of ours went wrong.
    Failed(Error),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn provider(control: &Control) -> Result<&Oidc, Error> {
    control
        .oidc()
        .ok_or_else(|| Error::NotFound("provider to sign in through: identity.oidc is not set".to_owned()))
}

/// The ways to sign in, for strangers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ways {
    /// The name of the provider.
    pub provider: Option<String>,
    /// Why the last try through it failed.
    pub failed: Option<String>,
}

/// `failed` is the code that a browser was sent back with.
pub fn ways(control: &Control, failed: Option<&str>) -> Ways {
    let label = control.oidc().map(|oidc| oidc.settings().label.clone());
    let refusal = failed.and_then(Refusal::from_code);
    Ways {
        failed: label
            .as_deref()
            .zip(refusal)
            .map(|(label, refusal)| refusal.sentence(label)),
        provider: label,
    }
}

/// Goes through the steps of reaching the provider.
///
/// # Errors
/// Not the actor's to do, or there is no provider.
pub async fn test(control: &Control, actor: &Actor) -> Result<Vec<Step>, Error> {
    control.authorise(actor, Operation::SystemView)?;
    Ok(provider(control)?.steps(control.now()).await)
}
