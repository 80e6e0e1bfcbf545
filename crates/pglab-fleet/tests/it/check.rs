//! Sessions that look into students' databases: pinned, bounded, and rid of what does not end by itself.

use std::{sync::Arc, time::Duration};

use pglab_core::{
    ident::Ident,
    snapshot::{ObjectName, ObservedRows, SchemaSnapshot},
};
use pglab_fleet::{
    Address, Cluster, Connection,
    check::{CheckLimits, CheckSession, terminate_by},
    introspect::Snapshots,
    private::SUPERUSER,
    rows::RowsWanted,
};
use pglab_testkit::TestServer;

struct Class {
    server: TestServer,
    cluster: Cluster,
    student: Connection,
}

impl Class {
    /// A database where `sql` was run by the student `ada`, who has a checker.
    async fn start(sql: &str) -> Self {
        let server = TestServer::start().await;
        server.database("shop").await;
        let superuser = server.superuser("shop").await;
        superuser
            .batch_execute(
                "CREATE ROLE ada LOGIN PASSWORD 'a'; CREATE ROLE checker LOGIN PASSWORD 'c' IN ROLE ada;
                 GRANT CREATE ON DATABASE shop TO ada; GRANT CREATE ON SCHEMA public TO ada",
            )
            .await
            .unwrap();
        let address = Address {
            host: "127.0.0.1".to_owned(),
            port: server.port(),
        };
        let cluster = Cluster::new(
            address.clone(),
            vec![address],
            SUPERUSER.to_owned(),
            server.superuser_password().to_owned(),
        );
        let student = Connection::open(&cluster.login_config(&name("ada"), "a", &name("shop")))
            .await
            .unwrap();
        student.batch_execute(sql).await.unwrap();
        Self {
            server,
            cluster,
            student,
        }
    }

    async fn session(&self, limits: CheckLimits) -> CheckSession {
        let config = self.cluster.login_config(&name("checker"), "c", &name("shop"));
        CheckSession::open(&config, limits, terminate_by(self.cluster.clone()))
            .await
            .unwrap()
    }
}

fn name(text: &str) -> Ident {
    Ident::new(text).unwrap()
}

fn wanted(relations: &[&str]) -> Vec<RowsWanted> {
    relations
        .iter()
        .map(|relation| RowsWanted {
            name: ObjectName::new("public", *relation),
            columns: vec!["n".to_owned()],
            hashes: true,
        })
        .collect()
}

fn quick() -> CheckLimits {
    CheckLimits {
        statement: Duration::from_millis(300),
        lock: Duration::from_millis(100),
        deadline: Duration::from_millis(1500),
    }
}

#[tokio::test]
async fn a_session_is_used_again_and_again() {
    let class = Class::start(
        "CREATE TABLE t (n integer); INSERT INTO t VALUES (1); CREATE VIEW bad AS SELECT n / 0 AS n FROM t",
    )
    .await;
    let mut session = class.session(CheckLimits::default()).await;
    for n in 1..4_u64 {
        let schema = session.observe_structure().await.unwrap();
        let rows = session.observe_rows(&wanted(&["t", "bad"]), &schema).await;
        assert!(
            matches!(&rows[0].1, ObservedRows::Digest { digest, .. } if digest.n_rows == n),
            "{rows:?}"
        );
        assert_eq!(rows[1].1, ObservedRows::Failed("division by zero".to_owned()));
        class
            .student
            .batch_execute("INSERT INTO t VALUES (1)")
            .await
            .unwrap();
    }
    assert!(session.is_usable());
}

#[tokio::test]
async fn what_a_view_sets_is_gone_afterwards() {
    let class = Class::start(
        "CREATE TABLE t (n float); INSERT INTO t VALUES (0.1::float4);
         CREATE FUNCTION meddle() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN
             PERFORM set_config('search_path', 'public', false), set_config('statement_timeout', '0', false),
                 set_config('extra_float_digits', '-15', false), set_config('default_transaction_read_only', 'off', false),
                 set_config('client_min_messages', 'debug5', false), set_config('role', 'ada', false);
             RETURN 1; END $$;
         CREATE VIEW meddling AS SELECT meddle() AS n;",
    )
    .await;
    let mut session = class.session(CheckLimits::default()).await;
    let schema = session.observe_structure().await.unwrap();
    let before = session.observe_rows(&wanted(&["t"]), &schema).await;
    let meddled = session.observe_rows(&wanted(&["meddling"]), &schema).await;
    assert!(matches!(meddled[0].1, ObservedRows::Digest { .. }), "{meddled:?}");
    assert_eq!(session.observe_rows(&wanted(&["t"]), &schema).await, before);
    assert_eq!(session.observe_structure().await.unwrap(), schema);
}

#[tokio::test]
async fn what_traps_cancellation_is_terminated() {
    let class = Class::start(
        "CREATE TABLE t (n integer);
         CREATE FUNCTION stay() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN
             LOOP BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$;
         CREATE VIEW staying AS SELECT stay() AS n; CREATE VIEW after AS SELECT 1 AS n;",
    )
    .await;
    let mut session = class.session(quick()).await;
    let schema = session.observe_structure().await.unwrap();
    let rows = session
        .observe_rows(&wanted(&["t", "staying", "after"]), &schema)
        .await;
    assert!(matches!(rows[0].1, ObservedRows::Digest { .. }), "{rows:?}");
    assert!(matches!(rows[1].1, ObservedRows::Failed(_)), "{rows:?}");
    assert!(matches!(rows[2].1, ObservedRows::Failed(_)), "{rows:?}");
    assert!(!session.is_usable());
    let superuser = class.server.superuser("postgres").await;
    for _ in 0..100 {
        let row = superuser
            .query_one(
                "SELECT count(*) FROM pg_stat_activity WHERE usename = 'checker'",
                &[],
            )
            .await
            .unwrap();
        if row.get::<_, i64>(0) == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the backend is still there");
}

#[tokio::test]
async fn a_view_that_ends_its_own_backend_fails_and_a_new_session_goes_on() {
    let class =
        Class::start("CREATE VIEW suicide AS SELECT pg_terminate_backend(pg_backend_pid())::int AS n").await;
    let mut session = class.session(quick()).await;
    let schema = session.observe_structure().await.unwrap();
    let rows = session.observe_rows(&wanted(&["suicide"]), &schema).await;
    assert!(matches!(&rows[0].1, ObservedRows::Failed(_)), "{rows:?}");
    assert!(!session.is_usable());
    assert_eq!(
        class.session(quick()).await.observe_structure().await.unwrap(),
        schema
    );
}

#[tokio::test]
async fn messages_of_any_length_and_number_are_not_kept() {
    let class = Class::start(
        "CREATE FUNCTION loud() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RAISE '%', repeat('x', 60000000); END $$;
         CREATE VIEW noisy AS SELECT loud() AS n;
         CREATE FUNCTION chat() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN
             SET LOCAL client_min_messages = notice;
             FOR i IN 1..20000 LOOP RAISE NOTICE '%', repeat('x', 1000); END LOOP; RETURN 1; END $$;
         CREATE VIEW chatting AS SELECT chat() AS n;",
    )
    .await;
    let mut session = class.session(CheckLimits::default()).await;
    let schema = session.observe_structure().await.unwrap();
    let rows = session.observe_rows(&wanted(&["chatting"]), &schema).await;
    assert!(matches!(rows[0].1, ObservedRows::Digest { .. }), "{rows:?}");
    let rows = session.observe_rows(&wanted(&["noisy"]), &schema).await;
    assert!(
        matches!(&rows[0].1, ObservedRows::Failed(message) if message.len() < 1000),
        "{rows:?}"
    );
    assert!(!session.is_usable());
}

#[tokio::test]
async fn a_lock_of_the_student_is_reported_and_does_not_hold_us_up() {
    let class = Class::start("CREATE TABLE t (n integer)").await;
    class
        .student
        .batch_execute("BEGIN; ALTER TABLE t ADD m integer")
        .await
        .unwrap();
    let mut session = class.session(quick()).await;
    let error = session.observe_structure().await.unwrap_err();
    assert_eq!(error.code(), Some("55P03"), "{error}");
    class.student.batch_execute("COMMIT").await.unwrap();
    assert_eq!(
        session.observe_structure().await.unwrap().tables[0].columns.len(),
        2
    );
}

#[tokio::test]
async fn nobody_is_terminated_by_mistake() {
    let class = Class::start("").await;
    let mut session = class.session(quick()).await;
    let ours = session.backend().clone();
    let maintenance = class.cluster.maintenance().await.unwrap();
    let (mut role, mut database) = (ours.clone(), ours);
    role.role = "ada".to_owned();
    database.database = "postgres".to_owned();
    for other in [role, database] {
        pglab_fleet::check::terminate(&maintenance, &other).await.unwrap();
    }
    session.observe_structure().await.unwrap();
}

/// Without what changes with the rows.
fn schema_of(known: &SchemaSnapshot) -> SchemaSnapshot {
    let mut schema = known.clone();
    for table in &mut schema.tables {
        table.change_mark.clear();
        table.bytes = 0;
    }
    schema
}

#[tokio::test]
async fn a_known_schema_is_read_with_its_rows_and_every_change_is_noticed() {
    let class = Class::start(
        "CREATE TYPE mood AS ENUM ('sad'); CREATE DOMAIN size AS integer CHECK (VALUE > 0);
         CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1';
         CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE FUNCTION near(integer, integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';
         CREATE OPERATOR @@@ (LEFTARG = integer, RIGHTARG = integer, FUNCTION = near);
         CREATE SCHEMA other;
         CREATE TABLE t (n integer DEFAULT one(), m mood, s size, CHECK (n > 0));
         CREATE TABLE u (n serial PRIMARY KEY, w text);
         CREATE TRIGGER noting AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION noted();
         CREATE VIEW v AS SELECT n, w FROM u; INSERT INTO t VALUES (1)",
    )
    .await;
    let snapshots = Snapshots::default();
    let mut session = class.session(CheckLimits::default()).await;
    let mut seen = session.look(None, &[], &snapshots).await.unwrap();
    for change in [
        "INSERT INTO t VALUES (2)",
        "ALTER FUNCTION one() RENAME TO uno",
        "ALTER TABLE t RENAME COLUMN n TO k",
        "ALTER TABLE t RENAME COLUMN k TO n",
        "ALTER TABLE t ALTER n SET DEFAULT 7",
        "ALTER TABLE t ALTER n DROP DEFAULT",
        "ALTER TABLE t ALTER n SET NOT NULL",
        "ALTER TABLE t ALTER n TYPE bigint",
        "COMMENT ON TABLE t IS 'one'",
        "COMMENT ON TABLE t IS 'two'",
        "ALTER TYPE mood ADD VALUE 'glad' BEFORE 'sad'",
        "ALTER TYPE mood RENAME VALUE 'glad' TO 'happy'",
        "ALTER DOMAIN size SET DEFAULT 3",
        "ALTER DOMAIN size ADD CHECK (VALUE < 9)",
        "ALTER TABLE t DISABLE TRIGGER noting",
        "ALTER TRIGGER noting ON t RENAME TO writing",
        "CREATE INDEX small ON t (n) WHERE n < 3",
        "DROP INDEX small",
        "ALTER TABLE t ADD FOREIGN KEY (n) REFERENCES u DEFERRABLE NOT VALID",
        "ALTER TABLE u ADD UNIQUE (w)",
        "ALTER SEQUENCE u_n_seq OWNED BY NONE",
        "ALTER SEQUENCE u_n_seq INCREMENT 5",
        "CREATE OR REPLACE VIEW v AS SELECT n, w, 1 AS x FROM u",
        "ALTER TABLE u SET SCHEMA other",
        "ALTER SCHEMA other RENAME TO another",
        "ALTER TABLE t ADD CONSTRAINT odd CHECK (n::integer @@@ 3)",
        "ALTER OPERATOR @@@ (integer, integer) SET SCHEMA another",
        "CREATE TEXT SEARCH CONFIGURATION mine (COPY = simple)",
        "ALTER TABLE t ADD CONSTRAINT words CHECK (to_tsvector('mine', n::text) IS NOT NULL)",
        "ALTER TEXT SEARCH CONFIGURATION mine RENAME TO yours",
        "CREATE TABLE p (n integer) PARTITION BY LIST (n); CREATE TABLE p1 PARTITION OF p DEFAULT",
        "ALTER TABLE p DETACH PARTITION p1",
        "TRUNCATE t",
        "DROP TABLE t",
    ] {
        let last = seen.known.clone();
        let failed = class.student.batch_execute(change).await;
        failed.unwrap_or_else(|error| panic!("{change}: {error:?}"));
        seen = session
            .look(Some((&last, &seen.marks)), &wanted(&["t"]), &snapshots)
            .await
            .unwrap();
        let fresh = session.observe_structure().await.unwrap();
        assert_eq!(schema_of(seen.known.schema()), schema_of(&fresh), "{change}");
        let same = schema_of(last.schema()) == schema_of(&fresh);
        assert!(same || !Arc::ptr_eq(&last, &seen.known), "{change}");
        if change.starts_with("INSERT") {
            assert!(Arc::ptr_eq(&last, &seen.known));
            assert!(
                matches!(&seen.rows[0].1, ObservedRows::Digest { digest, .. } if digest.n_rows == 2),
                "{seen:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_copy_of_a_database_has_its_fingerprint() {
    let class = Class::start("CREATE TABLE t (n integer DEFAULT 1 CHECK (n > 0))").await;
    let snapshots = Snapshots::default();
    let first = class
        .session(CheckLimits::default())
        .await
        .look(None, &[], &snapshots)
        .await
        .unwrap();
    let superuser = class.server.superuser("postgres").await;
    superuser
        .batch_execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shop';
             SELECT pg_sleep(0.1)",
        )
        .await
        .unwrap();
    superuser
        .batch_execute("CREATE DATABASE copy TEMPLATE shop")
        .await
        .unwrap();
    let config = class.cluster.login_config(&name("checker"), "c", &name("copy"));
    let mut session = CheckSession::open(&config, quick(), terminate_by(class.cluster.clone()))
        .await
        .unwrap();
    let second = session.look(None, &[], &snapshots).await.unwrap();
    assert!(Arc::ptr_eq(&first.known, &second.known));
    class
        .server
        .superuser("copy")
        .await
        .batch_execute("ALTER TABLE t ADD m integer")
        .await
        .unwrap();
    let third = session
        .look(Some((&second.known, &second.marks)), &[], &snapshots)
        .await
        .unwrap();
    assert!(!Arc::ptr_eq(&first.known, &third.known));
}
