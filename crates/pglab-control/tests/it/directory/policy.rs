//! What a directory's rules for passwords do to people: passwords that must be changed, that have expired, and accounts
//! that are locked, on a real slapd with its overlay ppolicy.

use pglab_control::{
    Error, Options, account,
    directory::reconcile,
    member,
    session::{Identified, Shown, identify},
    sign_in::sign_in,
};
use pglab_core::{
    access::{Actor, Operation, may},
    directory::{IdentitySettings, RoleGroups, slapd::FAILURES_UNTIL_LOCKED},
};
use pglab_testkit::Slapd;

use crate::class::lesson::{Lesson, SLUG};

const LONG_AGO: &str = "20200101000000Z";

/// Ada of the tree that pglab fills, with her initial password.
async fn ada_in_the_tree() -> (Slapd, Lesson, String) {
    let slapd = Slapd::start().await;
    let options = Options {
        identity: slapd.managed(),
        ..Options::default()
    };
    let lesson = Lesson::start_with(options).await;
    lesson.import("ada\n").await;
    reconcile::activate(&lesson).await.unwrap();
    let all = lesson.credentials().await;
    let ada = all.iter().find(|one| one.login == "ada").unwrap();
    let initial = ada.password.clone().unwrap();
    (slapd, lesson, initial)
}

/// Ada of a university's directory.
async fn ada_of_a_university() -> (Slapd, Lesson, String) {
    let slapd = Slapd::start().await;
    slapd.add_person("ada", "adas-secret");
    let mut settings = slapd.settings();
    settings.roles = RoleGroups {
        student: vec!["*".to_owned()],
        ..RoleGroups::default()
    };
    let options = Options {
        identity: IdentitySettings::Directory(settings),
        ..Options::default()
    };
    let lesson = Lesson::start_with(options).await;
    (slapd, lesson, "adas-secret".to_owned())
}

async fn signed_in(lesson: &Lesson, password: &str) -> Identified {
    let (cookie, _) = sign_in(lesson, "ada", password, "::1").await.unwrap();
    identify(lesson, Shown::Cookie(&cookie)).await.unwrap()
}

fn must_change(identified: &Identified) -> bool {
    let Actor::Person(person) = &identified.actor else {
        panic!("somebody signed in");
    };
    person.must_change_password
}

async fn held(lesson: &Lesson, password: &str) -> String {
    let error = sign_in(lesson, "ada", password, "::1").await.unwrap_err();
    assert!(matches!(error, Error::AccountHeld(_)), "{error}");
    error.to_string()
}

/// An attribute of hers that only slapd itself writes.
async fn mark_ada(slapd: &mut Slapd, name: &str, value: &str) {
    let dn = slapd.tree().person_dn("ada");
    slapd
        .change_at_rest(&format!(
            "dn: {dn}\nchangetype: modify\nreplace: {name}\n{name}: {value}\n"
        ))
        .await;
}

/// A session for choosing another password, and for nothing else.
async fn chooses_another(lesson: &Lesson, old: &str) {
    let ada = signed_in(lesson, old).await;
    assert!(must_change(&ada));
    assert!(!may(&ada.actor, Operation::OwnTokens));
    assert!(may(&ada.actor, Operation::OwnPassword));
    account::change_password(lesson, &ada, old, "chosen-by-ada")
        .await
        .unwrap();
    assert!(!must_change(&signed_in(lesson, "chosen-by-ada").await));
    assert!(matches!(
        sign_in(lesson, "ada", old, "::1").await,
        Err(Error::SignInRefused)
    ));
}

#[tokio::test]
async fn a_password_that_must_be_changed_lets_in_to_change_it() {
    let (mut slapd, lesson, initial) = ada_in_the_tree().await;
    assert!(!must_change(&signed_in(&lesson, &initial).await));
    slapd.policy(&["pwdMustChange: TRUE"]).await;
    mark_ada(&mut slapd, "pwdReset", "TRUE").await;
    chooses_another(&lesson, &initial).await;
}

#[tokio::test]
async fn an_expired_password_that_still_works_a_few_times_must_be_changed() {
    let (mut slapd, lesson, initial) = ada_in_the_tree().await;
    slapd.policy(&["pwdMaxAge: 86400", "pwdGraceAuthNLimit: 5"]).await;
    mark_ada(&mut slapd, "pwdChangedTime", LONG_AGO).await;
    chooses_another(&lesson, &initial).await;
}

#[tokio::test]
async fn an_expired_password_is_told_and_a_new_one_helps() {
    let (mut slapd, lesson, initial) = ada_in_the_tree().await;
    slapd.policy(&["pwdMaxAge: 86400"]).await;
    mark_ada(&mut slapd, "pwdChangedTime", LONG_AGO).await;
    assert_eq!(
        held(&lesson, &initial).await,
        "your password has expired; ask your instructor for a new one"
    );
    let fresh = renewed(&lesson).await;
    assert!(!must_change(&signed_in(&lesson, &fresh).await));
}

/// A new initial password from her instructor, in the tree.
async fn renewed(lesson: &Lesson) -> String {
    lesson.clock.advance(chrono::TimeDelta::seconds(1));
    let fresh = member::renew(lesson, &lesson.teacher, SLUG, "ada").await.unwrap();
    assert_eq!(reconcile::activate(lesson).await.unwrap().passwords, 1);
    fresh
}

/// Locked by somebody who guesses; not for good, and a session that was there goes on.
#[tokio::test]
async fn a_locked_account_is_told_and_opened_by_a_new_password() {
    let (slapd, lesson, initial) = ada_in_the_tree().await;
    let (cookie, _) = sign_in(&lesson, "ada", &initial, "::1").await.unwrap();
    let dn = slapd.tree().person_dn("ada");
    // Not by way of pglab, whose own limit would come first.
    for _ in 0..FAILURES_UNTIL_LOCKED {
        slapd.try_ldif(&dn, "guessed", "").unwrap_err();
    }
    assert_eq!(
        held(&lesson, &initial).await,
        "this account is locked after too many wrong passwords; wait some minutes or ask your instructor"
    );
    let ada = identify(&lesson, Shown::Cookie(&cookie)).await.unwrap();
    let change = account::change_password(&lesson, &ada, &initial, "chosen-by-ada")
        .await
        .unwrap_err();
    assert!(matches!(change, Error::AccountHeld(_)), "{change}");
    let fresh = renewed(&lesson).await;
    signed_in(&lesson, &fresh).await;
}

/// pglab changes nothing in a university's directory: it says where.
#[tokio::test]
async fn in_a_university_s_directory_people_are_sent_there() {
    let (mut slapd, lesson, password) = ada_of_a_university().await;
    signed_in(&lesson, &password).await;
    slapd.policy(&["pwdMustChange: TRUE", "pwdMaxAge: 86400"]).await;
    mark_ada(&mut slapd, "pwdReset", "TRUE").await;
    assert_eq!(
        held(&lesson, &password).await,
        "your password has to be changed first; do that where you do it for everything else, then sign in here"
    );
    mark_ada(&mut slapd, "pwdReset", "FALSE").await;
    mark_ada(&mut slapd, "pwdChangedTime", LONG_AGO).await;
    assert_eq!(
        held(&lesson, &password).await,
        "your password has expired; change it where you do that for everything else, then sign in here"
    );
}
