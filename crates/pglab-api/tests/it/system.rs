//! How pglab itself is: who may see it, what each worker did, and what is told while a server is away.

use std::time::Duration;

use pglab_control::workers;
use pglab_core::person::Role;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::{Client, TestApp};

async fn shown(admin: &Client<'_>) -> Value {
    admin.get("/api/v1/system").await.expect(200).json()
}

/// Asks until it is as wanted.
async fn wait_for(admin: &Client<'_>, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    let waiting = async {
        loop {
            last = shown(admin).await;
            if wanted(&last) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let outcome = tokio::time::timeout(Duration::from_secs(60), waiting).await;
    assert!(outcome.is_ok(), "waited in vain for {what}: {last:#}");
    last
}

fn each(system: &Value) -> impl Iterator<Item = &Value> {
    system["reconcilers"].as_array().unwrap().iter()
}

#[tokio::test]
async fn only_admins_see_it() {
    let app = TestApp::start().await;
    assert_eq!(
        app.stranger().get("/api/v1/system").await.problem(401),
        "not_signed_in"
    );
    for role in [Role::Student, Role::Instructor] {
        let client = app.signed_in(&format!("{role:?}").to_lowercase(), role).await;
        assert_eq!(client.get("/api/v1/system").await.problem(403), "forbidden");
    }
}

#[tokio::test]
async fn a_process_that_does_not_work_says_so() {
    let app = TestApp::start().await;
    let admin = app.signed_in("root", Role::Admin).await;
    let system = shown(&admin).await;
    assert_eq!(system["leader"], false);
    assert_eq!(system["live"], Value::Null);
    assert_eq!(system["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(system["started_at"], json!(app.control.now()));
    let names: Vec<&str> = each(&system).map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(
        names.join(", "),
        "instances, pods, directory, examples, labs that end, accounts, board, error feed, watcher, passwords, nodes, exporters, history"
    );
    assert!(
        each(&system).all(|one| one["last_run_at"].is_null()),
        "{system:#}"
    );
    let postgres = &system["postgres"];
    assert!(postgres["version"].as_str().unwrap().contains('.'), "{postgres}");
    assert!(postgres["connections"].as_i64().unwrap() > 0, "{postgres}");
    assert_eq!(postgres["superuser"], true);
}

#[tokio::test]
async fn what_each_worker_did_last_is_shown() {
    let app = TestApp::start().await;
    let admin = app.signed_in("root", Role::Admin).await;
    let stop = CancellationToken::new();
    let working = tokio::spawn(workers::run(app.control.control.clone(), stop.clone()));
    let ran = |system: &Value| each(system).all(|one| one["last_result"].is_string());
    let system = wait_for(&admin, "every worker", ran).await;
    assert_eq!(system["leader"], true);
    assert_eq!(
        system["live"],
        json!({ "n_databases": 0, "n_waiting": 0, "n_looking": 0 })
    );
    let instances = each(&system).find(|one| one["name"] == "instances").unwrap();
    assert_eq!(instances["last_result"], "nothing to do");
    assert_eq!(instances["last_run_at"], json!(app.control.now()));
    assert_eq!(instances.get("last_error"), None);

    // The students' PostgreSQL lets nobody in; our own database goes on.
    let server = app.control.server.superuser("pglab").await;
    for statement in [
        "ALTER DATABASE postgres ALLOW_CONNECTIONS false",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'postgres'",
    ] {
        server.batch_execute(statement).await.unwrap();
    }
    let failing = |system: &Value| {
        let board = each(system).find(|one| one["name"] == "board").unwrap();
        system["postgres"].is_null() && board["last_error"].is_string()
    };
    let system = wait_for(&admin, "the failure", failing).await;
    let why = system["postgres_error"].as_str().unwrap();
    assert!(why.contains("not currently accepting connections"), "{why}");
    let board = each(&system).find(|one| one["name"] == "board").unwrap();
    assert_eq!(board["failing_since"], json!(app.control.now()));
    assert!(
        board["last_result"].is_string(),
        "what it did before stays: {board:#}"
    );

    server
        .batch_execute("ALTER DATABASE postgres ALLOW_CONNECTIONS true")
        .await
        .unwrap();
    let well = |system: &Value| {
        system["postgres"].is_object() && each(system).all(|one| one["last_error"].is_null())
    };
    wait_for(&admin, "all to be well again", well).await;
    stop.cancel();
    working.await.unwrap();
}
