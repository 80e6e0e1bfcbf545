//! Rules about the workspace that matter enough to be tests.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod directions;
mod files;
