//! Consoles over a real WebSocket: who comes in, what is said, and that a sign-out ends it. What runs in one is tested in
//! `pglab-fleet`, how many there are in `pglab-control`.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use pglab_control::{instance, lab, prepare, roster};
use pglab_core::{
    lab::{Slug, Start},
    names,
    person::Role,
};
use pglab_fleet::provision;
use pglab_store::example::{self, Example, ExampleSource, ExampleState};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

use crate::support::{Client, TestApp};

/// A lab that is open, with Ada and Bob, and pglab listening.
async fn start() -> (TestApp, String, [String; 2]) {
    let app = TestApp::start().await;
    let control = &app.control;
    let teacher = control.actor("teacher", Role::Instructor).await;
    let new = lab::NewLab {
        slug: "music".to_owned(),
        title: "Music".to_owned(),
        start: None,
        pack: None,
        settings: serde_json::Map::new(),
    };
    let lab = lab::create(control, &teacher, new).await.unwrap().lab;
    let slug = Slug::parse("music").unwrap();
    let (role, template) = (
        names::lab_role(&slug).unwrap(),
        names::start_database(&slug, 1).unwrap(),
    );
    let maintenance = control.cluster.maintenance().await.unwrap();
    provision::cluster::secure(&maintenance, None).await.unwrap();
    provision::role::ensure_nologin(&maintenance, &role, "test")
        .await
        .unwrap();
    provision::database::create(&maintenance, &template, None, "test")
        .await
        .unwrap();
    let inside = control.server.superuser(template.as_str()).await;
    let script = format!(
        "CREATE TABLE artist (id int); ALTER TABLE artist OWNER TO {role}; GRANT ALL ON SCHEMA public TO {role}"
    );
    inside.batch_execute(&script).await.unwrap();
    drop(inside);
    let example = Example {
        lab: lab.id,
        source: ExampleSource::Dump,
        name: "music.sql".to_owned(),
        size_bytes: 1,
        sha256: None,
        file: None,
        uri_sealed: None,
        generation: 1,
        state: ExampleState::Ready,
        progress: json!({}),
        error: None,
        warnings: json!([]),
        summary: None,
        example_database: None,
        start_database: Some(template),
        start_made: Some(Start::Empty),
        loaded_at: Some(control.now()),
    };
    let mut tx = control.store.begin().await.unwrap();
    example::put(&mut tx, &example).await.unwrap();
    control.store.commit(tx).await.unwrap();
    let passwords = [
        control.person("ada", Role::Student).await.1,
        control.person("bob", Role::Student).await.1,
    ];
    roster::import(control, &teacher, "music", b"ada\nbob", false)
        .await
        .unwrap();
    prepare::prepare(control, &teacher, "music").await.unwrap();
    instance::activate(control).await.unwrap();
    lab::open(control, &teacher, "music").await.unwrap();
    instance::activate(control).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let router = pglab_api::router(control.control.clone());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (app, address, passwords)
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connect(address: &str, client: &Client<'_>, origin: Option<&str>) -> Result<Socket, u16> {
    let mut request = format!("ws://{address}/api/v1/labs/music/console")
        .into_client_request()
        .unwrap();
    for name in ["cookie", "authorization"] {
        if let Some(value) = client.headers.get(name) {
            request.headers_mut().insert(name, value.clone());
        }
    }
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", origin.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(other) => panic!("{other}"),
    }
}

async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

/// The next event.
async fn hear(socket: &mut Socket) -> Value {
    loop {
        let message = timeout(Duration::from_secs(20), socket.next()).await.unwrap();
        match message.unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Close(_) => panic!("closed"),
            _ => {}
        }
    }
}

async fn hear_until(socket: &mut Socket, kind: &str) -> Vec<Value> {
    let mut heard = Vec::new();
    loop {
        let event = hear(socket).await;
        let over = event["type"] == kind;
        heard.push(event);
        if over {
            return heard;
        }
    }
}

#[tokio::test]
async fn a_console_from_our_page_and_from_no_other() {
    let (app, address, [password, _]) = start().await;
    let ada = app.sign_in("ada", &password).await;
    let ours = format!("http://{address}");
    // A page elsewhere has the cookie too, and its browser says where it is.
    for origin in [Some("http://evil.example"), Some("null"), None] {
        assert_eq!(
            connect(&address, &ada, origin).await.err(),
            Some(403),
            "{origin:?}"
        );
    }
    assert_eq!(
        connect(&address, &app.stranger(), Some(&ours)).await.err(),
        Some(401)
    );
    // And what only our page can know has to be said.
    for hello in [
        json!({ "type": "hello" }),
        json!({ "type": "hello", "csrf_token": "guessed" }),
    ] {
        let mut socket = connect(&address, &ada, Some(&ours)).await.unwrap();
        say(&mut socket, hello).await;
        assert_eq!(hear(&mut socket).await["code"], "csrf");
    }
    let mut socket = connect(&address, &ada, Some(&ours)).await.unwrap();
    say(&mut socket, json!({ "type": "run", "sql": "SELECT 1" })).await;
    assert_eq!(hear(&mut socket).await["code"], "invalid");

    let mut socket = connect(&address, &ada, Some(&ours)).await.unwrap();
    let csrf = ada.headers["x-csrf-token"].to_str().unwrap();
    say(&mut socket, json!({ "type": "hello", "csrf_token": csrf })).await;
    let ready = hear(&mut socket).await;
    assert_eq!(
        (&ready["type"], &ready["role"], &ready["read_only"]),
        (&json!("ready"), &json!("ada"), &json!(false))
    );
    say(
        &mut socket,
        json!({ "type": "run", "sql": "SELECT 7 AS n; SELECT nonsense" }),
    )
    .await;
    let heard = hear_until(&mut socket, "finished").await;
    let kinds: Vec<_> = heard
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "statement",
            "columns",
            "rows",
            "done",
            "statement",
            "error",
            "finished"
        ]
    );
    assert_eq!(heard[2]["rows"], json!([["7"]]));
    assert_eq!(heard[5]["error"]["position"], 22);
    for event in &heard {
        app.assert_event(event);
    }
    say(&mut socket, json!({ "type": "catalog" })).await;
    assert_eq!(hear(&mut socket).await["catalog"]["tables"][0]["name"], "artist");

    // A statement that waits is cancelled in the same connection.
    say(
        &mut socket,
        json!({ "type": "run", "sql": "SELECT pg_sleep(60)" }),
    )
    .await;
    assert_eq!(hear(&mut socket).await["type"], "statement");
    say(&mut socket, json!({ "type": "cancel" })).await;
    let heard = hear_until(&mut socket, "finished").await;
    assert_eq!(heard[heard.len() - 2]["error"]["code"], "57014");

    // Who signs out runs nothing more.
    ada.delete("/api/v1/session").await.expect(204);
    say(&mut socket, json!({ "type": "run", "sql": "SELECT 1" })).await;
    let closed = hear(&mut socket).await;
    assert_eq!(
        (&closed["type"], &closed["code"]),
        (&json!("closed"), &json!("not_signed_in"))
    );
}

#[tokio::test]
async fn a_program_brings_a_token() {
    let (app, address, [_, password]) = start().await;
    let bob = app.sign_in("bob", &password).await;
    for (scope, let_in) in [("write", true), ("read", false)] {
        let body = json!({ "name": scope, "scopes": [scope] });
        let token = bob.post("/api/v1/tokens", body).await.expect(201).json();
        let token = format!("Bearer {}", token["token"].as_str().unwrap());
        let program = app.stranger().with("authorization", &token);
        match connect(&address, &program, None).await {
            Ok(mut socket) => {
                assert!(let_in, "a token for reading ran statements");
                say(&mut socket, json!({ "type": "hello" })).await;
                assert_eq!(hear(&mut socket).await["role"], "bob");
            }
            Err(status) => assert_eq!((let_in, status), (false, 403)),
        }
        // Whoever speaks no WebSocket is told so.
        if let_in {
            let answer = program.get("/api/v1/labs/music/console").await;
            assert_eq!(answer.problem(426), "upgrade_required");
        }
    }
}
