//! Row 2: a full sweep of a class by the live path after a restart, and the same number of connections that each run
//! one query of the catalog. Both sign in as the checkers, as many at a time. The row after it says how near to this
//! floor the reading and writing by itself can come: the catalogs that a check is about, the rows of the tables, and a
//! row for each verdict, by hand and without judging.

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

/// What is read of a database at the least, if all that its tasks ask for is to be known. No digests: the rows as they
/// are.
const READING: &str = "\
    SELECT oid, relnamespace, relname, relkind FROM pg_class WHERE oid >= '16384'; \
    SELECT attrelid, attnum, attname, atttypid, atttypmod, attnotnull, attidentity FROM pg_attribute \
      WHERE attrelid >= '16384' AND attnum > '0' AND NOT attisdropped; \
    SELECT oid, typname, typtype, typbasetype, typtypmod, typnotnull FROM pg_type WHERE oid >= '16384'; \
    SELECT conrelid, contypid, conname, contype, conkey, confrelid, confkey, confupdtype, confdeltype, \
      pg_get_constraintdef(oid) FROM pg_constraint WHERE oid >= '16384'; \
    SELECT indrelid, pg_get_indexdef(indexrelid) FROM pg_index WHERE indexrelid >= '16384'; \
    SELECT adrelid, adnum, pg_get_expr(adbin, adrelid) FROM pg_attrdef; \
    SELECT enumtypid, enumlabel, enumsortorder FROM pg_enum";

/// One verdict for each check, as small as it can be.
const WRITING: &str = "INSERT INTO by_hand SELECT gen_random_uuid(), $1, true FROM generate_series(1, $2)";

pub struct Swept {
    pub wall: Duration,
    pub server: Duration,
    pub ours: Duration,
}

/// The sweep, and what its reading and writing cost by hand.
pub async fn measure(options: &Options, school: &School, slug: &str, n_checks: usize) -> Outcome<Vec<Row>> {
    let logins = logins(school).await?;
    let n = logins.len();
    let what = format!("full check sweep, {n} databases, {n_checks} checks each");
    let mut row = Row::new("sweep", &what);
    row.floor = "connect to each (SCRAM), one join of pg_class and pg_attribute, wall".to_owned();
    row.budget = 1.3;
    let mut by_hand = Row::new(
        "by hand",
        "its reading and writing by hand, without judging (to know what can be reached)",
    );
    by_hand.floor = row.floor.clone();
    by_hand.budget = 1.3;
    let mut details = Vec::new();
    let mut details_by_hand = Vec::new();
    for repetition in 0..options.repetitions {
        school.checkpoint().await?;
        let (mut ours, mut below) = (None, None);
        for second in [false, true] {
            if second == (repetition % 2 == 0) {
                ours = Some(sweep(school, slug).await?);
            } else {
                below = Some(floor(school, &logins, None).await?);
            }
        }
        let (Some(ours), Some(below)) = (ours, below) else {
            continue;
        };
        let hand = floor(school, &logins, Some(n_checks)).await?;
        row.measured(ours.wall.as_secs_f64(), below.wall.as_secs_f64());
        by_hand.measured(hand.wall.as_secs_f64(), below.wall.as_secs_f64());
        details.push(json!({
            "server_cpu_ms": ours.server.as_millis(), "pglab_cpu_ms": ours.ours.as_millis(),
            "floor_server_cpu_ms": below.server.as_millis(), "floor_client_cpu_ms": below.ours.as_millis(),
        }));
        details_by_hand.push(json!({
            "server_cpu_ms": hand.server.as_millis(), "client_cpu_ms": hand.ours.as_millis(),
        }));
    }
    row.detail = json!({ "query": QUERY, "concurrency": live::BUDGET, "checks": n_checks, "runs": details });
    by_hand.detail = json!({ "reading": READING, "writing": WRITING, "runs": details_by_hand });
    Ok(vec![row, by_hand])
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

/// Connects to each and asks [`QUERY`], or [`READING`] and all rows, and then writes so many verdicts.
async fn floor(school: &School, logins: &[Login], n_verdicts: Option<usize>) -> Outcome<Swept> {
    let own = school.server.superuser("pglab").await;
    own.batch_execute(
        "DROP TABLE IF EXISTS by_hand; CREATE TABLE by_hand (check_id uuid, database text, passed boolean, \
         PRIMARY KEY (database, check_id)); CHECKPOINT",
    )
    .await?;
    let tables = match logins.first() {
        Some(login) if n_verdicts.is_some() => tables(school, login).await?,
        _ => String::new(),
    };
    let insert = own.prepare(WRITING).await?;
    let (own, insert, tables) = (&own, &insert, &tables);
    let before = (cpu::of_server(school.postmaster()), cpu::of_ourselves());
    let began = Instant::now();
    stream::iter(logins)
        .map(|login| async move {
            let config = school
                .control
                .cluster
                .login_config(&login.role, &login.password, &login.database);
            let connection = Connection::open(&config).await?;
            let Some(n_verdicts) = n_verdicts else {
                connection.simple_query(QUERY).await?;
                return Ok(());
            };
            connection
                .simple_query(&format!("BEGIN READ ONLY; {READING}; {tables}COMMIT"))
                .await?;
            let database = login.database.as_str();
            own.execute(insert, &[&database, &i32::try_from(n_verdicts)?])
                .await?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        })
        .buffer_unordered(live::BUDGET)
        .try_collect::<Vec<()>>()
        .await?;
    let swept = Swept {
        wall: began.elapsed(),
        server: cpu::of_server(school.postmaster()).saturating_sub(before.0),
        ours: cpu::of_ourselves().saturating_sub(before.1),
    };
    own.batch_execute("DROP TABLE by_hand").await?;
    Ok(swept)
}

/// Statements that read every table of a student's.
async fn tables(school: &School, login: &Login) -> Outcome<String> {
    let config = school
        .control
        .cluster
        .login_config(&login.role, &login.password, &login.database);
    let statement = "SELECT string_agg(format('SELECT * FROM %I.%I; ', schemaname, relname), '') FROM pg_stat_user_tables";
    let row = Connection::open(&config).await?.query_one(statement, &[]).await?;
    Ok(row.get(0))
}
