//! Operations, reconcilers and the board. Everything that changes something goes through here: may the actor, parse,
//! one transaction, wake. Knows nothing of HTTP.

pub mod control;
mod error;
pub mod lab;
mod wake;
pub mod workers;

pub use control::{Control, Parts, SystemClock};
pub use error::{Error, FieldProblem};
pub use wake::Wake;
