//! The board over HTTP: whole, as events, one member, hands.

use axum::{
    body::{Body, BodyDataStream},
    http::Request,
};
use futures::StreamExt;
use pglab_core::person::Role;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::{Client, TestApp};

/// A lab with a task made by hand and two students, and its instructor.
async fn class(app: &TestApp) -> Client<'_> {
    let grace = app.signed_in("grace", Role::Instructor).await;
    let lab = json!({ "slug": "shop", "title": "The shop" });
    grace.post("/api/v1/labs", lab).await.expect(201);
    let task = json!({ "title": "A table", "points": 2.5, "checks": [
        { "kind": "table_exists", "table": { "schema": "public", "name": "album" } },
    ] });
    grace.post("/api/v1/labs/shop/tasks", task).await.expect(201);
    for login in ["ada", "bob"] {
        app.control.person(login, Role::Student).await;
    }
    let (lab, _) = pglab_control::lab::find(&app.control, &pglab_core::access::Actor::System, "shop")
        .await
        .unwrap();
    pglab_control::roster::import(
        &app.control,
        &pglab_core::access::Actor::System,
        lab.slug.as_str(),
        b"ada\nbob\n",
        false,
    )
    .await
    .unwrap();
    grace
}

struct Stream(BodyDataStream, String);

impl Stream {
    async fn open(app: &TestApp, client: &Client<'_>, last_id: Option<&str>) -> Self {
        let mut request = Request::builder().uri("/api/v1/labs/shop/board/events");
        for (name, value) in &client.headers {
            request = request.header(name, value);
        }
        if let Some(id) = last_id {
            request = request.header("last-event-id", id);
        }
        let router = pglab_api::router(app.control.control.clone());
        let response = router
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self(response.into_body().into_data_stream(), String::new())
    }

    /// The next event: its name, id and data.
    async fn next(&mut self) -> (String, String, Value) {
        loop {
            if let Some((event, rest)) = self.1.split_once("\n\n") {
                let field = |name: &str| {
                    let line = event
                        .lines()
                        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                    line.unwrap_or_default().to_owned()
                };
                let found = (field("event"), field("id"), field("data"));
                self.1 = rest.to_owned();
                if !found.0.is_empty() {
                    return (found.0, found.1, serde_json::from_str(&found.2).unwrap());
                }
                continue;
            }
            let bytes = self.0.next().await.unwrap().unwrap();
            self.1.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }
}

#[tokio::test]
async fn the_whole_board_in_the_words_that_scripts_rely_on() {
    let app = TestApp::start().await;
    let grace = class(&app).await;
    let board = grace.get("/api/v1/labs/shop/board").await.expect(200).json();
    let mut member = board["members"][0].clone();
    let task = &mut member["tasks"][0];
    assert_eq!(task["id"], board["tasks"][0]["id"]);
    task["id"] = json!("…");
    assert_eq!(
        member,
        json!({
            "login": "ada", "name": "ada of the tests", "score": 0.0, "now": 0.0, "max_score": 2.5,
            "state": "absent", "activity": { "connections": 0, "state": "none" },
            "need": { "rank": 1, "score": 0, "reasons": ["The lab is not open"] },
            "n_errors_recent": 0, "instance_state": "none",
            "tasks": [{
                "id": "…", "title": "A table", "score": 0.0, "now": 0.0, "max_score": 2.5,
                "state": "not_started", "stale": false, "verdicts": [],
            }],
        })
    );
    let slim = grace
        .get("/api/v1/labs/shop/board?verdicts=false&fresh=false")
        .await
        .expect(200)
        .json();
    assert_eq!(slim["members"][0]["tasks"][0].get("verdicts"), None);
    assert_eq!(slim["members"].as_array().unwrap().len(), 2);
    assert_eq!(board["tasks"][0]["points"], 2.5);
}

/// Nothing looks at databases in this process: the board is given as it is known, and says so.
#[tokio::test]
async fn a_fresh_board_says_when_it_could_not_wait() {
    let app = TestApp::start().await;
    let grace = class(&app).await;
    let known = grace.get("/api/v1/labs/shop/board").await;
    assert_eq!(known.headers.get(pglab_api::board::SETTLED), None);
    let known = known.expect(200).json();
    let fresh = grace.get("/api/v1/labs/shop/board?fresh=true").await;
    assert_eq!(fresh.headers[pglab_api::board::SETTLED], "false");
    assert_eq!(fresh.expect(200).json()["members"], known["members"]);
}

#[tokio::test]
async fn events_are_resumed_where_they_were_lost() {
    let app = TestApp::start().await;
    let grace = class(&app).await;
    let mut events = Stream::open(&app, &grace, None).await;
    let (name, first_id, board) = events.next().await;
    assert_eq!(name, "board");
    assert_eq!(board["members"].as_array().unwrap().len(), 2);
    drop(events);
    let path = "/api/v1/labs/shop/members/bob/hand";
    let hand = grace
        .post(path, json!({ "why": "<b>stuck</b>" }))
        .await
        .expect(200)
        .json();
    assert_eq!(hand["why"], "<b>stuck</b>");

    let mut back = Stream::open(&app, &grace, Some(&first_id)).await;
    let (name, id, event) = back.next().await;
    assert_eq!(name, "member");
    assert_eq!(event["member"]["login"], "bob");
    assert_eq!(event["member"]["hand"]["why"], "<b>stuck</b>");
    assert_eq!(event["member"]["need"]["rank"], 1);
    assert_eq!(event["ranks"], json!({ "ada": 2 }));
    assert_eq!(
        event["sequence"].as_u64(),
        board["sequence"].as_u64().map(|n| n + 1)
    );
    assert!(id != first_id);

    grace.delete(path).await.expect(204);
    let feed = tokio::spawn(pglab_control::board::feed::run(
        app.control.control.clone(),
        tokio_util::sync::CancellationToken::new(),
    ));
    let (name, _, event) = back.next().await;
    assert_eq!((name.as_str(), event["member"].get("hand")), ("member", None));
    feed.abort();
    // An id of another process, or made up.
    for id in ["1-1", "nonsense"] {
        let (name, ..) = Stream::open(&app, &grace, Some(id)).await.next().await;
        assert_eq!(name, "board");
    }
}

#[tokio::test]
async fn a_student_sees_their_own_page_and_no_other() {
    let app = TestApp::start().await;
    class(&app).await;
    let (_, password) = app.control.person("eve", Role::Student).await;
    let eve = app.sign_in("eve", &password).await;
    eve.get("/api/v1/labs/shop/me").await.expect(403);
    pglab_control::roster::import(
        &app.control,
        &pglab_core::access::Actor::System,
        "shop",
        b"ada\nbob\neve\n",
        false,
    )
    .await
    .unwrap();
    // The board that is in memory hears of her by our own database.
    let feed = tokio::spawn(pglab_control::board::feed::run(
        app.control.control.clone(),
        tokio_util::sync::CancellationToken::new(),
    ));
    let page = loop {
        let answer = eve.get("/api/v1/labs/shop/me").await;
        if answer.status == 200 {
            break answer.json();
        }
    };
    feed.abort();
    assert_eq!(page["member"]["login"], "eve");
    assert_eq!(page["kit"], Value::Null);
    assert_eq!(page["class"]["n_members"], 3);
    assert_eq!(page["member"]["tasks"][0]["title"], "A table");
    let detail = eve.get("/api/v1/labs/shop/members/eve").await.expect(200).json();
    assert_eq!(
        (&detail["login"], &detail["connections"]),
        (&json!("eve"), &json!([]))
    );
    for other in [
        "members/ada",
        "members/ada/schema",
        "members/eve/schema",
        "board",
        "board/events",
    ] {
        eve.get(&format!("/api/v1/labs/shop/{other}")).await.expect(403);
    }
}
