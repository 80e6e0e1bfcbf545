//! Accounts, as an admin handles them.

use pglab_core::person::Role;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn an_admin_makes_finds_and_changes_people() {
    let app = TestApp::start().await;
    let root = app.signed_in("root", Role::Admin).await;
    let new = json!({ "login": "Grace", "name": "Grace Hopper", "email": "grace@navy.example", "role": "instructor" });
    let created = root.post("/api/v1/people", new.clone()).await.expect(201).json();
    assert_eq!(created["login"], "grace");
    let password = created["initial_password"].as_str().unwrap();
    let grace = app.sign_in("grace", password).await;
    let again = root.post("/api/v1/people", new).await.expect(409).json();
    assert_eq!(again["detail"], "the login grace is taken");

    for (query, found) in [("hopp", 1), ("NAVY", 1), ("", 2), ("%25", 0), ("_", 0)] {
        let path = format!("/api/v1/people?query={query}");
        let list = root.get(&path).await.expect(200).json();
        assert_eq!(list["items"].as_array().unwrap().len(), found, "{query}");
    }
    grace.get("/api/v1/me").await.expect(200);
    let token = grace
        .post("/api/v1/tokens", json!({ "name": "x" }))
        .await
        .expect(201)
        .json();
    let program = app.stranger().with(
        "authorization",
        &format!("Bearer {}", token["token"].as_str().unwrap()),
    );
    let changed = root
        .patch(
            "/api/v1/people/grace",
            json!({ "disabled": true, "email": "", "role": "student" }),
        )
        .await
        .expect(200)
        .json();
    assert_eq!(changed["role"], "student");
    assert_eq!(changed["disabled_at"], "2026-03-02T09:00:00Z");
    assert!(changed.get("email").is_none());
    assert_eq!(grace.get("/api/v1/me").await.problem(401), "not_signed_in");
    assert_eq!(program.get("/api/v1/me").await.problem(401), "not_signed_in");
    // What has ended stays ended.
    root.patch("/api/v1/people/grace", json!({ "disabled": false }))
        .await
        .expect(200);
    assert_eq!(program.get("/api/v1/me").await.problem(401), "not_signed_in");
    app.sign_in("grace", password).await;
    let nobody = root.patch("/api/v1/people/nobody", json!({ "name": "x" })).await;
    assert_eq!(nobody.problem(404), "not_found");
}

#[tokio::test]
async fn pages_of_people_follow_each_other() {
    let app = TestApp::start().await;
    let root = app.signed_in("root", Role::Admin).await;
    for n in 0..150 {
        app.control.person(&format!("s{n:03}"), Role::Student).await;
    }
    let first = root.get("/api/v1/people").await.expect(200).json();
    let cursor = first["next"].as_str().unwrap();
    let second = root
        .get(&format!("/api/v1/people?cursor={cursor}"))
        .await
        .expect(200)
        .json();
    assert_eq!(second["next"], json!(null));
    let logins: Vec<&str> = [&first, &second]
        .iter()
        .flat_map(|page| page["items"].as_array().unwrap())
        .map(|person| person["login"].as_str().unwrap())
        .collect();
    assert_eq!(logins.len(), 151);
    assert!(logins.is_sorted() && logins[0] == "root");
}

#[tokio::test]
async fn what_can_not_be_is_refused() {
    let app = TestApp::start().await;
    let root = app.signed_in("root", Role::Admin).await;
    let mut reasons = Vec::new();
    for (login, name, email) in [
        ("", "x", "x@y"),
        ("pg_monitor", "x", "x@y"),
        ("postgres", "x", "x@y"),
        (&"ä".repeat(32), "x", "x@y"),
        ("ok", " ", "x@y"),
        ("ok", "a\nb", "x@y"),
        ("ok", "x", "no address"),
    ] {
        let body = json!({ "login": login, "name": name, "email": email, "role": "student" });
        let answer = root.post("/api/v1/people", body).await.expect(422).json();
        reasons.push(answer["fields"][0]["path"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        reasons,
        ["login", "login", "login", "login", "name", "name", "email"]
    );
    let body = json!({ "login": "ok", "name": "x", "role": "emperor" });
    assert_eq!(root.post("/api/v1/people", body).await.problem(422), "invalid");
}

#[tokio::test]
async fn the_last_admin_stays() {
    let app = TestApp::start().await;
    let password = pglab_control::people::ensure_admin(&app.control)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        pglab_control::people::ensure_admin(&app.control).await.unwrap(),
        None
    );
    let admin = app.sign_in("admin", &password).await;
    for change in [json!({ "disabled": true }), json!({ "role": "student" })] {
        let refused = admin.patch("/api/v1/people/admin", change).await;
        assert_eq!(refused.problem(409), "conflict");
    }
    app.control.person("second", Role::Admin).await;
    admin
        .patch("/api/v1/people/admin", json!({ "role": "student" }))
        .await
        .expect(200);
    assert_eq!(admin.get("/api/v1/people").await.problem(403), "forbidden");
}
