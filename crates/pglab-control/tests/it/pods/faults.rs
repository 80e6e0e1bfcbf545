//! Whatever is wrong with the manager, nobody earns anything, no row is lost, and everything gets on when it is right again.

use chrono::TimeDelta;
use pglab_control::{Error, pods};
use pglab_core::pods::{ManagerSettings, ManagerUrl};
use pglab_fleet::{InstanceManager, instance_manager::ManagerError};
use pglab_testkit::{CallFault, FakeManager, ListFault};

use super::{Arena, SLUG, attempts};

#[tokio::test]
async fn a_list_that_is_no_list_changes_nothing() {
    let arena = Arena::open().await;
    let elsewhere = FakeManager::start().await;
    let running = arena.start().await;
    arena.until(&running, "active").await;
    let bob = arena.student("bob").await;
    let waiting = pods::start(&arena.control, &bob, SLUG, arena.shop).await.unwrap();
    let before = (arena.seen(&running).await, arena.seen(&waiting).await);
    let n_calls = arena.manager.n_asked(&waiting.name);
    for fault in [
        ListFault::Status(500),
        ListFault::Status(404),
        ListFault::Cut,
        ListFault::NotJson,
        ListFault::NotAList,
        ListFault::Huge,
        ListFault::Redirects(format!("{}/list-challenge-pods", elsewhere.url())),
    ] {
        arena.manager.set_list_fault(fault.clone());
        let outcome = arena.round().await;
        assert!(
            matches!(outcome, Err(Error::Unavailable(_))),
            "{fault:?}: {outcome:?}"
        );
        let after = (arena.seen(&running).await, arena.seen(&waiting).await);
        assert_eq!(after, before, "{fault:?}");
    }
    assert_eq!(arena.manager.n_asked(&waiting.name), n_calls);
    assert!(elsewhere.asked().is_empty(), "the token went elsewhere");
    arena.manager.set_list_fault(ListFault::None);
    arena.until(&waiting, "active").await;
    arena.nobody_earned_anything().await;
    arena.histories_fit(2).await;
}

/// With a client of its own, so that no other request has to be quick.
#[tokio::test]
async fn a_list_that_never_comes_is_given_up() {
    let fake = FakeManager::start().await;
    fake.set_list_fault(ListFault::Hangs);
    let mut settings = ManagerSettings::new(ManagerUrl::parse(fake.url()).unwrap());
    settings.timeout = std::time::Duration::from_millis(300);
    let outcome = InstanceManager::new(settings).list().await;
    assert!(matches!(outcome, Err(ManagerError::Away(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_pod_that_flaps_stays_and_one_that_is_gone_ends() {
    let arena = Arena::open().await;
    let instance = arena.start().await;
    arena.until(&instance, "active").await;
    // Just created: missing from many lists within the time of grace.
    arena.manager.set_list_fault(ListFault::Empty);
    arena.rounds(6).await;
    assert_eq!(arena.state(&instance).await, "active");
    arena.manager.set_list_fault(ListFault::None);
    arena.rounds(1).await;
    arena.control.clock.advance(TimeDelta::minutes(2));
    // Later: there every third time.
    for _ in 0..5 {
        arena.manager.set_list_fault(ListFault::Empty);
        arena.rounds(2).await;
        arena.manager.set_list_fault(ListFault::None);
        arena.rounds(1).await;
    }
    assert_eq!(arena.state(&instance).await, "active");
    // A failed list between two good ones is not counted.
    arena.manager.set_list_fault(ListFault::Empty);
    arena.rounds(2).await;
    arena.manager.set_list_fault(ListFault::Status(503));
    for _ in 0..5 {
        assert!(arena.round().await.is_err());
    }
    assert_eq!(arena.state(&instance).await, "active");
    arena.manager.set_list_fault(ListFault::None);
    arena.manager.kill(&instance.name);
    arena.rounds(1).await;
    assert_eq!(arena.state(&instance).await, "terminating");
    let ended = arena.until(&instance, "terminated").await;
    assert_eq!(
        ended.state.sentence(),
        "Ended: it was missing from 3 lists in a row."
    );
    arena.nobody_earned_anything().await;
    arena.histories_fit(1).await;
}

#[tokio::test]
async fn lies_about_states_are_told_and_believed_late_or_never() {
    let arena = Arena::open().await;
    let instance = arena.start().await;
    arena.until(&instance, "active").await;
    arena.control.clock.advance(TimeDelta::minutes(2));
    for (fault, word) in [
        (ListFault::Says("unknown".to_owned()), "says nothing"),
        (ListFault::Says("CrashLoop\u{1b}[31m".to_owned()), "says nothing"),
        (ListFault::Twice("failed".to_owned()), "several times"),
        (ListFault::Foreign, "somebody else's"),
    ] {
        arena.manager.set_list_fault(fault.clone());
        arena.rounds(5).await;
        let seen = arena.seen(&instance).await;
        assert_eq!(seen.state.name(), "active", "{fault:?}");
        let remark = seen.remark.unwrap();
        assert!(
            remark.contains(word) && !remark.contains('\u{1b}'),
            "{fault:?}: {remark}"
        );
    }
    arena.manager.set_list_fault(ListFault::None);
    arena.rounds(1).await;
    assert_eq!(arena.seen(&instance).await.remark, None);
    // What it says three times in a row is believed; when it takes it back, the instance is there again.
    for word in ["succeeded", "terminated", "failed"] {
        arena.manager.set_list_fault(ListFault::Says(word.to_owned()));
        arena.rounds(2).await;
        assert_eq!(arena.state(&instance).await, "active", "{word}");
        arena.manager.set_list_fault(ListFault::None);
        arena.rounds(1).await;
    }
    arena.manager.set_list_fault(ListFault::Says("failed".to_owned()));
    arena.rounds(3).await;
    assert_eq!(arena.state(&instance).await, "error");
    arena.manager.set_list_fault(ListFault::None);
    arena.until(&instance, "active").await;
    arena.nobody_earned_anything().await;
    arena.histories_fit(1).await;
}

#[tokio::test]
async fn a_start_that_fails_is_tried_again_and_makes_one_pod() {
    let arena = Arena::open().await;
    let instance = arena.start().await;
    for fault in [CallFault::Fails { done: false }, CallFault::Refuses] {
        arena.manager.set_call_fault(fault);
        arena.until(&instance, "error").await;
        assert!(arena.manager.pods().is_empty());
        arena.until(&instance, "queued").await;
    }
    arena.until(&instance, "error").await;
    let why = arena.seen(&instance).await.state.sentence();
    assert_eq!(
        why,
        "Does not run (3 tries): the instance manager answers 200: no room."
    );
    // By hand, at once.
    pods::retry(&arena.control, &arena.ada, SLUG, instance.id)
        .await
        .unwrap();
    // Done, and said to have failed: it comes to light in the list.
    arena.manager.set_call_fault(CallFault::Fails { done: true });
    arena.until(&instance, "active").await;
    assert_eq!(arena.manager.pods().len(), 1);
    arena.histories_fit(1).await;
}

#[tokio::test]
async fn ends_are_asked_for_again_and_counted() {
    let arena = Arena::open().await;
    let instance = arena.start().await;
    arena.until(&instance, "active").await;
    arena.manager.set_call_fault(CallFault::Fails { done: false });
    pods::end(&arena.control, &arena.ada, SLUG, instance.id)
        .await
        .unwrap();
    for _ in 0..60 {
        arena.round().await.unwrap();
    }
    let seen = arena.seen(&instance).await;
    assert_eq!(seen.state.name(), "terminating");
    let n = attempts(&seen);
    assert!((4..=12).contains(&n), "asked {n} times within five minutes");
    assert_eq!(arena.manager.n_asked(&instance.name).1, u64::from(n));
    assert!(
        seen.state.sentence().contains(&format!("asked {n} times")),
        "{}",
        seen.state.sentence()
    );
    arena.manager.set_call_fault(CallFault::None);
    arena.until(&instance, "terminated").await;
    assert!(arena.manager.pods().is_empty());
}

/// It was not listed when it was to be ended, and comes up afterwards.
#[tokio::test]
async fn a_pod_that_comes_too_late_is_ended_too() {
    let arena = Arena::open().await;
    arena.manager.set_lateness(6);
    let instance = arena.start().await;
    arena.rounds(1).await;
    arena.manager.set_call_fault(CallFault::Fails { done: false });
    pods::end(&arena.control, &arena.ada, SLUG, instance.id)
        .await
        .unwrap();
    arena.until(&instance, "terminated").await;
    assert_eq!(arena.manager.pods().len(), 1, "it is still to come");
    arena.manager.set_call_fault(CallFault::None);
    for _ in 0..30 {
        if arena.manager.pods().is_empty() {
            break;
        }
        arena.round().await.unwrap();
    }
    assert!(arena.manager.pods().is_empty());
    assert_eq!(arena.state(&instance).await, "terminated");
}

/// Whatever else runs there is none of ours.
#[tokio::test]
async fn pods_of_others_are_left_alone() {
    let arena = Arena::open().await;
    let instance = arena.start().await;
    arena.until(&instance, "active").await;
    let theirs = foreign_pod(&arena).await;
    arena.rounds(5).await;
    assert_eq!(arena.manager.n_asked(&theirs).1, 0);
    assert!(arena.manager.pods().contains_key(&theirs));
}

/// Somebody else's pod, with a name as ours have them.
async fn foreign_pod(arena: &Arena) -> String {
    let name = "pglab-0123456789abcdef0123456789abcdef".to_owned();
    let manager = arena.control.instance_manager().unwrap();
    manager
        .start(&name, "somebody", "somewhere", &serde_json::json!({}))
        .await
        .unwrap();
    name
}
