//! Labs, their examples and their tasks over HTTP: making, changing, moving them, and who may.

use axum::{body::Body, http::Request};
use pglab_core::person::Role;
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestApp};

const LABS: &str = "/api/v1/labs";

fn shop() -> Value {
    json!({ "slug": "shop", "title": "Music shop" })
}

#[tokio::test]
async fn an_instructor_makes_and_changes_a_lab() {
    let app = TestApp::start().await;
    let grace = app.signed_in("grace", Role::Instructor).await;
    let mut lab = grace.post(LABS, shop()).await.expect(201).json();
    assert_eq!(lab["settings"]["max_connections"], 10);
    lab["settings"] = json!("as in LabSettings");
    assert_eq!(
        lab,
        json!({
            "slug": "shop",
            "title": "Music shop",
            "state": "draft",
            "start": "empty",
            "settings": "as in LabSettings",
            "max_score": 0.0,
            "n_members": 0,
            "example": null,
            "preparation": { "state": "idle", "total": 0, "ready": 0, "waiting": 0, "failed": [] },
            "tasks": [],
            "may": [
                "view", "results", "assist", "credentials_view", "edit", "roster_import", "prepare", "open", "delete"
            ],
            "created_at": "2026-03-02T09:00:00Z",
        })
    );

    let taken = grace.post(LABS, shop()).await.expect(409).json();
    assert_eq!(
        taken["detail"],
        "there is a lab \"shop\" already; choose another short name"
    );
    let change = json!({
        "title": "  Another shop ",
        "start": { "tables": ["artist", "album"] },
        "settings": { "types": "lenient", "max_connections": 3 },
    });
    let changed = grace.patch("/api/v1/labs/shop", change).await.expect(200).json();
    assert_eq!(changed["title"], "Another shop");
    assert_eq!(changed["start"], json!({ "tables": ["artist", "album"] }));
    assert_eq!(changed["settings"]["types"], "lenient");
    assert_eq!(changed["settings"]["max_connections"], 3);
    assert_eq!(changed["settings"]["statement_timeout_s"], 60);

    let definition = grace.get("/api/v1/labs/shop/definition").await.expect(200).json();
    assert_eq!(
        definition,
        json!({
            "lab": "shop",
            "title": "Another shop",
            "start": { "tables": ["artist", "album"] },
            "types": "lenient",
            "settings": { "max_connections": 3 },
        })
    );
    grace.delete("/api/v1/labs/shop?confirm=shop").await.expect(204);
    assert_eq!(grace.get("/api/v1/labs/shop").await.problem(404), "not_found");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_its_place() {
    let app = TestApp::start().await;
    let grace = app.signed_in("grace", Role::Instructor).await;
    grace.post(LABS, shop()).await.expect(201);
    for (change, path) in [
        (json!({ "title": " " }), "title"),
        (json!({ "start": { "tables": [] } }), "start.tables"),
        (json!({ "start": { "tables": ["a", "a"] } }), "start.tables[1]"),
        (json!({ "settings": { "colour": 1 } }), "settings.colour"),
        (
            json!({ "settings": { "max_connections": 0 } }),
            "settings.max_connections",
        ),
        (
            json!({ "settings": { "max_connections": "x" } }),
            "settings.max_connections",
        ),
        (
            json!({ "settings": { "extensions": ["dblink"] } }),
            "settings.extensions",
        ),
    ] {
        let answer = grace.patch("/api/v1/labs/shop", change).await.expect(422).json();
        assert_eq!(answer["code"], "invalid");
        assert_eq!(answer["fields"][0]["path"], path, "{answer}");
    }
    let wrong = json!({ "slug": "Music Shop", "title": "x" });
    let answer = grace.post(LABS, wrong).await.expect(422).json();
    assert_eq!(answer["fields"][0]["path"], "slug");
    let unconfirmed = grace
        .delete("/api/v1/labs/shop?confirm=chop")
        .await
        .expect(422)
        .json();
    assert_eq!(unconfirmed["fields"][0]["path"], "confirm");
    // An admin may allow extensions.
    let root = app.signed_in("root", Role::Admin).await;
    let change = json!({ "settings": { "extensions": ["postgis"] } });
    root.patch("/api/v1/labs/shop", change).await.expect(200);
}

#[tokio::test]
async fn a_lab_without_an_example_is_not_opened() {
    let app = TestApp::start().await;
    let grace = app.signed_in("grace", Role::Instructor).await;
    grace.post(LABS, shop()).await.expect(201);
    let answer = grace
        .post("/api/v1/labs/shop/open", json!({}))
        .await
        .expect(409)
        .json();
    assert_eq!(
        answer["detail"],
        "the lab \"shop\" has no example yet; upload one before opening the lab"
    );
    let answer = grace
        .post("/api/v1/labs/shop/close", json!({}))
        .await
        .expect(409)
        .json();
    assert_eq!(answer["detail"], "the lab \"shop\" is not open");
    grace.get("/api/v1/labs/shop/example").await.expect(404);
    grace
        .post("/api/v1/labs/shop/tasks/derive", json!({}))
        .await
        .expect(409);
}

#[tokio::test]
async fn others_are_kept_out() {
    let app = TestApp::start().await;
    let grace = app.signed_in("grace", Role::Instructor).await;
    grace.post(LABS, shop()).await.expect(201);
    let other = app.signed_in("other", Role::Instructor).await;
    let student = app.signed_in("ada", Role::Student).await;
    for somebody in [&other, &student] {
        for path in [
            "",
            "/definition",
            "/tasks",
            "/results",
            "/example",
            "/example/schema",
            "/example/events",
        ] {
            let answer = somebody.get(&format!("/api/v1/labs/shop{path}")).await;
            assert_eq!(answer.problem(403), "forbidden", "{path}");
        }
        somebody
            .patch("/api/v1/labs/shop", json!({ "title": "x" }))
            .await
            .expect(403);
        assert_eq!(somebody.get(LABS).await.expect(200).json()["items"], json!([]));
    }
    student
        .post(LABS, json!({ "slug": "mine", "title": "Mine" }))
        .await
        .expect(403);
    app.stranger().get("/api/v1/labs/shop").await.expect(401);
    // An admin is of every lab.
    let root = app.signed_in("root", Role::Admin).await;
    let list = root.get(LABS).await.expect(200).json();
    assert_eq!(list["items"][0]["role"], "admin");
    root.get("/api/v1/labs/shop").await.expect(200);
}

/// Sends a file.
async fn put(app: &TestApp, client: &Client<'_>, path: &str, kind: &str, body: Vec<u8>) -> Answer {
    let mut request = Request::builder()
        .method("PUT")
        .uri(path)
        .header("content-type", kind);
    for (name, value) in &client.headers {
        request = request.header(name, value);
    }
    app.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn an_example_is_uploaded_loaded_and_watched() {
    let app = TestApp::start().await;
    let grace = app.signed_in("grace", Role::Instructor).await;
    grace.post(LABS, shop()).await.expect(201);
    let stream = "application/octet-stream";
    let path = "/api/v1/labs/shop/example";
    // Larger than any other body may be.
    let script = format!(
        "CREATE TABLE a (id integer PRIMARY KEY);\n{}INSERT INTO a VALUES (1);\n",
        "-- a comment\n".repeat(100_000)
    );
    put(&app, &grace, path, stream, script.clone().into_bytes())
        .await
        .expect(422);
    let named = format!("{path}?name=a.sql");
    let answer = put(&app, &grace, &named, stream, script.clone().into_bytes()).await;
    let example = answer.expect(202).json();
    assert_eq!(example["state"], "loading");
    assert_eq!(example["size_bytes"], script.len());
    assert_eq!(example["sha256"].as_str().unwrap().len(), 64);

    let mut events = app.events("/api/v1/labs/shop/example/events", &grace).await;
    let first = events.next_event().await;
    assert!(
        first.contains("event: example\n") && first.contains("retry: 2000\n"),
        "{first}"
    );
    assert!(first.contains("\"state\":\"loading\""), "{first}");
    pglab_control::example::activate(&app.control).await.unwrap();
    while !events.next_event().await.contains("\"state\":\"ready\"") {}

    let example = grace.get(path).await.expect(200).json();
    assert_eq!(example["summary"]["rows"], 1);
    assert!(example.get("error").is_none() && example.get("progress").is_none());
    let schema = grace.get(&format!("{path}/schema")).await.expect(200).json();
    assert_eq!(schema["tables"][0]["name"]["name"], "a");
    let lab = grace.get("/api/v1/labs/shop").await.expect(200).json();
    assert_eq!(lab["max_score"], 10.0);

    let tasks = grace.get("/api/v1/labs/shop/tasks").await.expect(200).json();
    let task = format!(
        "/api/v1/labs/shop/tasks/{}",
        tasks["items"][0]["id"].as_str().unwrap()
    );
    let new = json!({
        "title": "A note",
        "points": 2.5,
        "checks": [{ "kind": "table_exists", "table": { "schema": "public", "name": "note" }, "weight": 3 }],
    });
    let made = grace
        .post("/api/v1/labs/shop/tasks", new)
        .await
        .expect(201)
        .json();
    assert_eq!((&made["position"], &made["points"]), (&json!(1), &json!(2.5)));
    assert_eq!(made["checks"][0]["title"], "There is a table note");
    let changed = grace
        .patch(&task, json!({ "position": 1 }))
        .await
        .expect(200)
        .json();
    assert_eq!(changed["position"], 1);
    grace.delete(&task).await.expect(204);
    grace.delete(&task).await.expect(404);
    let results = grace.get("/api/v1/labs/shop/results").await.expect(200).json();
    assert_eq!(
        (&results["max_score"], &results["students"]),
        (&json!(2.5), &json!([]))
    );
    let csv = grace
        .get("/api/v1/labs/shop/results?format=canvas")
        .await
        .expect(200);
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(
        csv.headers["content-disposition"],
        "attachment; filename=\"shop-canvas.csv\""
    );

    grace.post("/api/v1/labs/shop/open", json!({})).await.expect(200);
    let list = grace.get(LABS).await.expect(200).json();
    assert_eq!(list["items"][0]["state"], "open");
    // A URI is small, however large a dump may be.
    let huge = format!("{{\"uri\":\"{}\"}}", "x".repeat(2 << 20)).into_bytes();
    let refused = put(&app, &grace, path, "application/json", huge).await;
    assert_eq!(refused.problem(413), "too_large");
}

/// A stream of events that goes on.
struct Events(axum::body::BodyDataStream);

impl Events {
    /// Up to the next empty line.
    async fn next_event(&mut self) -> String {
        use futures::StreamExt;
        let mut text = String::new();
        while !text.ends_with("\n\n") {
            text.push_str(std::str::from_utf8(&self.0.next().await.unwrap().unwrap()).unwrap());
        }
        text
    }
}

impl TestApp {
    async fn events(&self, path: &str, client: &Client<'_>) -> Events {
        use tower::ServiceExt;
        let mut request = Request::builder().uri(path);
        for (name, value) in &client.headers {
            request = request.header(name, value);
        }
        let router = pglab_api::router(self.control.control.clone());
        let response = router
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Events(response.into_body().into_data_stream())
    }
}
