//! From a student's COMMIT to the board: who is active, which databases were touched, what they deserve now, which
//! errors were met. Works in one process at a time.

pub mod queue;
pub mod score;
