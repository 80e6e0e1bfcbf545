//! Passwords, tokens, the sealing of secrets, LDAP and OpenID Connect. Knows neither our own database nor any server of
//! students; the client of an LDAP directory is [`directory`], that of a provider [`oidc`].

pub mod directory;
pub mod oidc;
pub mod password;
pub mod random;
pub mod seal;
pub mod token;

pub use random::SystemRandom;
pub use seal::{SealError, Sealer};
