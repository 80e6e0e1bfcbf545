//! One's own password, for the pages and for PostgreSQL.

use pglab_control::credential::{converge, note_differs};
use pglab_core::person::{Login, Role};
use pglab_store::credential;
use serde_json::json;

use crate::support::TestApp;

/// A student who has a role in PostgreSQL, as preparing a class makes it.
async fn student_with_role(app: &TestApp, login: &str) -> String {
    let (person, password) = app.control.person(login, Role::Student).await;
    let stored = credential::by_person(app.control.store.pool(), person.id)
        .await
        .unwrap()
        .unwrap();
    let verifier = stored.scram_verifier.unwrap();
    let role = person.login.role();
    app.control
        .server
        .superuser("postgres")
        .await
        .batch_execute(&format!(
            "CREATE ROLE {role} LOGIN PASSWORD '{verifier}'; COMMENT ON ROLE {role} IS 'pglab:test'; \
             GRANT CONNECT ON DATABASE postgres TO {role}"
        ))
        .await
        .unwrap();
    let mut tx = app.control.store.begin().await.unwrap();
    credential::applied(&mut tx, person.id, Some(&verifier))
        .await
        .unwrap();
    app.control.store.commit(tx).await.unwrap();
    password
}

async fn gets_into_postgresql(app: &TestApp, login: &str, password: &str) -> bool {
    let login = Login::parse(login).unwrap();
    let database = pglab_core::ident::Ident::new("postgres").unwrap();
    let config = app
        .control
        .cluster
        .login_config(login.role(), password, &database);
    pglab_fleet::Connection::open(&config).await.is_ok()
}

async fn verifier_in_postgresql(app: &TestApp, login: &str) -> String {
    let superuser = app.control.server.superuser("postgres").await;
    let row = superuser
        .query_one("SELECT rolpassword FROM pg_authid WHERE rolname = $1", &[&login])
        .await
        .unwrap();
    row.get(0)
}

#[tokio::test]
async fn one_password_for_the_pages_and_for_postgresql() {
    let app = TestApp::start().await;
    let initial = student_with_role(&app, "ada").await;
    assert!(gets_into_postgresql(&app, "ada", &initial).await);
    let ada = app.sign_in("ada", &initial).await;
    let elsewhere = app.sign_in("ada", &initial).await;
    assert_eq!(
        ada.get("/api/v1/me").await.json()["password"],
        json!({ "initial": true })
    );

    let new = "an entirely new one";
    let change = json!({ "old_password": initial, "new_password": new });
    ada.post("/api/v1/me/password", change).await.expect(204);
    assert!(gets_into_postgresql(&app, "ada", new).await);
    assert!(!gets_into_postgresql(&app, "ada", &initial).await);
    assert_eq!(
        ada.get("/api/v1/me").await.json()["password"],
        json!({ "initial": false })
    );
    assert_eq!(elsewhere.get("/api/v1/me").await.problem(401), "not_signed_in");
    app.sign_in("ada", new).await;
    let body = json!({ "login": "ada", "password": initial });
    app.stranger().post("/api/v1/session", body).await.expect(401);
    // The password itself was never said to the server, and the initial one is nowhere any more.
    let stored = credential::by_person(
        app.control.store.pool(),
        pglab_store::person::by_login(app.control.store.pool(), &Login::parse("ada").unwrap())
            .await
            .unwrap()
            .unwrap()
            .id,
    )
    .await
    .unwrap()
    .unwrap();
    assert_eq!(stored.initial_sealed, None);
    assert_eq!(stored.scram_verifier, stored.scram_applied);
    assert_eq!(
        Some(verifier_in_postgresql(&app, "ada").await),
        stored.scram_verifier
    );
}

#[tokio::test]
async fn bad_passwords_are_refused_with_the_reason() {
    let app = TestApp::start().await;
    let (_, old) = app.control.person("ada.lovelace", Role::Student).await;
    let ada = app.sign_in("ada.lovelace", &old).await;
    let mut reasons = Vec::new();
    let long = "é".repeat(129);
    for (old_password, new) in [
        (old.as_str(), "seven77"),
        (&old, &long),
        (&old, "Ada.Lovelace"),
        (&old, &old),
        (&old, "with\u{0}zero"),
        ("wrong", "fine as it is"),
    ] {
        let body = json!({ "old_password": old_password, "new_password": new });
        let answer = ada.post("/api/v1/me/password", body).await.expect(422).json();
        assert_eq!(answer["code"], "invalid");
        let field = &answer["fields"][0];
        reasons.push(format!("{}: {}", field["path"], field["message"]));
    }
    insta::assert_snapshot!(reasons.join("\n"), @r#"
    "new_password": "use at least 8 characters"
    "new_password": "use at most 256 bytes"
    "new_password": "choose another one than the login"
    "new_password": "choose another one than the old"
    "new_password": "leave out control characters: psql can't send them"
    "old_password": "the old password is wrong"
    "#);
    // Guessing the old one is limited as signing in is.
    for _ in 0..9 {
        let body = json!({ "old_password": "wrong", "new_password": "fine as it is" });
        ada.post("/api/v1/me/password", body).await.expect(422);
    }
    let body = json!({ "old_password": old, "new_password": "fine as it is" });
    assert_eq!(
        ada.post("/api/v1/me/password", body).await.problem(429),
        "rate_limited"
    );
}

#[tokio::test]
async fn an_initial_password_that_must_be_changed_opens_nothing_else() {
    let app = TestApp::start().await;
    let (person, initial) = app.control.person("ada", Role::Instructor).await;
    let mut stored = credential::by_person(app.control.store.pool(), person.id)
        .await
        .unwrap()
        .unwrap();
    stored.must_change = true;
    let mut tx = app.control.store.begin().await.unwrap();
    credential::put(&mut tx, &stored).await.unwrap();
    app.control.store.commit(tx).await.unwrap();

    let ada = app.sign_in("ada", &initial).await;
    let session = ada.get("/api/v1/session").await.json();
    assert_eq!(session["must_change_password"], true);
    assert_eq!(session["may"], json!([]));
    let refused = ada.post("/api/v1/tokens", json!({ "name": "x" })).await;
    assert_eq!(refused.problem(403), "password_change_required");
    let body = json!({ "old_password": initial, "new_password": "fine as it is" });
    ada.post("/api/v1/me/password", body).await.expect(204);
    ada.post("/api/v1/tokens", json!({ "name": "x" }))
        .await
        .expect(201);
}

/// A crash after our own database was written and before PostgreSQL was told.
#[tokio::test]
async fn a_password_that_postgresql_was_not_given_is_given_later() {
    let app = TestApp::start().await;
    let initial = student_with_role(&app, "ada").await;
    let login = Login::parse("ada").unwrap();
    let person = pglab_store::person::by_login(app.control.store.pool(), &login)
        .await
        .unwrap()
        .unwrap();
    let mut stored = credential::by_person(app.control.store.pool(), person.id)
        .await
        .unwrap()
        .unwrap();
    let old_verifier = stored.scram_verifier.take().unwrap();
    stored.scram_verifier = Some(pglab_identity::password::scram_verifier("a new password"));
    let mut tx = app.control.store.begin().await.unwrap();
    credential::put(&mut tx, &stored).await.unwrap();
    app.control.store.commit(tx).await.unwrap();

    // What the sweep finds is what PostgreSQL was given, and nobody's doing.
    assert!(!note_differs(&app.control, &login, &old_verifier).await.unwrap());
    assert!(gets_into_postgresql(&app, "ada", &initial).await);
    assert_eq!(converge(&app.control, None).await.unwrap(), 1);
    assert!(gets_into_postgresql(&app, "ada", "a new password").await);
    assert_eq!(converge(&app.control, None).await.unwrap(), 0);
}

#[tokio::test]
async fn a_password_changed_in_psql_is_noticed_and_left_alone() {
    let app = TestApp::start().await;
    let initial = student_with_role(&app, "ada").await;
    let login = Login::parse("ada").unwrap();
    let given = verifier_in_postgresql(&app, "ada").await;
    assert!(!note_differs(&app.control, &login, &given).await.unwrap());
    app.control
        .server
        .superuser("postgres")
        .await
        .batch_execute("ALTER ROLE ada PASSWORD 'by psql'")
        .await
        .unwrap();
    let found = verifier_in_postgresql(&app, "ada").await;
    assert!(note_differs(&app.control, &login, &found).await.unwrap());
    assert!(!note_differs(&app.control, &login, &found).await.unwrap());
    let ada = app.sign_in("ada", &initial).await;
    let me = ada.get("/api/v1/me").await.json();
    assert_eq!(me["password"]["differs_since"], "2026-03-02T09:00:00Z");
    assert_eq!(converge(&app.control, None).await.unwrap(), 0);
    assert!(gets_into_postgresql(&app, "ada", "by psql").await);
    // Changing it on the page makes both the same again.
    let body = json!({ "old_password": initial, "new_password": "the same for both" });
    ada.post("/api/v1/me/password", body).await.expect(204);
    assert!(gets_into_postgresql(&app, "ada", "the same for both").await);
    let me = ada.get("/api/v1/me").await.json();
    assert_eq!(me["password"], json!({ "initial": false }));
}

/// A role that a DBA made, on a server that is not ours alone, is not ours to give a password to.
#[tokio::test]
async fn a_role_without_our_mark_keeps_its_password() {
    let app = TestApp::start().await;
    let initial = student_with_role(&app, "ada").await;
    let superuser = app.control.server.superuser("postgres").await;
    superuser
        .batch_execute("COMMENT ON ROLE ada IS 'a DBA'")
        .await
        .unwrap();
    let before = verifier_in_postgresql(&app, "ada").await;
    let ada = app.sign_in("ada", &initial).await;
    let body = json!({ "old_password": initial, "new_password": "fine as it is" });
    ada.post("/api/v1/me/password", body).await.expect(204);
    assert_eq!(verifier_in_postgresql(&app, "ada").await, before);
}
