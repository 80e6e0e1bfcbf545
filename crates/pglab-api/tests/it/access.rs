//! The walk: every operation of the OpenAPI document is tried by people who must be refused. A new route is walked
//! without anybody thinking of it; whoever means it to be open to some of them says so in the tables here.

use axum::{
    body::Body,
    http::{Request, header},
};
use pglab_core::{
    access::Membership,
    id::{LabId, MemberId},
    lab::{LabSettings, LabState, MemberRole, Slug, Start},
    person::Role,
};
use pglab_store::{lab::Lab, membership, person::Person};
use serde_json::{Value, json};

use crate::{
    schema::Document,
    support::{Answer, Client, TestApp},
};

/// For everybody.
const OPEN: &[&str] = &[
    "GET /healthz",
    "POST /api/v1/session",
    "GET /api/v1/session",
    "GET /api/v1/session/ways",
    // The browser and the provider's answer are the proof.
    "GET /api/v1/session/oidc",
    "GET /api/v1/session/oidc/callback",
    // The link is the proof.
    "GET /api/v1/claims/{token}",
    "POST /api/v1/claims/{token}",
    // So is the code.
    "GET /api/v1/join/{code}",
    "POST /api/v1/join/account",
];

/// For everybody who is signed in: what is their own.
const OWN: &[&str] = &[
    "DELETE /api/v1/session",
    "GET /api/v1/me",
    "POST /api/v1/me/password",
    "GET /api/v1/tokens",
    "POST /api/v1/tokens",
    "DELETE /api/v1/tokens/{id}",
    "GET /api/v1/labs",
    "POST /api/v1/join",
];

/// For whoever is an instructor somewhere.
const OF_INSTRUCTORS: &[&str] = &[
    "POST /api/v1/labs",
    "GET /api/v1/monitoring/state",
    "GET /api/v1/monitoring/files/{product}",
    "GET /api/v1/activity",
    "GET /api/v1/packs",
    "POST /api/v1/packs",
    "PUT /api/v1/packs",
    "GET /api/v1/packs/{pack}",
    "DELETE /api/v1/packs/{pack}",
    "GET /api/v1/packs/{pack}/archive",
    "POST /api/v1/packs/check",
    "GET /api/v1/challenges",
    "GET /api/v1/packs/{pack}/challenges/{challenge}",
];

/// For the students of the lab.
const OF_STUDENTS: &[&str] = &[
    "GET /api/v1/labs/{lab}/me",
    "GET /api/v1/labs/{lab}/console",
    "GET /api/v1/labs/{lab}/answers",
    "GET /api/v1/labs/{lab}/team",
    "POST /api/v1/labs/{lab}/team",
    "GET /api/v1/labs/{lab}/me/challenges",
];

/// One lab with a student who looks around, and another lab with its people.
struct Walk {
    app: TestApp,
    document: Document,
    task: String,
}

impl Walk {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let music = lab(&app, "music").await;
        let other = lab(&app, "other").await;
        for (login, role, lab, place) in [
            ("inez", Role::Instructor, music, MemberRole::Instructor),
            ("stu", Role::Student, music, MemberRole::Student),
            ("mate", Role::Student, music, MemberRole::Student),
            ("oscar", Role::Instructor, other, MemberRole::Instructor),
            ("sam", Role::Student, other, MemberRole::Student),
        ] {
            let (person, _) = app.control.person(login, role).await;
            join(&app, lab, &person, place).await;
        }
        Self {
            app,
            document: Document::load(),
            task: LabId::from(uuid::Uuid::from_u128(7)).to_string(),
        }
    }

    /// Carries out one operation of the document, about the lab `music` and its student `mate`.
    async fn try_it(&self, client: &Client<'_>, method: &str, path: &str, operation: &Value) -> Answer {
        let mut uri = path
            .replace("{lab}", "music")
            .replace("{login}", "mate")
            .replace("{token}", "made-up")
            .replace("{kind}", "pglab")
            .replace("{product}", "grafana")
            .replace("{pack}", "made-up")
            .replace("{code}", "MADEUP99")
            .replace("{hint}", "0");
        // In a pack it has a name, in a lab an id.
        if path.contains("/packs/") {
            uri = uri.replace("{challenge}", "made-up");
        }
        for id in ["{id}", "{task}", "{check}", "{challenge}"] {
            uri = uri.replace(id, &self.task);
        }
        assert!(!uri.contains('{'), "{path}: say here what its parameters are");
        let mut separator = '?';
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            // An uploaded file needs its name, though not every answer of the operation does.
            let needed = parameter["required"] == true || parameter["name"] == "name";
            if parameter["in"] == "query" && needed {
                let value = self.document.plausible(&parameter["schema"]);
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                uri.push_str(&format!(
                    "{separator}{}={value}",
                    parameter["name"].as_str().unwrap()
                ));
                separator = '&';
            }
        }
        let mut request = Request::builder().method(method).uri(&uri);
        for (name, value) in &client.headers {
            request = request.header(name, value);
        }
        let content = operation["requestBody"]["content"].as_object();
        let body = match content.and_then(|content| content.iter().next()) {
            None => Body::empty(),
            Some((kind, media)) => {
                request = request.header(header::CONTENT_TYPE, kind);
                if kind == "application/json" {
                    Body::from(self.document.plausible(&media["schema"]).to_string())
                } else {
                    Body::from("x")
                }
            }
        };
        self.app.send(request.body(body).unwrap()).await
    }

    /// Tries everything; `allowed` is what must not be refused.
    async fn walk(&self, who: &str, client: &Client<'_>, allowed: &[&[&str]], refusals: &[u16]) {
        let allowed: Vec<&str> = allowed.concat();
        let mut wrong = Vec::new();
        let mut n_refused = 0;
        for (method, path, operation) in self.document.operations() {
            let name = format!("{method} {path}");
            let answer = self.try_it(client, &method, &path, operation).await;
            let status = answer.status.as_u16();
            let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
            let refused = refusals.contains(&status) && code != "sign_in_refused";
            n_refused += usize::from(refused);
            // What is theirs may be missing; it is not forbidden.
            let let_in = !refused || (status == 404 && refusals.contains(&404));
            if allowed.contains(&name.as_str()) && !let_in {
                wrong.push(format!(
                    "{name} should be open to {who}, but said {status} {code}"
                ));
            } else if !allowed.contains(&name.as_str()) && !refused {
                wrong.push(format!(
                    "{name} should refuse {who} with one of {refusals:?}, but said {status} {code}"
                ));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(n_refused > 3, "{who} was refused almost nothing");
    }

    async fn token_of(&self, login: &str, scopes: &[&str]) -> Client<'_> {
        let login = pglab_core::person::Login::parse(login).unwrap();
        let person = pglab_store::person::by_login(self.app.control.store.pool(), &login)
            .await
            .unwrap()
            .unwrap();
        let new = pglab_control::tokens::NewToken {
            name: "walk".to_owned(),
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            labs: None,
            expires_in_days: None,
        };
        let actor = pglab_control::testing::acting(&person);
        let (_, token) = pglab_control::tokens::create(&self.app.control, &actor, new)
            .await
            .unwrap();
        self.app
            .stranger()
            .with("authorization", &format!("Bearer {token}"))
    }
}

async fn lab(app: &TestApp, slug: &str) -> LabId {
    let lab = Lab {
        id: LabId::new(&*app.control.clock, &*app.control.random),
        slug: Slug::parse(slug).unwrap(),
        title: slug.to_owned(),
        state: LabState::Open,
        start: Start::Empty,
        settings: LabSettings::default(),
        version: 1,
        created_by: None,
        created_at: app.control.now(),
        opened_at: Some(app.control.now()),
        closed_at: None,
        archived_at: None,
        prepare_wanted_at: None,
        archive_wanted_at: None,
        delete_wanted_at: None,
        trouble: None,
    };
    let mut tx = app.control.store.begin().await.unwrap();
    pglab_store::lab::insert(&mut tx, &lab).await.unwrap();
    app.control.store.commit(tx).await.unwrap();
    lab.id
}

async fn join(app: &TestApp, lab: LabId, person: &Person, role: MemberRole) {
    let member = MemberId::new(&*app.control.clock, &*app.control.random);
    let place = Membership { lab, member, role };
    let mut tx = app.control.store.begin().await.unwrap();
    membership::insert(&mut tx, place, person.id, app.control.now())
        .await
        .unwrap();
    app.control.store.commit(tx).await.unwrap();
}

#[tokio::test]
async fn every_operation_refuses_strangers() {
    let walk = Walk::start().await;
    walk.walk("strangers", &walk.app.stranger(), &[OPEN], &[401])
        .await;
}

#[tokio::test]
async fn every_operation_refuses_students_of_another_lab() {
    let walk = Walk::start().await;
    let sam = walk.token_of("sam", &[]).await;
    walk.walk("students of another lab", &sam, &[OPEN, OWN], &[401, 403, 404])
        .await;
}

#[tokio::test]
async fn every_operation_refuses_students_of_the_lab_what_is_not_theirs() {
    let walk = Walk::start().await;
    let stu = walk.token_of("stu", &[]).await;
    walk.walk(
        "a student of the lab",
        &stu,
        &[OPEN, OWN, OF_STUDENTS],
        &[401, 403, 404],
    )
    .await;
}

#[tokio::test]
async fn every_operation_refuses_instructors_of_another_lab() {
    let walk = Walk::start().await;
    let oscar = walk.token_of("oscar", &[]).await;
    walk.walk(
        "instructors of another lab",
        &oscar,
        &[OPEN, OWN, OF_INSTRUCTORS],
        &[401, 403, 404],
    )
    .await;
}

/// What the document calls open is what is meant to be open.
#[test]
fn the_document_tells_what_needs_no_sign_in() {
    let document = Document::load();
    let mut open: Vec<String> = document
        .operations()
        .into_iter()
        .filter(|(_, _, operation)| operation["security"] == json!([{}]))
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    open.sort();
    let mut meant = OPEN.to_vec();
    meant.sort_unstable();
    assert_eq!(open, meant);
}

#[test]
fn the_tables_name_operations_that_exist() {
    let document = Document::load();
    let exist: Vec<String> = document
        .operations()
        .into_iter()
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    for name in [OPEN, OWN, OF_INSTRUCTORS, OF_STUDENTS].concat() {
        assert!(exist.iter().any(|one| one == name), "{name} does not exist");
    }
}

/// Another site that gets an admin's browser to send the cookie changes nothing.
#[tokio::test]
async fn nothing_changes_behind_a_cookie_without_the_csrf_token() {
    let walk = Walk::start().await;
    let mut admin = walk.app.signed_in("root", Role::Admin).await;
    admin.headers.remove("x-csrf-token");
    for (method, path, operation) in walk.document.operations() {
        if method == "GET" || OPEN.contains(&format!("{method} {path}").as_str()) {
            continue;
        }
        let answer = walk.try_it(&admin, &method, &path, operation).await;
        assert_eq!(
            answer.json()["code"],
            "csrf",
            "{method} {path}: {}",
            answer.status
        );
    }
}

/// A token for reading is for reading, whoever owns it.
#[tokio::test]
async fn a_token_for_reading_changes_nothing() {
    let walk = Walk::start().await;
    walk.app.control.person("root", Role::Admin).await;
    let admin = walk.token_of("root", &["read"]).await;
    for (method, path, operation) in walk.document.operations() {
        if method == "GET" || OPEN.contains(&format!("{method} {path}").as_str()) {
            continue;
        }
        let answer = walk.try_it(&admin, &method, &path, operation).await;
        assert_eq!(
            answer.json()["code"],
            "forbidden",
            "{method} {path}: {}",
            answer.status
        );
    }
}
