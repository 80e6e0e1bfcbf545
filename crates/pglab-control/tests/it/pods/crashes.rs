//! pglab ends at any moment of a round: the next process finishes what was begun, and nothing is done by halves.

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use chrono::TimeDelta;
use pglab_control::{Control, pods};
use pglab_testkit::CallFault;

use super::{Arena, SLUG};

/// Remembers that it was woken, for whoever polls by hand.
struct Woken(tokio::sync::Notify);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

/// A round that is dropped when it waited so often. True: it came to its end before.
async fn round_cut_after(control: &Control, n_waits: usize) -> bool {
    let woken = Arc::new(Woken(tokio::sync::Notify::new()));
    let waker = Waker::from(woken.clone());
    let mut round = pin!(pods::activate(control));
    for _ in 0..=n_waits {
        match round.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(outcome) => {
                outcome.unwrap();
                return true;
            }
            Poll::Pending => woken.0.notified().await,
        }
    }
    false
}

/// 70 rounds, most of them cut at another moment, by processes that know nothing but what is stored. Between them people start
/// and end.
#[tokio::test]
async fn killing_pglab_at_any_moment_of_a_round_leaves_nothing_half_done() {
    let arena = Arena::open().await;
    let bob = arena.student("bob").await;
    let mut instances = Vec::new();
    let mut n_cut = 0;
    for moment in 0..70_usize {
        let who = if moment % 2 == 0 { &arena.ada } else { &bob };
        match pods::start(&arena.control, who, SLUG, arena.shop).await {
            Ok(instance) => instances.push(instance),
            Err(_) if moment % 5 == 4 => {
                for one in pods::list(&arena.control, &arena.teacher, SLUG).await.unwrap() {
                    if one.state.name() == "active" {
                        pods::end(&arena.control, &arena.teacher, SLUG, one.id)
                            .await
                            .unwrap();
                    }
                }
            }
            Err(_) => {}
        }
        arena.manager.set_call_fault(if moment % 7 == 6 {
            CallFault::Fails { done: true }
        } else {
            CallFault::None
        });
        arena.control.clock.advance(TimeDelta::seconds(5));
        // A process of its own, which dies with the round.
        let process = arena.control.again().await;
        n_cut += usize::from(!round_cut_after(&process, moment % 14).await);
        process.store.close().await;
        arena.histories_fit(instances.len()).await;
    }
    assert!(n_cut >= 20, "only {n_cut} rounds were cut");
    arena.manager.set_call_fault(CallFault::None);
    for instance in &instances {
        pods::end(&arena.control, &arena.teacher, SLUG, instance.id)
            .await
            .unwrap();
        arena.until(instance, "terminated").await;
        let (n_starts, _) = arena.manager.n_asked(&instance.name);
        assert!(n_starts <= 12, "{} was asked for {n_starts} times", instance.name);
    }
    for _ in 0..10 {
        arena.round().await.unwrap();
    }
    assert!(
        arena.manager.pods().is_empty(),
        "{:?}",
        arena.manager.pods().keys()
    );
    arena.nobody_earned_anything().await;
    arena.histories_fit(instances.len()).await;
}

/// Two processes that both believe to be the one that works.
#[tokio::test]
async fn two_syncers_at_once_do_no_harm() {
    let arena = Arena::open().await;
    let other = arena.control.again().await;
    let instance = arena.start().await;
    for _ in 0..8 {
        arena.control.clock.advance(TimeDelta::seconds(5));
        let (one, two) = tokio::join!(pods::activate(&arena.control), pods::activate(&other));
        one.unwrap();
        two.unwrap();
    }
    assert_eq!(arena.state(&instance).await, "active");
    assert_eq!(arena.manager.pods().len(), 1);
    let moves = pods::history(&arena.control, &arena.ada, SLUG, instance.id)
        .await
        .unwrap();
    let events: Vec<&str> = moves.iter().map(|moved| moved.event.as_str()).collect();
    assert_eq!(
        events.iter().filter(|event| **event == "ready").count(),
        1,
        "{events:?}"
    );
    assert_eq!(
        events.iter().filter(|event| **event == "start").count(),
        1,
        "{events:?}"
    );
}
