//! The tasks of a lab: derived from its example, then edited. One file per operation; how tasks are derived and judged
//! is decided in `pglab_core`.

mod change;
mod create;
mod derive;
mod drop;
mod edit;
mod list;
mod order;

use pglab_core::task::Task;

pub use change::{CheckChange, TaskChange, change};
pub use create::{NewCheck, NewTask, create};
pub use derive::derive;
pub use drop::{check_drop, drop};
pub use list::list;
pub use order::order;

pub(crate) use derive::{derive_again, derived_now};

/// A task with its place among those that are not dropped, from 0.
#[derive(Debug, Clone)]
pub struct PlacedTask {
    pub position: usize,
    pub task: Task,
}
