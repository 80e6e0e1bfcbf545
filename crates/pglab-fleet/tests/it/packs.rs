//! The judge of queries on real servers: it says what `EXCEPT ALL` says both ways, whatever plan PostgreSQL picks, and it
//! accepts the references of the example packs and refuses what their authors wrote down as wrong.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use pglab_core::{
    answer::rows::{Column, Ready, RowSet},
    cdf::{Challenge, DatasetBase, Document},
    check::{Check, VerdictState},
    id::{CheckId, TaskId},
    judge::{Observation, judge},
    lab::{Start, TypeRule},
    task::{
        Task, TaskKind,
        kind::{Contract, QueryTask},
    },
};
use pglab_fleet::{Connection, introspect, private::Binaries};
use pglab_testkit::{SeededRandom, SettableClock, TestServer};
use tokio_postgres::SimpleQueryMessage;

/// PostgreSQL's ways to join, one at a time.
const PLANS: [&str; 3] = [
    "SET enable_mergejoin = off; SET enable_nestloop = off; SET enable_hashjoin = on",
    "SET enable_hashjoin = off; SET enable_nestloop = off; SET enable_mergejoin = on",
    "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_nestloop = on",
];

async fn query(connection: &Connection, sql: &str) -> Result<RowSet, tokio_postgres::Error> {
    let statement = connection.prepare(sql).await?;
    let columns = statement.columns().iter();
    let mut set = RowSet {
        columns: columns
            .map(|column| Column::new(column.name(), column.type_().name()))
            .collect(),
        rows: Vec::new(),
    };
    for message in connection.simple_query(sql).await? {
        if let SimpleQueryMessage::Row(row) = message {
            set.rows
                .push((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect());
        }
    }
    Ok(set)
}

fn packs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/packs")
}

fn challenges(pack: &str) -> Vec<Challenge> {
    let mut paths: Vec<PathBuf> = fs::read_dir(packs().join(pack).join("challenges"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let document = |path: &PathBuf| Document::parse(&fs::read_to_string(path).unwrap()).unwrap();
    paths
        .iter()
        .map(|path| document(path).check().unwrap().challenge)
        .collect()
}

/// By psql, because the scripts hold data of COPY.
fn run(server: &TestServer, database: &str, file: &Path) {
    let text = fs::read_to_string(file)
        .unwrap()
        .replace("{{FLAG}}", "FLAG-OF-ADA");
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script.sql");
    fs::write(&script, text).unwrap();
    let output = Command::new(Binaries::find(None).unwrap().program("psql"))
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d"])
        .arg(server.superuser_uri(database))
        .arg("-f")
        .arg(&script)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}: {}",
        file.display(),
        String::from_utf8_lossy(&output.stderr)
    );
}

async fn clone(server: &TestServer, name: &str, template: &str) {
    let connection = server.superuser("postgres").await;
    let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    connection.batch_execute(&statement).await.unwrap();
    let statement = format!("CREATE DATABASE {name} TEMPLATE {template}");
    connection.batch_execute(&statement).await.unwrap();
}

/// The start of a challenge with its seed, as `start`, and each hidden dataset under its own name.
async fn databases(server: &TestServer, pack: &str, challenge: &Challenge) -> Vec<String> {
    let folder = packs().join(pack);
    let database = challenge.databases.first().unwrap();
    clone(server, "start", "template0").await;
    if let Start::Dump(file) = &database.start {
        run(server, "start", &folder.join(file));
    }
    for file in &database.seed {
        run(server, "start", &folder.join(file));
    }
    let mut names = vec!["start".to_owned()];
    for (at, dataset) in database.hidden.iter().enumerate() {
        let name = format!("hidden_{at}");
        let template = match dataset.base {
            DatasetBase::Start => "start",
            DatasetBase::Empty => "template0",
        };
        clone(server, &name, template).await;
        for file in &dataset.files {
            run(server, &name, &folder.join(file));
        }
        names.push(name);
    }
    names
}

/// What the judge says of each answer in one database: true for right.
async fn judged(connection: &Connection, task: &QueryTask) -> Vec<bool> {
    let reference = query(connection, &task.reference).await.unwrap();
    let ready = Ready::new(&task.contract, &task.reference, &reference.columns).unwrap();
    for plan in PLANS {
        connection.batch_execute(plan).await.unwrap();
        let again = query(connection, &task.reference).await.unwrap();
        assert!(
            ready.compare(&reference, &again).is_equal(),
            "{plan}: {}",
            task.reference
        );
    }
    connection.batch_execute("RESET ALL").await.unwrap();
    let mut right = Vec::new();
    for wrong in &task.wrong {
        right.push(match query(connection, &wrong.sql).await {
            Ok(found) => ready.compare(&reference, &found).is_equal(),
            Err(_) => false,
        });
    }
    right
}

#[tokio::test]
async fn references_are_accepted_and_wrong_answers_refused() {
    let server = TestServer::start().await;
    let mut n_tasks = 0;
    for pack in ["harbour-sql", "harbour-mystery"] {
        let challenges = challenges(pack);
        // The chapters of the course share their database.
        assert!(
            challenges
                .iter()
                .all(|challenge| challenge.databases == challenges[0].databases)
        );
        let mut connections = Vec::new();
        for name in databases(&server, pack, &challenges[0]).await {
            connections.push(server.superuser(&name).await);
        }
        for challenge in challenges {
            for question in &challenge.questions {
                let TaskKind::Query(task) = &question.kind else {
                    continue;
                };
                let mut never_refused: Vec<usize> = (0..task.wrong.len()).collect();
                for connection in &connections {
                    let right = judged(connection, task).await;
                    never_refused.retain(|&at| right[at]);
                }
                assert!(task.wrong.len() >= 3, "{}", question.id);
                assert!(
                    never_refused.is_empty(),
                    "{}: {never_refused:?} are taken for right",
                    question.id
                );
                n_tasks += 1;
            }
        }
    }
    assert_eq!(n_tasks, 44);
}

/// Small tables with duplicates and NULLs, and queries of which many pairs differ on some of the data only.
#[tokio::test]
async fn the_judge_says_what_except_all_says() {
    const QUERIES: [&str; 10] = [
        "SELECT a.n, a.t FROM a",
        "SELECT a.n, a.t FROM a WHERE a.n IS NOT NULL",
        "SELECT DISTINCT a.n, a.t FROM a",
        "SELECT a.n, a.t FROM a JOIN b ON a.n = b.n",
        "SELECT a.n, a.t FROM a LEFT JOIN b ON a.n = b.n",
        "SELECT a.n, a.t FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.n = a.n)",
        "SELECT a.n, a.t FROM a WHERE a.n IN (SELECT n FROM b)",
        "SELECT a.n, a.t FROM a WHERE a.n NOT IN (SELECT n FROM b)",
        "SELECT a.n, max(a.t) FROM a JOIN b ON a.n = b.n GROUP BY a.n",
        "SELECT a.n, a.t FROM a UNION SELECT b.n, b.t FROM b",
    ];
    let server = TestServer::start().await;
    server.database("generated").await;
    let connection = server.superuser("generated").await;
    connection
        .batch_execute("CREATE TABLE a (n numeric, t text); CREATE TABLE b (n numeric, t text)")
        .await
        .unwrap();
    let random = SeededRandom::new(4);
    let mut n_equal = 0;
    for round in 0..12 {
        let rows = |table: &str| {
            let n_rows = random.next_u64() % 6;
            let values: Vec<String> = (0..=n_rows)
                .map(|_| {
                    let number = ["NULL", "1", "1.0", "2", "2.50"][(random.next_u64() % 5) as usize];
                    let text = ["NULL", "'x'", "'y'"][(random.next_u64() % 3) as usize];
                    format!("({number}, {text})")
                })
                .collect();
            format!(
                "TRUNCATE {table}; INSERT INTO {table} VALUES {}",
                values.join(", ")
            )
        };
        let (a, b) = (rows("a"), rows("b"));
        connection.batch_execute(&a).await.unwrap();
        connection.batch_execute(&b).await.unwrap();
        connection.batch_execute(PLANS[round % 3]).await.unwrap();
        for (at, one) in QUERIES.iter().enumerate() {
            for other in &QUERIES[at..] {
                let sql = format!(
                    "SELECT 1 FROM ((({one}) EXCEPT ALL ({other})) UNION ALL (({other}) EXCEPT ALL ({one}))) AS d"
                );
                let differs = !query(&connection, &sql).await.unwrap().rows.is_empty();
                let expected = query(&connection, one).await.unwrap();
                let found = query(&connection, other).await.unwrap();
                let ready = Ready::new(&Contract::default(), one, &expected.columns).unwrap();
                let equal = ready.compare(&expected, &found).is_equal();
                assert_eq!(equal, !differs, "{a}; {b}: {one} / {other}");
                n_equal += u32::from(equal);
            }
        }
    }
    // Both verdicts occur, beside that of each query with itself.
    assert!((121..660).contains(&n_equal), "{n_equal}");
}

#[tokio::test]
async fn the_design_lab_can_be_done() {
    let server = TestServer::start().await;
    let pack = "harbour-design";
    let challenge = challenges(pack).remove(0);
    databases(&server, pack, &challenge).await;
    let clock = SettableClock::default();
    let random = SeededRandom::new(1);
    let mut tasks = Vec::new();
    for question in &challenge.questions {
        let TaskKind::State(state) = &question.kind else {
            continue;
        };
        let check = |check: &pglab_core::task::kind::HandCheck| Check {
            id: CheckId::new(&clock, &random),
            title: check.title.clone(),
            explanation: check.explanation.clone(),
            weight: check.weight,
            fact: check.fact.clone(),
        };
        tasks.push(Task {
            id: TaskId::new(&clock, &random),
            key: format!("own:{}", question.id),
            title: question.title.clone(),
            explanation: question.text.clone(),
            points: question.points,
            checks: state.checks.iter().map(check).collect(),
        });
    }
    assert_eq!(tasks.len(), 2);
    let n_passed = async || {
        let connection = server.superuser("start").await;
        let observation = Observation {
            schema: introspect::snapshot(&connection).await.unwrap(),
            ..Observation::default()
        };
        let verdicts = judge(&tasks, &[], &observation, TypeRule::Strict);
        let passed = verdicts
            .iter()
            .filter(|verdict| verdict.state == VerdictState::Passed)
            .count();
        (passed, verdicts.len())
    };
    assert_eq!(n_passed().await, (0, 7));
    run(
        &server,
        "start",
        &packs().join("solutions/harbour-design/right.sql"),
    );
    assert_eq!(n_passed().await, (7, 7));
}
