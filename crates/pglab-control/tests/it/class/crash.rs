//! The reconciler dropped at any point: what it began is finished once, and nothing is there twice.

use std::{pin::pin, task::Poll};

use pglab_control::{instance, member, prepare};
use pglab_core::instance::InstanceState;
use pglab_testkit::SeededRandom;

use super::lesson::{Lesson, SLUG, class_of};

/// Drives a future until it is done or was polled so many times, and drops it: as a crash would, wherever it stands.
/// Not after a time, so that the points are the same on a busy machine.
async fn polled<F: Future>(mut n_polls: u64, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if n_polls == 0 => Poll::Ready(None),
        Poll::Pending => {
            n_polls -= 1;
            Poll::Pending
        }
    })
    .await
}

#[tokio::test]
async fn dropped_at_sixty_points_it_ends_with_one_of_everything() {
    const N_STUDENTS: usize = 8;
    let lesson = Lesson::start().await;
    let logins = class_of(N_STUDENTS);
    lesson.import(&logins.join("\n")).await;
    prepare::prepare(&lesson, &lesson.teacher, SLUG).await.unwrap();
    let random = SeededRandom::new(20_260_302);
    let mut n_dropped = 0;
    while n_dropped < 60 {
        let n_polls = 1 + random.next_u64() % 60;
        if polled(n_polls, instance::activate(&lesson)).await.is_none() {
            n_dropped += 1;
        }
        // Whoever is ready starts over: so that there is work to interrupt until the end.
        lesson.clock.advance(chrono::TimeDelta::seconds(1));
        let listed = member::list(&lesson, &lesson.teacher, SLUG).await.unwrap();
        let ready = listed.iter().find(|listed| {
            let state = listed.instance.as_ref().map(|instance| &instance.state);
            state == Some(&InstanceState::Active)
        });
        if let Some(ready) = ready {
            let login = ready.member.login.as_str();
            let keep = random.next_u64().is_multiple_of(2);
            member::reset(&lesson, &lesson.teacher, SLUG, login, keep, login)
                .await
                .unwrap();
        }
    }
    for _ in 0..4 {
        lesson.clock.advance(chrono::TimeDelta::minutes(5));
        lesson.reconcile().await;
    }
    lesson.open().await;

    let done = prepare::look(&lesson, &lesson.teacher, SLUG).await.unwrap();
    assert_eq!(
        (done.ready, done.waiting, done.failed),
        (N_STUDENTS, 0, Vec::new())
    );
    for login in &logins {
        let own = lesson.sign_in(login).await.unwrap();
        own.query_one("SELECT FROM artist", &[]).await.unwrap();
    }
    let kept = pglab_store::snapshot_database::standing(lesson.store.pool())
        .await
        .unwrap();
    assert!(!kept.is_empty(), "no reset kept its database");
    let n_databases = i64::try_from(N_STUDENTS + kept.len()).unwrap();
    let count = async |query: &str| lesson.count(query).await;
    assert_eq!(
        count("SELECT count(*) FROM pg_database WHERE datname LIKE 'tiny%'").await,
        n_databases
    );
    assert_eq!(
        count("SELECT count(*) FROM pg_roles WHERE rolname ~ '^s\\d\\d$'").await,
        8
    );
    assert_eq!(
        count("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'pglab_chk%'").await,
        8
    );
    // Nothing was left half-made: every database of ours is open for connections and has its mark.
    let unfinished = "SELECT count(*) FROM pg_database WHERE datname LIKE 'tiny%' AND \
        (NOT datallowconn OR datconnlimit <> -1 OR shobj_description(oid, 'pg_database') NOT LIKE 'pglab:%')";
    assert_eq!(count(unfinished).await, 0);
    assert_eq!(lesson.reconcile().await, instance::Summary::default());
}
