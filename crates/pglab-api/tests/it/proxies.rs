//! Requests through proxies: whose address is counted, who can make one up, and cookies of those who came by TLS.

use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, header},
};
use pglab_control::Options;
use pglab_core::{
    person::Role,
    proxies::{ProxyHeader, TrustedProxies},
};
use serde_json::json;

use crate::support::{Answer, TestApp};

/// A sign-in over a connection from `peer`, with these headers.
async fn sign_in(app: &TestApp, peer: &str, headers: &[(&str, &str)], password: &str) -> Answer {
    let mut request = Request::post("/api/v1/session").header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = json!({ "login": "ada", "password": password }).to_string();
    let mut request = request.body(Body::from(body)).unwrap();
    let peer = SocketAddr::new(peer.parse().unwrap(), 4711);
    request.extensions_mut().insert(ConnectInfo(peer));
    app.send(request).await
}

#[tokio::test]
async fn who_is_behind_no_proxy_stays_who_they_are() {
    let app = TestApp::start().await;
    app.control.person("ada", Role::Student).await;
    for n in 0..10 {
        let made_up = format!("198.51.100.{n}");
        let headers = [
            ("x-forwarded-for", made_up.as_str()),
            ("forwarded", &format!("for={made_up}")),
            ("x-real-ip", made_up.as_str()),
        ];
        sign_in(&app, "203.0.113.9", &headers, "wrong").await.expect(401);
    }
    let headers = [("x-forwarded-for", "198.51.100.77")];
    assert_eq!(
        sign_in(&app, "203.0.113.9", &headers, "wrong").await.problem(429),
        "rate_limited"
    );
    sign_in(&app, "203.0.113.10", &[], "wrong").await.expect(401);
}

#[tokio::test]
async fn behind_a_proxy_the_address_is_the_one_that_the_proxy_added() {
    let app = TestApp::start().await;
    let (_, password) = app.control.person("ada", Role::Student).await;
    for n in 0..10 {
        // The client sends a chain of its own, and a header that this proxy does not write.
        let chain = format!("198.51.100.{n}, 127.0.0.1, 203.0.113.9");
        let headers = [
            ("x-forwarded-for", chain.as_str()),
            ("forwarded", &format!("for=198.51.100.{n}")),
        ];
        sign_in(&app, "127.0.0.1", &headers, "wrong").await.expect(401);
    }
    let from = async |address: &str, password: &str| {
        sign_in(&app, "::1", &[("x-forwarded-for", address)], password).await
    };
    assert_eq!(from("203.0.113.9", &password).await.problem(429), "rate_limited");
    from("203.0.113.10", &password).await.expect(200);
    // Where it came from stands in the audit.
    let database = app.control.server.superuser("pglab").await;
    let sql = "SELECT detail ->> 'address' FROM audit WHERE operation = 'sign_in'";
    let row = database.query_one(sql, &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "203.0.113.10");
}

#[tokio::test]
async fn only_named_proxies_are_believed_and_only_in_their_header() {
    let app = TestApp::start_with(Options {
        proxies: TrustedProxies {
            ranges: vec!["10.7.0.0/16".parse().unwrap()],
            header: ProxyHeader::Forwarded,
        },
        ..Options::default()
    })
    .await;
    let (_, password) = app.control.person("ada", Role::Student).await;
    let cookie = async |peer: &str, headers: &[(&str, &str)]| {
        let answer = sign_in(&app, peer, headers, &password).await.expect(200);
        answer.headers[header::SET_COOKIE].to_str().unwrap().to_owned()
    };
    let by_tls = ("forwarded", "for=203.0.113.9;proto=https");
    assert!(
        cookie("10.7.1.2", &[by_tls])
            .await
            .ends_with("; SameSite=Lax; Max-Age=604800; Secure")
    );
    for (peer, headers) in [
        ("10.8.1.2", [by_tls]),
        ("127.0.0.1", [by_tls]),
        ("10.7.1.2", [("forwarded", "for=203.0.113.9;proto=http")]),
        ("10.7.1.2", [("x-forwarded-proto", "https")]),
    ] {
        let cookie = cookie(peer, &headers).await;
        assert!(!cookie.contains("Secure"), "{peer} {headers:?}: {cookie}");
    }
    let database = app.control.server.superuser("pglab").await;
    let sql = "SELECT array_agg(detail ->> 'address' ORDER BY id) FROM audit WHERE operation = 'sign_in'";
    let row = database.query_one(sql, &[]).await.unwrap();
    assert_eq!(
        row.get::<_, Vec<String>>(0),
        ["203.0.113.9", "10.8.1.2", "127.0.0.1", "203.0.113.9", "10.7.1.2"]
    );
}
