//! Sessions that look into students' databases: pinned, bounded, and rid of what does not end by itself.

use std::time::{Duration, Instant};

use pglab_core::{
    ident::Ident,
    snapshot::{ObjectName, ObservedRows},
};
use pglab_fleet::{
    Address, Cluster, Connection,
    check::{CheckLimits, CheckSession, terminate_by},
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
    let begun = Instant::now();
    let rows = session
        .observe_rows(&wanted(&["t", "staying", "after"]), &schema)
        .await;
    assert!(begun.elapsed() < Duration::from_secs(5));
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
    let begun = Instant::now();
    let error = session.observe_structure().await.unwrap_err();
    assert_eq!(error.code(), Some("55P03"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(1));
    class.student.batch_execute("COMMIT").await.unwrap();
    assert_eq!(
        session.observe_structure().await.unwrap().tables[0].columns.len(),
        2
    );
}

#[tokio::test]
async fn nobody_is_terminated_by_mistake() {
    let class = Class::start("").await;
    let session = class.session(quick()).await;
    let mut other = session.backend().clone();
    other.started = "2020-01-01 00:00:00+00".to_owned();
    let maintenance = class.cluster.maintenance().await.unwrap();
    pglab_fleet::check::terminate(&maintenance, &other).await.unwrap();
    assert!(session.is_usable());
}
