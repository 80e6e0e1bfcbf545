//! A collector: a named set of metrics with the queries that fill them, in the format of burningalchemist's
//! `sql_exporter`. Keys that the format does not have are refused, so that a misspelt one is not silently without effect.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::duration;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct FormatError {
    /// Where in the file: `metrics[2].values`.
    pub path: String,
    pub message: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collector {
    #[serde(rename = "collector_name")]
    pub name: String,
    /// The queries are run at most this often; in between, what they said last is told again.
    #[serde(
        default,
        deserialize_with = "duration::deserialize",
        serialize_with = "duration::serialize",
        skip_serializing_if = "Option::is_none"
    )]
    pub min_interval: Option<Duration>,
    pub metrics: Vec<Metric>,
    /// Those that several metrics refer to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queries: Vec<NamedQuery>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricKind {
    Counter,
    Gauge,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    #[serde(rename = "metric_name")]
    pub name: String,
    #[serde(rename = "type")]
    pub kind: MetricKind,
    pub help: String,
    /// Columns that become labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_labels: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub static_labels: BTreeMap<String, String>,
    /// Columns that become values. With several, `value_label` gets the name of the column.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_label: Option<String>,
    /// Instead of `values`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub static_value: Option<f64>,
    /// The column with the time of the sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_ref: Option<String>,
    /// pglab prepares nothing anyway.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_prepared_statement: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedQuery {
    #[serde(rename = "query_name")]
    pub name: String,
    pub query: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_prepared_statement: bool,
}

impl Collector {
    /// One collector, as a file holds it.
    ///
    /// # Errors
    /// Not YAML, unknown keys, or what makes no sense, with its place.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        let collector: Self = serde_yaml_ng::from_str(text).map_err(|error| FormatError {
            path: error.location().map_or_else(
                || "the file".to_owned(),
                |at| format!("line {} column {}", at.line(), at.column()),
            ),
            message: error.to_string(),
        })?;
        collector.check()?;
        Ok(collector)
    }

    /// The query of a metric.
    pub fn query_of<'a>(&'a self, metric: &'a Metric) -> Option<&'a str> {
        match (&metric.query, &metric.query_ref) {
            (Some(query), _) => Some(query),
            (None, Some(name)) => self
                .queries
                .iter()
                .find(|query| query.name == *name)
                .map(|query| query.query.as_str()),
            (None, None) => None,
        }
    }

    /// # Errors
    /// The first thing that makes no sense.
    pub fn check(&self) -> Result<(), FormatError> {
        let fail = |path: String, message: String| Err(FormatError { path, message });
        if self.name.trim().is_empty() {
            return fail("collector_name".to_owned(), "must not be empty".to_owned());
        }
        if self.metrics.is_empty() {
            return fail("metrics".to_owned(), "a collector has at least one".to_owned());
        }
        for (at, metric) in self.metrics.iter().enumerate() {
            if let Some((key, message)) = self.fault(metric) {
                return fail(format!("metrics[{at}].{key}"), message);
            }
        }
        for (at, query) in self.queries.iter().enumerate() {
            if self.queries[..at].iter().any(|other| other.name == query.name) {
                return fail(
                    format!("queries[{at}].query_name"),
                    format!("{:?} is there twice", query.name),
                );
            }
        }
        Ok(())
    }

    fn fault(&self, metric: &Metric) -> Option<(&'static str, String)> {
        if !is_metric_name(&metric.name) {
            return Some((
                "metric_name",
                format!("{:?} can't name a metric: use letters, digits and _", metric.name),
            ));
        }
        if metric.help.trim().is_empty() {
            return Some(("help", "must not be empty".to_owned()));
        }
        match (metric.values.len(), metric.static_value) {
            (0, None) => return Some(("values", "name a column, or give static_value".to_owned())),
            (1.., Some(_)) => {
                return Some(("static_value", "goes with no values".to_owned()));
            }
            (2.., None) if metric.value_label.is_none() => {
                return Some((
                    "value_label",
                    "is needed where there are several values".to_owned(),
                ));
            }
            _ => {}
        }
        let labels: Vec<&String> = metric
            .key_labels
            .iter()
            .chain(metric.static_labels.keys())
            .chain(&metric.value_label)
            .collect();
        for (at, label) in labels.iter().enumerate() {
            if !is_label_name(label) {
                return Some(("key_labels", format!("{label:?} can't name a label")));
            }
            if labels[..at].contains(label) {
                return Some(("key_labels", format!("the label {label:?} is there twice")));
            }
        }
        match (&metric.query, &metric.query_ref) {
            (Some(_), Some(_)) => Some(("query_ref", "goes with no query".to_owned())),
            (None, None) => Some(("query", "give one, or query_ref".to_owned())),
            (None, Some(name)) if self.query_of(metric).is_none() => {
                Some(("query_ref", format!("there is no query {name:?} in queries")))
            }
            _ => None,
        }
    }
}

fn is_metric_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_' || b == b':')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':')
}

pub(super) fn is_label_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    !text.starts_with("__")
        && bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
collector_name: sizes
min_interval: 1m30s
metrics:
  - metric_name: pg_size_bytes
    type: gauge
    help: Size
    key_labels: [datname]
    static_labels: { env: lab }
    values: [size]
    timestamp_value: at
    query_ref: sizes
  - metric_name: pg_blocks_total
    type: counter
    help: Blocks
    value_label: where
    values: [disk, memory]
    query: SELECT 1 AS disk, 2 AS memory
  - metric_name: pg_info
    type: gauge
    help: Version
    key_labels: [version]
    static_value: 1
    query: SELECT version()
queries:
  - query_name: sizes
    query: SELECT datname, pg_database_size(oid) AS size, now() AS at FROM pg_database
"#;

    #[test]
    fn a_file_is_read_with_all_its_keys_and_written_the_same() {
        let collector = Collector::parse(WHOLE).unwrap();
        assert_eq!(collector.min_interval, Some(Duration::from_secs(90)));
        assert_eq!(
            collector.query_of(&collector.metrics[0]),
            Some(collector.queries[0].query.as_str())
        );
        let again = serde_yaml_ng::to_string(&collector).unwrap();
        assert_eq!(Collector::parse(&again).unwrap(), collector);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_place() {
        let complaint = |from: &str, to: &str| {
            assert!(WHOLE.contains(from), "{from}");
            Collector::parse(&WHOLE.replacen(from, to, 1))
                .unwrap_err()
                .to_string()
        };
        for (from, to, said) in [
            ("values: [size]", "valus: [size]", "unknown field `valus`"),
            ("1m30s", "soon", "\"soon\" is no duration"),
            ("type: gauge", "type: histogram", "unknown variant `histogram`"),
            (
                "pg_size_bytes",
                "pg-size",
                "metrics[0].metric_name: \"pg-size\" can't name a metric",
            ),
            (
                "    values: [size]\n",
                "",
                "metrics[0].values: name a column, or give static_value",
            ),
            (
                "    value_label: where\n",
                "",
                "metrics[1].value_label: is needed where there are several values",
            ),
            (
                "[datname]",
                "[env]",
                "metrics[0].key_labels: the label \"env\" is there twice",
            ),
            (
                "query_ref: sizes",
                "query_ref: size",
                "metrics[0].query_ref: there is no query \"size\" in queries",
            ),
            (
                "    query: SELECT version()\n",
                "",
                "metrics[2].query: give one, or query_ref",
            ),
        ] {
            let complaint = complaint(from, to);
            assert!(complaint.contains(said), "{complaint}");
        }
    }
}
