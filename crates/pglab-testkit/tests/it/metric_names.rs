//! The names in rules, their tests and dashboards are names of metrics that somebody in the stack exports: pglab, by
//! docs/metrics.md, or the SQL exporter, by its configuration. What is exported is compared with that page in `pglab-api`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// Of Prometheus itself.
const OF_PROMETHEUS: [&str; 3] = ["up", "ALERTS", "scrape_duration_seconds"];
/// Labels that Prometheus adds, or that every histogram has.
const LABELS_OF_ALL: [&str; 3] = ["job", "instance", "le"];

/// A metric's name and the labels that its selector names.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Use {
    metric: String,
    labels: Vec<String>,
}

fn deploy(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../deploy")
        .join(path)
}

fn files(folder: &str) -> Vec<(String, Value)> {
    let mut read: Vec<(String, Value)> = fs::read_dir(deploy(folder))
        .unwrap()
        .flatten()
        .map(|entry| {
            let text = fs::read_to_string(entry.path()).unwrap();
            // JSON is YAML too.
            let document = serde_yaml_ng::from_str(&text).unwrap();
            (entry.file_name().into_string().unwrap(), document)
        })
        .collect();
    read.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(!read.is_empty(), "{folder} is empty");
    read
}

/// All texts that stand behind this key, at any depth.
fn texts<'a>(document: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match document {
        Value::Object(map) => {
            for (name, value) in map {
                match value {
                    Value::String(text) if name == key => found.push(text),
                    other => texts(other, key, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| texts(value, key, found)),
        _ => {}
    }
}

fn texts_of<'a>(document: &'a Value, key: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    texts(document, key, &mut found);
    found
}

/// The metrics that an expression of PromQL reads.
fn uses(expression: &str) -> Vec<Use> {
    const WORDS: [&str; 17] = [
        "and",
        "or",
        "unless",
        "bool",
        "offset",
        "by",
        "without",
        "on",
        "ignoring",
        "group_left",
        "group_right",
        "sum",
        "avg",
        "count",
        "min",
        "max",
        "quantile",
    ];
    const BEFORE_LABELS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];
    let mut found = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            rest = rest[1..].split_once('"').unwrap().1;
        } else if first == '[' {
            rest = rest.split_once(']').unwrap().1;
        } else if first.is_ascii_digit() || first == '$' {
            // A number with its unit, or a variable of Grafana's.
            rest = rest[1..].trim_start_matches(|c: char| c.is_ascii_alphanumeric() || ".{}_".contains(c));
        } else if first.is_ascii_alphabetic() || first == '_' {
            let length = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))
                .unwrap_or(rest.len());
            let (word, after) = rest.split_at(length);
            rest = after.trim_start();
            if BEFORE_LABELS.contains(&word) && rest.starts_with('(') {
                rest = rest.split_once(')').unwrap().1;
            } else if !WORDS.contains(&word) && !rest.starts_with('(') {
                let (labels, after) = selector(rest);
                rest = after;
                found.push(Use {
                    metric: word.to_owned(),
                    labels,
                });
            }
        } else {
            rest = &rest[first.len_utf8()..];
        }
    }
    found
}

/// The names of labels between braces, and what follows.
fn selector(text: &str) -> (Vec<String>, &str) {
    let Some(mut rest) = text.strip_prefix('{') else {
        return (Vec::new(), text);
    };
    let mut labels = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', ',']);
        if let Some(after) = rest.strip_prefix('}') {
            return (labels, after);
        }
        let (name, value) = rest.split_once(['=', '!']).unwrap();
        labels.push(name.trim().to_owned());
        rest = value.split_once('"').unwrap().1.split_once('"').unwrap().1;
    }
}

#[test]
fn what_an_expression_reads() {
    let read = |text: &str| -> Vec<String> {
        let found = uses(text).into_iter();
        found
            .map(|used| format!("{}({})", used.metric, used.labels.join(",")))
            .collect()
    };
    assert_eq!(
        read(
            "histogram_quantile(0.99, sum by (cluster, le) (rate(a_bucket{lab=\"$lab\", x=~\"(b|c)\"}[$__rate_interval])))"
        ),
        ["a_bucket(lab,x)"]
    );
    assert_eq!(
        read(
            "(time() - b > scalar(c:d:e)) and on (lab, student) (f == 1) or 4 * 1e9 * topk(5, g) unless h offset 5m"
        ),
        ["b()", "c:d:e()", "f()", "g()", "h()"]
    );
}

/// Every metric that somebody exports, with its labels; no labels known for those that are not pglab's.
fn exported() -> BTreeMap<String, Option<BTreeSet<String>>> {
    let page = fs::read_to_string(deploy("../docs/metrics.md")).unwrap();
    let mut known = BTreeMap::new();
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split(" | ").collect();
        // Of the two tables, the one about exporters has no units.
        let of_exporter = cells.len() == 4;
        let labels = cells[if of_exporter { 2 } else { 3 }];
        let labels: BTreeSet<String> = labels
            .split(',')
            .map(|label| label.trim().to_owned())
            .filter(|label| label != "–")
            .collect();
        // Names stand in backquotes: every other piece of the first cell.
        for name in cells[0].split('`').skip(1).step_by(2) {
            let suffixes: &[&str] = match cells[1] {
                "histogram" => &["_bucket", "_sum", "_count"],
                _ => &[""],
            };
            for suffix in suffixes {
                known.insert(format!("{name}{suffix}"), (!of_exporter).then(|| labels.clone()));
            }
        }
    }
    assert!(known.len() > 40, "{known:?}");
    let exporter = fs::read_to_string(deploy("sql-exporter/postgres.yml")).unwrap();
    let exporter: Value = serde_yaml_ng::from_str(&exporter).unwrap();
    for query in exporter["jobs"][0]["queries"].as_array().unwrap() {
        let name = query["name"].as_str().unwrap();
        known.insert(format!("sql_{name}"), None);
    }
    for name in OF_PROMETHEUS {
        known.insert(name.to_owned(), None);
    }
    known
}

#[test]
fn what_rules_and_dashboards_read_is_exported() {
    let mut known = exported();
    let mut used: Vec<(String, Use)> = Vec::new();
    let rules = files("prometheus/rules");
    for (file, document) in &rules {
        for name in texts_of(document, "record") {
            known.insert(name.to_owned(), None);
        }
        for expression in texts_of(document, "expr") {
            used.extend(uses(expression).into_iter().map(|one| (file.clone(), one)));
        }
    }
    // A test of a rule that feeds it a metric of its own invention proves nothing.
    for (file, document) in &files("prometheus/tests") {
        for series in texts_of(document, "series") {
            used.extend(uses(series).into_iter().map(|one| (file.clone(), one)));
        }
    }
    for (file, document) in &files("grafana/dashboards") {
        let variables = texts_of(document, "query")
            .into_iter()
            .filter_map(|query| query.strip_prefix("label_values(")?.rsplit_once(','))
            .map(|(selector, _)| selector);
        for expression in texts_of(document, "expr").into_iter().chain(variables) {
            used.extend(uses(expression).into_iter().map(|one| (file.clone(), one)));
        }
    }
    assert!(used.len() > 100, "{}", used.len());
    let mut wrong = BTreeSet::new();
    for (file, used) in &used {
        match known.get(&used.metric) {
            None => {
                wrong.insert(format!("{file}: nobody exports {}", used.metric));
            }
            Some(Some(labels)) => {
                for label in &used.labels {
                    if !labels.contains(label) && !LABELS_OF_ALL.contains(&label.as_str()) {
                        wrong.insert(format!("{file}: {} has no label {label}", used.metric));
                    }
                }
            }
            Some(None) => {}
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
