//! Signing in through an OpenID Connect provider, as a browser sees it.

mod attacks;
mod people;
mod provider;

use std::{collections::BTreeMap, time::Duration};

use axum::http::{Method, header};
use pglab_control::Options;
use pglab_core::{
    directory::{RoleGroups, Secret},
    oidc::{ClaimNames, LinkBy, OidcSettings, SignOut, Strangers},
    person::Role,
};
use serde_json::{Value, json};
use url::Url;

use self::provider::{CLIENT, Provider, SECRET};
use crate::support::{Answer, TestApp};

pub(crate) const BEGIN: &str = "/api/v1/session/oidc";

pub(crate) fn settings(provider: &Provider) -> OidcSettings {
    OidcSettings {
        issuer: provider.issuer(),
        client_id: CLIENT.to_owned(),
        client_secret: Some(Secret::new(SECRET)),
        scopes: vec!["profile".to_owned(), "email".to_owned()],
        claims: ClaimNames::default(),
        login_suffix: None,
        roles: RoleGroups::default(),
        label: "Example University".to_owned(),
        email_domains: Vec::new(),
        strangers: Strangers::Refuse,
        link_by: vec![LinkBy::Login],
        sign_out: SignOut::Provider,
        ca_file: None,
        clock_skew: Duration::from_secs(60),
        timeout: Duration::from_secs(5),
    }
}

/// pglab beside a provider, with the student ada on its roster.
pub(crate) async fn start(change: impl FnOnce(&mut OidcSettings)) -> (TestApp, Provider) {
    let provider = Provider::start().await;
    let mut settings = settings(&provider);
    change(&mut settings);
    let app = TestApp::start_with(Options {
        oidc: Some(settings),
        ..Options::default()
    })
    .await;
    provider.set_now(app.control.now());
    app.control.person("ada", Role::Student).await;
    (app, provider)
}

pub(crate) fn ada() -> Value {
    json!({ "sub": "subject-of-ada", "preferred_username": "ada", "name": "Ada Lovelace", "email": "ada@example.edu",
            "email_verified": true })
}

/// A browser: it keeps cookies, and shows those that belong to the path.
pub(crate) struct Browser<'a> {
    app: &'a TestApp,
    cookies: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(app: &'a TestApp) -> Self {
        Self {
            app,
            cookies: BTreeMap::new(),
        }
    }

    pub(crate) async fn request(&mut self, method: Method, path: &str, csrf: Option<&str>) -> Answer {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut client = self.app.stranger().with("cookie", &cookies.join("; "));
        if let Some(csrf) = csrf {
            client = client.with("x-csrf-token", csrf);
        }
        let answer = client.request(method, path, None).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(
                cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
                "{cookie}"
            );
            let (name, rest) = cookie.split_once('=').unwrap();
            let (value, attributes) = rest.split_once(';').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.request(Method::GET, path, None).await
    }

    /// Where it is sent on to.
    pub(crate) async fn sent(&mut self, path: &str) -> String {
        let answer = self.get(path).await.expect(303);
        answer.headers[header::LOCATION].to_str().unwrap().to_owned()
    }

    /// Comes back from the provider.
    pub(crate) async fn back(&mut self, url: &Url) -> String {
        self.sent(&format!("{}?{}", url.path(), url.query().unwrap()))
            .await
    }

    /// The whole way, and where it ends.
    pub(crate) async fn sign_in(&mut self, provider: &Provider, claims: Value) -> String {
        let there = self.sent(BEGIN).await;
        let back = provider.authorize(&there, claims);
        self.back(&back).await
    }

    /// Who is signed in: a login, or nobody.
    pub(crate) async fn who(&mut self) -> Value {
        self.get("/api/v1/session").await.expect(200).json()["person"]["login"].clone()
    }
}

#[tokio::test]
async fn signs_in_and_out_again() {
    let (app, provider) = start(|_| {}).await;
    let mut browser = Browser::new(&app);
    let ways = browser.get("/api/v1/session/ways").await.expect(200).json();
    assert_eq!(
        ways,
        json!({ "password": true, "provider": { "label": "Example University", "url": BEGIN } })
    );
    let there = browser
        .sent(&format!("{BEGIN}?next=/labs/music%3Fview%3Dhelp"))
        .await;
    let back = provider.authorize(&there, ada());
    assert_eq!(browser.back(&back).await, "/labs/music?view=help");
    let session = browser.get("/api/v1/session").await.expect(200).json();
    assert_eq!(session["person"]["login"], "ada");
    // What the provider says of somebody is kept.
    assert_eq!(session["person"]["name"], "Ada Lovelace");
    // Only the cookie of the session is left.
    assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["pglab_session"]);

    let csrf = session["csrf_token"].as_str().unwrap().to_owned();
    let out = browser
        .request(Method::DELETE, "/api/v1/session", Some(&csrf))
        .await;
    let go_to = Url::parse(out.expect(200).json()["go_to"].as_str().unwrap()).unwrap();
    assert_eq!(go_to.path(), "/realms/uni/logout");
    let query: BTreeMap<String, String> = go_to.query_pairs().into_owned().collect();
    assert_eq!(query["client_id"], CLIENT);
    assert_eq!(query["post_logout_redirect_uri"], "http://127.0.0.1:8432/sign-in");
    assert_eq!(query["id_token_hint"].split('.').count(), 3);
    assert_eq!(browser.who().await, Value::Null);
}

#[tokio::test]
async fn a_provider_that_follows_the_standard_tells_more_by_userinfo() {
    let (app, provider) = start(|_| {}).await;
    provider.only_userinfo();
    let mut browser = Browser::new(&app);
    assert_eq!(browser.sign_in(&provider, ada()).await, "/");
    assert_eq!(browser.who().await, "ada");
}

#[tokio::test]
async fn without_a_provider_there_is_no_way_through_one() {
    let app = TestApp::start().await;
    let mut browser = Browser::new(&app);
    let ways = browser
        .get("/api/v1/session/ways?failed=away")
        .await
        .expect(200)
        .json();
    assert_eq!(ways, json!({ "password": true }));
    assert_eq!(browser.get(BEGIN).await.problem(404), "not_found");
    assert_eq!(
        browser
            .get("/api/v1/session/oidc/callback?state=x&code=y")
            .await
            .problem(404),
        "not_found"
    );
}

#[tokio::test]
async fn while_the_provider_is_away_the_password_still_does() {
    let (app, _) = start(|settings| settings.issuer = "http://127.0.0.1:1/realms/uni".to_owned()).await;
    let mut browser = Browser::new(&app);
    assert_eq!(browser.sent(BEGIN).await, "/sign-in?failed=away");
    let ways = browser
        .get("/api/v1/session/ways?failed=away")
        .await
        .expect(200)
        .json();
    assert_eq!(
        ways["failed"],
        "Example University does not answer, so nobody can sign in through it at the moment; whoever is signed in stays \
         so. Try again in a minute."
    );
    // Words of a stranger's link don't get onto the page.
    let ways = browser
        .get("/api/v1/session/ways?failed=Call%20555")
        .await
        .expect(200)
        .json();
    assert_eq!(ways["failed"], Value::Null);
    app.signed_in("bob", Role::Student)
        .await
        .get("/api/v1/me")
        .await
        .expect(200);
}

#[tokio::test]
async fn an_admin_sees_and_tests_it() {
    let (app, provider) = start(|_| {}).await;
    let admin = app.signed_in("root", Role::Admin).await;
    let identity = admin.get("/api/v1/identity").await.expect(200).json();
    assert_eq!(identity["mode"], "local");
    assert_eq!(identity["oidc"]["issuer"], provider.issuer());
    assert!(!identity.to_string().contains(SECRET));
    let tested = admin
        .post("/api/v1/identity/oidc/test", json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(tested["passed"], true, "{tested}");
    let names: Vec<_> = tested["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["name"].clone())
        .collect();
    assert_eq!(
        names,
        [
            "Discovery",
            "Keys",
            "Signatures",
            "Endpoints",
            "Scopes",
            "Address to register"
        ]
    );
    let (app, _) = start(|settings| settings.issuer = "http://127.0.0.1:1".to_owned()).await;
    let admin = app.signed_in("root", Role::Admin).await;
    let tested = admin
        .post("/api/v1/identity/oidc/test", json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(tested["passed"], false);
}
