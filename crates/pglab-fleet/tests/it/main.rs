//! Tests of `pglab-fleet` on real PostgreSQL servers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod activity;
mod attacks;
mod check;
mod collect;
mod console;
mod hba;
mod introspect;
mod load;
mod log_feed;
mod packs;
mod private;
mod provision;
mod rows;
mod template;
mod tls;
mod watch;
