//! What somebody could try: each ends on the page of sign-in, with nobody signed in.

use axum::http::Method;
use chrono::TimeDelta;
use pglab_core::person::Role;
use serde_json::{Value, json};

use super::{
    BEGIN, Browser, ada,
    provider::{Lie, Provider, SECRET, Signing},
    start,
};
use crate::support::TestApp;

/// Signs in through a provider that lies in this way.
async fn told(app: &TestApp, provider: &Provider, lie: Lie) -> String {
    provider.lie(lie);
    let mut browser = Browser::new(app);
    let end = browser.sign_in(provider, ada()).await;
    if end.contains("failed=") {
        assert_eq!(browser.who().await, Value::Null);
    }
    provider.lie(Lie::default());
    end
}

fn claims(change: impl Fn(&mut Value) + Send + 'static) -> Lie {
    Lie {
        claims: Box::new(change),
        signing: Signing::Honest,
    }
}

#[tokio::test]
async fn claims_that_do_not_fit_let_nobody_in() {
    let (app, provider) = start(|_| {}).await;
    let now = app.control.now().timestamp();
    let set = |name: &'static str, value: Value| claims(move |token| token[name] = value.clone());
    for (what, lie, end) in [
        ("another nonce", set("nonce", json!("another")), "untrusted"),
        ("no nonce", set("nonce", Value::Null), "untrusted"),
        ("for another program", set("aud", json!("grafana")), "audience"),
        (
            "for several, made for another",
            claims(|token| {
                token["aud"] = json!(["pglab", "grafana"]);
                token["azp"] = json!("grafana");
            }),
            "audience",
        ),
        (
            "for several, made for nobody",
            set("aud", json!(["pglab", "grafana"])),
            "audience",
        ),
        (
            "by another issuer",
            set("iss", json!("https://evil.example")),
            "untrusted",
        ),
        ("expired", set("exp", json!(now - 120)), "clock"),
        ("made in the future", set("iat", json!(now + 600)), "clock"),
        ("not valid yet", set("nbf", json!(now + 600)), "clock"),
        (
            "of another access token",
            set("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")),
            "untrusted",
        ),
        ("of nobody", set("sub", json!("")), "untrusted"),
    ] {
        assert_eq!(
            told(&app, &provider, lie).await,
            format!("/sign-in?failed={end}"),
            "{what}"
        );
    }
    // The two clocks may differ a little, and a token for several may be made for us.
    for lie in [
        set("exp", json!(now - 30)),
        set("iat", json!(now + 30)),
        claims(|token| {
            token["aud"] = json!(["pglab", "grafana"]);
            token["azp"] = json!("pglab");
        }),
    ] {
        assert_eq!(told(&app, &provider, lie).await, "/");
    }
}

#[tokio::test]
async fn signatures_that_anybody_could_make_let_nobody_in() {
    let (app, provider) = start(|_| {}).await;
    for signing in [
        Signing::None,
        Signing::Unsigned,
        Signing::Secret,
        Signing::Forged,
        Signing::UnknownKey,
        Signing::Altered,
    ] {
        let lie = Lie {
            signing,
            ..Lie::default()
        };
        let end = told(&app, &provider, lie).await;
        // `alg: none` is not even read as a token.
        let ends = ["/sign-in?failed=untrusted", "/sign-in?failed=provider"];
        assert!(ends.contains(&end.as_str()), "{signing:?}: {end}");
        assert!(signing == Signing::None || end == ends[0], "{signing:?}: {end}");
    }
}

#[tokio::test]
async fn keys_may_change_and_are_not_asked_for_all_the_time() {
    let (app, provider) = start(|_| {}).await;
    assert_eq!(told(&app, &provider, Lie::default()).await, "/");
    assert_eq!(provider.asked(), (1, 1));
    app.control.clock.advance(TimeDelta::minutes(1));
    provider.set_now(app.control.now());
    provider.rotate("second");
    assert_eq!(told(&app, &provider, Lie::default()).await, "/");
    assert_eq!(provider.asked(), (2, 1));
    for _ in 0..5 {
        let lie = Lie {
            signing: Signing::UnknownKey,
            ..Lie::default()
        };
        assert_eq!(told(&app, &provider, lie).await, "/sign-in?failed=untrusted");
    }
    assert_eq!(
        provider.asked(),
        (2, 1),
        "made-up keys make nobody ask the provider again and again"
    );
}

#[tokio::test]
async fn an_answer_is_good_once() {
    let (app, provider) = start(|_| {}).await;
    let mut browser = Browser::new(&app);
    let there = browser.sent(BEGIN).await;
    let back = provider.authorize(&there, ada());
    // Somebody who saw the address has it, and the cookie too.
    let mut thief = Browser {
        app: &app,
        cookies: browser.cookies.clone(),
    };
    assert_eq!(browser.back(&back).await, "/");
    assert_eq!(browser.back(&back).await, "/sign-in?failed=stale");
    assert_eq!(browser.who().await, "ada", "who is in stays so");
    assert_eq!(thief.back(&back).await, "/sign-in?failed=stale");
    assert_eq!(thief.who().await, Value::Null);
}

#[tokio::test]
async fn a_code_that_the_provider_gave_away_already_is_refused_there() {
    let (app, provider) = start(|_| {}).await;
    let (mut one, mut two) = (Browser::new(&app), Browser::new(&app));
    let there = one.sent(BEGIN).await;
    let stolen = provider.authorize(&there, ada());
    assert_eq!(one.back(&stolen).await, "/");
    // The same code in a sign-in of one's own.
    let there = two.sent(BEGIN).await;
    let mut own = provider.authorize(&there, json!({ "sub": "eve", "preferred_username": "eve" }));
    let state = own
        .query_pairs()
        .find(|(name, _)| name == "state")
        .unwrap()
        .1
        .into_owned();
    let code = stolen
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap()
        .1
        .into_owned();
    own.query_pairs_mut()
        .clear()
        .append_pair("code", &code)
        .append_pair("state", &state)
        .append_pair("iss", &provider.issuer());
    assert_eq!(two.back(&own).await, "/sign-in?failed=stale");
    assert_eq!(two.who().await, Value::Null);
}

#[tokio::test]
async fn a_fresh_code_of_somebody_else_does_not_fit_the_proof() {
    let (app, provider) = start(|_| {}).await;
    let (mut victim, mut thief) = (Browser::new(&app), Browser::new(&app));
    let there = victim.sent(BEGIN).await;
    let stolen = provider.authorize(&there, ada());
    let code = stolen
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap()
        .1
        .into_owned();
    let there = thief.sent(BEGIN).await;
    let mut own = provider.authorize(&there, json!({ "sub": "eve", "preferred_username": "eve" }));
    let state = own
        .query_pairs()
        .find(|(name, _)| name == "state")
        .unwrap()
        .1
        .into_owned();
    own.query_pairs_mut()
        .clear()
        .append_pair("code", &code)
        .append_pair("state", &state)
        .append_pair("iss", &provider.issuer());
    // PKCE: the code belongs to the secret of the victim's sign-in.
    assert_eq!(thief.back(&own).await, "/sign-in?failed=stale");
    assert_eq!(thief.who().await, Value::Null);
}

#[tokio::test]
async fn nobody_is_signed_in_as_somebody_else_by_a_link() {
    let (app, provider) = start(|_| {}).await;
    let mut eve = Browser::new(&app);
    let there = eve.sent(BEGIN).await;
    let link = provider.authorize(&there, json!({ "sub": "eve", "preferred_username": "eve" }));
    app.control.person("eve", Role::Student).await;
    // A victim who follows it would work in eve's account.
    let mut victim = Browser::new(&app);
    assert_eq!(victim.back(&link).await, "/sign-in?failed=other_browser");
    // Also one who has begun a sign-in of their own.
    victim.sent(BEGIN).await;
    assert_eq!(victim.back(&link).await, "/sign-in?failed=other_browser");
    assert_eq!(victim.who().await, Value::Null);
    // And whose it is, can still use it.
    assert_eq!(eve.back(&link).await, "/");
    assert_eq!(eve.who().await, "eve");
}

#[tokio::test]
async fn several_tabs_do_not_disturb_each_other() {
    let (app, provider) = start(|_| {}).await;
    let mut browser = Browser::new(&app);
    let first = browser.sent(BEGIN).await;
    let second = browser.sent(BEGIN).await;
    let first = provider.authorize(&first, ada());
    let second = provider.authorize(&second, ada());
    assert_eq!(browser.back(&second).await, "/");
    assert_eq!(browser.back(&first).await, "/");
}

#[tokio::test]
async fn the_way_on_leads_nowhere_else() {
    let (app, provider) = start(|_| {}).await;
    for next in [
        "https://evil.example/",
        "//evil.example",
        "/%5Cevil.example",
        "/%09/evil.example",
        "/%0d%0aSet-Cookie:%20x=y",
        "javascript:alert(1)",
        "/api/v1/session",
        "",
    ] {
        let mut browser = Browser::new(&app);
        let there = browser.sent(&format!("{BEGIN}?next={next}")).await;
        let back = provider.authorize(&there, ada());
        assert_eq!(browser.back(&back).await, "/", "{next}");
    }
}

#[tokio::test]
async fn an_answer_of_another_provider_is_none() {
    let (app, provider) = start(|_| {}).await;
    for iss in [Some("https://evil.example"), None] {
        let mut browser = Browser::new(&app);
        let there = browser.sent(BEGIN).await;
        let mut back = provider.authorize(&there, ada());
        let pairs: Vec<(String, String)> = back
            .query_pairs()
            .into_owned()
            .filter(|(name, _)| name != "iss")
            .collect();
        back.query_pairs_mut().clear().extend_pairs(pairs);
        if let Some(iss) = iss {
            back.query_pairs_mut().append_pair("iss", iss);
        }
        assert_eq!(browser.back(&back).await, "/sign-in?failed=untrusted");
    }
}

#[tokio::test]
async fn a_sign_in_does_not_wait_for_ever() {
    let (app, provider) = start(|_| {}).await;
    let mut browser = Browser::new(&app);
    let there = browser.sent(BEGIN).await;
    let back = provider.authorize(&there, ada());
    app.control.clock.advance(TimeDelta::minutes(10));
    assert_eq!(browser.back(&back).await, "/sign-in?failed=stale");
    assert_eq!(
        browser.sent("/api/v1/session/oidc/callback").await,
        "/sign-in?failed=stale"
    );
}

#[tokio::test]
async fn what_the_provider_refuses_is_said() {
    let (app, provider) = start(|_| {}).await;
    for (error, end) in [
        ("access_denied", "denied"),
        ("server_error", "away"),
        ("unauthorized_client", "setup"),
        ("<script>", "provider"),
    ] {
        let mut browser = Browser::new(&app);
        let there = browser.sent(BEGIN).await;
        let state = url::Url::parse(&there).unwrap();
        let state = state
            .query_pairs()
            .find(|(name, _)| name == "state")
            .unwrap()
            .1
            .into_owned();
        let mut back = url::Url::parse("http://x/api/v1/session/oidc/callback").unwrap();
        back.query_pairs_mut()
            .append_pair("error", error)
            .append_pair("state", &state)
            .append_pair("iss", &provider.issuer());
        assert_eq!(browser.back(&back).await, format!("/sign-in?failed={end}"));
    }
    // The client's secret is not that of the registration.
    let (app, provider) = start(|settings| {
        settings.client_secret = Some(pglab_core::directory::Secret::new("another"));
    })
    .await;
    assert_eq!(
        Browser::new(&app).sign_in(&provider, ada()).await,
        "/sign-in?failed=setup"
    );
}

/// Everything that is logged, while somebody signs in and out and while lies are found out.
#[tokio::test]
async fn no_token_gets_into_the_log() {
    #[derive(Clone, Default)]
    struct Log(std::sync::Arc<parking_lot::Mutex<Vec<u8>>>);
    impl std::io::Write for Log {
        fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
            self.0.lock().extend_from_slice(text);
            Ok(text.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let (app, provider) = start(|_| {}).await;
    // From here on: preparing people is not what is looked at.
    let guard = tracing_subscriber::util::SubscriberInitExt::set_default(subscriber);
    let mut browser = Browser::new(&app);
    let there = browser.sent(BEGIN).await;
    let there_url = url::Url::parse(&there).unwrap();
    let nonce = there_url
        .query_pairs()
        .find(|(name, _)| name == "nonce")
        .unwrap()
        .1
        .into_owned();
    let back = provider.authorize(&there, ada());
    assert_eq!(browser.back(&back).await, "/");
    let csrf = browser.get("/api/v1/session").await.json()["csrf_token"]
        .as_str()
        .unwrap()
        .to_owned();
    browser
        .request(Method::DELETE, "/api/v1/session", Some(&csrf))
        .await
        .expect(200);
    for lie in [
        claims(|token| token["nonce"] = json!("x")),
        claims(|token| token["exp"] = json!(1)),
        Lie {
            signing: Signing::Forged,
            ..Lie::default()
        },
        Lie {
            signing: Signing::None,
            ..Lie::default()
        },
    ] {
        told(&app, &provider, lie).await;
    }
    drop(guard);
    let text = String::from_utf8(log.0.lock().clone()).unwrap();
    assert!(
        text.contains("a sign-in through the provider failed"),
        "the log was read: {text}"
    );
    for secret in [nonce.as_str(), SECRET, "code-1", "access-1", "eyJ"] {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
}
