//! Labs before anything is loaded: making, changing, moving them, and who may.

use pglab_core::person::Role;
use serde_json::{Value, json};

use crate::support::TestApp;

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
