//! Many readers of one board: events, resuming, other processes.

use std::time::Duration;

use chrono::TimeDelta;
use pglab_control::{
    board::{self, Beginning, Change},
    roster, workers,
};
use pglab_core::task::TaskState;
use tokio_util::sync::CancellationToken;

use super::school::{ARTIST, SLUG, School, task};

const SOON: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_reader_who_comes_back_gets_what_was_missed() {
    let school = School::closed(&["ada", "bob"]).await;
    let first = board::subscribe(&school, &school.teacher, SLUG, None)
        .await
        .unwrap();
    let Beginning::Whole(view) = first.beginning else {
        panic!("the first thing is the whole board")
    };
    drop(first.events);
    for (login, why) in [("ada", "one"), ("bob", "two"), ("ada", "three")] {
        board::hand_raise(&school, &school.teacher, SLUG, login, Some(why))
            .await
            .unwrap();
        // Somebody else looks.
        board::show(&school, &school.teacher, SLUG, false).await.unwrap();
    }
    let known = Some((view.epoch, view.sequence));
    let back = board::subscribe(&school, &school.teacher, SLUG, known)
        .await
        .unwrap();
    let Beginning::Missed(missed) = back.beginning else {
        panic!("nothing else than rows changed")
    };
    let told: Vec<String> = missed
        .iter()
        .map(|event| match &event.change {
            Change::Member { member, .. } => {
                let why = member.hand.as_ref().map_or("", |hand| &hand.why);
                format!("{} {} {why}", event.sequence - view.sequence, member.login)
            }
            Change::Whole => "whole".to_owned(),
        })
        .collect();
    assert_eq!(told, ["1 ada one", "2 bob two", "3 ada three"]);
    // Another process, an unknown number, and another class: the whole board.
    for (epoch, number) in [
        (view.epoch + 1, view.sequence),
        (view.epoch, view.sequence + 4000),
    ] {
        let other = board::subscribe(&school, &school.teacher, SLUG, Some((epoch, number)))
            .await
            .unwrap();
        assert!(matches!(other.beginning, Beginning::Whole(_)));
    }
    roster::import(&school, &school.teacher, SLUG, b"ada\nbob\neve\n", false)
        .await
        .unwrap();
    let stop = CancellationToken::new();
    let working = tokio::spawn(workers::run(school.control.control.clone(), stop.clone()));
    school.until("eve", SOON, |_| true).await;
    let other = board::subscribe(&school, &school.teacher, SLUG, known)
        .await
        .unwrap();
    assert!(matches!(other.beginning, Beginning::Whole(view) if view.members.len() == 3));
    stop.cancel();
    working.await.unwrap();
}

/// A process that answers requests only shows the same board as the one that looks.
#[tokio::test]
async fn other_processes_show_the_same() {
    let school = School::start(&["ada", "bob"]).await;
    school.board().await;
    let other = school.control.again().await;
    let stop = CancellationToken::new();
    let working = tokio::spawn(workers::run(other.clone(), stop.clone()));
    let ada = school.sign_in("ada").await;
    ada.batch_execute(ARTIST).await.unwrap();
    // It asks the other one to look, and waits for the answer.
    let view = board::show(&other, &school.teacher, SLUG, true)
        .await
        .unwrap()
        .view;
    let row = super::school::row(&view, "ada");
    assert_eq!(task(&row, "Table artist").state, TaskState::Done);
    let seen = tokio::time::timeout(SOON, async {
        loop {
            let view = board::show(&other, &school.teacher, SLUG, false)
                .await
                .unwrap()
                .view;
            let row = super::school::row(&view, "ada");
            if row.activity.n_connections == 1 {
                return row;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("who is connected is seen there too");
    assert_eq!(
        task(&seen, "Table artist").completed_at,
        Some(school.now()),
        "as it is stored"
    );
    stop.cancel();
    working.await.unwrap();
}

/// Three hundred students on a board: each change is computed and rendered once, however many read.
#[tokio::test]
async fn one_computation_for_many_readers() {
    let logins: Vec<String> = (0..300).map(|n| format!("s{n:03}")).collect();
    let school = School::roster_only(&logins).await;
    let mut readers = Vec::new();
    for _ in 0..100 {
        readers.push(
            board::subscribe(&school, &school.teacher, SLUG, None)
                .await
                .unwrap(),
        );
    }
    let views: Vec<_> = readers
        .iter()
        .map(|reader| match &reader.beginning {
            Beginning::Whole(view) => std::sync::Arc::as_ptr(view),
            Beginning::Missed(_) => panic!("the first thing is the whole board"),
        })
        .collect();
    assert!(views.windows(2).all(|pair| pair[0] == pair[1]), "made once");
    let computed = board::n_computed(&school, SLUG);
    let stop = CancellationToken::new();
    let feeding = tokio::spawn(board::feed::run(school.control.control.clone(), stop.clone()));
    for n in 0..10 {
        board::hand_raise(&school, &school.teacher, SLUG, "s007", Some(&n.to_string()))
            .await
            .unwrap();
    }
    let mut events = Vec::new();
    for reader in &mut readers {
        let mut last = None;
        let mut own = Vec::new();
        while last.as_deref() != Some("9") {
            let event = reader.events.recv().await.unwrap();
            if let Change::Member { member, .. } = &event.change {
                last = member.hand.as_ref().map(|hand| hand.why.clone());
            }
            own.push(std::sync::Arc::as_ptr(&event));
        }
        events.push(own);
    }
    assert!(
        events.windows(2).all(|pair| pair[0] == pair[1]),
        "all read the same"
    );
    let n = board::n_computed(&school, SLUG) - computed;
    assert!(
        n <= 10 && events[0].len() as u64 <= n,
        "{n} computations, {} events",
        events[0].len()
    );
    // Time alone: minutes without progress.
    school.clock.advance(TimeDelta::seconds(6));
    board::show(&school, &school.teacher, SLUG, false).await.unwrap();
    board::show(&school, &school.teacher, SLUG, false).await.unwrap();
    assert_eq!(board::n_computed(&school, SLUG), computed + n + 1);
    stop.cancel();
    feeding.await.unwrap();
}
