//! A creation that is sent twice.

use chrono::TimeDelta;
use pglab_core::person::Role;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn the_same_request_gets_the_same_answer_and_does_nothing() {
    let app = TestApp::start().await;
    let root = app
        .signed_in("root", Role::Admin)
        .await
        .with("idempotency-key", "one");
    let body = json!({ "name": "ci" });
    let first = root.post("/api/v1/tokens", body.clone()).await.expect(201);
    let second = root.post("/api/v1/tokens", body.clone()).await.expect(201);
    assert_eq!(first.json(), second.json());
    assert_eq!(second.headers["idempotent-replayed"], "true");
    assert!(!first.headers.contains_key("idempotent-replayed"));
    let tokens = root.get("/api/v1/tokens").await.json();
    assert_eq!(tokens["items"].as_array().unwrap().len(), 1);

    let other = root.post("/api/v1/tokens", json!({ "name": "other" })).await;
    assert_eq!(other.problem(409), "conflict");
    // The key is the person's own.
    let eve = app
        .signed_in("eve", Role::Admin)
        .await
        .with("idempotency-key", "one");
    let hers = eve.post("/api/v1/tokens", body.clone()).await.expect(201);
    assert_ne!(hers.json()["token"], first.json()["token"]);
    // After a day it is forgotten.
    app.control.clock.advance(TimeDelta::hours(25));
    let done = pglab_control::housekeeping::activate(&app.control).await.unwrap();
    assert_eq!((done.answers_forgotten, done.sessions_expired), (2, 2));
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let app = TestApp::start().await;
    let root = app
        .signed_in("root", Role::Admin)
        .await
        .with("idempotency-key", "one");
    root.post("/api/v1/tokens", json!({ "name": "" }))
        .await
        .expect(422);
    root.post("/api/v1/tokens", json!({ "name": "ci" }))
        .await
        .expect(201);
    let mut without = root.clone().with("idempotency-key", "two");
    without.headers.remove("x-csrf-token");
    assert_eq!(
        without
            .post("/api/v1/tokens", json!({ "name": "ci" }))
            .await
            .problem(403),
        "csrf"
    );
}

#[tokio::test]
async fn many_at_once_do_it_once() {
    let app = TestApp::start().await;
    let root = app
        .signed_in("root", Role::Admin)
        .await
        .with("idempotency-key", "one");
    let body = json!({ "login": "ada", "name": "Ada", "role": "student" });
    let answers = futures::future::join_all((0..8).map(|_| root.post("/api/v1/people", body.clone()))).await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert!(!made.is_empty());
    assert!(made.iter().all(|answer| answer.json() == made[0].json()));
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        assert!(
            refused.json()["detail"].as_str().unwrap().contains("still runs"),
            "{refused:?}"
        );
    }
}
