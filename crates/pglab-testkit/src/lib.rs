//! For tests only: private PostgreSQL servers, a clock that stands still, a random source with a seed.

#![expect(
    clippy::expect_used,
    reason = "a test that can not be set up fails, with the reason"
)]

pub mod clock;
pub mod instance_manager;

pub mod postgres;
pub mod schema_gen;
pub mod slapd;

pub use clock::{SeededRandom, SettableClock};
pub use instance_manager::{CallFault, FakeManager, ListFault};
pub use postgres::{TestServer, free_port};
pub use slapd::{Slapd, SlapdOptions};
