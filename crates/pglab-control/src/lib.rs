//! Operations, reconcilers and the board. Everything that changes something goes through here: may the actor, parse,
//! one transaction, wake. Knows nothing of HTTP.

pub mod access_code;
pub mod account;
pub mod activity;
pub mod answer;
pub mod board;
pub mod claim;
pub mod console;
pub mod control;
pub mod credential;
pub mod credentials;
pub mod database_api;
pub mod directory;
mod error;
pub mod example;
pub mod history;
pub mod housekeeping;
pub mod idempotency;
pub mod instance;
pub mod kit;
pub mod lab;
pub mod live;
pub mod member;
pub mod metrics;
pub mod monitoring;
pub mod nodes;
pub mod oidc;
pub mod pack;
pub mod people;
pub mod pg_hba;
pub mod pods;
pub mod prepare;
mod reports;
pub mod results;
pub mod roster;
pub mod session;
pub mod sign_in;
pub mod statistics;
pub mod system;
pub mod task;
pub mod team;
#[cfg(feature = "testing")]
#[expect(
    clippy::expect_used,
    reason = "a test that can not be set up fails, with the reason"
)]
pub mod testing;
pub mod tokens;
mod wake;
pub mod workers;

pub use control::{Control, Options, Parts, SystemClock};
pub use error::{Error, FieldProblem};
pub use reports::{Failing, Live, Report, Worker};
pub use wake::Wake;
