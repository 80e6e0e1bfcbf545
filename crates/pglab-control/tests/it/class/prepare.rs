//! Preparing a class.

use pglab_control::{
    instance,
    prepare::{self, PreparationState},
};
use pglab_fleet::work;

use super::lesson::{Lesson, SLUG, class_of};

#[tokio::test]
async fn thirty_students_each_get_into_their_own_database_and_no_other() {
    let lesson = Lesson::start().await;
    let logins = class_of(30);
    lesson.import(&logins.join("\n")).await;
    let before = prepare::look(&lesson, &lesson.teacher, SLUG).await.unwrap();
    assert_eq!(
        (before.state, before.total, before.waiting),
        (PreparationState::Idle, 30, 30)
    );

    let summary = lesson.prepare().await;
    assert_eq!((summary.n_made, summary.n_failed), (30, 0));
    let done = prepare::look(&lesson, &lesson.teacher, SLUG).await.unwrap();
    assert_eq!(
        (done.state, done.ready, done.waiting),
        (PreparationState::Done, 30, 0)
    );
    // Again: nothing to do.
    assert_eq!(lesson.reconcile().await, instance::Summary::default());

    // A draft lets nobody in.
    let refused = lesson.sign_in("s01").await.unwrap_err();
    assert_eq!(refused.code(), Some("42501"), "{refused}");
    assert_eq!(lesson.open().await.n_opened, 30);
    for (at, login) in logins.iter().enumerate() {
        let own = lesson.sign_in(login).await.unwrap();
        let row = own.query_one("SELECT name FROM artist", &[]).await.unwrap();
        assert_eq!(row.get::<_, String>(0), "Nina Simone");
        own.batch_execute("ALTER TABLE artist ADD born date; CREATE TABLE album (id integer)")
            .await
            .unwrap();
        let password = lesson.kit(login).await.password.unwrap();
        let neighbour = lesson.kit(&logins[(at + 1) % logins.len()]).await.database;
        let mut others = vec![neighbour.as_str()];
        if at == 0 {
            others.extend(["postgres", "template1", "pglab_st_tiny_1"]);
        }
        for other in others {
            let refused = lesson.connect(login, &password, other).await.unwrap_err();
            assert_eq!(refused.code(), Some("42501"), "{login} in {other}: {refused}");
        }
    }
    let errors: Vec<_> = lesson
        .server
        .logged_errors()
        .into_iter()
        .filter(|(code, _)| code != "42501")
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[tokio::test]
async fn what_postgresql_refuses_is_told_and_tried_again() {
    let lesson = Lesson::start().await;
    let superuser = lesson.server.superuser("postgres").await;
    // A server that is not ours alone: somebody's role has a student's login.
    superuser.batch_execute("CREATE ROLE bob LOGIN").await.unwrap();
    lesson.import("ada\nbob\n").await;
    let summary = lesson.prepare().await;
    assert_eq!((summary.n_made, summary.n_failed), (1, 1));
    let told = prepare::look(&lesson, &lesson.teacher, SLUG).await.unwrap();
    assert_eq!(told.state, PreparationState::Failed);
    assert_eq!(told.failed[0].0, "bob");
    assert!(told.failed[0].1.contains("bob"), "{}", told.failed[0].1);
    // Not before its time, and then with success.
    assert_eq!(lesson.reconcile().await.n_failed, 0);
    superuser.batch_execute("DROP ROLE bob").await.unwrap();
    lesson.clock.advance(chrono::TimeDelta::seconds(10));
    assert_eq!(lesson.reconcile().await.n_made, 1);
    assert_eq!(lesson.state("bob").await, "active");
}

#[tokio::test]
async fn late_comers_get_theirs_without_being_asked_for() {
    let lesson = Lesson::with_students(&["ada"]).await;
    lesson.import("ada\nbob\n").await;
    assert_eq!(lesson.reconcile().await.n_made, 1);
    lesson.sign_in("bob").await.unwrap();
}

#[tokio::test]
async fn two_reconcilers_never_work_beside_each_other() {
    let lesson = Lesson::start().await;
    lesson.import(&class_of(6).join("\n")).await;
    prepare::prepare(&lesson, &lesson.teacher, SLUG).await.unwrap();
    let lock = work::begin(&lesson.cluster).await.unwrap();
    let waiting = tokio::spawn({
        let control = lesson.control.control.clone();
        async move { instance::activate(&control).await }
    });
    // It waits for the lock, as the server sees it.
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
    while lesson.count(waits).await == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        lesson
            .count("SELECT count(*) FROM pg_database WHERE datname LIKE 'tiny%'")
            .await,
        0
    );
    drop(lock);
    assert_eq!(waiting.await.unwrap().unwrap().n_made, 6);
    // Both at once: each thing is made once.
    lesson.import(&class_of(12).join("\n")).await;
    let (one, two) = tokio::join!(instance::activate(&lesson), instance::activate(&lesson));
    assert_eq!(one.unwrap().n_made + two.unwrap().n_made, 6);
}
