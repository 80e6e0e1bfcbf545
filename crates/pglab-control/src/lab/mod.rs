//! Labs: one file per operation. What is inside a lab (example, tasks, roster) has folders of its own.

mod find;

pub use find::find;
pub use pglab_store::lab::Lab;
