//! The real router over a [`TestControl`], and clients with a session, a token, or neither.

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use pglab_control::{Options, testing::TestControl};
use pglab_core::person::Role;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::schema::Document;

pub(crate) struct TestApp {
    pub(crate) control: TestControl,
    router: Router,
    document: Document,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| json!(String::from_utf8_lossy(&self.body)))
    }

    /// The answer, of which this status is expected.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.json());
        self
    }

    /// The code of a problem of this status.
    #[track_caller]
    pub(crate) fn problem(self, status: u16) -> String {
        let answer = self.expect(status);
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json");
        answer.json()["code"].as_str().unwrap().to_owned()
    }
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    pub(crate) async fn start_with(options: Options) -> Self {
        Self::of(TestControl::start_with(options).await)
    }

    pub(crate) fn of(control: TestControl) -> Self {
        let router = pglab_api::router(control.control.clone());
        Self {
            control,
            router,
            document: Document::load(),
        }
    }

    /// Sends it, and holds the answer against the OpenAPI document.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let method = request.method().as_str().to_owned();
        let uri = request.uri().to_string();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            body: axum::body::to_bytes(body, usize::MAX).await.unwrap(),
        };
        self.hold_against_document(&method, &uri, &answer);
        answer
    }

    /// An event of a console, held against the document, which describes it without an operation.
    pub(crate) fn assert_event(&self, event: &Value) {
        let schema = json!({ "$ref": "#/components/schemas/ConsoleEvent" });
        let misfits = self.document.misfits(&schema, event);
        assert!(misfits.is_empty(), "{event}: {misfits:#?}");
    }

    fn hold_against_document(&self, method: &str, uri: &str, answer: &Answer) {
        let Some(operation) = self.document.operation(method, uri) else {
            return;
        };
        let status = answer.status.as_str();
        let kind = answer.headers.get(header::CONTENT_TYPE);
        let kind = kind.map(|kind| kind.to_str().unwrap()).unwrap_or_default();
        let responses = &operation["responses"];
        let described = match &responses[status] {
            Value::Null if answer.status.is_success() => {
                panic!("the document does not know that {method} {uri} answers {status}")
            }
            Value::Null => &responses["default"],
            described => described,
        };
        if kind.ends_with("json") {
            let schema = &described["content"][kind]["schema"];
            assert!(
                !schema.is_null(),
                "{method} {uri} answers {status} with {kind}: not in the document"
            );
            let misfits = self.document.misfits(schema, &answer.json());
            assert!(
                misfits.is_empty(),
                "{method} {uri} answers {status}: {misfits:#?}"
            );
        }
    }

    pub(crate) fn stranger(&self) -> Client<'_> {
        Client {
            app: self,
            headers: HeaderMap::new(),
        }
    }
}

/// Somebody who sends requests.
#[derive(Clone)]
pub(crate) struct Client<'a> {
    app: &'a TestApp,
    pub(crate) headers: HeaderMap,
}

impl Client<'_> {
    pub(crate) async fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.app.send(request.body(body).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.request(Method::POST, path, Some(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.request(Method::PATCH, path, Some(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.request(Method::DELETE, path, None).await
    }

    /// The same with one more header.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }
}

impl TestApp {
    /// A new person, signed in on the page.
    pub(crate) async fn signed_in(&self, login: &str, role: Role) -> Client<'_> {
        let (_, password) = self.control.person(login, role).await;
        self.sign_in(login, &password).await
    }

    pub(crate) async fn sign_in(&self, login: &str, password: &str) -> Client<'_> {
        let body = json!({ "login": login, "password": password });
        let answer = self.stranger().post("/api/v1/session", body).await.expect(200);
        let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
        let (cookie, _) = cookie.split_once(';').unwrap();
        let csrf = answer.json()["csrf_token"].as_str().unwrap().to_owned();
        self.stranger().with("cookie", cookie).with("x-csrf-token", &csrf)
    }
}
