//! The LDAP client against a real slapd.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod injection;
mod many;
mod outage;
mod password;
mod sign_in;
mod support;
mod tree;
