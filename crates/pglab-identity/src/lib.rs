//! Passwords, tokens and the sealing of secrets. Knows neither our own database nor any server; LDAP will live here.

pub mod password;
pub mod random;
pub mod seal;
pub mod token;

pub use random::SystemRandom;
pub use seal::{SealError, Sealer};
