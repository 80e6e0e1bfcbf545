//! Row 3: the same sweep as one scrape of Debian's `prometheus-sql-exporter`, by the server's CPU.

use std::{process::Stdio, time::Duration};

use pglab_control::{Control, member, task};
use pglab_core::{access::Actor, ident::Ident};
use pglab_fleet::Connection;
use pglab_store::example_rows;
use pglab_testkit::free_port;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Child,
    time::{Instant, sleep, timeout},
};

use crate::{
    Options, Outcome, cpu, peer_queries,
    row::Row,
    school::{School, Working, settled},
    students::{Student, statement},
    sweep::{Login, logins, sweep},
};

const PROGRAM: &str = "prometheus-sql-exporter";

pub async fn measure(options: &Options, school: &School, slug: &str) -> Outcome<Row> {
    let logins = logins(school).await?;
    let queries = queries(&school.control, school, slug).await?;
    let n = logins.len();
    let mut row = Row::new(
        "exporter",
        &format!(
            "the same against {PROGRAM} with the same {} checks",
            queries.len()
        ),
    );
    row.floor = format!("one scrape of {n} databases, server CPU");
    row.budget = 0.2;
    let mut details = Vec::new();
    for _ in 0..options.repetitions {
        school.checkpoint().await?;
        let ours = sweep(school, slug).await?;
        school.checkpoint().await?;
        let peer = scrape(school, &logins, &queries, None).await?;
        row.measured(ours.server.as_secs_f64(), peer.server.as_secs_f64());
        details.push(json!({
            "server_cpu_ms": ours.server.as_millis(),
            "exporter_server_cpu_ms": peer.server.as_millis(),
            "wall_ms": ours.wall.as_millis(),
            "exporter_wall_ms": peer.wall.as_millis(),
            "samples": peer.n_samples,
            "passed": peer.n_passed,
        }));
    }
    row.detail = json!({
        "databases": n, "runs": details,
        "bare_connections_server_cpu_ms": bare(school, &logins).await?.as_millis(),
    });
    Ok(row)
}

/// What it costs the server that each checker connects and leaves.
async fn bare(school: &School, logins: &[Login]) -> Outcome<Duration> {
    // Those of the exporter are still leaving.
    sleep(Duration::from_secs(2)).await;
    let before = cpu::of_server(school.postmaster());
    for login in logins {
        let cluster = &school.control.cluster;
        let config = cluster.login_config(&login.role, &login.password, &login.database);
        Connection::open(&config).await?.simple_query("SELECT 1").await?;
    }
    // The last ones leave.
    sleep(Duration::from_millis(300)).await;
    Ok(cpu::of_server(school.postmaster()).saturating_sub(before))
}

/// The same databases again: every student writes a row, and pglab, which has looked before, looks at each; against a
/// further scrape by an exporter that has kept a connection to each.
pub async fn again(options: &Options, school: &School, slug: &str) -> Outcome<Row> {
    let logins = logins(school).await?;
    let queries = queries(&school.control, school, slug).await?;
    let students = students(school, slug).await?;
    let mut row = Row::new(
        "again",
        &format!(
            "looking again at {} databases, a row changed in each",
            logins.len()
        ),
    );
    row.floor = format!("one more scrape by {PROGRAM} with a connection kept to each, server CPU");
    row.budget = 0.2;
    let control = school.restarted().await?;
    let working = Working::start(&control);
    // Until it leads, has looked, and has looked once more.
    sleep(Duration::from_secs(2)).await;
    settled(&control, slug).await?;
    sleep(LOOKED_TWICE).await;
    let mut ours = Vec::new();
    for right in rights(options) {
        let before = cpu::of_server(school.postmaster());
        write(school, &students, right).await?;
        settled(&control, slug).await?;
        ours.push(cpu::of_server(school.postmaster()).saturating_sub(before));
        sleep(LOOKED_TWICE).await;
    }
    working.end().await?;
    let mut writes = Vec::new();
    for right in rights(options) {
        let before = cpu::of_server(school.postmaster());
        write(school, &students, right).await?;
        sleep(Duration::from_secs(1)).await;
        writes.push(cpu::of_server(school.postmaster()).saturating_sub(before));
    }
    let mut details = Vec::new();
    for (ours, writes) in ours.into_iter().zip(writes) {
        let peer = scrape(school, &logins, &queries, Some(INTERVAL)).await?;
        row.measured(
            ours.saturating_sub(writes).as_secs_f64(),
            peer.again.as_secs_f64(),
        );
        details.push(json!({
            "server_cpu_ms": ours.as_millis(),
            "of_which_the_writes_ms": writes.as_millis(),
            "exporter_server_cpu_ms": peer.again.as_millis(),
        }));
    }
    row.detail = json!({ "databases": logins.len(), "runs": details });
    Ok(row)
}

/// Between two scrapes; the first takes less.
const INTERVAL: Duration = Duration::from_secs(40);
/// The live path looks once more when counters have settled.
const LOOKED_TWICE: Duration = Duration::from_secs(14);

fn rights(options: &Options) -> impl Iterator<Item = bool> {
    (0..options.repetitions).map(|n| n % 2 == 1)
}

async fn students(school: &School, slug: &str) -> Outcome<Vec<Student>> {
    let mut students = Vec::new();
    for member in member::list(&school.control, &Actor::System, slug).await? {
        students.push(school.student(slug, member.member.login.as_str()).await?);
    }
    Ok(students)
}

async fn write(school: &School, students: &[Student], right: bool) -> Outcome<()> {
    for student in students {
        let config = school.control.cluster.login_config(
            &Ident::new(student.login.clone())?,
            &student.password,
            &Ident::new(student.database.clone())?,
        );
        Connection::open(&config)
            .await?
            .batch_execute(statement(right))
            .await?;
    }
    Ok(())
}

/// One for each check.
async fn queries(control: &Control, school: &School, slug: &str) -> Outcome<Vec<String>> {
    let example = school.example(slug).await?;
    let rows = example_rows::of_lab(control.store.pool(), example.lab).await?;
    let digest = |name: &pglab_core::snapshot::ObjectName| {
        rows.iter()
            .find(|rows| rows.name == *name)
            .map(|rows| rows.digest)
    };
    let tasks = task::list(control, &Actor::System, slug).await?;
    Ok(tasks
        .iter()
        .flat_map(|task| &task.checks)
        .map(|check| peer_queries::query(&check.fact, digest))
        .collect())
}

struct Scraped {
    server: Duration,
    wall: Duration,
    /// The scrape after the first one.
    again: Duration,
    n_samples: usize,
    n_passed: usize,
}

async fn scrape(
    school: &School,
    logins: &[Login],
    queries: &[String],
    interval: Option<Duration>,
) -> Outcome<Scraped> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("exporter.yml");
    std::fs::write(&file, configuration(school, logins, queries, interval)?)?;
    let port = free_port();
    let mut exporter = tokio::process::Command::new(PROGRAM)
        .arg("-config.file")
        .arg(&file)
        .arg("-web.listen-address")
        .arg(format!("127.0.0.1:{port}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let before = cpu::of_server(school.postmaster());
    let began = Instant::now();
    let n_wanted = logins.len() * queries.len();
    let deadline = began + Duration::from_secs(180);
    let (mut n_samples, mut n_passed) = (0, 0);
    // It answers with what it has so far, without asking the server.
    while n_samples < n_wanted {
        if Instant::now() > deadline {
            return Err(format!("the exporter has only {n_samples} of {n_wanted} samples").into());
        }
        sleep(Duration::from_millis(250)).await;
        let answer = metrics(port, &mut exporter).await?;
        let samples = || answer.lines().filter(|line| line.starts_with("sql_check_"));
        n_samples = samples().count();
        n_passed = samples().filter(|line| line.ends_with(" 1")).count();
    }
    let wall = began.elapsed();
    let server = cpu::of_server(school.postmaster()).saturating_sub(before);
    let mut again = Duration::ZERO;
    if let Some(interval) = interval {
        let before = cpu::of_server(school.postmaster());
        tokio::time::sleep_until(began + interval + wall + Duration::from_secs(3)).await;
        again = cpu::of_server(school.postmaster()).saturating_sub(before);
    }
    exporter.kill().await?;
    Ok(Scraped {
        server,
        again,
        wall,
        n_samples,
        n_passed,
    })
}

/// JSON, which is YAML too. It runs the queries when it starts and after each interval, and keeps what they said.
fn configuration(
    school: &School,
    logins: &[Login],
    queries: &[String],
    interval: Option<Duration>,
) -> Outcome<String> {
    let interval = interval.map_or("1h".to_owned(), |interval| format!("{}s", interval.as_secs()));
    let connections: Vec<String> = logins
        .iter()
        .map(|login| {
            format!(
                "postgres://{}:{}@127.0.0.1:{}/{}?sslmode=disable",
                login.role.as_str(),
                login.password,
                school.server.port(),
                login.database.as_str()
            )
        })
        .collect();
    let queries: Vec<_> = queries
        .iter()
        .enumerate()
        .map(|(nth, query)| {
            json!({
                "name": format!("check_{nth}"),
                "help": "1 where it passes",
                "values": ["passed"],
                "query": format!("SELECT q.b::int::float8 AS passed FROM ({query}) q (b)"),
            })
        })
        .collect();
    let jobs = json!({ "jobs": [{
        "name": "class", "interval": interval, "connections": connections, "queries": queries,
    }] });
    Ok(serde_json::to_string(&jobs)?)
}

/// What it answers to a scrape, as soon as it listens.
async fn metrics(port: u16, exporter: &mut Child) -> Outcome<String> {
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut stream = loop {
        match TcpStream::connect(("127.0.0.1", port)).await {
            Ok(stream) => break stream,
            Err(error) => {
                if let Some(status) = exporter.try_wait()? {
                    return Err(format!("{PROGRAM} ended: {status}").into());
                }
                if Instant::now() > deadline {
                    return Err(error.into());
                }
                sleep(Duration::from_millis(20)).await;
            }
        }
    };
    stream
        .write_all(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n")
        .await?;
    let mut answer = String::new();
    timeout(Duration::from_secs(120), stream.read_to_string(&mut answer)).await??;
    Ok(answer)
}
