//! The chain from students' databases to Prometheus without pglab in between: the exporters' files of labs, written
//! where an exporter reads them, files for Prometheus and Grafana, and what pglab can see of the programs in that chain.

mod exporters;
mod files;
mod state;
mod targets;
mod write;

use std::path::PathBuf;

pub use exporters::{lab_files, zip};
pub use files::{Product, product_files};
pub use state::{Program, Seen, state};
pub use targets::{TargetGroup, TargetKind, targets};
pub use write::{WORKER, run};

/// What the operator says of the programs beside pglab.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Monitoring {
    /// A folder of pglab's own, where the exporters' files of all open labs are kept current.
    pub directory: Option<PathBuf>,
    /// A program with its arguments that is run after the files changed.
    pub reload: Vec<String>,
    /// How the exporters' driver is to use TLS towards the students' PostgreSQL.
    pub sslmode: Option<String>,
    /// Where the exporters listen, `host:port`.
    pub exporters: Vec<String>,
    /// Where Prometheus listens, `host:port`.
    pub prometheus: Option<String>,
    /// Files with certificates whose end is told in the metrics, besides those that pglab itself uses.
    pub certificates: Vec<PathBuf>,
}
