//! The files for Prometheus and Grafana as their own programs read them, and how the programs are shown that run.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use pglab_control::{Options, monitoring::Monitoring};
use pglab_core::person::Role;
use pglab_testkit::postgres::free_port;
use serde_json::{Value, json};

use crate::support::TestApp;

async fn app(monitoring: Monitoring) -> TestApp {
    TestApp::start_with(Options {
        monitoring,
        ..Options::default()
    })
    .await
}

fn write(folder: &Path, files: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    for file in files["files"].as_array().unwrap() {
        let path = file["path"].as_str().unwrap();
        let place = folder.join(path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(place, file["text"].as_str().unwrap()).unwrap();
        paths.push(path.to_owned());
    }
    paths
}

#[tokio::test]
async fn files_for_prometheus_and_grafana_name_this_pglab() {
    let app = app(Monitoring {
        exporters: vec!["10.0.0.7:9237".to_owned()],
        prometheus: Some("prometheus.example.edu:9090".to_owned()),
        ..Monitoring::default()
    })
    .await;
    let ines = app.signed_in("ines", Role::Instructor).await;
    let files = ines
        .get("/api/v1/monitoring/files/prometheus")
        .await
        .expect(200)
        .json();
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        write(folder.path(), &files),
        [
            "prometheus.yml",
            "rules/alerts.yml",
            "rules/recording.yml",
            "rules/thresholds.yml"
        ]
    );
    let text = std::fs::read_to_string(folder.path().join("prometheus.yml")).unwrap();
    assert!(text.contains("targets: [\"127.0.0.1:8432\"]"), "{text}");
    assert!(text.contains("targets: [\"10.0.0.7:9237\"]"), "{text}");
    std::fs::write(folder.path().join("pglab.token"), "pgl_x").unwrap();
    let checked = Command::new("promtool")
        .args(["check", "config", "prometheus.yml"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&checked.stdout).into_owned() + &String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success() && said.contains("rules found"), "{said}");

    let files = ines
        .get("/api/v1/monitoring/files/grafana")
        .await
        .expect(200)
        .json();
    let folder = tempfile::tempdir().unwrap();
    let paths = write(folder.path(), &files);
    assert_eq!(paths.len(), 6, "{paths:?}");
    let source = std::fs::read_to_string(folder.path().join("provisioning/datasources/pglab.yml")).unwrap();
    assert!(
        source.contains("url: \"http://prometheus.example.edu:9090\""),
        "{source}"
    );
    // The dashboards find the data source by its uid.
    for path in paths.iter().filter(|path| path.starts_with("dashboards/")) {
        let dashboard = std::fs::read_to_string(folder.path().join(path)).unwrap();
        let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
        assert_eq!(
            dashboard["panels"][0]["datasource"]["uid"], "pglab-prometheus",
            "{path}"
        );
    }
    let zip = ines
        .get("/api/v1/monitoring/files/grafana?format=zip")
        .await
        .expect(200);
    assert_eq!(zip.headers["content-type"], "application/zip");
    assert_eq!(
        zip.headers["content-disposition"],
        "attachment; filename=\"pglab-grafana.zip\""
    );
    assert!(zip.body.starts_with(b"PK"));
}

/// Ends it with the test.
struct Prometheus(Child);

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_programs_are_shown_as_they_are() {
    let (own, dead) = (free_port(), free_port());
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "global: {{scrape_interval: 1s}}\nscrape_configs:\n  - job_name: prometheus\n    static_configs: [{{targets: ['127.0.0.1:{own}']}}]\n  \
         - job_name: pglab\n    static_configs: [{{targets: ['127.0.0.1:{dead}']}}]\n"
    );
    std::fs::write(folder.path().join("prometheus.yml"), config).unwrap();
    let started = Command::new("prometheus")
        .arg(format!(
            "--config.file={}/prometheus.yml",
            folder.path().display()
        ))
        .arg(format!("--storage.tsdb.path={}/data", folder.path().display()))
        .arg(format!("--web.listen-address=127.0.0.1:{own}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("prometheus, of Debian's package, did not start: {error}"));
    let running = Prometheus(started);
    let app = app(Monitoring {
        exporters: vec![format!("127.0.0.1:{dead}")],
        prometheus: Some(format!("127.0.0.1:{own}")),
        ..Monitoring::default()
    })
    .await;
    let ines = app.signed_in("ines", Role::Instructor).await;
    let state = async || ines.get("/api/v1/monitoring/state").await.expect(200).json();
    let of = |state: &Value, name: &str| -> Value {
        let programs = state["programs"].as_array().unwrap();
        programs
            .iter()
            .find(|program| program["name"] == name)
            .cloned()
            .unwrap_or_default()
    };
    let (scraped, away) = (
        format!("prometheus 127.0.0.1:{own}"),
        format!("pglab 127.0.0.1:{dead}"),
    );
    let mut shown = state().await;
    for _ in 0..300 {
        if of(&shown, &scraped)["up"] == json!(true) && of(&shown, &away)["checked_at"].is_string() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        shown = state().await;
    }
    assert_eq!(of(&shown, &scraped)["up"], true, "{shown:#}");
    let target = of(&shown, &away);
    assert_eq!(
        (&target["up"], &target["kind"]),
        (&json!(false), &json!("target")),
        "{shown:#}"
    );
    assert!(
        target["detail"].as_str().unwrap().contains("connection refused"),
        "{target}"
    );
    let exporter = of(&shown, &format!("127.0.0.1:{dead}"));
    assert_eq!(
        (&exporter["kind"], &exporter["up"]),
        (&json!("exporter"), &json!(false))
    );
    assert_eq!(
        of(&shown, &format!("127.0.0.1:{own}"))["detail"],
        "1 of 2 targets up"
    );
    // Gone: that is said too, and soon.
    drop(running);
    let shown = state().await;
    let own = of(&shown, &format!("127.0.0.1:{own}"));
    assert_eq!(
        (&own["kind"], &own["up"]),
        (&json!("prometheus"), &json!(false)),
        "{shown:#}"
    );
}

#[tokio::test]
async fn nothing_configured_is_an_empty_list() {
    let app = TestApp::start().await;
    let ines = app.signed_in("ines", Role::Instructor).await;
    let state = ines.get("/api/v1/monitoring/state").await.expect(200).json();
    assert_eq!(state, json!({ "programs": [] }));
}
