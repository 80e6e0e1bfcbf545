//! Who gets in when: lab, roster, passwords.

use pglab_control::{lab, member};

use super::lesson::{Lesson, SLUG};

#[tokio::test]
async fn who_is_removed_is_out_at_once_and_finds_everything_when_back() {
    let lesson = Lesson::with_students(&["ada", "bob"]).await;
    let session = lesson.sign_in("bob").await.unwrap();
    session
        .batch_execute("CREATE TABLE work AS SELECT 1 AS x")
        .await
        .unwrap();
    let (kit, before) = (lesson.kit("bob").await, lesson.credentials().await);
    member::remove(&lesson, &lesson.teacher, SLUG, "bob")
        .await
        .unwrap();
    assert_eq!(lesson.reconcile().await.n_closed, 1);
    assert!(
        session.batch_execute("SELECT 1").await.is_err(),
        "the session was ended"
    );
    let refused = lesson
        .connect("bob", kit.password.as_deref().unwrap(), &kit.database)
        .await;
    assert_eq!(refused.unwrap_err().code(), Some("42501"));
    lesson.sign_in("ada").await.unwrap();

    lesson.import("ada\nbob\n").await;
    assert_eq!(lesson.reconcile().await.n_opened, 1);
    assert_eq!(lesson.credentials().await, before);
    let back = lesson.sign_in("bob").await.unwrap();
    back.query_one("SELECT x FROM work", &[]).await.unwrap();
}

#[tokio::test]
async fn a_closed_lab_lets_nobody_in_and_keeps_the_databases() {
    let lesson = Lesson::with_students(&["ada"]).await;
    lab::close(&lesson, &lesson.teacher, SLUG).await.unwrap();
    assert_eq!(lesson.reconcile().await.n_closed, 1);
    assert!(lesson.sign_in("ada").await.is_err());
    assert_eq!(lesson.open().await.n_opened, 1);
    lesson.sign_in("ada").await.unwrap();
}

#[tokio::test]
async fn a_new_initial_password_reaches_postgresql_and_one_of_their_own_is_left_alone() {
    let lesson = Lesson::with_students(&["ada", "bob"]).await;
    let old = lesson.kit("ada").await;
    let new = member::renew(&lesson, &lesson.teacher, SLUG, "ada")
        .await
        .unwrap();
    lesson.reconcile().await;
    assert!(
        lesson
            .connect("ada", old.password.as_deref().unwrap(), &old.database)
            .await
            .is_err()
    );
    lesson.connect("ada", &new, &old.database).await.unwrap();

    // As psql's \password does it.
    let bob = lesson.sign_in("bob").await.unwrap();
    bob.batch_execute("ALTER ROLE bob PASSWORD 'my own choice'")
        .await
        .unwrap();
    lesson.reconcile().await;
    let database = lesson.kit("bob").await.database;
    lesson.connect("bob", "my own choice", &database).await.unwrap();
    // The instructor helps who forgot it.
    let new = member::renew(&lesson, &lesson.teacher, SLUG, "bob")
        .await
        .unwrap();
    lesson.reconcile().await;
    assert!(lesson.connect("bob", "my own choice", &database).await.is_err());
    lesson.connect("bob", &new, &database).await.unwrap();
}

#[tokio::test]
async fn a_deleted_lab_leaves_nothing_behind() {
    let lesson = Lesson::with_students(&["ada", "bob"]).await;
    lesson.lab("other").await;
    lesson.import_into("other", "bob\n").await;
    pglab_control::prepare::prepare(&lesson, &lesson.teacher, "other")
        .await
        .unwrap();
    lesson.reconcile().await;
    member::reset(&lesson, &lesson.teacher, SLUG, "ada", true, "ada")
        .await
        .unwrap();
    lesson.reconcile().await;
    let (found, _) = lab::find(&lesson, &lesson.teacher, SLUG).await.unwrap();
    lab::delete(&lesson, &lesson.teacher, SLUG, SLUG).await.unwrap();
    assert_eq!(lesson.reconcile().await.n_removed, 2);
    let standing = pglab_store::instance::n_standing(lesson.store.pool(), found.id)
        .await
        .unwrap();
    assert_eq!(standing, 0);
    assert_eq!(
        lesson
            .count("SELECT count(*) FROM pg_database WHERE datname LIKE 'tiny%'")
            .await,
        0
    );
    // Ada is nowhere else; bob has another lab.
    assert_eq!(
        lesson
            .count("SELECT count(*) FROM pg_roles WHERE rolname = 'ada'")
            .await,
        0
    );
    assert_eq!(
        lesson
            .count("SELECT count(*) FROM pg_roles WHERE rolname = 'bob'")
            .await,
        1
    );
    assert_eq!(
        lesson
            .count("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'pglab_chk%'")
            .await,
        1
    );
}
