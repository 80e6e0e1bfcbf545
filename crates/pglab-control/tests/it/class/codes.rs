//! Joining by a code: who gets in, how often it is counted, and what it tells to those who guess.

use chrono::TimeDelta;
use futures::future::join_all;
use pglab_control::{
    Error,
    access_code::{self, NewAccount, NewCode},
    lab, member, sign_in,
};
use pglab_core::{access::Actor, id::LabId, person::Role};

use super::lesson::{Lesson, SLUG};

const HERE: &str = "192.0.2.1";

async fn code(lesson: &Lesson, max_uses: Option<u32>) -> String {
    let new = NewCode {
        max_uses,
        ..NewCode::default()
    };
    access_code::create(lesson, &lesson.teacher, SLUG, new)
        .await
        .unwrap()
        .code
}

async fn join(lesson: &Lesson, actor: &Actor, code: &str) -> Result<access_code::Joined, Error> {
    access_code::join(lesson, actor, code, HERE).await
}

async fn n_students(lesson: &Lesson) -> i64 {
    let ours = lesson.server.superuser("pglab").await;
    ours.query_one(
        "SELECT count(*) FROM member WHERE role = 'student' AND removed_at IS NULL",
        &[],
    )
    .await
    .unwrap()
    .get(0)
}

async fn used(lesson: &Lesson, code: &str) -> i32 {
    let codes = access_code::list(lesson, &lesson.teacher, SLUG).await.unwrap();
    codes.into_iter().find(|one| one.code == code).unwrap().used_count
}

async fn self_registration(lesson: &Lesson) {
    let settings = [("self_registration".to_owned(), true.into())]
        .into_iter()
        .collect();
    let change = lab::LabChange {
        settings: Some(settings),
        ..lab::LabChange::default()
    };
    lab::update(lesson, &lesson.teacher, SLUG, change).await.unwrap();
}

fn account(login: &str) -> NewAccount {
    NewAccount {
        login: login.to_owned(),
        name: "Ada L.".to_owned(),
        password: "four lazy otters".to_owned(),
    }
}

#[tokio::test]
async fn fifty_at_once_make_exactly_ten_members() {
    let lesson = Lesson::start().await;
    let code = code(&lesson, Some(10)).await;
    let mut people = Vec::new();
    for n in 0..50 {
        people.push(lesson.actor(&format!("s{n:02}"), Role::Student).await);
    }
    let joined = join_all(people.iter().map(|actor| join(&lesson, actor, &code))).await;
    let (fine, refused): (Vec<_>, Vec<_>) = joined.into_iter().partition(Result::is_ok);
    assert_eq!((fine.len(), refused.len()), (10, 40));
    assert!(fine.iter().all(|joined| !joined.as_ref().unwrap().already));
    for refused in refused {
        let error = refused.unwrap_err();
        assert!(error.to_string().contains("expired or used up"), "{error}");
    }
    assert_eq!((n_students(&lesson).await, used(&lesson, &code).await), (10, 10));
}

#[tokio::test]
async fn the_database_of_who_joined_is_prepared_like_everybodys() {
    let lesson = Lesson::with_students(&["ada"]).await;
    let code = code(&lesson, None).await;
    let bob = lesson.actor("bob", Role::Student).await;
    let joined = join(&lesson, &bob, &format!(" {} ", code.to_lowercase()))
        .await
        .unwrap();
    assert_eq!((joined.lab.slug.as_str(), joined.already), (SLUG, false));
    assert_eq!(lesson.reconcile().await.n_made, 1);
    lesson.sign_in("bob").await.unwrap();
}

/// Also when one person asks many times at once.
#[tokio::test]
async fn joining_again_uses_nothing_up() {
    let lesson = Lesson::start().await;
    let code = code(&lesson, Some(2)).await;
    let bob = lesson.actor("bob", Role::Student).await;
    let all = join_all((0..20).map(|_| join(&lesson, &bob, &code))).await;
    let first = all.iter().filter(|joined| !joined.as_ref().unwrap().already);
    assert_eq!(first.count(), 1);
    assert_eq!((n_students(&lesson).await, used(&lesson, &code).await), (1, 1));
    // Used up by another one, the code still brings bob to his lab.
    let eve = lesson.actor("eve", Role::Student).await;
    assert!(!join(&lesson, &eve, &code).await.unwrap().already);
    assert!(join(&lesson, &bob, &code).await.unwrap().already);
    assert_eq!(used(&lesson, &code).await, 2);
}

#[tokio::test]
async fn whatever_is_wrong_with_a_code_is_told_in_the_same_words() {
    let lesson = Lesson::start().await;
    let now = lesson.now();
    let new = |code: &str, max_uses| NewCode {
        code: Some(code.to_owned()),
        expires_at: Some(now + TimeDelta::minutes(5)),
        max_uses,
        created_by: None,
    };
    for (code, uses) in [("EXPIRED1", None), ("USEDUP01", Some(1)), ("REVOKED1", None)] {
        access_code::create(&lesson, &lesson.teacher, SLUG, new(code, uses))
            .await
            .unwrap();
    }
    let first = lesson.actor("first", Role::Student).await;
    join(&lesson, &first, "usedup01").await.unwrap();
    access_code::revoke(&lesson, &lesson.teacher, SLUG, "revoked1")
        .await
        .unwrap();
    let bob = lesson.actor("bob", Role::Student).await;
    let mut said = Vec::new();
    for code in ["USEDUP01", "REVOKED1", "NEVERWAS", "", "no code\0"] {
        said.push(join(&lesson, &bob, code).await.unwrap_err().to_string());
        let look = access_code::look(&lesson, &Actor::Stranger, code, HERE).await;
        said.push(look.unwrap_err().to_string());
    }
    lesson.clock.advance(TimeDelta::minutes(5));
    said.push(join(&lesson, &bob, "EXPIRED1").await.unwrap_err().to_string());
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(n_students(&lesson).await, 1);
    // And nobody joins a lab that is over.
    let late = code(&lesson, None).await;
    lesson.prepare().await;
    lesson.open().await;
    lab::close(&lesson, &lesson.teacher, SLUG).await.unwrap();
    said.push(join(&lesson, &bob, &late).await.unwrap_err().to_string());
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
}

#[tokio::test]
async fn codes_are_made_listed_and_revoked_by_instructors() {
    let lesson = Lesson::start().await;
    let made = code(&lesson, None).await;
    assert!(
        made.len() == 8 && made.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()),
        "{made}"
    );
    let own = NewCode {
        code: Some("Summer26".to_owned()),
        ..NewCode::default()
    };
    let code = access_code::create(&lesson, &lesson.teacher, SLUG, own.clone())
        .await
        .unwrap();
    assert_eq!(code.code, "SUMMER26");
    // Taken, whatever the lab and the case.
    lesson.lab("other").await;
    let taken = access_code::create(&lesson, &lesson.teacher, "other", own).await;
    assert!(matches!(taken, Err(Error::Conflict(_))), "{taken:?}");
    for wrong in [
        NewCode {
            code: Some("x y".to_owned()),
            ..NewCode::default()
        },
        NewCode {
            max_uses: Some(0),
            ..NewCode::default()
        },
        NewCode {
            expires_at: Some(lesson.now()),
            ..NewCode::default()
        },
    ] {
        let refused = access_code::create(&lesson, &lesson.teacher, SLUG, wrong).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
    }
    let listed = access_code::list(&lesson, &lesson.teacher, SLUG).await.unwrap();
    let listed: Vec<&str> = listed.iter().map(|code| code.code.as_str()).collect();
    assert_eq!(listed, ["SUMMER26", made.as_str()]);
    // Of another lab: not there.
    let missing = access_code::revoke(&lesson, &lesson.teacher, "other", "SUMMER26").await;
    assert!(matches!(missing, Err(Error::NotFound(_))), "{missing:?}");
    let stranger = lesson.actor("oscar", Role::Instructor).await;
    for slug in [SLUG, "other"] {
        let refused = access_code::list(&lesson, &stranger, slug).await;
        assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
    }
}

#[tokio::test]
async fn who_was_removed_stays_out_and_staff_is_no_student() {
    let lesson = Lesson::start().await;
    let code = code(&lesson, Some(5)).await;
    let bob = lesson.actor("bob", Role::Student).await;
    join(&lesson, &bob, &code).await.unwrap();
    member::remove(&lesson, &lesson.teacher, SLUG, "bob")
        .await
        .unwrap();
    let refused = join(&lesson, &bob, &code).await.unwrap_err();
    assert!(refused.to_string().contains("removed"), "{refused}");
    let refused = join(&lesson, &lesson.teacher, &code).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict(_)), "{refused}");
    let other = lesson.actor("oscar", Role::Instructor).await;
    let refused = join(&lesson, &other, &code).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict(_)), "{refused}");
    assert_eq!((n_students(&lesson).await, used(&lesson, &code).await), (0, 1));
}

#[tokio::test]
async fn guessing_is_limited_and_what_is_right_does_not_count() {
    let lesson = Lesson::start().await;
    let code = code(&lesson, None).await;
    let bob = lesson.actor("bob", Role::Student).await;
    for n in 0..20 {
        let refused = join(&lesson, &bob, &format!("GUESS{n:03}")).await.unwrap_err();
        assert!(matches!(refused, Error::Invalid { .. }), "{refused}");
    }
    let more = join_all((0..10).map(|_| join(&lesson, &bob, "GUESS999"))).await;
    assert!(more.iter().all(|one| matches!(one, Err(Error::RateLimited(_)))));
    let refused = join(&lesson, &bob, &code).await.unwrap_err();
    assert!(matches!(refused, Error::RateLimited(_)), "{refused}");
    lesson.clock.advance(TimeDelta::minutes(16));
    for _ in 0..30 {
        join(&lesson, &bob, &code).await.unwrap();
    }
    // What no limit counts any more is forgotten.
    pglab_control::housekeeping::activate(&lesson).await.unwrap();
    let ours = lesson.server.superuser("pglab").await;
    let n: i64 = ours
        .query_one("SELECT count(*) FROM access_code_try", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(n, 0);
}

#[tokio::test]
async fn a_stranger_makes_an_account_only_where_the_lab_allows_it() {
    let lesson = Lesson::with_students(&["zoe"]).await;
    let code = code(&lesson, Some(2)).await;
    let offer = access_code::look(&lesson, &Actor::Stranger, &code, HERE)
        .await
        .unwrap();
    assert!(!offer.accounts);
    let refused = access_code::create_account(&lesson, &code, account("ada"), HERE).await;
    assert!(matches!(refused, Err(Error::Conflict(_))));
    self_registration(&lesson).await;
    assert!(
        access_code::look(&lesson, &Actor::Stranger, &code, HERE)
            .await
            .unwrap()
            .accounts
    );
    for wrong in [
        NewAccount {
            login: "pg_admin".to_owned(),
            ..account("ada")
        },
        NewAccount {
            name: String::new(),
            ..account("ada")
        },
        NewAccount {
            password: "short".to_owned(),
            ..account("ada")
        },
    ] {
        let refused = access_code::create_account(&lesson, &code, wrong, HERE).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })));
    }
    let (_, session) = access_code::create_account(&lesson, &code, account("Ada"), HERE)
        .await
        .unwrap();
    assert_eq!(session.person.unwrap().login.as_str(), "ada");
    // A login is somebody's for good, and nothing is used up by who is refused.
    let taken = access_code::create_account(&lesson, &code, account("ada"), HERE).await;
    assert!(matches!(taken, Err(Error::Conflict(_))));
    assert_eq!(used(&lesson, &code).await, 1);
    sign_in::sign_in(&lesson, "ada", "four lazy otters", HERE)
        .await
        .unwrap();
    assert_eq!(lesson.reconcile().await.n_made, 1);
    let kit = lesson.kit("ada").await;
    lesson
        .connect("ada", "four lazy otters", &kit.database)
        .await
        .unwrap();
}

/// Ten places, thirty strangers: no account is left of those who did not get in.
#[tokio::test]
async fn accounts_are_made_for_exactly_those_who_join() {
    let lesson = Lesson::start().await;
    self_registration(&lesson).await;
    let code = code(&lesson, Some(4)).await;
    let made = join_all((0..12).map(|n| {
        let (lesson, code) = (&lesson, &code);
        async move { access_code::create_account(lesson, code, account(&format!("s{n}")), HERE).await }
    }))
    .await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 4);
    let ours = lesson.server.superuser("pglab").await;
    let n: i64 = ours
        .query_one("SELECT count(*) FROM person WHERE role = 'student'", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!((n, n_students(&lesson).await), (4, 4));
}

#[tokio::test]
async fn a_program_joins_for_others_only_where_it_may() {
    let lesson = Lesson::start().await;
    let code = code(&lesson, None).await;
    let (bob, _) = lesson.person("bob", Role::Student).await;
    let lab = lab::show(&lesson, &lesson.teacher, SLUG).await.unwrap().lab.id;
    let join_for = |within: LabId| {
        let (lesson, code) = (&lesson, &code);
        async move { access_code::join_for(lesson, &Actor::System, bob.id, code, |lab| lab == within).await }
    };
    let elsewhere = LabId::from(uuid::Uuid::from_u128(1));
    assert!(matches!(join_for(elsewhere).await, Err(Error::Invalid { .. })));
    assert!(!join_for(lab).await.unwrap().already);
    let refused = access_code::join_for(&lesson, &lesson.teacher, bob.id, &code, |_| true).await;
    assert!(matches!(refused, Err(Error::Forbidden)));
}
