//! The Database API as a front end speaks it: a recorded session, every route by who may and who may not, and each
//! deliberate difference to the original. Every answer is held against the OpenAPI document.

mod different;
mod routes;
mod session;

use std::collections::HashMap;

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
};
use pglab_control::testing::{TestControl, acting};
use pglab_control::tokens::{self, NewToken};
use pglab_core::{
    pack::{Files, PackPath},
    person::{Login, Role},
};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::schema::Document;

/// A pglab with its Database API, people and tokens. What is learnt on the way is kept under a name: `$ada`.
pub(crate) struct Arena {
    pub(crate) control: TestControl,
    router: Router,
    document: Document,
    pub(crate) known: HashMap<String, String>,
}

pub(crate) enum Sent {
    Nothing,
    Json(Value),
    /// As it is, called JSON.
    Raw(&'static str),
    /// A file of a form.
    File(&'static str, Vec<u8>),
}

impl Arena {
    /// `root` is an admin, `grace` and `oscar` are instructors, `ada`, `bob` and `sam` students. `$service` acts for all of
    /// `root`'s, `$blind` the same without answers; `$oscar-service` is for no lab yet; the others have tokens of their own.
    pub(crate) async fn start() -> Self {
        let control = TestControl::start().await;
        let router = pglab_api::database_api::router(control.control.clone());
        let document = Document(serde_json::to_value(pglab_api::database_api::document()).unwrap());
        let mut arena = Self {
            control,
            router,
            document,
            known: HashMap::new(),
        };
        for (login, role) in [
            ("root", Role::Admin),
            ("grace", Role::Instructor),
            ("oscar", Role::Instructor),
            ("ada", Role::Student),
            ("bob", Role::Student),
            ("sam", Role::Student),
        ] {
            let (person, _) = arena.control.person(login, role).await;
            arena.known.insert(login.to_owned(), person.id.to_string());
            let token = arena.token(login, &["read", "write"], None).await;
            arena.known.insert(format!("{login}-token"), token);
        }
        for (name, login, scopes, labs) in [
            ("service", "root", &["act_for", "answers"][..], None),
            ("blind", "root", &["act_for"][..], None),
            (
                "oscar-service",
                "oscar",
                &["act_for", "answers"][..],
                Some(vec![]),
            ),
        ] {
            let token = arena.token(login, scopes, labs).await;
            arena.known.insert(name.to_owned(), token);
        }
        arena
    }

    pub(crate) async fn token(&self, login: &str, scopes: &[&str], labs: Option<Vec<String>>) -> String {
        let login = Login::parse(login).unwrap();
        let person = pglab_store::person::by_login(self.control.store.pool(), &login)
            .await
            .unwrap()
            .unwrap();
        let new = NewToken {
            name: "test".to_owned(),
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            labs,
            expires_in_days: None,
        };
        tokens::create(&self.control, &acting(&person), new)
            .await
            .unwrap()
            .1
    }

    /// With every `$name` in its place.
    pub(crate) fn filled(&self, text: &str) -> String {
        let mut names: Vec<&String> = self.known.keys().collect();
        // The longest first: `$ada-token` is not `$ada`.
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        names.into_iter().fold(text.to_owned(), |text, name| {
            text.replace(&format!("${name}"), &self.known[name])
        })
    }

    /// Sends it with this token; none where it is empty. The answer is held against the document.
    pub(crate) async fn send(&self, token: &str, method: &str, path: &str, sent: &Sent) -> (u16, Value) {
        let path = self.filled(path);
        let mut request = Request::builder().method(method).uri(&path);
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.filled(token)));
        }
        let body = match sent {
            Sent::Nothing => Body::empty(),
            Sent::Json(value) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(self.filled(&value.to_string()))
            }
            Sent::Raw(text) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(*text)
            }
            Sent::File(field, bytes) => {
                request = request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge");
                let mut body = format!(
                    "--edge\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"pack.zip\"\r\n\
                     Content-Type: application/zip\r\n\r\n"
                )
                .into_bytes();
                body.extend_from_slice(bytes);
                body.extend_from_slice(b"\r\n--edge--\r\n");
                Body::from(body)
            }
        };
        let response = self
            .router
            .clone()
            .oneshot(request.body(body).unwrap())
            .await
            .unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap();
        let value: Value = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| panic!("{method} {path}: no JSON: {}", String::from_utf8_lossy(&bytes)));
        assert_ne!(
            status,
            StatusCode::INTERNAL_SERVER_ERROR,
            "{method} {path}: {value}"
        );
        if !status.is_success() {
            let error = value["error"].as_str().unwrap_or_default();
            assert!(
                !error.is_empty() || status == StatusCode::SERVICE_UNAVAILABLE,
                "{method} {path}: {value}"
            );
        }
        if let Some(operation) = self.document.operation(method, &path) {
            let responses = &operation["responses"];
            let described = match &responses[status.as_str()] {
                Value::Null if status.is_success() => {
                    panic!("{method} {path} answers {status}: not in the document")
                }
                Value::Null => &responses["default"],
                described => described,
            };
            let schema = &described["content"]["application/json"]["schema"];
            let misfits = self.document.misfits(schema, &value);
            assert!(
                misfits.is_empty(),
                "{method} {path} answers {status}: {misfits:#?}"
            );
        }
        (status.as_u16(), value)
    }

    /// The answer, of which this status is expected.
    pub(crate) async fn ask(&self, token: &str, status: u16, method: &str, path: &str, body: Value) -> Value {
        let sent = if body.is_null() {
            Sent::Nothing
        } else {
            Sent::Json(body)
        };
        let (found, value) = self.send(token, method, path, &sent).await;
        assert_eq!(found, status, "{method} {path}: {value}");
        value
    }

    /// Keeps a value of an answer under a name.
    pub(crate) fn keep(&mut self, name: &str, value: &Value) {
        let text = value
            .as_str()
            .unwrap_or_else(|| panic!("{name}: {value} is no text"));
        self.known.insert(name.to_owned(), text.to_owned());
    }

    /// A pack, a group `$cup` with its challenge as `$gc`, questions `$word` and `$set`, and the students `ada` and `bob`.
    pub(crate) async fn with_cup() -> Self {
        let mut arena = Self::start().await;
        let (status, value) = arena
            .send(
                "$service",
                "POST",
                "/packs/upload",
                &Sent::File("file", pack("small", "1.0.0")),
            )
            .await;
        assert_eq!(status, 200, "{value}");
        let list = arena
            .ask("$service", 200, "GET", "/challenges", Value::Null)
            .await;
        arena.keep("challenge", &list[0]["id"]);
        arena.keep("empty", &list[1]["id"]);
        let questions = arena
            .ask(
                "$service",
                200,
                "GET",
                "/challenge/details?challenge_id=$challenge",
                Value::Null,
            )
            .await;
        arena.keep("word", &questions["questions"][0]["id"]);
        arena.keep("set", &questions["questions"][1]["id"]);
        let cup = json!({ "name": "Cup", "startDate": "2026-03-01T00:00:00Z", "instructorIds": ["$grace"] });
        let cup = arena
            .ask("$service", 201, "POST", "/competition/create", cup)
            .await;
        arena.keep("cup", &cup["id"]);
        let add = json!({ "challengeId": "$challenge", "groupId": "$cup", "points": 30 });
        let added = arena
            .ask("$service", 201, "POST", "/competition/add-challenge", add)
            .await;
        arena.keep("gc", &added["id"]);
        let code = json!({ "groupId": "$cup", "createdBy": "$grace", "code": "CUP2026A" });
        arena
            .ask("$service", 201, "POST", "/competition/generate-code", code)
            .await;
        for student in ["$ada", "$bob"] {
            let join = json!({ "code": "cup2026a", "userId": student });
            arena
                .ask("$service", 200, "POST", "/competition/join", join)
                .await;
        }
        arena
    }
}

/// Two challenges: one with two questions, one with none.
pub(crate) fn pack(id: &str, version: &str) -> Vec<u8> {
    let question = |id: &str, config: Value| json!({ "type": "question", "id": id, "config": config });
    let manifest = json!({ "id": id, "name": "Small", "version": version, "challenges": ["a.json", "b.json"],
        "license": "CC0-1.0", "tags": ["test"] });
    let first = json!({
        "metadata": { "id": format!("{id}-a"), "name": "First", "version": "1", "challenge_type": "web",
            "difficulty": "beginner", "description": "The first." },
        "components": [
            question("word", json!({ "type": "text", "text": "What?", "answer": "right", "hint": "It begins with r.",
                "explanation": "So it is.", "points": 10, "attempts": 3 })),
            question("set", json!({ "type": "checkboxes", "text": "Which?", "options": ["x", "y", "z"],
                "answer": ["x", "z"], "points": 20 })),
            { "type": "webosApp", "id": "shell", "config": { "app_type": "terminal", "title": "Shell", "width": 640 } },
        ],
    });
    let second = json!({
        "metadata": { "id": format!("{id}-b"), "name": "Second", "version": "1", "challenge_type": "container" },
        "components": [{ "type": "container", "id": "box", "config": { "image": "box:1" } }],
    });
    let mut files = Files::new();
    for (path, text) in [
        ("pack.json", manifest),
        ("challenges/a.json", first),
        ("challenges/b.json", second),
    ] {
        files.insert(PackPath::parse(path).unwrap(), text.to_string().into_bytes());
    }
    let mut bytes = std::io::Cursor::new(Vec::new());
    pglab_control::pack::archive::write(&files, &mut bytes).unwrap();
    bytes.into_inner()
}

/// A document that comes alone.
pub(crate) fn document(answer: &str) -> Value {
    json!({
        "metadata": { "id": "alone", "name": "Alone", "version": "1", "challenge_type": "web", "kept": { "as": [1, null] } },
        "components": [{ "type": "question", "id": "q", "config": { "type": "text", "prompt": "Who?", "answer": answer } }],
    })
}
