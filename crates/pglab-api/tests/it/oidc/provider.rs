//! A fake OpenID provider: it speaks HTTP, signs real ES256 tokens, checks client, redirect address and PKCE, and gives
//! each code away once. What it is not: a place where anybody types a password; a test says who signs in. And it lies,
//! when a test says how. A real provider is in the browser test.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::{Form, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

pub(crate) const CLIENT: &str = "pglab";
pub(crate) const SECRET: &str = "the-secret-of-the-client";

/// How the ID token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signing {
    Honest,
    /// `alg: none`, and no signature.
    None,
    /// ES256 it says, and no signature follows.
    Unsigned,
    /// With the client's secret, which is no key of the provider.
    Secret,
    /// By a key that nobody published, under a name that somebody did.
    Forged,
    /// By a key that nobody published.
    UnknownKey,
    /// The claims were changed after they were signed.
    Altered,
}

/// What is changed in an honest answer.
pub(crate) struct Lie {
    pub(crate) claims: Box<dyn Fn(&mut Value) + Send>,
    pub(crate) signing: Signing,
}

impl Default for Lie {
    fn default() -> Self {
        Self {
            claims: Box::new(|_| {}),
            signing: Signing::Honest,
        }
    }
}

struct Grant {
    redirect_uri: String,
    challenge: String,
    nonce: String,
    claims: Value,
}

struct Inner {
    issuer: String,
    now: DateTime<Utc>,
    keys: Vec<(String, EcdsaKeyPair)>,
    grants: HashMap<String, Grant>,
    lie: Lie,
    /// Left out of ID tokens and told by the userinfo endpoint instead.
    only_userinfo: bool,
    userinfo: HashMap<String, Value>,
    n_keys_asked: u32,
    n_discovered: u32,
    answers: u32,
}

#[derive(Clone)]
pub(crate) struct Provider(Arc<Mutex<Inner>>);

fn key(name: &str) -> (String, EcdsaKeyPair) {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
    (name.to_owned(), pair)
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

impl Provider {
    /// Listens until the test ends.
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let provider = Self(Arc::new(Mutex::new(Inner {
            issuer: format!("http://{address}/realms/uni"),
            now: DateTime::default(),
            keys: vec![key("first")],
            grants: HashMap::new(),
            lie: Lie::default(),
            only_userinfo: false,
            userinfo: HashMap::new(),
            n_keys_asked: 0,
            n_discovered: 0,
            answers: 0,
        })));
        let router = Router::new()
            .route("/realms/uni/.well-known/openid-configuration", get(discovery))
            .route("/realms/uni/keys", get(keys))
            .route("/realms/uni/token", post(token))
            .route("/realms/uni/userinfo", get(userinfo))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    pub(crate) fn issuer(&self) -> String {
        self.0.lock().issuer.clone()
    }

    pub(crate) fn set_now(&self, now: DateTime<Utc>) {
        self.0.lock().now = now;
    }

    pub(crate) fn lie(&self, lie: Lie) {
        self.0.lock().lie = lie;
    }

    pub(crate) fn only_userinfo(&self) {
        self.0.lock().only_userinfo = true;
    }

    /// A new key instead of those before.
    pub(crate) fn rotate(&self, name: &str) {
        self.0.lock().keys = vec![key(name)];
    }

    /// How often keys and settings were asked for.
    pub(crate) fn asked(&self) -> (u32, u32) {
        let inner = self.0.lock();
        (inner.n_keys_asked, inner.n_discovered)
    }

    /// Somebody signs in at the address that pglab sent the browser to. The answer is where the provider sends it back.
    pub(crate) fn authorize(&self, url: &str, claims: Value) -> Url {
        let url = Url::parse(url).unwrap();
        let mut inner = self.0.lock();
        assert_eq!(
            url.as_str().split('?').next().unwrap(),
            format!("{}/authorize", inner.issuer)
        );
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        let is = |name: &str| query.get(name).map(String::as_str);
        assert_eq!(is("client_id"), Some(CLIENT));
        assert_eq!(is("response_type"), Some("code"));
        assert_eq!(is("code_challenge_method"), Some("S256"));
        assert_eq!(is("scope"), Some("openid profile email"));
        assert!(query["state"].len() >= 43 && query["nonce"].len() >= 43);
        assert_eq!(
            is("redirect_uri"),
            Some("http://127.0.0.1:8432/api/v1/session/oidc/callback")
        );
        inner.answers += 1;
        let code = format!("code-{}", inner.answers);
        let grant = Grant {
            redirect_uri: query["redirect_uri"].clone(),
            challenge: query["code_challenge"].clone(),
            nonce: query["nonce"].clone(),
            claims,
        };
        inner.grants.insert(code.clone(), grant);
        let mut back = Url::parse(&query["redirect_uri"]).unwrap();
        back.query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", &query["state"])
            .append_pair("iss", &inner.issuer);
        back
    }
}

async fn discovery(State(Provider(inner)): State<Provider>) -> Json<Value> {
    let mut inner = inner.lock();
    inner.n_discovered += 1;
    let issuer = &inner.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "end_session_endpoint": format!("{issuer}/logout"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256", "XY999"],
        "scopes_supported": ["openid", "profile", "email"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn keys(State(Provider(inner)): State<Provider>) -> Json<Value> {
    let mut inner = inner.lock();
    inner.n_keys_asked += 1;
    let keys: Vec<Value> = inner
        .keys
        .iter()
        .map(|(name, pair)| {
            let point = pair.public_key().as_ref();
            json!({
                "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": name,
                "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..65]),
            })
        })
        .collect();
    Json(json!({ "keys": keys }))
}

fn refused(status: StatusCode, code: &str) -> Response {
    (
        status,
        Json(json!({ "error": code, "error_description": "the fake refuses" })),
    )
        .into_response()
}

async fn token(
    State(Provider(inner)): State<Provider>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let mut inner = inner.lock();
    let basic = STANDARD.encode(format!("{CLIENT}:{SECRET}"));
    if headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        != Some(&format!("Basic {basic}"))
    {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    // Whatever comes of it, the code is gone.
    let Some(grant) = inner.grants.remove(&form["code"]) else {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
    if challenge != grant.challenge || form["redirect_uri"] != grant.redirect_uri {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    let access = format!("access-{}", inner.answers);
    let mut claims = json!({
        "iss": inner.issuer, "aud": CLIENT, "nonce": grant.nonce,
        "iat": inner.now.timestamp(), "exp": (inner.now + TimeDelta::minutes(5)).timestamp(),
        "sub": grant.claims["sub"],
        "at_hash": URL_SAFE_NO_PAD.encode(&Sha256::digest(access.as_bytes())[..16]),
    });
    if inner.only_userinfo {
        inner.userinfo.insert(format!("Bearer {access}"), grant.claims);
    } else {
        for (name, value) in grant.claims.as_object().unwrap() {
            claims[name] = value.clone();
        }
    }
    (inner.lie.claims)(&mut claims);
    let id_token = signed(&inner, &claims);
    Json(json!({
        "access_token": access, "token_type": "Bearer", "expires_in": 60, "id_token": id_token,
    }))
    .into_response()
}

fn signed(inner: &Inner, claims: &Value) -> String {
    let (name, pair) = &inner.keys[0];
    let ec = |name: &str, pair: &EcdsaKeyPair, claims: &Value| {
        let text = format!(
            "{}.{}",
            part(&json!({ "alg": "ES256", "typ": "JWT", "kid": name })),
            part(claims)
        );
        let signature = pair.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    };
    match inner.lie.signing {
        Signing::Honest => ec(name, pair, claims),
        Signing::None => format!("{}.{}.", part(&json!({ "alg": "none" })), part(claims)),
        Signing::Unsigned => format!(
            "{}.{}.",
            part(&json!({ "alg": "ES256", "kid": name })),
            part(claims)
        ),
        Signing::Secret => {
            let text = format!(
                "{}.{}",
                part(&json!({ "alg": "HS256", "kid": name })),
                part(claims)
            );
            let tag = hmac::sign(
                &hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()),
                text.as_bytes(),
            );
            format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag))
        }
        Signing::Forged => ec(name, &key("x").1, claims),
        Signing::UnknownKey => ec("unknown", &key("unknown").1, claims),
        Signing::Altered => {
            let honest = ec(name, pair, claims);
            let parts: Vec<&str> = honest.split('.').collect();
            let mut other = claims.clone();
            other["preferred_username"] = json!("inez");
            format!("{}.{}.{}", parts[0], part(&other), parts[2])
        }
    }
}

async fn userinfo(State(Provider(inner)): State<Provider>, headers: HeaderMap) -> Response {
    let shown = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    match shown.and_then(|shown| inner.lock().userinfo.get(shown).cloned()) {
        Some(claims) => Json(claims).into_response(),
        None => refused(StatusCode::UNAUTHORIZED, "invalid_token"),
    }
}
