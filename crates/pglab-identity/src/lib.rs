//! Passwords, tokens, the sealing of secrets, and LDAP. Knows neither our own database nor any server; The client of an LDAP directory is
//! [`directory`].

pub mod directory;
pub mod password;
pub mod random;
pub mod seal;
pub mod token;

pub use random::SystemRandom;
pub use seal::{SealError, Sealer};
