//! The snapshot of a schema: that all is in it, that nothing else is, and that it takes hostile catalogs.

use pglab_core::snapshot::{AutoNumber, SchemaSnapshot};
use pglab_fleet::{Connection, Error, introspect};
use pglab_testkit::TestServer;

async fn database(server: &TestServer, sql: &str) -> Connection {
    server.database("example").await;
    let connection = server.superuser("example").await;
    connection.batch_execute(sql).await.unwrap();
    connection
}

/// Without what differs from run to run and from server to server.
fn steady(mut snapshot: SchemaSnapshot) -> SchemaSnapshot {
    assert!(snapshot.server_version >= 140_000);
    snapshot.server_version = 0;
    for table in &mut snapshot.tables {
        assert!(table.oid >= 16384);
        table.oid = 0;
        table.change_mark.clear();
        table.bytes = 0;
    }
    for view in &mut snapshot.views {
        view.oid = 0;
    }
    snapshot
}

#[tokio::test]
async fn everything_is_in_it_and_nothing_else() {
    let server = TestServer::start().await;
    let connection = database(&server, include_str!("sql/rich.sql")).await;
    let snapshot = introspect::snapshot(&connection).await.unwrap();
    insta::assert_yaml_snapshot!(steady(snapshot));
}

#[tokio::test]
async fn change_marks_follow_the_rows() {
    let server = TestServer::start().await;
    if server.server().settings().binaries.major < 15 {
        // The statistics come when they come, and nobody relies on the marks.
        return;
    }
    let connection = database(
        &server,
        "CREATE TABLE a (n integer); CREATE TABLE b (n integer);
         CREATE TABLE p (n integer) PARTITION BY LIST (n); CREATE TABLE p1 PARTITION OF p DEFAULT;",
    )
    .await;
    let marks = async || {
        // What a session counted is seen by all when it is idle for a while, or asks for it.
        connection
            .simple_query("SELECT pg_stat_force_next_flush()")
            .await
            .unwrap();
        let snapshot = introspect::snapshot(&connection).await.unwrap();
        let marks: Vec<_> = snapshot
            .tables
            .into_iter()
            .map(|table| table.change_mark)
            .collect();
        <[String; 3]>::try_from(marks).unwrap()
    };
    let before = marks().await;
    assert_eq!(before, marks().await);
    connection
        .batch_execute("INSERT INTO a VALUES (1); INSERT INTO p VALUES (1)")
        .await
        .unwrap();
    let filled = marks().await;
    assert_ne!(before[0], filled[0]);
    assert_eq!(before[1], filled[1]);
    assert_ne!(before[2], filled[2]);
    connection
        .batch_execute("UPDATE a SET n = 2; DELETE FROM p")
        .await
        .unwrap();
    let changed = marks().await;
    assert_ne!(filled[0], changed[0]);
    assert_ne!(filled[2], changed[2]);
    connection.batch_execute("TRUNCATE a").await.unwrap();
    assert_ne!(changed[0], marks().await[0]);
}

#[tokio::test]
async fn shadowed_names_are_of_no_use() {
    let server = TestServer::start().await;
    let connection = database(
        &server,
        "CREATE FUNCTION never(name, name) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'executed'; END $$;
         CREATE OPERATOR = (LEFTARG = name, RIGHTARG = name, FUNCTION = never);
         CREATE FUNCTION never(oid, oid) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'executed'; END $$;
         CREATE OPERATOR = (LEFTARG = oid, RIGHTARG = oid, FUNCTION = never);
         CREATE FUNCTION format_type(oid, integer) RETURNS text LANGUAGE sql AS $$ SELECT 'shadow' $$;
         CREATE FUNCTION json_build_array(VARIADIC \"any\") RETURNS json LANGUAGE internal AS 'json_build_object';
         CREATE TABLE pg_class (oid oid, relname name, n integer DEFAULT 1);
         CREATE TABLE pg_attribute (attrelid oid);
         CREATE TEMP TABLE pg_namespace (oid oid, nspname name);
         SET search_path = pg_temp, public, pg_catalog;",
    )
    .await;
    let snapshot = introspect::snapshot(&connection).await.unwrap();
    let names: Vec<_> = snapshot
        .tables
        .iter()
        .map(|table| table.name.name.as_str())
        .collect();
    assert_eq!(names, ["pg_attribute", "pg_class"]);
    assert_eq!(snapshot.tables[1].columns[2].data_type, "integer");
    assert_eq!(snapshot.functions.len(), 4);
}

#[tokio::test]
async fn what_raises_and_what_is_huge_is_only_printed() {
    let server = TestServer::start().await;
    let connection = database(
        &server,
        "CREATE FUNCTION bad() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RAISE 'executed'; END $$;
         CREATE DOMAIN angry AS integer CHECK (VALUE > bad());
         CREATE TABLE t (n integer DEFAULT bad(), a angry, CHECK (n > bad()));
         CREATE VIEW v AS SELECT 1 / 0 AS n, bad() AS m, s IS NULL AS s FROM pg_sleep(1000) s;
         DO $$ BEGIN EXECUTE format('COMMENT ON TABLE t IS %L', repeat('ä', 3000000));
               EXECUTE format('ALTER TABLE t ADD CHECK (length(%L) > 0)', repeat('x', 3000000));
               EXECUTE format('CREATE FUNCTION f() RETURNS text LANGUAGE sql AS %L', repeat('-- ', 1000000) || E'\\n SELECT 1::text');
         END $$;",
    )
    .await;
    let snapshot = introspect::snapshot(&connection).await.unwrap();
    let table = &snapshot.tables[0];
    assert_eq!(table.comment.as_ref().unwrap().chars().count(), 20_000);
    assert!(table.checks.iter().all(|check| check.expression.len() <= 20_000));
    assert_eq!(table.columns[0].default.as_deref(), Some("public.bad()"));
    assert_eq!(snapshot.views[0].columns.len(), 3);
}

#[tokio::test]
async fn thousands_of_tables_are_read_and_more_columns_than_that_refused() {
    let server = TestServer::start_with(&[("max_locks_per_transaction", "400")]).await;
    let connection = database(
        &server,
        "DO $$ BEGIN FOR i IN 1..3000 LOOP
             EXECUTE format('CREATE TABLE %I (id serial, n integer)', 'table ' || i); END LOOP; END $$; ANALYZE",
    )
    .await;
    let snapshot = introspect::snapshot(&connection).await.unwrap();
    assert_eq!(snapshot.tables.len(), 3_000);
    assert_eq!(
        snapshot.tables[77].columns[0].auto_number,
        Some(AutoNumber::Serial)
    );
    assert!(snapshot.sequences.is_empty());

    connection
        .batch_execute(
            "DO $$ BEGIN FOR i IN 1..60 LOOP
                 EXECUTE format('CREATE TABLE %I (%s)', 'wide ' || i,
                     (SELECT string_agg(format('c%s boolean', c), ',') FROM generate_series(1, 1500) c)); END LOOP; END $$",
        )
        .await
        .unwrap();
    let error = introspect::snapshot(&connection).await.unwrap_err();
    assert!(
        matches!(&error, Error::TooLarge(why) if why.contains("columns")),
        "{error}"
    );
}

#[tokio::test]
async fn a_locked_table_is_waited_for_only_so_long() {
    let server = TestServer::start().await;
    let connection = database(&server, "CREATE TABLE t (n integer)").await;
    let other = server.superuser("example").await;
    other
        .batch_execute("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let error = introspect::snapshot(&connection).await.unwrap_err();
    assert_eq!(error.code(), Some("55P03"));
    other.batch_execute("COMMIT").await.unwrap();
    // The connection can go on.
    introspect::snapshot(&connection).await.unwrap();
}

#[tokio::test]
async fn empty_values_that_are_equal_in_an_index() {
    let server = TestServer::start().await;
    if server.server().settings().binaries.major < 15 {
        return;
    }
    let connection = database(
        &server,
        "CREATE TABLE t (a integer, b integer);
         CREATE UNIQUE INDEX ON t (a) NULLS NOT DISTINCT;
         CREATE UNIQUE INDEX ON t (b);",
    )
    .await;
    let snapshot = introspect::snapshot(&connection).await.unwrap();
    let found: Vec<_> = snapshot.tables[0]
        .indexes
        .iter()
        .map(|index| (index.keys[0].as_str(), index.nulls_not_distinct))
        .collect();
    assert_eq!(found, [("a", true), ("b", false)]);
}
