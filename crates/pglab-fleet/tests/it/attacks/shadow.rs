//! Laying traps for the checker: things named like PostgreSQL's own, and code that runs when somebody looks.

use std::time::Duration;

use pglab_core::snapshot::{ObjectName, ObservedRows, SchemaSnapshot};
use pglab_fleet::{
    Cluster, Connection, Error,
    check::{CheckLimits, CheckSession, terminate_by},
    introspect,
    private::SUPERUSER,
    provision::role,
    rows::{self, RowLimits, RowsWanted},
};

use tokio_postgres::SimpleQueryMessage;

use super::class::{Class, DENIED, assert_denied, checker, eventually, ident, refusal};

fn wanted(name: &str, columns: &[&str]) -> RowsWanted {
    RowsWanted {
        name: ObjectName::new("public", name),
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
        hashes: true,
    }
}

/// What the checker finds in these relations of one column `x` each, and in `artist`, which comes last and must be
/// found as it is.
async fn observe(checker: &Connection, relations: &[&str]) -> Vec<ObservedRows> {
    let mut all: Vec<RowsWanted> = relations.iter().map(|name| wanted(name, &["x"])).collect();
    all.push(wanted("artist", &["artist_id", "name"]));
    let schema = introspect::snapshot(checker).await.unwrap();
    let limits = RowLimits {
        statement: Duration::from_secs(2),
        ..RowLimits::default()
    };
    let found = rows::observe_known(checker, &all, &schema, limits).await.unwrap();
    let mut found: Vec<ObservedRows> = found.into_iter().map(|(_, rows)| rows).collect();
    match found.pop() {
        Some(ObservedRows::Digest { digest, .. }) => assert_eq!(digest.n_rows, 50),
        other => panic!("artist was found as {other:?}"),
    }
    found
}

fn failure(found: &ObservedRows) -> &str {
    match found {
        ObservedRows::Failed(message) => message,
        other => panic!("expected a failure, found {other:?}"),
    }
}

fn names(snapshot: &SchemaSnapshot) -> Vec<&str> {
    snapshot
        .tables
        .iter()
        .map(|table| table.name.name.as_str())
        .collect()
}

/// A function of the student's that the traps below call.
async fn trap(class: &Class, body: &str) -> Connection {
    let ada = class.student("ada").await;
    ada.batch_execute(&format!(
        "CREATE FUNCTION trap() RETURNS integer LANGUAGE plpgsql AS $trap$ {body} $trap$;
         CREATE VIEW trapped AS SELECT trap() AS x"
    ))
    .await
    .unwrap();
    ada
}

/// Every name that the introspection uses, again in `public`, and every one of them raises.
#[tokio::test]
async fn names_of_the_catalog_are_not_looked_up_in_public() {
    let class = Class::start().await;
    let before = introspect::snapshot(&class.checker("ada").await).await.unwrap();
    let ada = class.student("ada").await;
    ada.batch_execute(
        "CREATE FUNCTION boom() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RAISE 'shadowed'; END $$;
         CREATE FUNCTION boom(anyelement) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'shadowed'; END $$;
         DO $$
         DECLARE name text; type text;
         BEGIN
            FOR name IN SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
                AND proname ~ '^(pg_get|pg_table|pg_rel|pg_stat_get_tup|format_type|left|count|sum|concat_ws|quote_ident|json_|coalesce|current_setting|hashtext|trim_scale|row_number|string_agg|octet_length|int8send|unnest|version)' LOOP
                FOREACH type IN ARRAY '{oid,text,name,bigint,integer,\"char\",json,jsonb,numeric}'::text[] LOOP
                    EXECUTE format('CREATE FUNCTION public.%I(%s) RETURNS text LANGUAGE plpgsql AS ''BEGIN RAISE ''''shadowed''''; END''', name, type);
                END LOOP;
            END LOOP;
            FOREACH type IN ARRAY '{oid,text,name,bigint,integer,smallint,\"char\"}'::text[] LOOP
                EXECUTE format('CREATE FUNCTION boom2(%s, %1$s) RETURNS boolean LANGUAGE plpgsql AS ''BEGIN RAISE ''''shadowed''''; END''', type);
            END LOOP;
            FOREACH name IN ARRAY '{=,<>,||,->,->>,~,&,>>,<,<=,>=}'::text[] LOOP
                FOREACH type IN ARRAY '{oid,text,name,bigint,integer,smallint,\"char\"}'::text[] LOOP
                    EXECUTE format('CREATE OPERATOR public.%s (LEFTARG = %s, RIGHTARG = %2$s, FUNCTION = boom2)', name, type);
                END LOOP;
            END LOOP;
            FOREACH name IN ARRAY '{pg_class,pg_namespace,pg_attribute,pg_constraint,pg_index,pg_proc,pg_type,pg_trigger,pg_depend,pg_description}'::text[] LOOP
                EXECUTE format('CREATE VIEW public.%I AS SELECT boom() AS oid, boom() AS relname', name);
            END LOOP;
            FOREACH name IN ARRAY '{text,int4,int8,regclass,oid,name}'::text[] LOOP
                EXECUTE format('CREATE DOMAIN public.%I AS pg_catalog.text CHECK (public.boom() = 1)', name);
            END LOOP;
         END $$;
         ALTER ROLE ada SET search_path = public, pg_catalog",
    )
    .await
    .unwrap();
    let checker = class.checker("ada").await;
    let after = introspect::snapshot(&checker).await.unwrap();
    assert_eq!(names(&after), names(&before));
    assert_eq!(after.tables, before.tables);
    assert!(after.functions.len() > 100);
    observe(&checker, &[]).await;
    class.assert_unharmed().await;
}

/// The same from the checker's own session, if it could be made to look elsewhere.
#[tokio::test]
async fn the_search_path_is_pinned_whatever_it_was() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    ada.batch_execute(
        "CREATE SCHEMA evil;
         CREATE FUNCTION evil.format_type(oid, integer) RETURNS text LANGUAGE sql AS $$ SELECT 'forged' $$;
         CREATE VIEW evil.pg_class AS SELECT * FROM pg_catalog.pg_class WHERE false;
         CREATE VIEW trapped AS SELECT set_config('search_path', 'evil, pg_catalog', false) AS x",
    )
    .await
    .unwrap();
    let checker = class.checker("ada").await;
    let before = introspect::snapshot(&checker).await.unwrap();
    checker
        .batch_execute("SET search_path = evil, pg_catalog")
        .await
        .unwrap();
    observe(&checker, &["trapped"]).await;
    assert_eq!(introspect::snapshot(&checker).await.unwrap(), before);
    class.assert_unharmed().await;
}

#[tokio::test]
async fn temporary_tables_shadow_nothing() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    ada.batch_execute(
        "CREATE TEMPORARY TABLE artist (x integer); CREATE TEMPORARY TABLE pg_class (x integer); CREATE TEMPORARY TABLE album (x integer)",
    )
    .await
    .unwrap();
    let checker = class.checker("ada").await;
    assert_eq!(names(&introspect::snapshot(&checker).await.unwrap()).len(), 2);
    observe(&checker, &[]).await;
    class.assert_unharmed().await;
}

#[tokio::test]
async fn casts_and_types_of_the_students_are_not_used() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    ada.batch_execute(
        "CREATE FUNCTION wrong() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'the domain was checked'; END $$;
         CREATE DOMAIN grade AS text;
         CREATE TYPE pair AS (a integer, b text);
         CREATE TYPE mood AS ENUM ('fine', 'bad');
         CREATE TABLE typed (x pair); INSERT INTO typed VALUES ((1, 'one'));
         CREATE TABLE graded (x grade); INSERT INTO graded VALUES ('A');
         CREATE TABLE moods (x mood); INSERT INTO moods VALUES ('fine');
         ALTER DOMAIN grade ADD CHECK (wrong()) NOT VALID;
         CREATE FUNCTION forge(pair) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'the cast was used'; END $$;
         CREATE FUNCTION forge(mood) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'the cast was used'; END $$;
         CREATE FUNCTION forge(artist) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'the cast was used'; END $$;
         CREATE CAST (pair AS text) WITH FUNCTION forge(pair) AS IMPLICIT;
         CREATE CAST (mood AS text) WITH FUNCTION forge(mood) AS IMPLICIT;
         SET ROLE pglab_lab_shop; CREATE CAST (artist AS text) WITH FUNCTION forge(artist) AS IMPLICIT",
    )
    .await
    .unwrap();
    let checker = class.checker("ada").await;
    for found in observe(&checker, &["typed", "graded", "moods"]).await {
        assert!(
            matches!(found, ObservedRows::Digest { digest, .. } if digest.n_rows == 1),
            "{found:?}"
        );
    }
    class.assert_unharmed().await;
}

/// Code in defaults, checks, indexes, triggers and generated columns is printed and never run.
#[tokio::test]
async fn looking_at_a_table_runs_nothing() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    ada.batch_execute(
        "CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
         CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TABLE mined (
            x integer DEFAULT f(1) CHECK (f(x) = 1), g integer GENERATED ALWAYS AS (f(x)) STORED,
            EXCLUDE USING btree (f(x) WITH =));
         CREATE INDEX ON mined (f(x)) WHERE f(x) = 1;
         CREATE STATISTICS mined_statistics ON f(x), f(g) FROM mined;
         CREATE TRIGGER t AFTER INSERT ON mined FOR EACH STATEMENT EXECUTE FUNCTION t();
         INSERT INTO mined VALUES (1);
         CREATE OR REPLACE FUNCTION f(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE 'it was run'; END $$;
         CREATE OR REPLACE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'it was run'; END $$",
    )
    .await
    .unwrap();
    let found = observe(&class.checker("ada").await, &["mined"]).await;
    assert!(matches!(found[0], ObservedRows::Digest { .. }), "{found:?}");
    class.assert_unharmed().await;
}

#[tokio::test]
async fn policies_that_raise_fail_alone() {
    let class = Class::start().await;
    let ada = trap(&class, "BEGIN RAISE 'not for you'; END").await;
    ada.batch_execute(
        "CREATE TABLE guarded (x integer); INSERT INTO guarded VALUES (1);
         ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; ALTER TABLE guarded FORCE ROW LEVEL SECURITY;
         CREATE POLICY p ON guarded USING (trap() = 1)",
    )
    .await
    .unwrap();
    let found = observe(&class.checker("ada").await, &["guarded"]).await;
    assert_eq!(failure(&found[0]), "not for you");
    class.assert_unharmed().await;
}

#[tokio::test]
async fn a_view_that_raises_fails_alone() {
    let class = Class::start().await;
    trap(&class, "BEGIN RAISE EXCEPTION '%', repeat('no ', 1000000); END").await;
    let found = observe(&class.checker("ada").await, &["trapped", "trapped"]).await;
    assert!(failure(&found[1]).starts_with("no no no") && failure(&found[1]).len() < 2_000);
    class.assert_unharmed().await;
}

#[tokio::test]
async fn a_view_that_sleeps_is_cancelled() {
    let class = Class::start().await;
    trap(&class, "BEGIN PERFORM pg_sleep(1000); RETURN 1; END").await;
    let found = observe(&class.checker("ada").await, &["trapped"]).await;
    assert!(failure(&found[0]).contains("statement timeout"), "{found:?}");
    class.assert_unharmed().await;
}

#[tokio::test]
async fn recursion_without_end_is_stopped() {
    let class = Class::start().await;
    let ada = trap(&class, "BEGIN RETURN trap() + 1; END").await;
    ada.batch_execute("CREATE VIEW endless AS WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT x + 0 FROM n) SELECT x FROM n")
        .await
        .unwrap();
    let found = observe(&class.checker("ada").await, &["trapped", "endless"]).await;
    assert!(failure(&found[0]).contains("stack depth"), "{found:?}");
    let endless = failure(&found[1]);
    assert!(
        endless.contains("statement timeout") || endless.contains("temporary file size"),
        "{endless}"
    );
    class.assert_unharmed().await;
}

#[tokio::test]
async fn a_billion_rows_are_not_waited_for() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    ada.batch_execute(
        "CREATE VIEW many AS SELECT n AS x FROM generate_series(1, 1000000000) n;
         CREATE VIEW wide AS SELECT repeat('x', 1000000) AS x FROM generate_series(1, 1000000)",
    )
    .await
    .unwrap();
    for found in observe(&class.checker("ada").await, &["many", "wide"]).await {
        let said = failure(&found);
        assert!(
            said.contains("statement timeout") || said.contains("temporary file size"),
            "{said}"
        );
    }
    class.assert_unharmed().await;
}

/// What the checker runs can not write, and so neither can what a student makes it run.
#[tokio::test]
async fn nothing_is_written_in_the_checkers_name() {
    let class = Class::start().await;
    let m = &class.maintenance;
    let before = role::verifier(m, &checker("ada")).await.unwrap();
    let ada = trap(
        &class,
        "BEGIN INSERT INTO artist VALUES (99, 'forged'); RETURN 1; END",
    )
    .await;
    let mut relations = vec!["trapped".to_owned()];
    for (n, statement) in [
        "CREATE TABLE forged (x integer)",
        "CREATE TEMPORARY TABLE forged (x integer)",
        "ALTER ROLE pglab_chk_ada PASSWORD 'known'",
        "ALTER ROLE pglab_chk_ada SET search_path = evil",
        "GRANT pglab_chk_ada TO ada",
        "SET TRANSACTION READ WRITE",
        "SELECT lo_create(0)",
        "SELECT nextval('album_album_id_seq')",
        "TRUNCATE artist CASCADE",
        "COMMIT",
        "CALL pg_catalog.nothing()",
    ]
    .iter()
    .enumerate()
    {
        ada.batch_execute(&format!(
            "CREATE FUNCTION write{n}() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN EXECUTE '{}'; RETURN 1; END $$;
             CREATE VIEW written{n} AS SELECT write{n}() AS x",
            statement.replace('\'', "''")
        ))
        .await
        .unwrap();
        relations.push(format!("written{n}"));
    }
    let relations: Vec<&str> = relations.iter().map(String::as_str).collect();
    let checks = class.checker("ada").await;
    for (found, name) in observe(&checks, &relations).await.iter().zip(&relations) {
        // Up to PostgreSQL 15 large objects can be made in a read-only transaction; it is undone with it.
        assert!(
            matches!(found, ObservedRows::Failed(_)) || name == &"written6",
            "{name}: {found:?}"
        );
    }
    let large: i64 = ada
        .query_one("SELECT count(*) FROM pg_largeobject_metadata", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(large, 0);
    assert_eq!(role::verifier(m, &checker("ada")).await.unwrap(), before);
    class.assert_unharmed().await;
}

/// A checker is a member of its student and of nothing else: the same doors are closed to it.
#[tokio::test]
async fn the_checker_has_no_more_power_than_the_student() {
    let class = Class::start().await;
    let checker = class.checker("ada").await;
    assert_denied(
        &checker,
        &[
            "SELECT pg_read_file('/etc/passwd')",
            "COPY (SELECT 1) TO PROGRAM 'id'",
            "SELECT * FROM pg_authid",
            "SET ROLE bob",
            "SET ROLE pglab_chk_bob",
            "SET ROLE pglab_super",
            "ALTER DATABASE shop_ada SET search_path = evil",
            "ALTER ROLE ada PASSWORD 'x'",
            "ALTER ROLE pglab_chk_ada CREATEDB",
            "CREATE ROLE x",
            "CREATE EXTENSION dblink",
            "GRANT ada TO bob",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'pglab_super'",
        ],
    )
    .await;
    class.assert_unharmed().await;
}

/// With the rights of its owner a function of the student's has the student's, whoever calls it.
#[tokio::test]
async fn security_definer_gains_nothing() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    let mut relations = Vec::new();
    for (n, statement) in [
        "SET ROLE pglab_chk_ada",
        "COPY artist TO PROGRAM 'id'",
        "SELECT pg_read_file('PG_VERSION')",
        "ALTER ROLE pglab_chk_ada PASSWORD 'known'",
        "SELECT rolpassword FROM pg_authid",
    ]
    .iter()
    .enumerate()
    {
        ada.batch_execute(&format!(
            "CREATE FUNCTION define{n}() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER AS
                $$ BEGIN EXECUTE '{}'; RETURN 1; END $$;
             CREATE VIEW defined{n} AS SELECT define{n}() AS x",
            statement.replace('\'', "''")
        ))
        .await
        .unwrap();
        relations.push(format!("defined{n}"));
    }
    let relations: Vec<&str> = relations.iter().map(String::as_str).collect();
    for found in observe(&class.checker("ada").await, &relations).await {
        let said = failure(&found);
        let refused = ["permission denied", "must be", "cannot", "read-only"];
        assert!(refused.iter().any(|word| said.contains(word)), "{said}");
    }
    class.assert_unharmed().await;
}

/// What a student's code leaves behind in the checker's session changes nothing that is seen next.
#[tokio::test]
async fn nothing_is_left_behind_in_the_session() {
    let class = Class::start().await;
    trap(
        &class,
        "DECLARE n integer;
         BEGIN
            PERFORM set_config('search_path', 'evil', false), set_config('statement_timeout', '0', false),
                set_config('lock_timeout', '0', false), set_config('role', 'ada', false), set_config('extra_float_digits', '-15', false),
                set_config('TimeZone', 'Asia/Tokyo', false), set_config('client_encoding', 'LATIN1', false),
                set_config('quote_all_identifiers', 'on', false), set_config('enable_seqscan', 'off', false);
            PERFORM pg_advisory_lock(1);
            EXECUTE 'DEALLOCATE ALL';
            FOR n IN 0..20 LOOP EXECUTE format('PREPARE s%s AS SELECT 1', n); END LOOP;
            RETURN 1;
         END",
    )
    .await;
    let checker = class.checker("ada").await;
    let before = introspect::snapshot(&checker).await.unwrap();
    observe(&checker, &["trapped"]).await;
    assert_eq!(introspect::snapshot(&checker).await.unwrap(), before);
    observe(&checker, &["trapped"]).await;
    // Without a named statement, which the trap may have taken the name of.
    let answer = checker.simple_query("SELECT current_user::text").await.unwrap();
    let who = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    assert_eq!(who, Some("pglab_chk_ada"));
    class.assert_unharmed().await;
}

#[tokio::test]
async fn notices_by_the_million_are_dropped() {
    let class = Class::start().await;
    trap(
        &class,
        "BEGIN PERFORM set_config('client_min_messages', 'notice', false);
         FOR n IN 1..300000 LOOP RAISE NOTICE 'and again %', n; END LOOP; RETURN 1; END",
    )
    .await;
    observe(&class.checker("ada").await, &["trapped"]).await;
    class.assert_unharmed().await;
}

/// A student's code may end the session that it runs in; the next one is as good.
#[tokio::test]
async fn a_check_that_ends_its_own_session_is_an_error_and_no_more() {
    let class = Class::start().await;
    trap(
        &class,
        "BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN 1; END",
    )
    .await;
    let checker = class.checker("ada").await;
    let ended = rows::observe(&checker, &[wanted("trapped", &["x"])]).await;
    assert!(
        matches!(ended, Err(Error::Refused(_) | Error::Connection(_))),
        "{ended:?}"
    );
    observe(&class.checker("ada").await, &[]).await;
    class.assert_unharmed().await;
}

/// As checks are made: with a deadline of ours, and a connection that takes no message longer than it must.
async fn check(class: &Class) -> (Vec<ObservedRows>, CheckSession) {
    let address = class.server.server().address();
    let cluster = Cluster::new(
        address.clone(),
        vec![address],
        SUPERUSER.to_owned(),
        class.server.superuser_password().to_owned(),
    );
    let limits = CheckLimits {
        statement: Duration::from_secs(1),
        deadline: Duration::from_secs(3),
        ..CheckLimits::default()
    };
    let config = class.config(checker("ada").as_str(), "shop_ada");
    let mut session = CheckSession::open(&config, limits, terminate_by(cluster))
        .await
        .unwrap();
    let schema = session.observe_structure().await.unwrap();
    let wanted = [
        wanted("artist", &["artist_id", "name"]),
        wanted("trapped", &["x"]),
    ];
    let found = session.observe_rows(&wanted, &schema).await;
    (found.into_iter().map(|(_, rows)| rows).collect(), session)
}

#[tokio::test]
async fn what_catches_its_cancellation_is_terminated() {
    let class = Class::start().await;
    trap(
        &class,
        "BEGIN LOOP BEGIN PERFORM pg_sleep(1000); EXCEPTION WHEN query_canceled THEN END; END LOOP; END",
    )
    .await;
    let (found, session) = check(&class).await;
    assert!(matches!(found[0], ObservedRows::Digest { .. }), "{found:?}");
    failure(&found[1]);
    assert!(!session.is_usable());
    let running = "SELECT count(*) FROM pg_stat_activity WHERE usename = $1 AND state = 'active'";
    eventually("it runs no more", async || {
        class.count(running, "pglab_chk_ada").await == 0
    })
    .await;
    class.assert_unharmed().await;
}

/// Half a gigabyte of an error message is not taken into pglab's memory.
#[tokio::test]
async fn a_message_of_any_length_is_not_taken() {
    let class = Class::start().await;
    trap(
        &class,
        "BEGIN RAISE EXCEPTION USING MESSAGE = 'short', DETAIL = repeat('x', 200000000); END",
    )
    .await;
    let before = resident_kib();
    let (found, _) = check(&class).await;
    assert!(matches!(found[0], ObservedRows::Digest { .. }), "{found:?}");
    failure(&found[1]);
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < 100_000, "grew by {grown} KiB");
    class.assert_unharmed().await;
}

/// The most memory that this process ever had.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

#[tokio::test]
async fn a_view_in_place_of_a_table_is_seen_as_one() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    ada.batch_execute(
        "SET ROLE pglab_lab_shop; DROP VIEW discography; ALTER TABLE album RENAME TO album_before;
         CREATE VIEW album AS SELECT * FROM album_before;
         CREATE RULE r AS ON INSERT TO album DO INSTEAD NOTHING",
    )
    .await
    .unwrap();
    let seen = introspect::snapshot(&class.checker("ada").await).await.unwrap();
    assert!(!names(&seen).contains(&"album"));
    assert!(seen.views.iter().any(|view| view.name.name == "album"));
    observe(&class.checker("ada").await, &[]).await;
    class.assert_unharmed().await;
}

/// Objects with every name that a person could think of are found under it.
#[tokio::test]
async fn odd_names_are_only_names() {
    let class = Class::start().await;
    let ada = class.student("ada").await;
    let odd = [
        "\"; DROP TABLE artist; --",
        "o'brien",
        "$1",
        "two\nlines",
        "ünï 学生",
        "SELECT",
        " ",
        "\\'",
        &"x".repeat(63),
    ];
    for name in odd {
        let name = ident(name);
        ada.batch_execute(&format!(
            "CREATE TABLE {name} (x integer, {name} text); INSERT INTO {name} VALUES (1, 'one')"
        ))
        .await
        .unwrap();
    }
    let checker = class.checker("ada").await;
    let wanted: Vec<RowsWanted> = odd.iter().map(|name| wanted(name, &["x", name])).collect();
    for (name, found) in rows::observe(&checker, &wanted).await.unwrap() {
        assert!(
            matches!(&found, ObservedRows::Digest { digest, .. } if digest.n_rows == 1),
            "{name:?}: {found:?}"
        );
    }
    assert_eq!(refusal(&ada, "SELECT pg_read_file('x')").await, DENIED);
    class.assert_unharmed().await;
}
