//! The activity log over HTTP: what is written of itself, filters, pages, and who sees what.

use axum::{body::Body, http::Request};
use pglab_control::{activity, activity::NewActivity};
use pglab_core::{activity::Event, person::Role};
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

async fn events(client: &Client<'_>, query: &str) -> Vec<String> {
    let list = client
        .get(&format!("/api/v1/activity{query}"))
        .await
        .expect(200)
        .json();
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            let word = |key: &str| item[key].as_str().unwrap_or("-").to_owned();
            format!("{} {} {}", word("event"), word("login"), word("lab"))
        })
        .collect()
}

#[tokio::test]
async fn operations_write_what_happened_and_instructors_see_their_own_labs() {
    let app = TestApp::start().await;
    let root = app.signed_in("root", Role::Admin).await;
    let grace = app.signed_in("grace", Role::Instructor).await;
    let other = app.signed_in("other", Role::Instructor).await;
    let new = json!({ "slug": "course", "title": "Course" });
    grace.post("/api/v1/labs", new).await.expect(201);
    roster(&app, &grace, "login\nada\nsam\n").await;
    roster(&app, &grace, "login\nada\n").await;
    assert_eq!(
        events(&grace, "").await,
        [
            "GROUP_MEMBER_REMOVED sam course",
            "GROUP_JOINED sam course",
            "GROUP_JOINED ada course",
            "GROUP_CREATED grace course",
        ]
    );
    assert!(events(&other, "").await.is_empty());
    assert_eq!(
        other.get("/api/v1/activity?lab=course").await.problem(403),
        "forbidden"
    );
    // What belongs to no lab is for admins.
    assert_eq!(
        events(&root, "?event=USER_LOGGED_IN,USER_REGISTERED&login=sam").await,
        ["USER_REGISTERED sam -"]
    );
    assert_eq!(events(&root, "?event=USER_LOGGED_IN").await.len(), 3);
    assert_eq!(
        events(&grace, "?lab=course&login=ada").await,
        ["GROUP_JOINED ada course"]
    );
    assert_eq!(
        grace.get("/api/v1/activity?event=PARTY").await.problem(422),
        "invalid"
    );
    assert!(events(&grace, "?severity=CRITICAL").await.is_empty());
    assert!(events(&grace, "?since=2027-01-01T00:00:00Z").await.is_empty());
}

async fn roster(app: &TestApp, client: &Client<'_>, text: &'static str) {
    let mut request = Request::builder()
        .method("POST")
        .uri("/api/v1/labs/course/roster")
        .header("content-type", "text/csv");
    for (name, value) in &client.headers {
        request = request.header(name, value);
    }
    app.send(request.body(Body::from(text)).unwrap())
        .await
        .expect(200);
}

#[tokio::test]
async fn pages_follow_one_another() {
    let app = TestApp::start().await;
    let root = app.signed_in("root", Role::Admin).await;
    let mut tx = app.control.store.begin().await.unwrap();
    for n in 0..150 {
        let new = NewActivity::new(app.control.now(), Event::SystemWarning).metadata(json!({ "n": n }));
        activity::record(&mut tx, &new).await.unwrap();
    }
    app.control.store.commit(tx).await.unwrap();
    let mut seen: Vec<i64> = Vec::new();
    let mut next = String::new();
    loop {
        let path = format!("/api/v1/activity?event=SYSTEM_WARNING{next}");
        let page = root.get(&path).await.expect(200).json();
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["metadata"]["n"].as_i64().unwrap()),
        );
        match &page["next"] {
            Value::String(id) => next = format!("&before={id}"),
            _ => break,
        }
    }
    assert_eq!(seen, (0..150).rev().collect::<Vec<_>>());
}
