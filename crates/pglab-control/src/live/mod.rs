//! From a student's COMMIT to the board: who is active, which databases were touched, what they deserve now, which
//! errors were met. Works in one process at a time.

pub mod caps;
pub mod log;
mod look;
pub mod passwords;
pub mod queue;
mod run;
pub mod score;
mod sessions;
mod subjects;

pub use look::LIMITS;
pub use run::{BUDGET, WORKER, run};
