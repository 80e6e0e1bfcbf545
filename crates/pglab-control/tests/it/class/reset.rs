//! Fresh copies.

use pglab_control::{Error, member};

use super::lesson::{Lesson, SLUG};

#[tokio::test]
async fn a_reset_gives_the_start_again_and_keeps_the_old_where_asked() {
    let lesson = Lesson::with_students(&["ada", "bob"]).await;
    for keep in [false, true] {
        let ada = lesson.sign_in("ada").await.unwrap();
        ada.batch_execute("CREATE TABLE work AS SELECT 1 AS x; DROP TABLE artist")
            .await
            .unwrap();
        member::reset(&lesson, &lesson.teacher, SLUG, "ada", keep, "ada")
            .await
            .unwrap();
        assert_eq!(lesson.state("ada").await, "creating");
        assert_eq!(lesson.reconcile().await.n_made, 1);
        let ada = lesson.sign_in("ada").await.unwrap();
        ada.query_one("SELECT FROM artist", &[]).await.unwrap();
        assert!(ada.query("SELECT FROM work", &[]).await.is_err());
    }
    let kept = lesson.server.superuser("tiny_ada_20260302_090000").await;
    kept.query_one("SELECT x FROM work", &[]).await.unwrap();
    let standing = pglab_store::snapshot_database::standing(lesson.store.pool())
        .await
        .unwrap();
    assert_eq!(standing.len(), 1);
    // What is kept is nobody's to write in.
    let password = lesson.kit("ada").await.password.unwrap();
    assert!(
        lesson
            .connect("ada", &password, "tiny_ada_20260302_090000")
            .await
            .is_err()
    );
    // The name of this second is taken.
    let again = member::reset(&lesson, &lesson.teacher, SLUG, "ada", true, "ada").await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
}

#[tokio::test]
async fn students_reset_their_own_only_and_must_say_so() {
    let lesson = Lesson::with_students(&["ada", "bob"]).await;
    let ada = lesson.student("ada").await;
    let attempt = async |login: &str, keep: bool, confirm: &str| {
        member::reset(&lesson, &ada, SLUG, login, keep, confirm).await
    };
    assert!(matches!(
        attempt("bob", false, "bob").await,
        Err(Error::Forbidden)
    ));
    assert!(matches!(
        attempt("nobody", false, "nobody").await,
        Err(Error::Forbidden)
    ));
    assert!(matches!(attempt("ada", true, "ada").await, Err(Error::Forbidden)));
    assert!(matches!(
        attempt("ada", false, "Ada").await,
        Err(Error::Invalid { .. })
    ));
    attempt("ada", false, "ada").await.unwrap();
    lesson.reconcile().await;
    assert!(matches!(attempt("ada", false, "ada").await, Ok(())));
}

#[tokio::test]
async fn a_database_that_was_dropped_by_hand_is_made_anew() {
    let lesson = Lesson::with_students(&["ada"]).await;
    let superuser = lesson.server.superuser("postgres").await;
    superuser
        .batch_execute("DROP DATABASE tiny_ada WITH (FORCE)")
        .await
        .unwrap();
    assert_eq!(lesson.reconcile().await.n_made, 1);
    lesson.sign_in("ada").await.unwrap();
}
