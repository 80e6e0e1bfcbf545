//! Rosters: who is in a lab, by file. Reading one is `pglab_core::roster`'s; what becomes of the databases is the
//! instance reconciler's.

mod import;

pub use import::{MAX_BYTES, Report, import};
