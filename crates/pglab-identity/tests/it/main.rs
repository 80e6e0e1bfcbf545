//! The LDAP client against a real slapd.

mod injection;
mod many;
mod outage;
mod password;
mod sign_in;
mod support;
mod tree;
