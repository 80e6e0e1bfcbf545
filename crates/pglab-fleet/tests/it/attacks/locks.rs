//! Keeping others waiting: locks on tables, on the catalog, on numbers, and on all there is to lock.

use std::collections::BTreeMap;

use pglab_core::{
    caps::Caps,
    lab::LabSettings,
    snapshot::{ObjectName, ObservedRows},
};
use pglab_fleet::{
    introspect,
    rows::{self, RowsWanted},
    watch::Watcher,
};

use super::class::{Class, assert_denied, eventually};

fn artist() -> Vec<RowsWanted> {
    vec![RowsWanted {
        name: ObjectName::new("public", "artist"),
        columns: vec!["artist_id".to_owned(), "name".to_owned()],
        hashes: false,
    }]
}

fn caps() -> BTreeMap<String, Caps> {
    ["shop_ada", "shop_bob"]
        .map(|name| (name.to_owned(), Caps::new(&LabSettings::default(), true)))
        .into()
}

#[tokio::test]
async fn a_locked_table_is_said_to_be_locked() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    ada.batch_execute("CREATE TABLE mine (x integer)").await.unwrap();
    let checker = class.checker("ada").await;
    let schema = introspect::snapshot(&checker).await.unwrap();
    ada.batch_execute("BEGIN; LOCK TABLE artist").await.unwrap();
    let mut all = artist();
    all.push(RowsWanted {
        name: ObjectName::new("public", "mine"),
        columns: vec!["x".to_owned()],
        hashes: false,
    });
    let found = rows::observe_known(&checker, &all, &schema, rows::RowLimits::default())
        .await
        .unwrap();
    assert!(
        matches!(&found[0].1, ObservedRows::Failed(why) if why.contains("lock timeout")),
        "{found:?}"
    );
    assert!(matches!(&found[1].1, ObservedRows::Digest { .. }), "{found:?}");
    class.assert_unharmed().await;
}

#[tokio::test]
async fn a_transaction_full_of_ddl_delays_the_check_and_nobody_else() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    ada.batch_execute(
        "BEGIN; DROP VIEW discography; ALTER TABLE album ADD COLUMN y integer; CREATE TABLE more (x integer)",
    )
    .await
    .unwrap();
    let checker = class.checker("ada").await;
    // Either it is read as it was before, or the check says that it could not be.
    match introspect::snapshot(&checker).await {
        Ok(seen) => assert!(seen.tables.iter().all(|table| table.name.name != "more")),
        Err(error) => assert_eq!(error.code(), Some("55P03"), "{error}"),
    }
    ada.batch_execute("ROLLBACK").await.unwrap();
    introspect::snapshot(&checker).await.unwrap();
    class.assert_unharmed().await;
}

#[tokio::test]
async fn the_catalog_is_not_locked() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    assert_denied(
        &ada,
        &[
            "BEGIN; LOCK TABLE pg_class",
            "ROLLBACK; BEGIN; LOCK TABLE pg_authid IN ACCESS SHARE MODE",
            "ROLLBACK; BEGIN; LOCK TABLE pg_database IN ROW EXCLUSIVE MODE",
            "ROLLBACK; REINDEX TABLE pg_class",
            "REINDEX SYSTEM shop_ada",
            "REINDEX DATABASE shop_ada",
            "CLUSTER pg_class USING pg_class_oid_index",
        ],
    )
    .await;
    // These pass over what one may not, with a warning.
    ada.batch_execute("VACUUM FULL pg_database").await.unwrap();
    ada.batch_execute("ANALYZE pg_authid").await.unwrap();
    class.assert_unharmed().await;
}

/// Numbers are locked per database; pglab's own locks are in another.
#[tokio::test]
async fn advisory_locks_are_ones_own() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    class
        .maintenance
        .batch_execute("SELECT pg_advisory_lock(42)")
        .await
        .unwrap();
    ada.batch_execute("SELECT pg_advisory_lock(42), pg_advisory_lock(x'70676c616277'::bigint)")
        .await
        .unwrap();
    let bob = class.student("bob").await;
    bob.batch_execute("SELECT pg_advisory_lock(42)").await.unwrap();
    introspect::snapshot(&class.checker("ada").await).await.unwrap();
    class.assert_unharmed().await;
}

/// All locks of the server are in one table of a fixed size. Whoever fills it keeps everybody else out, the watcher
/// too, were it not prepared.
#[tokio::test]
async fn who_takes_all_locks_there_are_is_ended() {
    let class = Class::start_with(&[("max_locks_per_transaction", "16"), ("max_connections", "60")]).await;
    let mut watcher = Watcher::default();
    watcher.activate(&class.maintenance, &caps()).await.unwrap();
    let ada = class.student("ada").await;
    ada.batch_execute(
        "DO $$ BEGIN FOR n IN 1..1000000 LOOP
            BEGIN PERFORM pg_advisory_lock(n); EXCEPTION WHEN out_of_memory THEN EXIT; END;
         END LOOP; END $$",
    )
    .await
    .unwrap();
    // Nobody gets in now.
    assert!(class.connect("bob", "shop_bob").await.is_err());
    let done = watcher.activate(&class.maintenance, &caps()).await.unwrap();
    assert_eq!(done.len(), 1);
    eventually("the session is ended", async || ada.is_closed()).await;
    assert_eq!(watcher.activate(&class.maintenance, &caps()).await.unwrap(), []);
    class.assert_unharmed().await;
}

/// Before it comes to that, an eighth is enough.
#[tokio::test]
async fn who_takes_many_locks_is_ended() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    ada.batch_execute("SELECT count(pg_advisory_lock(n)) FROM generate_series(1, 4000) n")
        .await
        .unwrap();
    let done = Watcher::default()
        .activate(&class.maintenance, &caps())
        .await
        .unwrap();
    assert_eq!(done.len(), 1);
    assert!(done[0].sentence.contains("locks"), "{done:?}");
    eventually("the session is ended", async || ada.is_closed()).await;
    class.assert_unharmed().await;
}
