//! Loading scripts: those that people have, and those that somebody made to do harm.

mod dumps;
mod files;
mod hostile;
mod place;

pub(crate) use place::Workshop;
