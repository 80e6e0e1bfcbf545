//! Signing in by a real slapd: the tree that pglab fills, the directory of a university, and both of them being away.

mod managed;
mod policy;
mod university;
