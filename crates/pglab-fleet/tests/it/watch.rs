//! The watcher on a real server: students who took their time-outs away, and what becomes of their sessions.

use std::collections::BTreeMap;

use pglab_core::caps::Caps;
use pglab_fleet::{
    Connection,
    provision::instance,
    watch::{Enforced, EnforcedAction, Watcher},
};

use crate::attacks::class::{Class, eventually, refusal, spec};

fn caps() -> Caps {
    Caps {
        statement_s: 0,
        idle_in_transaction_s: 0,
        max_connections: 5,
        quota_bytes: 1 << 40,
        open: true,
    }
}

fn both(caps: Caps) -> BTreeMap<String, Caps> {
    ["shop_ada", "shop_bob"]
        .map(|name| (name.to_owned(), caps))
        .into()
}

/// Activates until something was done; returns it.
async fn watch(class: &Class, watcher: &mut Watcher, caps: Caps) -> Vec<Enforced> {
    for _ in 0..400 {
        let done = watcher.activate(&class.maintenance, &both(caps)).await.unwrap();
        if !done.is_empty() {
            return done;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("nothing was done");
}

const FREE: &str = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;";

#[tokio::test]
async fn an_endless_statement_is_cancelled_and_one_that_catches_it_ended() {
    let class = Class::start().await;
    let mut watcher = Watcher::default();
    let ada = class.student("ada").await;
    ada.batch_execute(FREE).await.unwrap();
    let (code, done) = tokio::join!(
        refusal(&ada, "SELECT pg_sleep(1000)"),
        watch(&class, &mut watcher, caps())
    );
    assert_eq!(code, "57014");
    assert_eq!(done[0].action, EnforcedAction::Cancelled);
    assert_eq!(
        (done[0].database.as_str(), done[0].role.as_str()),
        ("shop_ada", "ada")
    );

    let stubborn = "DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(1000); EXCEPTION WHEN query_canceled THEN END; END LOOP; END $$";
    let (code, done) = tokio::join!(refusal(&ada, stubborn), async {
        let mut all = watch(&class, &mut watcher, caps()).await;
        all.extend(watch(&class, &mut watcher, caps()).await);
        all
    });
    assert_eq!(code, "57P01");
    let actions: Vec<_> = done.iter().map(|done| done.action).collect();
    assert_eq!(actions, [EnforcedAction::Cancelled, EnforcedAction::Terminated]);
    class.assert_unharmed().await;
}

#[tokio::test]
async fn a_forgotten_transaction_is_ended_and_strangers_are_not() {
    let class = Class::start().await;
    let mut watcher = Watcher::default();
    // An operator who looks after something is none of the watcher's business.
    let operator = class.server.superuser("shop_ada").await;
    operator.batch_execute("BEGIN; SELECT 1").await.unwrap();
    let ada = class.student("ada").await;
    ada.batch_execute(FREE).await.unwrap();
    ada.batch_execute("BEGIN; LOCK TABLE artist").await.unwrap();
    let done = watch(&class, &mut watcher, caps()).await;
    assert_eq!(done.len(), 1);
    assert_eq!(done[0].action, EnforcedAction::Terminated);
    eventually("the session is ended", async || ada.is_closed()).await;
    operator.batch_execute("COMMIT").await.unwrap();
    class.assert_unharmed().await;
}

#[tokio::test]
async fn surplus_connections_are_the_youngest() {
    let class = Class::start().await;
    let mut watcher = Watcher::default();
    let mut sessions = Vec::new();
    for _ in 0..4 {
        sessions.push(class.student("ada").await);
    }
    let caps = Caps {
        max_connections: 3,
        statement_s: 60,
        ..caps()
    };
    let done = watch(&class, &mut watcher, caps).await;
    assert_eq!(done.len(), 1);
    let youngest = sessions.pop().unwrap();
    eventually("the youngest is ended", async || youngest.is_closed()).await;
    assert!(sessions.iter().all(|session| !session.is_closed()));
}

async fn fill(session: &Connection, rows: u32) {
    session
        .batch_execute(&format!(
            "CREATE TABLE IF NOT EXISTS heap (x text); ALTER TABLE heap ALTER x SET STORAGE EXTERNAL;
             INSERT INTO heap SELECT repeat('x', 100000) FROM generate_series(1, {rows})"
        ))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_quota_turns_read_only_and_back_and_closes_who_writes_on() {
    let class = Class::start().await;
    let m = &class.maintenance;
    let before = pglab_fleet::provision::database::size_bytes(m, &spec("ada").database)
        .await
        .unwrap()
        .unwrap();
    let caps = Caps {
        statement_s: 60,
        idle_in_transaction_s: 60,
        quota_bytes: before + (4 << 20),
        ..caps()
    };
    let actions = async |watcher: &mut Watcher| {
        let done = watcher.activate(m, &both(caps)).await.unwrap();
        done.into_iter().map(|done| done.action).collect::<Vec<_>>()
    };
    let ada = class.student("ada").await;
    fill(&ada, 60).await;
    assert_eq!(
        actions(&mut Watcher::default()).await,
        [EnforcedAction::TurnedReadOnly]
    );
    eventually("the session is ended", async || ada.is_closed()).await;

    // She reads, is told why she can't write, and can make room.
    let ada = class.student("ada").await;
    assert_eq!(refusal(&ada, "INSERT INTO heap VALUES ('y')").await, "25006");
    class.checker("ada").await;
    assert_eq!(actions(&mut Watcher::default()).await, []);
    ada.batch_execute("SET default_transaction_read_only = off")
        .await
        .unwrap();
    ada.batch_execute("TRUNCATE heap").await.unwrap();
    eventually("it can be written to", async || {
        actions(&mut Watcher::default()).await == [EnforcedAction::TurnedWritable]
    })
    .await;
    class
        .student("ada")
        .await
        .batch_execute("INSERT INTO heap VALUES ('y')")
        .await
        .unwrap();

    // Over again, and this time she writes on against the setting.
    fill(&ada, 60).await;
    assert_eq!(
        actions(&mut Watcher::default()).await,
        [EnforcedAction::TurnedReadOnly]
    );
    let ada = class.student("ada").await;
    ada.batch_execute("SET default_transaction_read_only = off")
        .await
        .unwrap();
    fill(&ada, 60).await;
    assert_eq!(actions(&mut Watcher::default()).await, [EnforcedAction::Closed]);
    eventually("the session is ended", async || ada.is_closed()).await;
    assert_eq!(
        class.connect("ada", "shop_ada").await.unwrap_err().code(),
        Some("42501")
    );
    // Neither another preparation nor an opening of the lab undoes it; more quota does.
    instance::ensure(m, &spec("ada")).await.unwrap();
    instance::open_access(m, &spec("ada").database, &spec("ada").member_role)
        .await
        .unwrap();
    assert_eq!(
        class.connect("ada", "shop_ada").await.unwrap_err().code(),
        Some("42501")
    );
    let more = Caps {
        quota_bytes: 1 << 30,
        ..caps
    };
    let done = Watcher::default().activate(m, &both(more)).await.unwrap();
    assert_eq!(done[0].action, EnforcedAction::Reopened);
    fill(&class.student("ada").await, 1).await;
    class.assert_unharmed().await;
}

/// Up to PostgreSQL 14 a student may grant their own role. The catalog row is the same in 15; from 16 on a role is taken
/// back only by who granted it, and nobody can do this.
#[tokio::test]
async fn a_role_that_a_student_gave_away_is_taken_back() {
    let class = Class::start().await;
    match class.maintenance.server_version() {
        ..150_000 => class.student("ada").await.batch_execute("GRANT ada TO bob").await.unwrap(),
        150_000..160_000 => class
            .maintenance
            .batch_execute(
                "GRANT ada TO bob;
                 UPDATE pg_auth_members SET grantor = 'ada'::regrole WHERE roleid = 'ada'::regrole AND member = 'bob'::regrole",
            )
            .await
            .unwrap(),
        _ => return,
    }
    let friend = class.connect("bob", "shop_ada").await.unwrap();
    let done = watch(
        &class,
        &mut Watcher::default(),
        Caps {
            statement_s: 60,
            idle_in_transaction_s: 60,
            ..caps()
        },
    )
    .await;
    assert_eq!(done[0].action, EnforcedAction::Revoked);
    eventually("the friend is out", async || friend.is_closed()).await;
    assert_eq!(
        class.connect("bob", "shop_ada").await.unwrap_err().code(),
        Some("42501")
    );
    class.assert_unharmed().await;
}

/// What is not named is left alone, and so is what is named but does not carry our mark.
#[tokio::test]
async fn databases_of_others_are_left_alone() {
    let class = Class::start().await;
    class
        .maintenance
        .batch_execute("CREATE DATABASE payroll; ")
        .await
        .unwrap();
    class
        .maintenance
        .batch_execute("GRANT CONNECT ON DATABASE payroll TO ada")
        .await
        .unwrap();
    let ada = class.connect("ada", "payroll").await.unwrap();
    ada.batch_execute(FREE).await.unwrap();
    ada.batch_execute("BEGIN; SELECT 1").await.unwrap();
    let caps = BTreeMap::from([(
        "payroll".to_owned(),
        Caps {
            quota_bytes: 1,
            ..caps()
        },
    )]);
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    let done = Watcher::default()
        .activate(&class.maintenance, &caps)
        .await
        .unwrap();
    assert_eq!(done, []);
}

/// On a server that pglab was pointed at: a maintenance role that may make databases and roles, and end sessions.
#[tokio::test]
async fn no_superuser_is_needed() {
    let class = Class::empty(&[]).await;
    class
        .maintenance
        .batch_execute(
            "CREATE ROLE keeper LOGIN CREATEDB CREATEROLE PASSWORD 'secret of keeper' IN ROLE pg_signal_backend, pg_read_all_stats;
             GRANT CONNECT ON DATABASE postgres TO keeper; GRANT pglab_lab_shop TO keeper WITH ADMIN OPTION;
             ALTER DATABASE pglab_st_shop_1 OWNER TO keeper",
        )
        .await
        .unwrap();
    let keeper = class.connect("keeper", "postgres").await.unwrap();
    for login in ["ada", "bob"] {
        instance::ensure(&keeper, &spec(login)).await.unwrap();
    }
    let ada = class.student("ada").await;
    let limit: String = ada.query_one("SHOW temp_file_limit", &[]).await.unwrap().get(0);
    assert_eq!(limit, "-1");
    ada.batch_execute(FREE).await.unwrap();
    ada.batch_execute("BEGIN; SELECT 1").await.unwrap();
    let mut watcher = Watcher::default();
    eventually("the session is ended", async || {
        ada.is_closed() || {
            let done = Watcher::default().activate(&keeper, &both(caps())).await.unwrap();
            done.iter().any(|done| done.action == EnforcedAction::Terminated)
        }
    })
    .await;
    let tight = Caps {
        quota_bytes: 1 << 20,
        ..caps()
    };
    let done = watcher.activate(&keeper, &both(tight)).await.unwrap();
    assert!(
        done.iter()
            .any(|done| done.action == EnforcedAction::TurnedReadOnly),
        "{done:?}"
    );
    let ada = class.student("ada").await;
    assert_eq!(refusal(&ada, "CREATE TABLE t (x integer)").await, "25006");
    let wide = Caps {
        statement_s: 60,
        idle_in_transaction_s: 60,
        ..caps()
    };
    let done = Watcher::default().activate(&keeper, &both(wide)).await.unwrap();
    assert!(
        done.iter()
            .any(|done| done.action == EnforcedAction::TurnedWritable),
        "{done:?}"
    );
    instance::close_access(&keeper, &spec("ada").database, &spec("ada").member_role)
        .await
        .unwrap();
    eventually("the session is ended", async || ada.is_closed()).await;
    instance::remove(&keeper, &spec("ada").database, &spec("ada").checker_role)
        .await
        .unwrap();
    pglab_fleet::provision::role::drop(&keeper, &spec("ada").member_role)
        .await
        .unwrap();
}
