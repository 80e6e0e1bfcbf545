//! Signing in and out, what the cookie is good for, and the limits on trying.

use axum::http::header;
use chrono::TimeDelta;
use pglab_core::person::Role;
use serde_json::json;

use crate::support::{Client, TestApp};

async fn try_password(client: &Client<'_>, login: &str, password: &str) -> crate::support::Answer {
    let body = json!({ "login": login, "password": password });
    client.post("/api/v1/session", body).await
}

#[tokio::test]
async fn signs_in_and_out() {
    let app = TestApp::start().await;
    let (_, password) = app.control.person("ada", Role::Instructor).await;
    let answer = try_password(&app.stranger(), " ADA ", &password)
        .await
        .expect(200);
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    let (value, attributes) = cookie.split_once(';').unwrap();
    assert_eq!(attributes, " Path=/; HttpOnly; SameSite=Lax; Max-Age=604800");
    let mut shown = answer.json();
    shown["person"]["id"] = json!("…");
    shown["csrf_token"] = json!("…");
    insta::assert_json_snapshot!(shown, @r#"
    {
      "csrf_token": "…",
      "may": [
        "lab_create"
      ],
      "must_change_password": false,
      "person": {
        "id": "…",
        "login": "ada",
        "name": "ada of the tests",
        "role": "instructor"
      },
      "signed_in": true
    }
    "#);
    let ada = app.stranger().with("cookie", &format!("theme=dark; {value}"));
    let session = ada.get("/api/v1/session").await.expect(200).json();
    assert_eq!(session, answer.json());
    let ada = ada.with("x-csrf-token", session["csrf_token"].as_str().unwrap());
    ada.delete("/api/v1/session").await.expect(204);
    assert_eq!(ada.get("/api/v1/me").await.problem(401), "not_signed_in");
    let nobody = ada.get("/api/v1/session").await.expect(200).json();
    assert_eq!(
        nobody,
        json!({ "signed_in": false, "must_change_password": false, "csrf_token": null, "may": [] })
    );
}

#[tokio::test]
async fn refusals_are_all_alike() {
    let app = TestApp::start().await;
    let (_, password) = app.control.person("ada", Role::Student).await;
    let (_, gone) = app.control.person("gone", Role::Student).await;
    let admin = app.signed_in("root", Role::Admin).await;
    admin
        .patch("/api/v1/people/gone", json!({ "disabled": true }))
        .await
        .expect(200);
    let long = "x".repeat(300);
    for (login, password) in [
        ("ada", "wrong"),
        ("ada", ""),
        ("ada", long.as_str()),
        ("nobody", password.as_str()),
        ("gone", gone.as_str()),
        ("pg_read_all_data", "x"),
        ("", ""),
        ("a\u{0}b", "x"),
    ] {
        let answer = try_password(&app.stranger(), login, password).await;
        assert_eq!(
            answer.json()["detail"],
            "the login or the password is wrong",
            "{login:?}"
        );
        assert_eq!(answer.problem(401), "sign_in_refused");
    }
    assert_eq!(app.control.server.logged_errors(), []);
}

#[tokio::test]
async fn too_many_failures_wait() {
    let app = TestApp::start().await;
    let (_, password) = app.control.person("ada", Role::Student).await;
    for _ in 0..10 {
        try_password(&app.stranger(), "ada", "wrong").await.expect(401);
    }
    app.control.clock.advance(TimeDelta::minutes(5));
    // The right one is not tried either.
    let answer = try_password(&app.stranger(), "ada", &password).await;
    assert_eq!(answer.headers[header::RETRY_AFTER], "600");
    assert_eq!(answer.problem(429), "rate_limited");
    try_password(&app.stranger(), "bob", "wrong").await.expect(401);
    // Being refused does not make the wait longer.
    app.control.clock.advance(TimeDelta::minutes(10));
    try_password(&app.stranger(), "ada", &password).await.expect(200);
    // Success forgets the failures.
    for _ in 0..10 {
        try_password(&app.stranger(), "ada", "wrong").await.expect(401);
    }
}

#[tokio::test]
async fn sessions_slide_and_end() {
    let app = TestApp::start().await;
    let ada = app.signed_in("ada", Role::Student).await;
    for _ in 0..16 {
        app.control.clock.advance(TimeDelta::hours(10));
        ada.get("/api/v1/me").await.expect(200);
    }
    // Used all the time, but for a week: 160 hours and 8 more.
    app.control.clock.advance(TimeDelta::hours(8));
    assert_eq!(ada.get("/api/v1/me").await.problem(401), "not_signed_in");
    let bob = app.signed_in("bob", Role::Student).await;
    app.control.clock.advance(TimeDelta::hours(12));
    assert_eq!(bob.get("/api/v1/me").await.problem(401), "not_signed_in");
}

#[tokio::test]
async fn what_changes_something_behind_a_cookie_needs_the_csrf_token() {
    let app = TestApp::start().await;
    let ada = app.signed_in("ada", Role::Admin).await;
    let bob = app.signed_in("bob", Role::Admin).await;
    let new = json!({ "name": "ci" });
    let mut without = ada.clone();
    without.headers.remove("x-csrf-token");
    assert_eq!(
        without.post("/api/v1/tokens", new.clone()).await.problem(403),
        "csrf"
    );
    assert_eq!(without.delete("/api/v1/session").await.problem(403), "csrf");
    without.get("/api/v1/me").await.expect(200);
    let others = bob.headers["x-csrf-token"].to_str().unwrap();
    let wrong = ada.clone().with("x-csrf-token", others);
    assert_eq!(
        wrong.post("/api/v1/tokens", new.clone()).await.problem(403),
        "csrf"
    );
    ada.post("/api/v1/tokens", new).await.expect(201);
}
