//! The files of the two SQL exporters: collectors as `sql_exporter` reads them, which pglab reads too, and what pglab
//! writes for a lab so that an exporter reports its progress without pglab. What is asked of a database is
//! `check_query`'s.

pub mod collector;
pub mod duration;
mod labs;

pub use collector::{Collector, FormatError, Metric, MetricKind, NamedQuery};
pub use labs::{DsnParts, ExportedLab, ExportedStudent, File, JUSTWATCH, SQL_EXPORTER, dsn, files};

/// A metric with its samples, however it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    pub name: String,
    pub help: String,
    pub kind: MetricKind,
    pub samples: Vec<Sample>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// In the order of the collector's file.
    pub labels: Vec<(String, String)>,
    pub value: f64,
    /// Milliseconds since 1970, where the collector has a column for it.
    pub timestamp_ms: Option<i64>,
}
