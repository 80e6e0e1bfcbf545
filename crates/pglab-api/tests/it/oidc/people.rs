//! Whom the provider vouches for, here: recognised once, known by the sign-in from then on, made, or refused.

use pglab_core::{
    oidc::{LinkBy, Strangers},
    person::{Login, Role},
};
use pglab_store::{credential, person};
use serde_json::{Value, json};

use super::{Browser, ada, start};
use crate::support::TestApp;

async fn person(app: &TestApp, login: &str) -> person::Person {
    let login = Login::parse(login).unwrap();
    person::by_login(app.control.store.pool(), &login)
        .await
        .unwrap()
        .unwrap()
}

async fn change(app: &TestApp, login: &str, change: impl FnOnce(&mut person::Person)) {
    let mut person = person(app, login).await;
    change(&mut person);
    let mut tx = app.control.store.begin().await.unwrap();
    person::update(&mut tx, &person).await.unwrap();
    app.control.store.commit(tx).await.unwrap();
}

#[tokio::test]
async fn after_the_first_time_only_the_subject_counts() {
    let (app, provider) = start(|_| {}).await;
    app.control.person("bob", Role::Student).await;
    let mut browser = Browser::new(&app);
    assert_eq!(browser.sign_in(&provider, ada()).await, "/");
    // She marries, and the provider calls her otherwise, even by a name that somebody else has here.
    let mut renamed = ada();
    renamed["preferred_username"] = json!("bob");
    assert_eq!(browser.sign_in(&provider, renamed).await, "/");
    assert_eq!(browser.who().await, "ada");
    let mut nameless = ada();
    nameless["preferred_username"] = json!("postgres");
    assert_eq!(browser.sign_in(&provider, nameless).await, "/");
    // Whoever gets her old login at the provider is not her.
    let mut other = ada();
    other["sub"] = json!("somebody else");
    assert_eq!(
        Browser::new(&app).sign_in(&provider, other).await,
        "/sign-in?failed=taken"
    );
}

#[tokio::test]
async fn who_is_on_no_roster_is_told_so() {
    let (app, provider) = start(|_| {}).await;
    let eve = || json!({ "sub": "eve", "preferred_username": "eve" });
    assert_eq!(
        Browser::new(&app).sign_in(&provider, eve()).await,
        "/sign-in?failed=nobody"
    );
    app.control.person("eve", Role::Student).await;
    assert_eq!(Browser::new(&app).sign_in(&provider, eve()).await, "/");
    change(&app, "eve", |eve| eve.disabled_at = Some(eve.created_at)).await;
    assert_eq!(
        Browser::new(&app).sign_in(&provider, eve()).await,
        "/sign-in?failed=disabled"
    );
    for (login, end) in [(json!("pg_monitor"), "nobody"), (Value::Null, "nobody")] {
        let odd = json!({ "sub": "odd", "preferred_username": login });
        let end_of = Browser::new(&app).sign_in(&provider, odd).await;
        assert!(
            [
                "/sign-in?failed=bad_login",
                "/sign-in?failed=no_login",
                &format!("/sign-in?failed={end}")
            ]
            .contains(&end_of.as_str()),
            "{end_of}"
        );
    }
}

#[tokio::test]
async fn an_admin_with_a_password_here_is_nobody_there() {
    let (app, provider) = start(|_| {}).await;
    app.control.person("root", Role::Admin).await;
    let root = json!({ "sub": "root", "preferred_username": "root" });
    let mut browser = Browser::new(&app);
    assert_eq!(browser.sign_in(&provider, root).await, "/sign-in?failed=admin");
    assert_eq!(browser.who().await, Value::Null);
}

#[tokio::test]
async fn an_address_links_only_if_it_is_verified_and_configured() {
    let with_email = |sub: &str, verified: bool| json!({ "sub": sub, "preferred_username": "another", "email": "ADA@example.edu", "email_verified": verified });
    let (app, provider) = start(|_| {}).await;
    change(&app, "ada", |ada| ada.email = Some("ada@example.edu".to_owned())).await;
    assert_eq!(
        Browser::new(&app).sign_in(&provider, with_email("a", true)).await,
        "/sign-in?failed=nobody",
        "not by an address, if nobody configured it"
    );

    let (app, provider) = start(|settings| settings.link_by = vec![LinkBy::Email]).await;
    change(&app, "ada", |ada| ada.email = Some("ada@example.edu".to_owned())).await;
    assert_eq!(
        Browser::new(&app)
            .sign_in(&provider, with_email("a", false))
            .await,
        "/sign-in?failed=nobody"
    );
    let mut browser = Browser::new(&app);
    assert_eq!(browser.sign_in(&provider, with_email("a", true)).await, "/");
    assert_eq!(browser.who().await, "ada");
    // Two people with one address are nobody.
    for login in ["tom", "tim"] {
        app.control.person(login, Role::Student).await;
        change(&app, login, |person| {
            person.email = Some("t@example.edu".to_owned())
        })
        .await;
    }
    let both =
        json!({ "sub": "t", "preferred_username": "x", "email": "t@example.edu", "email_verified": true });
    assert_eq!(
        Browser::new(&app).sign_in(&provider, both).await,
        "/sign-in?failed=nobody"
    );
}

#[tokio::test]
async fn the_id_of_the_roster_links() {
    let (app, provider) = start(|settings| {
        settings.link_by = vec![LinkBy::ExternalId];
        settings.claims.external_id = Some("matriculation".to_owned());
    })
    .await;
    change(&app, "ada", |ada| ada.external_id = Some("4711".to_owned())).await;
    let claims = json!({ "sub": "a", "preferred_username": "zz", "matriculation": 4711 });
    let mut browser = Browser::new(&app);
    assert_eq!(browser.sign_in(&provider, claims).await, "/");
    assert_eq!(browser.who().await, "ada");
}

#[tokio::test]
async fn strangers_get_an_account_where_that_is_wanted() {
    let (app, provider) = start(|settings| {
        settings.strangers = Strangers::Create;
        settings.claims.groups = Some("groups".to_owned());
        settings.roles.instructor = vec!["staff".to_owned()];
        settings.roles.student = vec!["students".to_owned()];
    })
    .await;
    let of = |sub: &str, groups: &[&str]| json!({ "sub": sub, "preferred_username": sub, "groups": groups });
    assert_eq!(
        Browser::new(&app)
            .sign_in(&provider, of("eve", &["guests"]))
            .await,
        "/sign-in?failed=nobody"
    );
    assert_eq!(
        Browser::new(&app)
            .sign_in(&provider, of("stu", &["students"]))
            .await,
        "/"
    );
    let stu = person(&app, "stu").await;
    assert_eq!(stu.role, Role::Student);
    // PostgreSQL needs a password that the provider does not have.
    let credential = credential::by_person(app.control.store.pool(), stu.id)
        .await
        .unwrap()
        .unwrap();
    assert!(credential.scram_verifier.is_some());
    assert_eq!(
        Browser::new(&app)
            .sign_in(&provider, of("inez", &["students", "staff"]))
            .await,
        "/"
    );
    assert_eq!(person(&app, "inez").await.role, Role::Instructor);
    // Groups are looked at each time.
    assert_eq!(
        Browser::new(&app)
            .sign_in(&provider, of("inez", &["students"]))
            .await,
        "/"
    );
    assert_eq!(person(&app, "inez").await.role, Role::Student);
}

#[tokio::test]
async fn only_addresses_of_the_university() {
    let (app, provider) = start(|settings| settings.email_domains = vec!["example.edu".to_owned()]).await;
    assert_eq!(Browser::new(&app).sign_in(&provider, ada()).await, "/");
    let mut elsewhere = ada();
    elsewhere["email"] = json!("ada@evil.example");
    assert_eq!(
        Browser::new(&app).sign_in(&provider, elsewhere).await,
        "/sign-in?failed=domain"
    );
    let mut unverified = ada();
    unverified["email_verified"] = json!(false);
    assert_eq!(
        Browser::new(&app).sign_in(&provider, unverified).await,
        "/sign-in?failed=unverified"
    );
}

#[tokio::test]
async fn whoever_comes_through_the_provider_need_not_change_a_password_that_they_never_saw() {
    let (app, provider) = start(|_| {}).await;
    let ada_here = person(&app, "ada").await;
    let mut tx = app.control.store.begin().await.unwrap();
    let mut initial = credential::by_person(&mut *tx, ada_here.id)
        .await
        .unwrap()
        .unwrap();
    initial.must_change = true;
    credential::put(&mut tx, &initial).await.unwrap();
    app.control.store.commit(tx).await.unwrap();
    let mut browser = Browser::new(&app);
    assert_eq!(browser.sign_in(&provider, ada()).await, "/");
    let session = browser.get("/api/v1/session").await.json();
    assert_eq!(session["must_change_password"], false);
    browser.get("/api/v1/labs").await.expect(200);
}
