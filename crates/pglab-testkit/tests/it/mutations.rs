//! The whole way on a real server: a generated schema is read as the example, tasks are derived from what was read, and a
//! database in which one thing was changed loses exactly the checks of that thing.

use std::collections::HashMap;

use pglab_core::{
    check::VerdictState,
    derive::{self, DeriveOptions},
    ident::Ident,
    judge::{Judge, Observation},
    lab::TypeRule,
    snapshot::SchemaSnapshot,
    task::Task,
};
use pglab_fleet::{
    Address, Cluster, Connection,
    check::{CheckLimits, CheckSession, terminate_by},
    introspect,
    private::SUPERUSER,
    rows,
};
use pglab_testkit::{
    SeededRandom, SettableClock, TestServer,
    schema_gen::{GeneratedSchema, Mutation, mutations, schemas, to_sql},
};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};

const N_SCHEMAS: usize = 5;
const N_CHANGES_PER_SCHEMA: usize = 10;

async fn observe(connection: &Connection, judge: &Judge) -> Observation {
    let wanted: Vec<_> = judge
        .rows_needed()
        .into_iter()
        .map(|needed| rows::RowsWanted {
            name: needed.name,
            columns: needed.columns,
            hashes: needed.has_hashes,
        })
        .collect();
    let observed = rows::observe(connection, &wanted).await.unwrap();
    Observation {
        schema: introspect::snapshot(connection).await.unwrap(),
        rows: observed.into_iter().collect::<HashMap<_, _>>(),
    }
}

/// What each check said that is not what the change should make it say.
fn surprises(tasks: &[Task], judge: &Judge, observation: &Observation, change: Option<&Mutation>) -> String {
    tasks
        .iter()
        .flat_map(|task| &task.checks)
        .zip(judge.verdicts(observation))
        .filter(|(check, verdict)| {
            let breaks = change.is_some_and(|change| change.breaks(&check.fact));
            (verdict.state != VerdictState::Passed) != breaks
        })
        .map(|(_, verdict)| {
            format!(
                "  {}: {} / {}\n",
                verdict.state.as_str(),
                verdict.expected,
                verdict.found
            )
        })
        .collect()
}

async fn check_schema(
    server: &TestServer,
    n: usize,
    schema: &GeneratedSchema,
    changes: &[&Mutation],
) -> String {
    let admin = server.superuser("postgres").await;
    let example = format!("example_{n}");
    server.database(&example).await;
    let connection = server.superuser(&example).await;
    let sql = to_sql(schema);
    connection.batch_execute(&sql).await.unwrap();
    let snapshot = introspect::snapshot(&connection).await.unwrap();
    let expected = rows::expected(&connection, &snapshot).await.unwrap().rows;
    let tasks = derive::tasks(
        &snapshot,
        &expected,
        DeriveOptions::default(),
        &SettableClock::default(),
        &SeededRandom::new(1),
    );
    let judge = Judge::new(&tasks, expected, TypeRule::Strict);
    let mut wrong = surprises(&tasks, &judge, &observe(&connection, &judge).await, None);
    drop(connection);
    for (at, change) in changes.iter().enumerate() {
        let Some(statements) = &change.sql else { continue };
        // Came with PostgreSQL 15.
        if statements.contains("NULLS NOT DISTINCT") && admin.server_version() < 150_000 {
            continue;
        }
        let copy = format!("copy_{n}_{at}");
        wait_until_unused(&admin, &example).await;
        admin
            .batch_execute(&format!("CREATE DATABASE {copy} TEMPLATE {example}"))
            .await
            .unwrap();
        let connection = server.superuser(&copy).await;
        let mut session = checking(server, &copy).await;
        let snapshots = introspect::Snapshots::default();
        let before = session.look(None, &[], &snapshots).await.unwrap();
        connection.batch_execute(statements).await.unwrap();
        // A schema that is known by its fingerprint is never taken for another one.
        let after = session
            .look(Some((&before.known, &before.marks)), &[], &snapshots)
            .await
            .unwrap();
        let fresh = session.observe_structure().await.unwrap();
        drop(session);
        if unmarked(after.known.schema()) != unmarked(&fresh) {
            wrong.push_str(&format!(
                "{}\n{statements}\nnot noticed by its fingerprint\n",
                change.what
            ));
        }
        let found = surprises(&tasks, &judge, &observe(&connection, &judge).await, Some(change));
        if !found.is_empty() {
            wrong.push_str(&format!("{}\n{statements}\n{found}", change.what));
        }
        drop(connection);
        admin
            .batch_execute(&format!("DROP DATABASE {copy} WITH (FORCE)"))
            .await
            .unwrap();
    }
    if wrong.is_empty() {
        wrong
    } else {
        format!("{wrong}\n{sql}\n")
    }
}

async fn checking(server: &TestServer, database: &str) -> CheckSession {
    let address = Address {
        host: "127.0.0.1".to_owned(),
        port: server.port(),
    };
    let password = server.superuser_password();
    let cluster = Cluster::new(address, Vec::new(), SUPERUSER.to_owned(), password.to_owned());
    let config = cluster.login_config(
        &Ident::new(SUPERUSER).unwrap(),
        password,
        &Ident::new(database).unwrap(),
    );
    CheckSession::open(&config, CheckLimits::default(), terminate_by(cluster))
        .await
        .unwrap()
}

/// Without what changes with the rows.
fn unmarked(schema: &SchemaSnapshot) -> SchemaSnapshot {
    let mut schema = schema.clone();
    for table in &mut schema.tables {
        table.change_mark.clear();
        table.bytes = 0;
    }
    schema
}

/// A connection that was dropped takes a moment to be gone.
async fn wait_until_unused(admin: &Connection, database: &str) {
    for _ in 0..500 {
        let n: i64 = admin
            .query_one(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = $1",
                &[&database],
            )
            .await
            .unwrap()
            .get(0);
        if n == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{database} is still in use");
}

#[tokio::test]
async fn each_change_costs_exactly_what_it_breaks() {
    let server = TestServer::start().await;
    let mut runner = TestRunner::deterministic();
    let mut wrong = String::new();
    let mut n = 0;
    while n < N_SCHEMAS {
        let schema = schemas().new_tree(&mut runner).unwrap().current();
        let all = mutations(&schema);
        if all.len() < 40 {
            continue;
        }
        // Every so many, from another start in each schema, so that all kinds have their turn.
        let step = all.len() / N_CHANGES_PER_SCHEMA;
        let some: Vec<_> = all.iter().skip(n % step).step_by(step).collect();
        wrong.push_str(&check_schema(&server, n, &schema, &some).await);
        n += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
}
