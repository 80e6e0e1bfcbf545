//! Checks as SQL say what the judge says: for the example of the harbour at every step of its solution and after single
//! changes, and for generated schemas after theirs.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
};

use pglab_core::{
    check::VerdictState,
    check_query::{query, task_query},
    derive::{self, DeriveOptions, fact_key},
    judge::{Judge, Observation},
    lab::TypeRule,
    snapshot::ExpectedRows,
    task::{Task, points_now},
};
use pglab_fleet::{Connection, introspect, rows};
use pglab_testkit::{
    SeededRandom, SettableClock, TestServer,
    schema_gen::{mutations, schemas, to_sql},
};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};

struct Exam {
    tasks: Vec<Task>,
    expected: Vec<ExpectedRows>,
    judge: Judge,
}

impl Exam {
    async fn of(example: &Connection) -> Self {
        let snapshot = introspect::snapshot(example).await.unwrap();
        let expected = rows::expected(example, &snapshot).await.unwrap().rows;
        let tasks = derive::tasks(
            &snapshot,
            &expected,
            DeriveOptions { comments: true },
            &SettableClock::default(),
            &SeededRandom::new(1),
        );
        let judge = Judge::new(&tasks, expected.clone(), TypeRule::Strict);
        Self {
            tasks,
            expected,
            judge,
        }
    }

    /// Where they disagree about a copy of `template` after a change.
    async fn after(&self, server: &TestServer, template: &str, change: &str) -> String {
        let admin = server.superuser("postgres").await;
        // A connection that was dropped takes a moment to be gone; nobody else is in there.
        admin
            .batch_execute(&format!(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{template}'"
            ))
            .await
            .unwrap();
        admin
            .batch_execute(&format!("CREATE DATABASE copy TEMPLATE {template}"))
            .await
            .unwrap();
        let connection = server.superuser("copy").await;
        let found = match connection.batch_execute(change).await {
            Ok(()) => self.differences(&connection, false).await,
            Err(error) => format!("  can't be done: {error:?}\n"),
        };
        drop(connection);
        admin
            .batch_execute("DROP DATABASE copy WITH (FORCE)")
            .await
            .unwrap();
        found
    }

    /// Where a query and the judge disagree about a database. With `alone`, also where each check has a query of its own.
    async fn differences(&self, connection: &Connection, alone: bool) -> String {
        let wanted: Vec<_> = self
            .judge
            .rows_needed()
            .into_iter()
            .map(|needed| rows::RowsWanted {
                name: needed.name,
                columns: needed.columns,
                hashes: false,
            })
            .collect();
        let observed = rows::observe(connection, &wanted).await.unwrap();
        let observation = Observation {
            schema: introspect::snapshot(connection).await.unwrap(),
            rows: observed.into_iter().collect::<HashMap<_, _>>(),
        };
        let verdicts = self.judge.verdicts(&observation);
        connection
            .batch_execute("SET search_path = pg_catalog, pg_temp; SET default_transaction_read_only = on")
            .await
            .unwrap();
        let rows: BTreeMap<_, _> = self.expected.iter().map(|rows| (&rows.name, rows)).collect();
        let mut differences = String::new();
        for task in &self.tasks {
            let queries = task_query(task, &rows, TypeRule::Strict).unwrap();
            assert_eq!(queries.left_out, [""; 0], "{}", task.key);
            let mut passed = HashMap::new();
            let mut points = None;
            for row in connection.query(&queries.sql, &[]).await.unwrap() {
                assert_eq!(row.get::<_, &str>("task"), task.key);
                match row.get::<_, Option<f64>>("passed") {
                    Some(value) => {
                        passed.insert(row.get::<_, String>("check"), value > 0.5);
                    }
                    None => points = row.get::<_, Option<f64>>("points"),
                }
            }
            assert_eq!(passed.len(), task.checks.len(), "{}", task.key);
            if alone {
                let rows = connection.query(&queries.sql_without_points, &[]).await.unwrap();
                assert_eq!(rows.len(), task.checks.len());
            }
            for check in &task.checks {
                let verdict = verdicts.iter().find(|verdict| verdict.check == check.id).unwrap();
                let judged = verdict.state == VerdictState::Passed;
                let asked = passed[&fact_key(&check.fact)];
                if alone {
                    let sql = query(&check.fact, &rows, TypeRule::Strict).unwrap();
                    let alone: bool = connection.query_one(&sql, &[]).await.unwrap().get(0);
                    assert_eq!(alone, asked, "{}", check.title);
                }
                if asked != judged {
                    differences.push_str(&format!(
                        "  {}: judge {judged}, query {asked}: {} / {}\n",
                        check.title, verdict.expected, verdict.found
                    ));
                }
            }
            if differences.is_empty() {
                assert_eq!(points, Some(points_now(task, &verdicts).as_f64()), "{}", task.key);
            }
        }
        connection
            .batch_execute("RESET default_transaction_read_only; RESET search_path")
            .await
            .unwrap();
        differences
    }
}

fn harbour() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/harbour")
}

fn psql(server: &TestServer, database: &str, file: &std::path::Path) {
    let done = std::process::Command::new("psql")
        .args([
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            &server.superuser_uri(database),
            "-f",
        ])
        .arg(file)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// One change each, undone by who tries it. Between them they break every kind of check of the example.
const CHANGES: &[&str] = &[
    "ALTER TABLE port RENAME TO ports",
    "ALTER TABLE booking DROP COLUMN class CASCADE",
    "DROP SCHEMA public CASCADE; CREATE SCHEMA public",
];

#[tokio::test]
async fn the_harbour_at_every_step() {
    let server = TestServer::start().await;
    server.database("example").await;
    psql(&server, "example", &harbour().join("harbour.sql"));
    let example = server.superuser("example").await;
    let exam = Exam::of(&example).await;
    assert_eq!(exam.differences(&example, true).await, "");

    server.database("student").await;
    let student = server.superuser("student").await;
    let mut differences = exam.differences(&student, true).await;
    let mut steps: Vec<PathBuf> = std::fs::read_dir(harbour().join("solution"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    steps.sort();
    for (n, step) in steps.into_iter().enumerate() {
        psql(&server, "student", &step);
        if n % 4 != 3 {
            continue;
        }
        let found = exam.differences(&student, false).await;
        if !found.is_empty() {
            differences.push_str(&format!("after {}:\n{found}", step.display()));
        }
    }
    let changes = single_changes(&student).await;
    drop(student);
    for change in changes {
        let found = exam.after(&server, "student", &change).await;
        if !found.is_empty() {
            differences.push_str(&format!("after {change}:\n{found}"));
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

/// Each drops or changes one thing that the catalog tells of.
async fn single_changes(connection: &Connection) -> Vec<String> {
    let sql = "
        SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname)
            FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND contype IN ('p', 'u', 'f', 'c', 'x') AND conparentid = 0
        UNION ALL SELECT format('DROP INDEX %s', indexrelid::regclass) FROM pg_index i
            WHERE indrelid >= 16384 AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
        UNION ALL SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass) FROM pg_trigger WHERE NOT tgisinternal AND tgparentid = 0
        UNION ALL SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname) FROM pg_trigger WHERE NOT tgisinternal AND tgparentid = 0
        UNION ALL SELECT format('DROP ROUTINE %s CASCADE', oid::regprocedure) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT format('DROP %s %s CASCADE', CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END, oid::regclass)
            FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND NOT relispartition
        UNION ALL SELECT format('ALTER TABLE %s ALTER %I DROP DEFAULT', attrelid::regclass, attname)
            FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
            WHERE c.relnamespace = 'public'::regnamespace AND relkind = 'r' AND atthasdef AND attgenerated = '' AND attnum > 0
        UNION ALL SELECT format('ALTER TABLE %s ALTER %I DROP NOT NULL', attrelid::regclass, attname)
            FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
            WHERE c.relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnotnull AND attidentity = '' AND attnum > 0
                AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY (i.indkey))
        UNION ALL SELECT format('ALTER TABLE %s DROP COLUMN %I CASCADE', attrelid::regclass, attname)
            FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
            WHERE c.relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
        UNION ALL SELECT format('DELETE FROM %s WHERE ctid = (SELECT min(ctid) FROM %1$s)', oid::regclass)
            FROM pg_class WHERE relname IN ('crew_member', 'duty', 'incident', 'cargo') AND relnamespace = 'public'::regnamespace
        UNION ALL SELECT format('ALTER SEQUENCE %s INCREMENT 7', oid::regclass) FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace
        UNION ALL SELECT format('ALTER TYPE %s ADD VALUE %L', oid::regtype, 'more') FROM pg_type WHERE typtype = 'e' AND oid >= 16384
        UNION ALL SELECT format('ALTER DOMAIN %s SET NOT NULL', oid::regtype) FROM pg_type WHERE typtype = 'd' AND oid >= 16384 AND NOT typnotnull
        UNION ALL SELECT format('ALTER DOMAIN %s SET DEFAULT NULL', oid::regtype) FROM pg_type WHERE typtype = 'd' AND oid >= 16384
        ORDER BY 1";
    let all: Vec<String> = connection
        .query(sql, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(all.len() > 100, "{}", all.len());
    // Some of each kind: they are sorted by what they do.
    all.into_iter()
        .step_by(16)
        .chain(CHANGES.iter().map(|change| (*change).to_owned()))
        .collect()
}

#[tokio::test]
async fn generated_schemas_after_single_changes() {
    const N_SCHEMAS: usize = 3;
    const N_CHANGES: usize = 10;
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
        let name = format!("example_{n}");
        server.database(&name).await;
        let connection = server.superuser(&name).await;
        connection.batch_execute(&to_sql(&schema)).await.unwrap();
        let exam = Exam::of(&connection).await;
        wrong.push_str(&exam.differences(&connection, true).await);
        drop(connection);
        let step = all.len() / N_CHANGES;
        for change in all.iter().skip((n * 3 + 1) % step).step_by(step) {
            let Some(statements) = &change.sql else { continue };
            let found = exam.after(&server, &name, statements).await;
            if !found.is_empty() {
                wrong.push_str(&format!("{}\n{statements}\n{found}", change.what));
            }
        }
        n += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
}
