//! A class from roster to databases: who is in it, what they get, and what no crash may change.

mod access;
mod claims;
mod codes;
mod crash;
pub(crate) mod lesson;
mod prepare;
mod reset;
mod roster;
