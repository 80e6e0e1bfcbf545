//! What a request may look like, and what every answer carries.

use axum::{
    body::Body,
    http::{Request, header},
};
use pglab_core::person::Role;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn strangers_see_that_the_process_is_alive() {
    let app = TestApp::start().await;
    app.stranger().get("/healthz").await.expect(200);
}

#[tokio::test]
async fn bodies_that_can_not_be_read_are_problems() {
    let app = TestApp::start().await;
    let too_much = json!({ "login": "x".repeat(1 << 20), "password": "x" });
    let answer = app.stranger().post("/api/v1/session", too_much).await;
    assert_eq!(answer.problem(413), "too_large");
    let mut details = Vec::new();
    for (kind, body) in [
        ("application/json", "{"),
        ("application/json", "{}"),
        ("application/json", r#"{"login":1,"password":"x"}"#),
        ("application/x-www-form-urlencoded", "login=a&password=b"),
        ("text/plain", r#"{"login":"a","password":"b"}"#),
    ] {
        let request = Request::post("/api/v1/session")
            .header(header::CONTENT_TYPE, kind)
            .body(Body::from(body))
            .unwrap();
        let answer = app.send(request).await.expect(422).json();
        details.push(answer["detail"].as_str().unwrap().to_owned());
    }
    insta::assert_snapshot!(details.join("\n"), @r"
    the body can't be read: EOF while parsing an object at line 1 column 1
    the body can't be read: missing field `login` at line 1 column 2
    the body can't be read: login: invalid type: integer `1`, expected a string at line 1 column 10
    the body must be JSON, with the header Content-Type: application/json
    the body must be JSON, with the header Content-Type: application/json
    ");
    let root = app.signed_in("root", Role::Admin).await;
    for path in ["/api/v1/people/pg_monitor", "/api/v1/people/%00"] {
        assert_eq!(root.patch(path, json!({})).await.problem(422), "invalid");
    }
    assert_eq!(root.delete("/api/v1/tokens/x").await.problem(422), "invalid");
}

#[tokio::test]
async fn every_answer_tells_the_browser_to_trust_it_with_little() {
    let app = TestApp::start().await;
    for path in [
        "/api/v1/me",
        "/api/v1/nothing",
        "/",
        "/api/docs/",
        "/api/openapi.json",
    ] {
        let headers = app.stranger().get(path).await.headers;
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self'; "), "{policy}");
        assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
        if path.starts_with("/api/v1") {
            assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        }
    }
}
