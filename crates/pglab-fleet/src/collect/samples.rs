//! From the rows of a query to samples. A row or value that can't be one is told and left out; the rest stays.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, NaiveDateTime};
use pglab_core::exporter::{Family, Metric, Sample};

/// The longest value of a label, in characters.
const MAX_LABEL: usize = 1000;

/// What a query said, as text.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// Empty where there are no rows.
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Option<String>>>,
}

impl Answer {
    /// Names in PostgreSQL are folded, those in collector files often are not.
    fn column(&self, name: &str) -> Option<usize> {
        let same = |other: &String| other == name;
        let folded = |other: &String| other.eq_ignore_ascii_case(name);
        self.columns
            .iter()
            .position(same)
            .or_else(|| self.columns.iter().position(folded))
    }
}

/// Families by name, each with every sample once.
#[derive(Debug, Default)]
pub(super) struct Merged {
    pub(super) families: Vec<Family>,
    pub(super) problems: Vec<String>,
    seen: HashMap<String, HashSet<Vec<(String, String)>>>,
}

impl Merged {
    pub(super) fn add_all(&mut self, families: Vec<Family>) {
        for family in families {
            self.add(family);
        }
    }

    fn add(&mut self, family: Family) {
        let seen = self.seen.entry(family.name.clone()).or_default();
        let at = match self.families.iter().position(|known| known.name == family.name) {
            Some(at) => at,
            None => {
                self.families.push(Family {
                    samples: Vec::new(),
                    ..family.clone()
                });
                self.families.len() - 1
            }
        };
        let known = &mut self.families[at];
        if known.kind != family.kind {
            self.problems
                .push(format!("{}: is a counter here and a gauge there", family.name));
            return;
        }
        let mut n_twice = 0;
        for sample in family.samples {
            let mut key = sample.labels.clone();
            key.sort();
            if seen.insert(key) {
                known.samples.push(sample);
            } else {
                n_twice += 1;
            }
        }
        if n_twice > 0 {
            self.problems.push(format!(
                "{}: {n_twice} rows have the labels of another row and are left out",
                family.name
            ));
        }
    }

    pub(super) fn add_metric(&mut self, metric: &Metric, labels: &BTreeMap<String, String>, answer: &Answer) {
        let mut family = Family {
            name: metric.name.clone(),
            help: metric.help.clone(),
            kind: metric.kind,
            samples: Vec::new(),
        };
        if !answer.rows.is_empty()
            && let Err(problem) = fill(&mut family, metric, labels, answer, &mut self.problems)
        {
            self.problems.push(format!("{}: {problem}", metric.name));
        }
        self.add(family);
    }
}

fn fill(
    family: &mut Family,
    metric: &Metric,
    labels: &BTreeMap<String, String>,
    answer: &Answer,
    problems: &mut Vec<String>,
) -> Result<(), String> {
    let column = |name: &String| {
        answer
            .column(name)
            .map(|at| (name.clone(), at))
            .ok_or_else(|| format!("the query has no column {name:?}"))
    };
    let keys = metric
        .key_labels
        .iter()
        .map(column)
        .collect::<Result<Vec<_>, _>>()?;
    let values = metric.values.iter().map(column).collect::<Result<Vec<_>, _>>()?;
    let timestamp = metric.timestamp_value.as_ref().map(column).transpose()?;
    let own = |name: &String| {
        metric.key_labels.contains(name)
            || metric.static_labels.contains_key(name)
            || metric.value_label.as_ref() == Some(name)
    };
    let fixed: Vec<(String, String)> = labels
        .iter()
        .filter(|(name, _)| !own(name))
        .chain(&metric.static_labels)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut told = false;
    for row in &answer.rows {
        let text = |at: usize| row.get(at).and_then(Option::as_deref);
        let mut of_row = fixed.clone();
        for (name, at) in &keys {
            let value = text(*at).unwrap_or_default();
            of_row.push((name.clone(), value.chars().take(MAX_LABEL).collect()));
        }
        let timestamp_ms = match &timestamp {
            None => None,
            Some((_, at)) => match text(*at).map(time) {
                Some(Some(ms)) => Some(ms),
                // A time that is none makes no sample.
                Some(None) | None => continue,
            },
        };
        let mut push = |labels: Vec<(String, String)>, value: f64| {
            family.samples.push(Sample {
                labels,
                value,
                timestamp_ms,
            });
        };
        if let Some(value) = metric.static_value {
            push(of_row.clone(), value);
        }
        for (name, at) in &values {
            let Some(text) = text(*at) else { continue };
            let Some(value) = number(text) else {
                if !std::mem::replace(&mut told, true) {
                    let text: String = text.chars().take(40).collect();
                    problems.push(format!("{}: {text:?} in {name} is no number", metric.name));
                }
                continue;
            };
            let mut labels = of_row.clone();
            if let Some(label) = &metric.value_label {
                labels.push((label.clone(), name.clone()));
            }
            push(labels, value);
        }
    }
    Ok(())
}

fn number(text: &str) -> Option<f64> {
    match text {
        "t" => Some(1.0),
        "f" => Some(0.0),
        other => other.parse().ok(),
    }
}

/// Milliseconds since 1970, from a `timestamptz`, a `timestamp` (taken as UTC) or seconds.
fn time(text: &str) -> Option<i64> {
    if let Ok(at) = DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z") {
        return Some(at.timestamp_millis());
    }
    if let Ok(at) = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f") {
        return Some(at.and_utc().timestamp_millis());
    }
    let seconds: f64 = text.parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a time far away is as good as none"
    )]
    let ms = (seconds * 1000.0) as i64;
    Some(ms)
}

#[cfg(test)]
mod tests {
    use pglab_core::exporter::Collector;

    use super::*;

    #[test]
    fn rows_become_samples_and_what_can_not_be_one_is_told() {
        let collector = Collector::parse(
            "collector_name: c\nmetrics:\n- metric_name: m\n  type: gauge\n  help: h\n  key_labels: [Name]\n  static_labels: {env: x}\n  \
             values: [a, b]\n  value_label: which\n  timestamp_value: at\n  query: q\n",
        )
        .unwrap();
        let row = |cells: [&str; 4]| -> Vec<Option<String>> {
            cells
                .into_iter()
                .map(|cell| (cell != "NULL").then(|| cell.to_owned()))
                .collect()
        };
        let answer = Answer {
            columns: ["name", "a", "b", "at"].map(str::to_owned).to_vec(),
            rows: vec![
                row(["one", "1.5", "t", "2026-11-20 10:00:00.5+00"]),
                row(["two", "NULL", "-Infinity", "2026-11-20 11:00:00+01"]),
                row(["one", "7", "NULL", "1795168800"]),
                row(["three", "many", "NULL", "2026-11-20 10:00:00"]),
                row(["four", "1", "1", "NULL"]),
            ],
        };
        let mut merged = Merged::default();
        let labels = [
            ("env".to_owned(), "y".to_owned()),
            ("site".to_owned(), "s".to_owned()),
        ];
        merged.add_metric(&collector.metrics[0], &labels.into(), &answer);
        let samples: Vec<String> = merged.families[0]
            .samples
            .iter()
            .map(|sample| {
                let labels: Vec<String> = sample.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
                format!("{} {} {:?}", labels.join(","), sample.value, sample.timestamp_ms)
            })
            .collect();
        assert_eq!(
            samples,
            [
                "site=s,env=x,Name=one,which=a 1.5 Some(1795168800500)",
                "site=s,env=x,Name=one,which=b 1 Some(1795168800500)",
                "site=s,env=x,Name=two,which=b -inf Some(1795168800000)",
            ]
        );
        assert_eq!(
            merged.problems,
            [
                "m: \"many\" in a is no number",
                "m: 1 rows have the labels of another row and are left out"
            ]
        );
    }
}
