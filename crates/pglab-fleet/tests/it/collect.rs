//! Collectors on real servers: what they say, and what a dead, a slow and a hostile source cost the others.

use std::{collections::BTreeMap, time::Duration};

use pglab_core::exporter::Collector;
use pglab_fleet::{
    collect::{Probed, Prober, Source},
    target::Target,
    tls::Tls,
};
use pglab_testkit::{TestServer, free_port};

fn collector(text: &str) -> Collector {
    Collector::parse(text).unwrap()
}

fn source(name: &str, uri: &str, collectors: Vec<Collector>) -> Source {
    Source {
        name: name.to_owned(),
        target: Target::new(uri.parse().unwrap(), Tls::disabled()),
        collectors,
        labels: BTreeMap::new(),
    }
}

const ONE: &str = "collector_name: one\nmetrics: [{metric_name: one, type: gauge, help: h, key_labels: [l], values: [v], \
                   query: \"SELECT 'a\\\"b' AS l, 1 AS v\"}]";

fn values(probed: &Probed, name: &str) -> Vec<f64> {
    let family = probed.families.iter().find(|family| family.name == name);
    family.map_or_else(Vec::new, |family| {
        family.samples.iter().map(|sample| sample.value).collect()
    })
}

#[tokio::test]
async fn a_dead_and_a_slow_source_cost_the_others_nothing() {
    let server = TestServer::start().await;
    let uri = server.superuser_uri("postgres");
    let dead = format!("postgresql://x@127.0.0.1:{}/x", free_port());
    let slow = collector(
        "collector_name: slow\nmetrics:\n- {metric_name: late, type: gauge, help: h, values: [v], query: SELECT pg_sleep(60)::text AS v}\n\
         - {metric_name: early, type: gauge, help: h, values: [v], query: SELECT 2 AS v}",
    );
    let prober = Prober::new(vec![
        source("dead", &dead, vec![collector(ONE)]),
        source("slow", &uri, vec![slow, collector(ONE)]),
        source("good", &uri, vec![collector(ONE)]),
    ]);
    let good = prober.probe("good", Duration::from_secs(5)).await.unwrap();
    assert_eq!((good.up, values(&good, "one")), (true, vec![1.0]));
    assert!(good.problems.is_empty(), "{:?}", good.problems);
    let all = prober.probe_all(Duration::from_secs(9)).await;
    let [dead, slow, good] = all.as_slice() else {
        panic!("{all:?}");
    };
    assert!(!dead.up && dead.families.is_empty() && !dead.problems.is_empty());
    assert!(good.up && good.took < Duration::from_secs(5), "{:?}", good.took);
    // The query that takes too long costs itself alone.
    assert!(slow.up);
    assert_eq!(
        (values(slow, "late"), values(slow, "early"), values(slow, "one")),
        (vec![], vec![2.0], vec![1.0])
    );
    assert!(
        slow.problems
            .iter()
            .any(|problem| problem.contains("statement timeout")),
        "{:?}",
        slow.problems
    );
    assert!(prober.probe("nobody", Duration::from_secs(1)).await.is_none());
}

#[tokio::test]
async fn a_source_can_not_be_written_and_can_not_say_too_much() {
    let server = TestServer::start().await;
    let hostile = collector(
        "collector_name: hostile\nmetrics:\n\
         - {metric_name: rows, type: gauge, help: h, values: [v], query: 'SELECT v FROM generate_series(1, 1000000) v'}\n\
         - {metric_name: bytes, type: gauge, help: h, key_labels: [l], values: [v], query: \"SELECT repeat('x', 100000000) AS l, 1 AS v\"}\n\
         - {metric_name: writes, type: gauge, help: h, values: [v], query: CREATE TABLE public.t AS SELECT 1 AS v}\n\
         - {metric_name: fine, type: gauge, help: h, values: [v], query: SELECT 3 AS v}",
    );
    let prober = Prober::new(vec![source(
        "x",
        &server.superuser_uri("postgres"),
        vec![hostile],
    )]);
    let probed = prober.probe("x", Duration::from_secs(20)).await.unwrap();
    assert_eq!(values(&probed, "fine"), [3.0], "{:?}", probed.problems);
    assert_eq!(probed.problems.len(), 3, "{:?}", probed.problems);
    assert!(
        probed.problems[0].contains("more than 10000 rows"),
        "{:?}",
        probed.problems
    );
    assert!(
        probed.problems[2].contains("read-only transaction"),
        "{:?}",
        probed.problems
    );
}

#[tokio::test]
async fn a_least_interval_is_kept() {
    let server = TestServer::start().await;
    let text = "collector_name: kept\nmin_interval: 1h\nmetrics: [{metric_name: at, type: gauge, help: h, values: [v], \
                query: 'SELECT extract(epoch FROM clock_timestamp()) AS v'}]";
    let prober = Prober::new(vec![source(
        "x",
        &server.superuser_uri("postgres"),
        vec![collector(text)],
    )]);
    let first = prober.probe("x", Duration::from_secs(5)).await.unwrap();
    let second = prober.probe("x", Duration::from_secs(5)).await.unwrap();
    assert_eq!(values(&first, "at"), values(&second, "at"));
}

/// The one that is shipped, on the server that is here.
#[tokio::test]
async fn our_own_collector_has_no_problem() {
    let server = TestServer::start().await;
    let ours = collector(include_str!("../../../../deploy/collectors/postgres.yml"));
    let names: Vec<String> = ours.metrics.iter().map(|metric| metric.name.clone()).collect();
    let prober = Prober::new(vec![source("x", &server.superuser_uri("postgres"), vec![ours])]);
    let probed = prober.probe("x", Duration::from_secs(20)).await.unwrap();
    assert!(probed.up && probed.problems.is_empty(), "{:?}", probed.problems);
    // Standbys, slots and sessions that wait are not always there.
    let sometimes = [
        "pg_replication_lag_bytes",
        "pg_replication_slot_retained_bytes",
        "pg_sessions_waiting",
    ];
    let empty: Vec<&String> = names
        .iter()
        .filter(|name| values(&probed, name).is_empty() && !sometimes.contains(&name.as_str()))
        .collect();
    assert!(empty.is_empty(), "{empty:?}");
}
