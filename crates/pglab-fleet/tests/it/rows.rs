//! Row digests: that they are of the content and of nothing else, and that a broken relation fails alone.

use pglab_core::snapshot::{MAX_HASHED_ROWS, ObjectName, ObservedRows, RowDigest};
use pglab_fleet::{
    Connection,
    rows::{self, RowLimits, RowsWanted},
};
use pglab_testkit::TestServer;

async fn database(server: &TestServer, sql: &str) -> Connection {
    server.database("example").await;
    let connection = server.superuser("example").await;
    connection.batch_execute(sql).await.unwrap();
    connection
}

fn wanted(table: &str, columns: &[&str]) -> RowsWanted {
    RowsWanted {
        name: ObjectName::new("public", table),
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
        hashes: false,
    }
}

async fn observe(connection: &Connection, wanted: &[RowsWanted]) -> Vec<ObservedRows> {
    let observed = rows::observe(connection, wanted).await.unwrap();
    assert!(
        observed
            .iter()
            .zip(wanted)
            .all(|((name, _), wanted)| *name == wanted.name)
    );
    observed.into_iter().map(|(_, rows)| rows).collect()
}

#[tokio::test]
async fn the_digest_is_of_the_rows_and_not_of_their_order() {
    let server = TestServer::start().await;
    let connection = database(
        &server,
        "CREATE TABLE a (id integer, x numeric(10,2), c char(5), w timestamptz, f float8, b bytea, i interval);
         INSERT INTO a SELECT n, n / 4.0, 'x' || n, timestamptz '2026-01-01 00:00+00' + n * interval '1 h', n / 3.0::float8,
             int4send(n), n * interval '25 h' FROM generate_series(1, 1000) n;
         CREATE DOMAIN amount AS numeric; CREATE DOMAIN \"Net amount\" AS amount;
         CREATE TABLE b (c varchar, i interval, b bytea, f float8, w timestamptz, x \"Net amount\", id bigint);
         INSERT INTO b (id, x, c, w, f, b, i) SELECT id, x::numeric(10,4), trim(c), w, f, b, i FROM a ORDER BY id DESC;
         CREATE TABLE c AS TABLE a; UPDATE c SET x = 0 WHERE id = 7;
         CREATE TABLE d AS TABLE a; INSERT INTO d SELECT * FROM a WHERE id = 7;
         CREATE TABLE e (LIKE a);
         SET datestyle = german; SET timezone = 'Asia/Tokyo'; SET extra_float_digits = -5; SET bytea_output = escape;
         SET intervalstyle = iso_8601",
    )
    .await;
    let columns = ["id", "x", "c", "w", "f", "b", "i"];
    let tables = ["a", "b", "c", "d", "e"].map(|table| wanted(table, &columns));
    let first = observe(&connection, &tables).await;
    assert_eq!(first[0], first[1]);
    assert_ne!(first[0], first[2]);
    assert_ne!(first[0], first[3]);
    let empty = RowDigest::default();
    assert_eq!(
        first[4],
        ObservedRows::Digest {
            digest: empty,
            hashes: None
        }
    );
    // A session with other settings says the same.
    let other = server.superuser("example").await;
    assert_eq!(first, observe(&other, &tables).await);
    // The order of columns counts, and so do swapped values.
    let swapped = observe(&connection, &[wanted("a", &["c", "x"]), wanted("a", &["x", "c"])]).await;
    assert_ne!(swapped[0], swapped[1]);
}

#[tokio::test]
async fn hashes_tell_which_rows_differ() {
    let server = TestServer::start().await;
    let connection = database(
        &server,
        "CREATE TABLE a AS SELECT n FROM generate_series(1, 50) n; CREATE TABLE b AS SELECT n FROM generate_series(11, 60) n;
         CREATE TABLE full_up AS SELECT n FROM generate_series(1, 20000) n;
         CREATE TABLE too_full AS SELECT n FROM generate_series(1, 20001) n; CREATE TABLE none (n integer)",
    )
    .await;
    assert_eq!(MAX_HASHED_ROWS, 20_000);
    let tables = ["a", "b", "full_up", "too_full", "none"].map(|table| RowsWanted {
        hashes: true,
        ..wanted(table, &["n"])
    });
    let observed = observe(&connection, &tables).await;
    let hashes = |i: usize| match &observed[i] {
        ObservedRows::Digest { hashes, .. } => hashes.clone(),
        other => panic!("{other:?}"),
    };
    let (a, b) = (hashes(0).unwrap(), hashes(1).unwrap());
    assert!(a.is_sorted() && a.len() == 50);
    assert_eq!(a.iter().filter(|hash| b.contains(hash)).count(), 40);
    assert_eq!(hashes(2).unwrap().len(), 20_000);
    assert_eq!(hashes(3), None);
    assert_eq!(hashes(4).unwrap_or_default(), Vec::<i64>::new());
    let plain = observe(&connection, &[wanted("a", &["n"])]).await;
    let (ObservedRows::Digest { digest, .. }, ObservedRows::Digest { digest: same, .. }) =
        (&plain[0], &observed[0])
    else {
        panic!("{plain:?}");
    };
    assert_eq!(digest, same);
    assert_eq!(digest.n_rows, 50);
}

#[tokio::test]
async fn a_broken_relation_fails_alone() {
    let server = TestServer::start().await;
    let connection = database(
        &server,
        "CREATE TABLE t (n integer); INSERT INTO t VALUES (1), (2);
         CREATE TABLE \"od\"\"d
 name; DROP TABLE t\" (\"a'b\"\"c\" integer);
         CREATE VIEW zero AS SELECT n / 0 AS n FROM t;
         CREATE FUNCTION deep(n integer) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RETURN deep(n + 1); END $$;
         CREATE VIEW endless AS SELECT deep(n) AS n FROM t;
         CREATE VIEW slow AS SELECT n FROM t, pg_sleep(1000);
         CREATE FUNCTION loud() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RAISE '%', repeat('x', 1000000); END $$;
         CREATE VIEW noisy AS SELECT loud() AS n;
         CREATE FUNCTION writes() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN DELETE FROM t; RETURN 1; END $$;
         CREATE VIEW writing AS SELECT writes() AS n;
         CREATE FUNCTION total() RETURNS bigint LANGUAGE sql AS 'SELECT sum(n) FROM t';
         CREATE VIEW fine AS SELECT total() AS n;",
    )
    .await;
    let odd = RowsWanted {
        name: ObjectName::new("public", "od\"d\n name; DROP TABLE t"),
        columns: vec!["a'b\"c".to_owned()],
        hashes: true,
    };
    let mut all: Vec<_> = ["zero", "endless", "slow", "noisy", "writing", "fine", "gone", "t"]
        .iter()
        .map(|name| wanted(name, &["n"]))
        .collect();
    all.push(wanted("t", &["n", "m"]));
    all.push(odd);
    let schema = pglab_fleet::introspect::snapshot(&connection).await.unwrap();
    let limits = RowLimits {
        statement: std::time::Duration::from_millis(500),
        ..RowLimits::default()
    };
    let observed = rows::observe_known(&connection, &all, &schema, limits)
        .await
        .unwrap();
    let said: Vec<_> = observed
        .iter()
        .map(|(_, rows)| match rows {
            ObservedRows::Digest { digest, .. } => format!("{} rows", digest.n_rows),
            ObservedRows::Counted { n_rows } => format!("{n_rows} counted"),
            ObservedRows::Missing => "missing".to_owned(),
            ObservedRows::Failed(message) => message.chars().take(40).collect(),
        })
        .collect();
    assert_eq!(
        said,
        [
            "division by zero",
            "stack depth limit exceeded",
            "canceling statement due to statement tim",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "cannot execute DELETE in a read-only tra",
            "1 rows",
            "missing",
            "2 rows",
            "2 counted",
            "0 rows",
        ]
    );
    assert!(
        observed
            .iter()
            .all(|(_, rows)| !matches!(rows, ObservedRows::Failed(said) if said.len() > 600))
    );
}

#[tokio::test]
async fn reading_a_table_executes_nothing_of_its_author() {
    let server = TestServer::start().await;
    let connection = database(
        &server,
        "CREATE TYPE pair AS (a integer, b text); CREATE TABLE t (n integer, p pair, m numeric);
         INSERT INTO t VALUES (1, (1, 'x'), 2.50);
         CREATE FUNCTION evil(pair) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'executed'; END $$;
         CREATE CAST (pair AS text) WITH FUNCTION evil(pair) AS IMPLICIT;
         CREATE FUNCTION evil(t) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'executed'; END $$;
         CREATE CAST (t AS text) WITH FUNCTION evil(t) AS IMPLICIT;
         CREATE FUNCTION count() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'executed'; END $$;
         CREATE FUNCTION sum(integer) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'executed'; END $$;
         CREATE FUNCTION hashtextextended(text, bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'executed'; END $$;
         CREATE FUNCTION trim_scale(numeric) RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN RAISE 'executed'; END $$;
         CREATE FUNCTION masked(bigint, bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'executed'; END $$;
         CREATE OPERATOR & (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = masked);
         CREATE DOMAIN text AS varchar CHECK (false);",
    )
    .await;
    let observed = observe(
        &connection,
        &[RowsWanted {
            hashes: true,
            ..wanted("t", &["n", "p", "m"])
        }],
    )
    .await;
    assert!(
        matches!(&observed[0], ObservedRows::Digest { digest, .. } if digest.n_rows == 1),
        "{observed:?}"
    );
}

#[tokio::test]
async fn an_example_is_read_as_it_will_be_asked_for() {
    let server = TestServer::start().await;
    let connection = database(
        &server,
        "CREATE TABLE t (b integer, a text, g integer GENERATED ALWAYS AS (b * 2) STORED); INSERT INTO t VALUES (1, 'x'), (2, 'y');
         CREATE VIEW v AS SELECT a FROM t; CREATE VIEW broken AS SELECT 1 / (b - b) AS n FROM t;
         CREATE VIEW moving AS SELECT random() AS n, now() AS t;
         CREATE MATERIALIZED VIEW unfilled AS SELECT 1 AS n WITH NO DATA;
         CREATE TABLE parent (n integer); CREATE TABLE child () INHERITS (parent); INSERT INTO child VALUES (1);
         CREATE TABLE split (n integer) PARTITION BY LIST (n); CREATE TABLE split_1 PARTITION OF split DEFAULT;
         INSERT INTO split VALUES (1), (2), (3);",
    )
    .await;
    let schema = pglab_fleet::introspect::snapshot(&connection).await.unwrap();
    let expected = rows::expected(&connection, &schema).await.unwrap();
    let read: Vec<_> = expected
        .rows
        .iter()
        .map(|rows| {
            (
                rows.name.name.as_str(),
                rows.columns.join(","),
                rows.digest.n_rows,
            )
        })
        .collect();
    assert_eq!(
        read,
        [
            ("child", "n".to_owned(), 1),
            ("parent", "n".to_owned(), 0),
            ("split", "n".to_owned(), 3),
            ("t", "a,b,g".to_owned(), 2),
            ("v", "a".to_owned(), 2),
        ]
    );
    let left_out: Vec<_> = expected
        .left_out
        .iter()
        .map(|(name, why)| (name.name.as_str(), why.as_str()))
        .collect();
    assert_eq!(
        left_out,
        [
            ("broken", "division by zero"),
            ("moving", "its rows are different every time it is read"),
            (
                "unfilled",
                "materialized view \"unfilled\" has not been populated"
            ),
        ]
    );
    // A student's database that is the same gives the same.
    let wanted: Vec<_> = expected
        .rows
        .iter()
        .map(|rows| RowsWanted {
            name: rows.name.clone(),
            columns: rows.columns.clone(),
            hashes: true,
        })
        .collect();
    let observed = rows::observe(&connection, &wanted).await.unwrap();
    for (rows, (_, observed)) in expected.rows.iter().zip(observed) {
        let ObservedRows::Digest { digest, hashes } = observed else {
            panic!("{observed:?}");
        };
        assert_eq!((rows.digest, &rows.hashes), (digest, &hashes));
    }
}
