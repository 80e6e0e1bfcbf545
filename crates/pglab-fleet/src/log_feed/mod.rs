//! The server's own log, read as it grows: jsonlog where there is one (PostgreSQL 15 and later), else csvlog. Gives
//! entries with the position behind them; whose they are, and what they mean, is not decided here.

mod entry;
mod reader;
mod source;

pub use entry::{Entry, Severity};
pub use reader::{Format, MAX_RECORD_BYTES, Reader};
pub use source::{Batch, LogSource, Position};

#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("the server's log {path} can't be read: {source}")]
    File { path: String, source: std::io::Error },
    #[error("the server's log can't be read: {0}")]
    Server(#[from] crate::Error),
}
