//! Row 3: the same sweep as one scrape of Debian's `prometheus-sql-exporter`, by the server's CPU.

use std::{process::Stdio, time::Duration};

use pglab_control::{Control, task};
use pglab_core::access::Actor;
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
    school::School,
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
        let peer = scrape(school, &logins, &queries).await?;
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
    row.detail = json!({ "databases": n, "runs": details });
    Ok(row)
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
    n_samples: usize,
    n_passed: usize,
}

async fn scrape(school: &School, logins: &[Login], queries: &[String]) -> Outcome<Scraped> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("exporter.yml");
    std::fs::write(&file, configuration(school, logins, queries)?)?;
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
    exporter.kill().await?;
    Ok(Scraped {
        server,
        wall,
        n_samples,
        n_passed,
    })
}

/// JSON, which is YAML too. It runs the queries once when it starts, and keeps what they said.
fn configuration(school: &School, logins: &[Login], queries: &[String]) -> Outcome<String> {
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
        "name": "class", "interval": "1h", "connections": connections, "queries": queries,
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
