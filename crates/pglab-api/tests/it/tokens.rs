//! API tokens.

use chrono::TimeDelta;
use pglab_core::person::Role;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_token_is_shown_once_and_works_until_it_is_revoked() {
    let app = TestApp::start().await;
    let ada = app.signed_in("ada", Role::Instructor).await;
    let created = ada
        .post("/api/v1/tokens", json!({ "name": " ci ", "expires_in_days": 30 }))
        .await
        .expect(201)
        .json();
    let secret = created["token"].as_str().unwrap();
    assert!(secret.starts_with("pgl_") && secret.len() == 47, "{secret}");
    let program = app.stranger().with("authorization", &format!("Bearer {secret}"));
    assert_eq!(program.get("/api/v1/me").await.expect(200).json()["login"], "ada");
    let mut list = ada.get("/api/v1/tokens").await.expect(200).json();
    list["items"][0]["id"] = json!("…");
    insta::assert_json_snapshot!(list, @r#"
    {
      "items": [
        {
          "created_at": "2026-03-02T09:00:00Z",
          "expires_at": "2026-04-01T09:00:00Z",
          "id": "…",
          "last_used_at": "2026-03-02T09:00:00Z",
          "name": "ci",
          "scopes": [
            "read",
            "write"
          ]
        }
      ],
      "next": null
    }
    "#);
    let path = format!("/api/v1/tokens/{}", created["id"].as_str().unwrap());
    let bob = app.signed_in("bob", Role::Admin).await;
    assert_eq!(bob.delete(&path).await.problem(404), "not_found");
    ada.delete(&path).await.expect(204);
    ada.delete(&path).await.expect(204);
    assert_eq!(program.get("/api/v1/me").await.problem(401), "not_signed_in");
}

#[tokio::test]
async fn tokens_expire_and_bad_ones_are_refused() {
    let app = TestApp::start().await;
    let ada = app.signed_in("ada", Role::Student).await;
    let body = json!({ "name": "short", "expires_in_days": 1 });
    let created = ada.post("/api/v1/tokens", body).await.expect(201).json();
    let secret = created["token"].as_str().unwrap().to_owned();
    app.control.clock.advance(TimeDelta::hours(24));
    for authorization in [
        format!("Bearer {secret}"),
        "Bearer pgl_made-up".to_owned(),
        "Basic YTpi".to_owned(),
        "Bearer".to_owned(),
    ] {
        let program = app.stranger().with("authorization", &authorization);
        for path in ["/api/v1/me", "/api/v1/session"] {
            assert_eq!(program.get(path).await.problem(401), "not_signed_in");
        }
    }
    for bad in [
        json!({ "name": "" }),
        json!({ "name": "x", "scopes": ["admin"] }),
        json!({ "name": "x", "expires_in_days": 0 }),
        json!({ "name": "x", "lifetime": 3 }),
    ] {
        let ada = app.sign_in("ada", &secret_of(&app).await).await;
        assert_eq!(ada.post("/api/v1/tokens", bad).await.problem(422), "invalid");
    }
}

/// Ada's initial password, from our own database.
async fn secret_of(app: &TestApp) -> String {
    let login = pglab_core::person::Login::parse("ada").unwrap();
    let pool = app.control.store.pool();
    let person = pglab_store::person::by_login(pool, &login)
        .await
        .unwrap()
        .unwrap();
    let stored = pglab_store::credential::by_person(pool, person.id)
        .await
        .unwrap()
        .unwrap();
    pglab_control::credential::initial_password(&app.control, &stored)
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn a_token_that_may_only_read_changes_nothing() {
    let app = TestApp::start().await;
    let root = app.signed_in("root", Role::Admin).await;
    let body = json!({ "name": "dashboard", "scopes": ["read"] });
    let created = root.post("/api/v1/tokens", body).await.expect(201).json();
    let secret = created["token"].as_str().unwrap();
    let program = app.stranger().with("authorization", &format!("bearer {secret}"));
    program.get("/api/v1/me").await.expect(200);
    // Above all, it makes no token that may do more.
    let more = json!({ "name": "more" });
    assert_eq!(
        program.post("/api/v1/tokens", more).await.problem(403),
        "forbidden"
    );
    let person = json!({ "login": "eve", "name": "Eve", "role": "admin" });
    assert_eq!(
        program.post("/api/v1/people", person).await.problem(403),
        "forbidden"
    );
    let change = json!({ "old_password": "x", "new_password": "fine as it is" });
    assert_eq!(
        program.post("/api/v1/me/password", change).await.problem(403),
        "forbidden"
    );
}
