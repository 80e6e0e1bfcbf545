//! Packs and answers over HTTP: installed, made into a lab, answered, and seen in the standings.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use pglab_control::{pack::archive, roster, testing::acting};
use pglab_core::{
    pack::{Files, PackPath},
    person::{Login, Role},
};
use serde_json::json;

use crate::support::{Answer, Client, TestApp};

fn zip(answer: &str, version: &str) -> Vec<u8> {
    let manifest = json!({ "id": "small", "name": "Small", "version": version, "challenges": ["a.json"] });
    let question =
        |id: &str, config: serde_json::Value| json!({ "type": "question", "id": id, "config": config });
    let challenge = json!({
        "metadata": { "id": "a", "name": "First", "version": "1", "challenge_type": "sql-lab" },
        "components": [
            question("q", json!({ "type": "text", "text": "What?", "answer": answer, "hints": [{ "text": "It begins with r", "cost": 1 }],
                "explanation": "It is right." })),
            question("c", json!({ "type": "checkboxes", "text": "Which?", "options": ["x", "y", "z"], "answer": ["x", "z"] })),
        ],
    });
    let mut files = Files::new();
    for (path, text) in [("pack.json", manifest), ("challenges/a.json", challenge)] {
        files.insert(PackPath::parse(path).unwrap(), text.to_string().into_bytes());
    }
    let mut bytes = std::io::Cursor::new(Vec::new());
    archive::write(&files, &mut bytes).unwrap();
    bytes.into_inner()
}

async fn send_zip(app: &TestApp, client: &Client<'_>, method: Method, bytes: Vec<u8>) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri("/api/v1/packs")
        .header(header::CONTENT_TYPE, "application/zip");
    for (name, value) in &client.headers {
        request = request.header(name, value);
    }
    app.send(request.body(Body::from(bytes)).unwrap()).await
}

#[tokio::test]
async fn from_a_pack_to_the_standings() {
    let app = TestApp::start().await;
    let grace = app.signed_in("grace", Role::Instructor).await;
    let sam = app.signed_in("sam", Role::Student).await;
    let refused = send_zip(&app, &grace, Method::POST, b"no zip".to_vec()).await;
    assert_eq!(refused.problem(422), "invalid");
    send_zip(&app, &grace, Method::POST, zip("right", "1.0.0"))
        .await
        .expect(201);
    assert_eq!(
        send_zip(&app, &grace, Method::POST, zip("right", "1.0.0"))
            .await
            .problem(409),
        "conflict"
    );
    assert_eq!(
        send_zip(&app, &sam, Method::PUT, zip("right", "1.0.0"))
            .await
            .problem(403),
        "forbidden"
    );
    let updated = send_zip(&app, &grace, Method::PUT, zip("right", "1.1.0"))
        .await
        .expect(200);
    assert_eq!(updated.json()["diff"]["new_version"], "1.1.0");
    let exported = grace.get("/api/v1/packs/small/archive").await.expect(200);
    assert_eq!(exported.body, zip_of_export(&exported));
    let new = json!({ "slug": "course", "title": "Course", "pack": { "id": "small" } });
    let lab = grace.post("/api/v1/labs", new).await.expect(201).json();
    assert_eq!(lab["tasks"].as_array().unwrap().len(), 2);
    assert_eq!(grace.delete("/api/v1/packs/small").await.problem(409), "conflict");

    // The library, and the lab's choice from it.
    let library = grace.get("/api/v1/challenges").await.expect(200).json();
    assert_eq!(
        (&library["items"][0]["key"], &library["items"][0]["kinds"]),
        (&json!("a"), &json!(["text", "checkboxes"]))
    );
    let preview = grace
        .get("/api/v1/packs/small/challenges/a")
        .await
        .expect(200)
        .json();
    assert_eq!(preview["tasks"][0]["hints"][0]["price"], json!(1.0));
    assert!(
        !preview["tasks"][0].to_string().contains("\"answer\""),
        "{preview}"
    );
    let wanted = json!({ "challenges": ["a"] });
    let chosen = grace
        .request(Method::PUT, "/api/v1/labs/course/challenges", Some(&wanted))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&chosen["chosen"], &chosen["others"]),
        (&json!(["a"]), &json!([]))
    );

    let teacher = person(&app, "grace").await;
    roster::import(&app.control, &teacher, "course", b"login\nada\n", false)
        .await
        .unwrap();
    let ours = app.control.server.superuser("pglab").await;
    ours.batch_execute("UPDATE lab SET state = 'open'").await.unwrap();
    let ada = token(&app, "ada").await;
    let ada = app.stranger().with("authorization", &format!("Bearer {ada}"));
    let tasks = ada.get("/api/v1/labs/course/answers").await.expect(200).json();
    assert!(!tasks.to_string().contains("right"), "an answer is told: {tasks}");
    let task = |n: usize| tasks["items"][n]["id"].as_str().unwrap().to_owned();
    let answers = |n: usize| format!("/api/v1/labs/course/tasks/{}/answers", task(n));

    let wrong = ada
        .post(&answers(0), json!({ "answer": "wrong" }))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&wrong["right"], &wrong["message"]),
        (&json!(false), &json!("That is not it."))
    );
    assert_eq!(
        ada.post(&answers(0), json!({ "answer": 7 })).await.problem(422),
        "invalid"
    );
    assert_eq!(
        ada.post(&answers(0), json!({ "answer": ["x"] }))
            .await
            .problem(422),
        "invalid"
    );
    assert_eq!(
        sam.post(&answers(0), json!({ "answer": "right" }))
            .await
            .problem(403),
        "forbidden"
    );
    assert_eq!(
        app.stranger()
            .post(&answers(0), json!({ "answer": "right" }))
            .await
            .problem(401),
        "not_signed_in"
    );
    let hint = format!("/api/v1/labs/course/tasks/{}/hints/0", task(0));
    assert_eq!(
        ada.post(&hint, json!({})).await.expect(200).json()["text"],
        "It begins with r"
    );
    let right = ada
        .post(&answers(0), json!({ "answer": "right" }))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&right["earned"], &right["explanation"]),
        (&json!(9.0), &json!("It is right."))
    );
    let set = ada
        .post(&answers(1), json!({ "answer": ["z", "x"] }))
        .await
        .expect(200)
        .json();
    assert_eq!(set["earned"], 10.0);
    assert_eq!(
        ada.post(&answers(1), json!({ "answer": ["z"] }))
            .await
            .problem(409),
        "conflict"
    );

    assert_eq!(
        ada.get("/api/v1/labs/course/standings").await.problem(404),
        "not_found"
    );
    let rules = json!({ "standings": true });
    let request = grace
        .request(Method::PUT, "/api/v1/labs/course/rules", Some(&rules))
        .await;
    assert_eq!(request.expect(200).json()["answers_per_minute"], 20);
    let award = json!({ "login": "ada", "points": -0.5, "reason": "=copied" });
    grace.post("/api/v1/labs/course/awards", award).await.expect(204);
    let page = ada.get("/api/v1/labs/course/me").await.expect(200).json();
    assert!(
        page["may"].as_array().unwrap().contains(&json!("standings")),
        "{page}"
    );
    let standings = ada.get("/api/v1/labs/course/standings").await.expect(200).json();
    assert_eq!(
        (&standings["rows"][0]["login"], &standings["rows"][0]["points"]),
        (&json!("ada"), &json!(18.5))
    );
    let csv = ada.get("/api/v1/labs/course/standings.csv").await.expect(200);
    assert!(
        std::str::from_utf8(&csv.body)
            .unwrap()
            .contains("1,1,,ada,ada,18.5,"),
        "{:?}",
        csv.body
    );
    let feed = ada
        .get("/api/v1/labs/course/standings/ctftime")
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&feed["standings"][0]["pos"], &feed["standings"][0]["score"]),
        (&json!(1), &json!(18.5))
    );
    let attempts = grace
        .get("/api/v1/labs/course/attempts?login=ada")
        .await
        .expect(200)
        .json();
    let outcomes: Vec<&str> = attempts["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["right", "right", "wrong"]);
    assert_eq!(
        ada.get("/api/v1/labs/course/attempts").await.problem(403),
        "forbidden"
    );
}

/// What came out, read and written again.
fn zip_of_export(exported: &Answer) -> Vec<u8> {
    let limits = pglab_core::pack::Limits::default();
    let files = archive::read(std::io::Cursor::new(&exported.body), limits).unwrap();
    let mut bytes = std::io::Cursor::new(Vec::new());
    archive::write(&files, &mut bytes).unwrap();
    bytes.into_inner()
}

async fn person(app: &TestApp, login: &str) -> pglab_core::access::Actor {
    let login = Login::parse(login).unwrap();
    let person = pglab_store::person::by_login(app.control.store.pool(), &login)
        .await
        .unwrap()
        .unwrap();
    acting(&person)
}

async fn token(app: &TestApp, login: &str) -> String {
    let new = pglab_control::tokens::NewToken {
        name: "test".to_owned(),
        scopes: vec!["read".to_owned(), "write".to_owned()],
        labs: None,
        expires_in_days: None,
    };
    let actor = person(app, login).await;
    pglab_control::tokens::create(&app.control, &actor, new)
        .await
        .unwrap()
        .1
}
