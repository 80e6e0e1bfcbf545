//! `/probe` over HTTP: a target by its name, all of them, and what a dead and a slow one cost who asks.

use std::collections::BTreeMap;

use pglab_control::testing::TestControl;
use pglab_core::{exporter::Collector, person::Role};
use pglab_fleet::{collect::Source, target::Target, tls::Tls};
use pglab_testkit::{TestServer, free_port};
use serde_json::json;

use crate::support::{Client, TestApp};

const FINE: &str = "collector_name: fine\nmetrics: [{metric_name: answer, type: gauge, help: h, values: [v], query: SELECT 42 AS v}]";
const SLOW: &str = "collector_name: slow\nmetrics: [{metric_name: late, type: gauge, help: h, values: [v], query: SELECT pg_sleep(60)::text AS v}]";

fn sources(server: &TestServer) -> Vec<Source> {
    let source = |name: &str, uri: &str, collector: &str| Source {
        name: name.to_owned(),
        target: Target::new(uri.parse().unwrap(), Tls::disabled()),
        collectors: vec![Collector::parse(collector).unwrap()],
        labels: BTreeMap::new(),
    };
    let uri = server.superuser_uri("postgres");
    let dead = format!("postgresql://x@127.0.0.1:{}/x", free_port());
    vec![
        source("dead", &dead, FINE),
        source("slow", &uri, SLOW),
        source("good", &uri, FINE),
    ]
}

async fn text(program: &Client<'_>, path: &str) -> String {
    let answer = program.get(path).await.expect(200);
    String::from_utf8(answer.body.to_vec()).unwrap()
}

#[tokio::test]
async fn a_dead_and_a_slow_target_are_told_and_hide_nobody() {
    let app = TestApp::of(TestControl::start_with_sources(sources).await);
    let admin = app.signed_in("root", Role::Admin).await;
    let body = json!({ "name": "prometheus", "scopes": ["metrics"] });
    let token = admin.post("/api/v1/tokens", body).await.expect(201).json();
    let program = app.stranger().with(
        "authorization",
        &format!("Bearer {}", token["token"].as_str().unwrap()),
    );

    let one = text(&program, "/probe?target=good").await;
    assert!(
        one.contains("\nanswer 42\n") && one.contains("pglab_source_up{source=\"good\"} 1"),
        "{one}"
    );
    let dead = text(&program, "/probe?target=dead").await;
    assert!(
        dead.contains("pglab_source_up{source=\"dead\"} 0") && !dead.contains("answer"),
        "{dead}"
    );
    assert_eq!(
        program.get("/probe?target=nobody").await.problem(404),
        "not_found"
    );

    // All of them within what Prometheus waits, though one takes a minute.
    let hurried = program.clone().with("x-prometheus-scrape-timeout-seconds", "2.5");
    let all = text(&hurried, "/probe").await;
    for line in [
        "pglab_source_up{source=\"dead\"} 0",
        "pglab_source_up{source=\"good\"} 1",
        "answer{source=\"good\"} 42",
    ] {
        assert!(all.lines().any(|found| found == line), "{line}\n--\n{all}");
    }
    assert!(!all.contains("late"), "{all}");

    // Prometheus finds each by asking for targets, and is told how the last probe went without another one.
    let groups = program
        .get("/api/v1/monitoring/targets/sources")
        .await
        .expect(200)
        .json();
    assert_eq!(groups.as_array().unwrap().len(), 3);
    assert_eq!(groups[0]["labels"]["__param_target"], "dead");
    let metrics = text(&program, "/metrics").await;
    assert!(
        metrics.contains("pglab_source_up{source=\"dead\"} 0"),
        "{metrics}"
    );
    assert!(
        metrics.contains("pglab_source_problems_total{source=\"dead\"} 2"),
        "{metrics}"
    );
}
