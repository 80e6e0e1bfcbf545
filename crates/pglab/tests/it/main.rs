//! Tests of the program as its users start it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod account;
mod crash;
mod crash_packs;
mod directory_init;
mod lab;
mod pack;
mod serve;
mod soak;
mod support;
mod up;
mod up_ldap;
mod whole;
