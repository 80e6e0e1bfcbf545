//! Signing in through an OpenID Connect provider, as far as it is words and decisions: the settings, whom the claims of
//! an ID token describe, and what people are told. The client that speaks to the provider is `pglab_identity::oidc`.

mod claims;
mod next;
mod refusal;
mod settings;

pub use claims::{Claimed, Claims};
pub use next::LocalPath;
pub use refusal::Refusal;
pub use settings::{ClaimNames, LinkBy, OidcSettings, SettingsError, SignOut, Strangers};
