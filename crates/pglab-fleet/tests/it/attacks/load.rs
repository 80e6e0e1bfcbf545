//! Using up what is shared: connections, memory, disk, time, queues.

use std::{collections::BTreeMap, time::Duration};

use pglab_core::caps::Caps;
use pglab_fleet::{
    Connection,
    provision::database,
    watch::{EnforcedAction, Watcher},
};

use tokio::io::AsyncWriteExt;

use super::class::{Class, eventually, refusal, spec};

#[tokio::test]
async fn a_thousand_connections_are_five() {
    let class = Class::start().await;
    let config = class.config("ada", "shop_ada");
    let mut attempts = tokio::task::JoinSet::new();
    for n in 0..1000 {
        let config = config.clone();
        attempts.spawn(async move {
            // Not all at once: the listener's queue is as long as the system makes it.
            tokio::time::sleep(Duration::from_millis(n)).await;
            Connection::open(&config).await
        });
    }
    let mut held = Vec::new();
    let mut refused = 0;
    while let Some(attempt) = attempts.join_next().await {
        match attempt.unwrap() {
            Ok(session) => held.push(session),
            Err(error) => {
                assert!(
                    error.code() == Some("53300") || error.code().is_none(),
                    "refused for another reason: {error}"
                );
                refused += 1;
            }
        }
    }
    assert_eq!((held.len(), refused), (5, 995));
    class.assert_unharmed().await;
}

#[tokio::test]
async fn temporary_files_end_at_the_limit() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    let code = refusal(
        &ada,
        "SELECT count(*) FROM (SELECT DISTINCT repeat(n::text, 20) FROM generate_series(1, 3000000) n) d",
    )
    .await;
    assert_eq!(code, "53400");
    class.assert_unharmed().await;
}

#[tokio::test]
async fn memory_for_one_value_ends_at_a_gigabyte() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    for (attempt, codes) in [
        ("SELECT repeat('x', 2000000000)", ["54000", "XX000"]),
        ("SELECT array_fill(0, ARRAY[1000000000])", ["54000", "54000"]),
        ("SELECT lpad('x', 1100000000)", ["54000", "XX000"]),
        (
            "SELECT ('{' || repeat('1,', 1000000) || '1}')::integer[][][][][][][]  || repeat('x', 1073741824)::text::integer[]",
            ["54000", "XX000"],
        ),
    ] {
        let code = refusal(&ada, attempt).await;
        assert!(codes.contains(&code.as_str()), "{attempt}: {code}");
    }
    class.assert_unharmed().await;
}

/// Of memory for many values the server's processes have a limit each, and the one that reaches it says so.
#[tokio::test]
async fn memory_for_many_values_ends_before_the_machines() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    let bob = class.student("bob").await;
    ada.batch_execute("SET work_mem = '1000GB'; SET temp_file_limit TO DEFAULT")
        .await
        .unwrap_err();
    ada.batch_execute("SET work_mem = '1000GB'").await.unwrap();
    let columns = ["string_agg(repeat('x', 1000000), '')"; 4].join(", ");
    let code = refusal(
        &ada,
        &format!("SELECT length(concat({columns})) FROM generate_series(1, 900)"),
    )
    .await;
    assert_eq!(code, "53200");
    // No other session noticed.
    bob.batch_execute("SELECT 1").await.unwrap();
    ada.batch_execute("SELECT 1").await.unwrap();
    class.assert_unharmed().await;
}

/// Who connects and never says who they are holds a slot of the server, for a short time and without a password.
#[tokio::test]
async fn silent_connections_are_thrown_out() {
    let class = Class::start_with(&[
        ("max_connections", "30"),
        ("superuser_reserved_connections", "3"),
        ("authentication_timeout", "2s"),
    ])
    .await;
    let address = class.server.server().address();
    let mut silent = Vec::new();
    for _ in 0..40 {
        let mut stream = tokio::net::TcpStream::connect((address.host.as_str(), address.port))
            .await
            .unwrap();
        // A start-up packet of protocol 3.0 for ada, and then nothing.
        let parameters = b"user\0ada\0database\0shop_ada\0\0";
        let length = u32::try_from(parameters.len() + 8).unwrap();
        stream.write_all(&length.to_be_bytes()).await.unwrap();
        stream.write_all(&196_608_u32.to_be_bytes()).await.unwrap();
        stream.write_all(parameters).await.unwrap();
        silent.push(stream);
    }
    // pglab keeps its connection, and students get in again as soon as the silent ones are gone.
    class.maintenance.batch_execute("SELECT 1").await.unwrap();
    eventually("bob gets in", async || {
        class.connect("bob", "shop_bob").await.is_ok()
    })
    .await;
    class.assert_unharmed().await;
}

#[tokio::test]
async fn a_query_without_end_has_one() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    ada.batch_execute("SET statement_timeout = 0").await.unwrap();
    let mut watcher = Watcher::default();
    let (code, ()) = tokio::join!(refusal(&ada, "DO $$ BEGIN LOOP END LOOP; END $$"), async {
        let caps = Caps {
            statement_s: 0,
            idle_in_transaction_s: 60,
            max_connections: 5,
            quota_bytes: 1 << 40,
            open: true,
        };
        let caps = BTreeMap::from([("shop_ada".to_owned(), caps)]);
        for _ in 0..400 {
            if !watcher
                .activate(&class.maintenance, &caps)
                .await
                .unwrap()
                .is_empty()
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert_eq!(code, "57014");
    class.assert_unharmed().await;
}

/// Large objects, unlogged and temporary tables are in the database's folder like everything else, and are counted.
#[tokio::test]
async fn every_way_to_fill_the_disk_counts() {
    let class = Class::start().await;
    let m = &class.maintenance;
    let name = spec("ada").database;
    let ada = class.student("ada").await;
    let mut before = database::size_bytes(m, &name).await.unwrap().unwrap();
    for statement in [
        "SELECT lo_from_bytea(0, string_agg(decode(md5(n::text), 'hex'), '')) FROM generate_series(1, 200000) n",
        "CREATE UNLOGGED TABLE u (x text); ALTER TABLE u ALTER x SET STORAGE EXTERNAL; INSERT INTO u VALUES (repeat('x', 4000000))",
        "CREATE TEMPORARY TABLE t (x text); ALTER TABLE t ALTER x SET STORAGE EXTERNAL; INSERT INTO t SELECT repeat('x', 1000000) FROM generate_series(1, 12)",
        "CREATE TABLE i (x integer); INSERT INTO i SELECT generate_series(1, 60000); CREATE INDEX ON i (x)",
        "BEGIN; CREATE TABLE open_transaction AS SELECT repeat(md5(n::text), 20) FROM generate_series(1, 8000) n",
    ] {
        ada.batch_execute(statement).await.unwrap();
        let after = database::size_bytes(m, &name).await.unwrap().unwrap();
        assert!(after >= before + (1 << 20), "{statement}: {before} to {after}");
        before = after;
    }
    let caps = Caps {
        statement_s: 60,
        idle_in_transaction_s: 60,
        max_connections: 5,
        quota_bytes: 20 << 20,
        open: true,
    };
    let done = Watcher::default()
        .activate(m, &BTreeMap::from([("shop_ada".to_owned(), caps)]))
        .await
        .unwrap();
    assert_eq!(done[0].action, EnforcedAction::TurnedReadOnly);
    eventually("her sessions are ended", async || ada.is_closed()).await;
    class.assert_unharmed().await;
}

#[tokio::test]
async fn notices_and_rows_by_the_million_are_the_clients_own_trouble() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    ada.batch_execute("DO $$ BEGIN FOR n IN 1..200000 LOOP RAISE NOTICE 'again %', n; END LOOP; END $$")
        .await
        .unwrap();
    // A client that does not read keeps its own session waiting, until the watcher or the time-out ends it.
    let rows = ada
        .query_raw(
            "SELECT repeat('x', 1000) FROM generate_series(1, 10000000)",
            Vec::<i32>::new(),
        )
        .await
        .unwrap();
    class.assert_unharmed().await;
    drop(rows);
}

/// The queue of NOTIFY is shared by all databases, but who floods it can not make others listen.
#[tokio::test]
async fn a_flood_of_notifications_stays_in_its_database() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    let bob = class.student("bob").await;
    bob.batch_execute("LISTEN news").await.unwrap();
    let listener = class.student("ada").await;
    listener.batch_execute("LISTEN news").await.unwrap();
    listener.batch_execute("BEGIN; SELECT 1").await.unwrap();
    ada.batch_execute(
        "SELECT count(pg_notify('news', n || repeat('x', 7000))) FROM generate_series(1, 20000) n",
    )
    .await
    .unwrap();
    let used: f64 = class
        .maintenance
        .query_one("SELECT pg_notification_queue_usage()", &[])
        .await
        .unwrap()
        .get(0);
    assert!(used > 0.0 && used < 0.5, "{used}");
    bob.batch_execute("NOTIFY news, 'mine'").await.unwrap();
    drop(listener);
    class.assert_unharmed().await;
}

/// The server's own maintenance runs as the owner of the table, and has no time-out.
#[tokio::test]
async fn autovacuum_can_not_be_held_for_ever() {
    let class = Class::start_with(&[("autovacuum_naptime", "1s")]).await;
    let ada = class.student("ada").await;
    ada.batch_execute(
        "CREATE FUNCTION slow(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
            BEGIN IF current_setting('application_name') = '' AND current_setting('statement_timeout') = '0' THEN PERFORM pg_sleep(1000); END IF; RETURN $1; END $$;
         CREATE TABLE slowed (x integer) WITH (autovacuum_analyze_threshold = 1, autovacuum_vacuum_insert_threshold = 1);
         CREATE INDEX ON slowed (slow(x)); INSERT INTO slowed SELECT generate_series(1, 200)",
    )
    .await
    .unwrap();
    let vacuum = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND datname = $1 AND wait_event = 'PgSleep'";
    eventually("the trap holds an autovacuum", async || {
        // PostgreSQL 14 tells what a session counted with its next statement.
        ada.batch_execute("SELECT").await.unwrap();
        class.count(vacuum, "shop_ada").await == 1
    })
    .await;
    // The watcher cancels after five minutes; here the same by hand, to see that it can be.
    class
        .maintenance
        .batch_execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND datname = 'shop_ada'")
        .await
        .unwrap();
    class.assert_unharmed().await;
}
