//! Rules about the workspace that matter enough to be tests, and what others build their proofs on.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod check_queries;
mod directions;
mod expressions;
mod files;
mod metric_names;
mod mutations;
mod openldap;
mod schema_gen;
