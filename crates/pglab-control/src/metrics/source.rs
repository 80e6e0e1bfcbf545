//! The metrics of sources: what their collectors said at a probe, and how the last probe of each went.

use std::collections::BTreeMap;

use pglab_core::exporter::{Family as Collected, MetricKind};
use pglab_fleet::collect::Probed;
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};

use super::{
    family::{Families, Family, encoded, number},
    text,
};
use crate::{Control, Error};

const UP: (&str, &str) = (
    "pglab_source_up",
    "1 if the source could be connected to at the last probe",
);
const DURATION: (&str, &str) = (
    "pglab_source_duration_seconds",
    "Time that the last probe of the source took",
);
const PROBLEMS: (&str, &str) = (
    "pglab_source_problems_total",
    "Queries, rows and values of the source that could not be used",
);

/// As every scrape of pglab tells it, without asking the sources.
pub(super) fn last_probes(control: &Control, families: &mut Families) {
    let mut up = Family::gauge(UP.0, UP.1);
    let mut duration = Family::gauge(DURATION.0, DURATION.1);
    let mut problems = Family::counter(PROBLEMS.0, PROBLEMS.1);
    for (source, (is_up, seconds, n_problems)) in control.metrics().sources.lock().iter() {
        let labels = [("source", source.as_str())];
        up.add(&labels, f64::from(u8::from(*is_up)));
        duration.add(&labels, *seconds);
        problems.add(&labels, number(*n_problems));
    }
    for family in [up, duration, problems] {
        families.push(family);
    }
}

/// What a probe answers. Where there are several sources, each sample says which.
pub(crate) fn probes(probed: Vec<Probed>, several: bool) -> Result<String, Error> {
    let mut own = Families::default();
    let mut up = Family::gauge(UP.0, UP.1);
    let mut duration = Family::gauge(DURATION.0, DURATION.1);
    let mut collected: BTreeMap<String, MetricFamily> = BTreeMap::new();
    for one in probed {
        let labels = [("source", one.source.as_str())];
        up.add(&labels, f64::from(u8::from(one.up)));
        duration.add(&labels, one.took.as_secs_f64());
        for family in one.families {
            if family.samples.is_empty() {
                continue;
            }
            let source = several.then_some(one.source.as_str());
            let made = made(family, source);
            match collected.get_mut(made.name()) {
                None => {
                    collected.insert(made.name().to_owned(), made);
                }
                // The same name with another type can't be told in one answer.
                Some(known) if known.get_field_type() == made.get_field_type() => {
                    known.mut_metric().extend(made.get_metric().iter().cloned());
                }
                Some(_) => {}
            }
        }
    }
    own.push(up);
    own.push(duration);
    let mut families = encoded(own);
    families.retain(|family| !family.get_metric().is_empty() && !collected.contains_key(family.name()));
    families.extend(collected.into_values());
    text(families)
}

fn made(family: Collected, source: Option<&str>) -> MetricFamily {
    let mut made = MetricFamily::default();
    made.set_name(family.name);
    made.set_help(family.help);
    let counts = family.kind == MetricKind::Counter;
    made.set_field_type(if counts {
        MetricType::COUNTER
    } else {
        MetricType::GAUGE
    });
    let metrics = family.samples.into_iter().map(|sample| {
        let mut labels = sample.labels;
        if let Some(source) = source
            && labels.iter().all(|(name, _)| name != "source")
        {
            labels.push(("source".to_owned(), source.to_owned()));
        }
        let labels = labels
            .into_iter()
            .map(|(name, value)| {
                let mut pair = LabelPair::default();
                pair.set_name(name);
                pair.set_value(value);
                pair
            })
            .collect();
        let mut metric = Metric::from_label(labels);
        if counts {
            let mut counter = Counter::default();
            counter.set_value(sample.value);
            metric.set_counter(counter);
        } else {
            let mut gauge = Gauge::default();
            gauge.set_value(sample.value);
            metric.set_gauge(gauge);
        }
        if let Some(at) = sample.timestamp_ms {
            metric.set_timestamp_ms(at);
        }
        metric
    });
    made.set_metric(metrics.collect());
    made
}
