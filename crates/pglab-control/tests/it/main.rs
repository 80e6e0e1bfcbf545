//! Tests of `pglab-control` on real PostgreSQL servers. `pglab_control::testing::TestControl` sets them up.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod class;
mod console;
mod directory;
mod example;
mod live;
mod packs;
mod pods;
mod session;
