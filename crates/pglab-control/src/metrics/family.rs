//! A metric with its samples while it is being filled, and its form for the encoder.

use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};

/// In the order in which they are made.
#[derive(Debug, Default)]
pub(super) struct Families(Vec<MetricFamily>);

/// One of them. Samples of one metric stay together, as the format demands.
#[derive(Debug)]
pub(super) struct Family {
    name: &'static str,
    help: &'static str,
    kind: MetricType,
    samples: Vec<Metric>,
}

impl Family {
    pub(super) fn gauge(name: &'static str, help: &'static str) -> Self {
        Self {
            name,
            help,
            kind: MetricType::GAUGE,
            samples: Vec::new(),
        }
    }

    pub(super) fn counter(name: &'static str, help: &'static str) -> Self {
        Self {
            kind: MetricType::COUNTER,
            ..Self::gauge(name, help)
        }
    }

    pub(super) fn add(&mut self, labels: &[(&str, &str)], value: f64) {
        let labels = labels
            .iter()
            .map(|(name, value)| {
                let mut pair = LabelPair::default();
                pair.set_name((*name).to_owned());
                pair.set_value((*value).to_owned());
                pair
            })
            .collect();
        let mut metric = Metric::from_label(labels);
        if self.kind == MetricType::COUNTER {
            let mut counter = Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
        } else {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
        self.samples.push(metric);
    }

    /// With one sample.
    pub(super) fn with(mut self, labels: &[(&str, &str)], value: f64) -> Self {
        self.add(labels, value);
        self
    }
}

impl Families {
    pub(super) fn push(&mut self, family: Family) {
        let mut made = MetricFamily::default();
        made.set_name(family.name.to_owned());
        made.set_help(family.help.to_owned());
        made.set_field_type(family.kind);
        made.set_metric(family.samples);
        self.0.push(made);
    }
}

pub(super) fn encoded(families: Families) -> Vec<MetricFamily> {
    families.0
}

/// Counts stay far below what a float holds exactly.
#[expect(clippy::cast_precision_loss, reason = "counts and bytes stay below 2^53")]
pub(super) fn number(count: u64) -> f64 {
    count as f64
}

pub(super) fn count(n: usize) -> f64 {
    number(u64::try_from(n).unwrap_or(u64::MAX))
}
