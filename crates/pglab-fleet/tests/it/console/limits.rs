//! What is kept of large results, and that what is cancelled or left ends.

use std::time::Duration;

use pglab_core::console::{Cut, Event, Limits};
use tokio::{sync::mpsc, time::timeout};

use super::{Manner, console, console_with, run};
use crate::attacks::class::{Class, eventually};

fn cut(said: &super::Said) -> (u64, Option<Cut>) {
    match said.done.last() {
        Some(Event::Done { n_rows, cut, .. }) => (*n_rows, *cut),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn rows_beyond_the_limit_are_not_even_computed() {
    let class = Class::start().await;
    let mut ada = console(&class, "ada").await;
    let said = run(&mut ada, "SELECT n FROM generate_series(1, 10000) n").await;
    assert_eq!(cut(&said), (10_000, None));
    // A thousand million rows: not produced, and no error either.
    let said = run(
        &mut ada,
        "CREATE SEQUENCE s; SELECT a.n, nextval('s') FROM generate_series(1, 40000) a(n), generate_series(1, 40000) b(n); SELECT last_value FROM s",
    )
    .await;
    assert!(said.error.is_none(), "{:?}", said.error);
    assert_eq!(said.rows.len(), 10_001);
    assert_eq!(said.rows.last().unwrap()[0].as_deref(), Some("10001"));
    // A statement that writes does all of it, whatever is shown.
    let said = run(
        &mut ada,
        "CREATE TABLE big AS SELECT 1 AS n WHERE false; INSERT INTO big SELECT n FROM generate_series(1, 20000) n RETURNING n",
    )
    .await;
    assert_eq!(cut(&said), (10_000, Some(Cut::Rows)));
    assert_eq!(run(&mut ada, "SELECT count(*) FROM big").await.cell(), "20000");
}

#[tokio::test]
async fn large_rows_and_cells_are_cut_and_said() {
    let class = Class::start().await;
    let mut ada = console(&class, "ada").await;
    let said = run(&mut ada, "SELECT repeat('é', 200000)").await;
    assert!(
        matches!(
            said.done[0],
            Event::Done {
                n_cells_cut: 1,
                cut: None,
                ..
            }
        ),
        "{:?}",
        said.done
    );
    assert_eq!(said.cell().len(), 256 << 10);
    let said = run(
        &mut ada,
        "SELECT repeat('x', 100000) FROM generate_series(1, 1000)",
    )
    .await;
    let (n_rows, why) = cut(&said);
    assert_eq!(why, Some(Cut::Bytes));
    assert!((50..90).contains(&n_rows), "{n_rows}");
    // A row that is too long to be taken at all, an error and a notice of that kind.
    let said = run(&mut ada, "SELECT repeat('x', 50000000)").await;
    assert_eq!(cut(&said), (0, Some(Cut::Bytes)));
    let said = run(
        &mut ada,
        "DO $$ BEGIN RAISE NOTICE '%', repeat('n', 5000000); RAISE '%', repeat('e', 5000000); END $$",
    )
    .await;
    assert!(said.notices[0].message.contains("not shown"));
    assert!(said.error.unwrap().message.contains("not shown"));
    assert_eq!(run(&mut ada, "SELECT 1").await.cell(), "1");
}

/// COPY can't be asked for a part: what is far too much is cancelled, and that is said.
#[tokio::test]
async fn an_endless_copy_is_cancelled() {
    let class = Class::start().await;
    let mut ada = console(&class, "ada").await;
    let said = run(&mut ada, "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 20000) a, generate_series(1, 20000) b) TO STDOUT").await;
    assert_eq!(said.code(), "57014");
    assert!(said.error.unwrap().detail.unwrap().contains("pglab cancelled it"));
    assert!(!said.rows.is_empty());
    assert_eq!(run(&mut ada, "SELECT 1").await.cell(), "1");
}

#[tokio::test]
async fn notices_are_counted() {
    let class = Class::start().await;
    let limits = Limits {
        notices: 5,
        ..Limits::default()
    };
    let mut ada = console_with(&class, "ada", Manner::Plain, limits).await;
    let said = run(
        &mut ada,
        "DO $$ BEGIN FOR n IN 1..10000 LOOP RAISE NOTICE '%', n; END LOOP; END $$",
    )
    .await;
    assert_eq!(said.notices.len(), 6);
    assert_eq!(
        said.notices[5].message,
        "more than 5 notices: the rest is not shown"
    );
}

async fn n_running(class: &Class, what: &str) -> i64 {
    class
        .count(
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1 AND pid <> pg_backend_pid()",
            what,
        )
        .await
}

#[tokio::test]
async fn cancelling_cancels() {
    let class = Class::start().await;
    let mut ada = console(&class, "ada").await;
    let canceller = ada.canceller().clone();
    let cancel = async {
        eventually("it runs", async || {
            n_running(&class, "%pg_sleep(1500)%").await == 1
        })
        .await;
        canceller.cancel().await.unwrap();
    };
    let (said, ()) = tokio::join!(run(&mut ada, "SELECT pg_sleep(1500); SELECT 2"), cancel);
    assert_eq!((said.code(), said.rows.len()), ("57014", 0));
    assert_eq!(run(&mut ada, "SELECT 1").await.cell(), "1");
    // Where nothing runs it does nothing.
    canceller.cancel().await.unwrap();
    assert_eq!(run(&mut ada, "SELECT pg_sleep(0.2), 2").await.rows.len(), 1);
}

/// Without a word: as when pglab is killed.
#[tokio::test]
async fn a_query_whose_console_is_gone_ends() {
    let class = Class::start().await;
    let mut ada = console(&class, "ada").await;
    let (events, heard) = mpsc::channel(64);
    let left = timeout(
        Duration::from_secs(2),
        ada.run("SELECT pg_sleep(1800) -- left behind", &events),
    )
    .await;
    assert!(left.is_err(), "it should still run");
    drop((ada, heard));
    eventually("nothing runs", async || {
        n_running(&class, "%left behind%").await == 0
    })
    .await;
}

#[tokio::test]
async fn time_outs_of_the_lab_hold() {
    let class = Class::start().await;
    class
        .maintenance
        .batch_execute(
            "ALTER DATABASE shop_ada SET statement_timeout = '300ms'; \
             ALTER DATABASE shop_ada SET idle_in_transaction_session_timeout = '300ms'",
        )
        .await
        .unwrap();
    let mut ada = console(&class, "ada").await;
    assert_eq!(run(&mut ada, "SELECT pg_sleep(10)").await.code(), "57014");
    run(&mut ada, "BEGIN").await;
    let ended = timeout(Duration::from_secs(10), ada.unasked())
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(ended.code(), Some("25P03"));
}
