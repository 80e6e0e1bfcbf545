//! Row 2: a full sweep of a class by the live path after a restart, and the same number of connections that each run
//! one query of the catalog. Both sign in as the checkers, as many at a time.

use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};
use pglab_control::{instance::checker_password, live};
use pglab_core::ident::Ident;
use pglab_fleet::Connection;
use pglab_store::instance;
use serde_json::json;

use crate::{
    Options, Outcome, cpu,
    row::Row,
    school::{School, Working, settled},
};

/// What the floor asks of each database.
const QUERY: &str = "SELECT count(*) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid";

/// Who looks into which database.
#[derive(Clone)]
pub struct Login {
    pub database: Ident,
    pub role: Ident,
    pub password: String,
}

pub struct Swept {
    pub wall: Duration,
    pub server: Duration,
    pub ours: Duration,
}

pub async fn measure(options: &Options, school: &School, slug: &str, n_checks: usize) -> Outcome<Row> {
    let logins = logins(school).await?;
    let n = logins.len();
    let what = format!("full check sweep, {n} databases, {n_checks} checks each");
    let mut row = Row::new("sweep", &what);
    row.floor = "connect to each (SCRAM), one join of pg_class and pg_attribute, wall".to_owned();
    row.budget = 1.3;
    let mut details = Vec::new();
    for repetition in 0..options.repetitions {
        school.checkpoint().await?;
        let (mut ours, mut below) = (None, None);
        for second in [false, true] {
            if second == (repetition % 2 == 0) {
                ours = Some(sweep(school, slug).await?);
            } else {
                below = Some(floor(school, &logins).await?);
            }
        }
        let (Some(ours), Some(below)) = (ours, below) else {
            continue;
        };
        row.measured(ours.wall.as_secs_f64(), below.wall.as_secs_f64());
        details.push(json!({
            "server_cpu_ms": ours.server.as_millis(), "pglab_cpu_ms": ours.ours.as_millis(),
            "floor_server_cpu_ms": below.server.as_millis(), "floor_client_cpu_ms": below.ours.as_millis(),
        }));
    }
    row.detail = json!({ "query": QUERY, "concurrency": live::BUDGET, "checks": n_checks, "runs": details });
    Ok(row)
}

/// The checkers of all databases.
pub async fn logins(school: &School) -> Outcome<Vec<Login>> {
    instance::all(school.control.store.pool())
        .await?
        .into_iter()
        .map(|instance| {
            Ok(Login {
                password: checker_password(&school.control, &instance)?,
                database: instance.database,
                role: instance.checker_role,
            })
        })
        .collect()
}

/// Forgets all verdicts and scores, restarts pglab, and lets it look at every database and write down what it found.
pub async fn sweep(school: &School, slug: &str) -> Outcome<Swept> {
    let own = school.server.superuser("pglab").await;
    for statement in [
        "TRUNCATE verdict, task_score, timeline",
        "VACUUM ANALYZE",
        "CHECKPOINT",
    ] {
        own.batch_execute(statement).await?;
    }
    let watch = school.superuser().await;
    let looking = watch
        .prepare("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usename LIKE 'pglab\\_chk\\_%')")
        .await?;
    // Those of the sweep before.
    while watch.query_one(&looking, &[]).await?.get(0) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let control = school.restarted().await?;
    let before = (cpu::of_server(school.postmaster()), cpu::of_ourselves());
    let began = Instant::now();
    let working = Working::start(&control);
    // Before it looks, nobody can wait for it.
    loop {
        if watch.query_one(&looking, &[]).await?.get(0) {
            break;
        }
        if began.elapsed() > Duration::from_secs(60) {
            return Err("the live path looked at nothing".into());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    settled(&control, slug).await?;
    let swept = Swept {
        wall: began.elapsed(),
        server: cpu::of_server(school.postmaster()).saturating_sub(before.0),
        ours: cpu::of_ourselves().saturating_sub(before.1),
    };
    working.end().await?;
    let row = own
        .query_one("SELECT count(DISTINCT member_id) FROM verdict", &[])
        .await?;
    let n_judged: i64 = row.get(0);
    let row = own.query_one("SELECT count(*) FROM instance", &[]).await?;
    if n_judged != row.get::<_, i64>(0) {
        return Err(format!("only {n_judged} databases were judged").into());
    }
    Ok(swept)
}

async fn floor(school: &School, logins: &[Login]) -> Outcome<Swept> {
    let before = (cpu::of_server(school.postmaster()), cpu::of_ourselves());
    let began = Instant::now();
    stream::iter(logins)
        .map(|login| async move {
            let config = school
                .control
                .cluster
                .login_config(&login.role, &login.password, &login.database);
            let connection = Connection::open(&config).await?;
            connection.simple_query(QUERY).await?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        })
        .buffer_unordered(live::BUDGET)
        .try_collect::<Vec<()>>()
        .await?;
    Ok(Swept {
        wall: began.elapsed(),
        server: cpu::of_server(school.postmaster()).saturating_sub(before.0),
        ours: cpu::of_ourselves().saturating_sub(before.1),
    })
}
