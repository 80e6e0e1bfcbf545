//! For tests only: private PostgreSQL servers, a clock that stands still, a random source with a seed.

pub mod clock;
pub mod postgres;

pub use clock::{SeededRandom, SettableClock};
pub use postgres::TestServer;
