//! Rows 4 and 5: many databases of which few are worked in. What pglab costs meanwhile, and how long after a COMMIT the
//! board shows it.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use pglab_control::{
    board::{self, Change},
    live,
};
use pglab_core::{access::Actor, task::TaskState};
use serde_json::json;
use tokio::{process::Child, task::JoinSet, time::sleep};

use crate::{
    Options, Outcome, cpu,
    row::Row,
    school::{School, Working, settled},
    students::{Happened, Orders, now_micros},
};

/// Students in one lab.
const CLASS: usize = 200;
const PERIOD: Duration = Duration::from_secs(5);
const SETTLED: Duration = Duration::from_secs(13);
const N_WINDOWS: u32 = 3;
/// The task that the class works at.
const TASK: &str = "Table ship";

/// Login → what the board showed, and when.
type Shown = Arc<Mutex<HashMap<String, Vec<(i64, bool)>>>>;

/// Fills the school up with labs, open, until there are so many databases. Returns the labs.
pub async fn fill(school: &School, mut slugs: Vec<String>, n_databases: usize) -> Outcome<Vec<String>> {
    let pool = school.control.store.pool();
    school.hurry(true).await?;
    loop {
        let n = pglab_store::instance::all(pool).await?.len();
        if n >= n_databases {
            break;
        }
        let slug = format!("class{}", slugs.len());
        school.class(&slug, CLASS.min(n_databases - n)).await?;
        slugs.push(slug);
    }
    school.hurry(false).await?;
    Ok(slugs)
}

pub async fn measure(options: &Options, school: &School, slugs: &[String]) -> Outcome<Vec<Row>> {
    let n_databases = pglab_store::instance::all(school.control.store.pool())
        .await?
        .len();
    let orders = orders(school, slugs, (n_databases / 20).max(1)).await?;
    let n_active = orders.students.len();
    let control = school.restarted().await?;
    let working = Working::start(&control);
    // Until it leads.
    sleep(Duration::from_secs(2)).await;
    let shown: Shown = Arc::default();
    let mut readers = JoinSet::new();
    for slug in slugs {
        settled(&control, slug).await?;
        let subscription = board::subscribe(&control, &Actor::System, slug, None).await?;
        readers.spawn(read(subscription.events, shown.clone()));
    }
    school.checkpoint().await?;
    // The live path looks once more when counters have settled, which takes PostgreSQL ten seconds.
    sleep(SETTLED).await;

    let folder = tempfile::tempdir()?;
    let told = folder.path().join("told");
    let mut class = begin(&orders, &told)?;
    until_ready(&told, &mut class).await?;
    // The first looks at who has just come.
    sleep(PERIOD + Duration::from_secs(2)).await;

    let mut windows = Vec::new();
    let from = now_micros();
    for _ in 0..N_WINDOWS {
        windows.push(window(school, options.window / N_WINDOWS).await);
    }
    let until = now_micros();
    // What was committed last is still on its way.
    sleep(Duration::from_secs(4)).await;
    working.end().await?;
    readers.shutdown().await;
    drop(control);
    sleep(Duration::from_secs(2)).await;
    let idle = window(school, options.window / 2).await;
    class.kill().await?;

    let happened = happened(&told)?;
    let n_checkers = happened
        .iter()
        .filter_map(|happened| match happened {
            Happened::Checkers(n) => u32::try_from(*n).ok(),
            _ => None,
        })
        .max()
        .unwrap_or(0);

    let setting = format!("{n_databases} databases, {n_active} active");
    let mut steady = Row::new("steady", &format!("steady state, {setting}"));
    steady.floor =
        "the same without pglab; CPU of pglab and what the server takes more, of one core".to_owned();
    steady.budget = 5.0;
    steady.unit = " %";
    for (ours, server) in &windows {
        steady.measured((ours + server - idle.1) * 100.0, 1.0);
    }
    let percent = |share: f64| (share * 1000.0).round() / 10.0;
    steady.detail = json!({
        "seconds": options.window.as_secs(), "period_s": PERIOD.as_secs(),
        "labs": slugs.len(),
        "pglab_percent": windows.iter().map(|(ours, _)| percent(*ours)).collect::<Vec<_>>(),
        "server_percent": windows.iter().map(|(_, server)| percent(*server)).collect::<Vec<_>>(),
        "server_without_pglab_percent": percent(idle.1),
        "bench_alone_percent": percent(idle.0),
    });
    let mut checkers = Row::new("checkers", &format!("checking connections meanwhile ({setting})"));
    checkers.budget = 8.0;
    checkers.measured(f64::from(n_checkers), 1.0);
    checkers.detail = json!({ "budget_of_the_live_path": live::BUDGET });

    let mut commit = Row::new("commit", &format!("commit to board, {setting}, 99th percentile"));
    commit.budget = 2.0;
    commit.unit = " s";
    let shown = std::mem::take(&mut *shown.lock());
    let (mut latencies, n_missed) = latencies(&happened, &shown, from, until);
    latencies.sort_by(f64::total_cmp);
    commit.measured(percentile(&latencies, 99), 1.0);
    commit.detail = json!({
        "commits": latencies.len(), "never_shown": n_missed,
        "p50_s": percentile(&latencies, 50), "p90_s": percentile(&latencies, 90),
        "p99_s": percentile(&latencies, 99), "most_s": percentile(&latencies, 100),
    });
    Ok(vec![steady, checkers, commit])
}

/// Every twentieth student, or so.
async fn orders(school: &School, slugs: &[String], n_active: usize) -> Outcome<Orders> {
    let mut logins = Vec::new();
    for slug in slugs {
        for member in pglab_control::member::list(&school.control, &Actor::System, slug).await? {
            logins.push((slug.clone(), member.member.login.as_str().to_owned()));
        }
    }
    let step = (logins.len() / n_active).max(1);
    let mut students = Vec::new();
    for (slug, login) in logins.into_iter().step_by(step).take(n_active) {
        students.push(school.student(&slug, &login).await?);
    }
    Ok(Orders {
        port: school.server.port(),
        superuser_password: school.server.superuser_password().to_owned(),
        period: PERIOD,
        students,
    })
}

fn begin(orders: &Orders, told: &Path) -> Outcome<Child> {
    let mut orders = serde_json::to_string(orders)?;
    orders.push('\n');
    let mut child = std::process::Command::new(std::env::current_exe()?);
    child
        .arg("--students")
        .stdin(Stdio::piped())
        .stdout(std::fs::File::create(told)?);
    let mut child = tokio::process::Command::from(child).kill_on_drop(true).spawn()?;
    let input = child.stdin.take().ok_or("no standard input")?;
    let mut input = std::fs::File::from(input.into_owned_fd()?);
    input.write_all(orders.as_bytes())?;
    // Stays open as long as we live: the class leaves when it is closed, also when we are killed.
    std::mem::forget(input);
    Ok(child)
}

async fn until_ready(told: &Path, class: &mut Child) -> Outcome<()> {
    for _ in 0..600 {
        if !happened(told)?.is_empty() {
            return Ok(());
        }
        if let Some(status) = class.try_wait()? {
            return Err(format!("the class left: {status}").into());
        }
        sleep(Duration::from_millis(100)).await;
    }
    Err("the class did not come".into())
}

fn happened(told: &Path) -> Outcome<Vec<Happened>> {
    BufReader::new(std::fs::File::open(told)?)
        .lines()
        .map_while(Result::ok)
        // The last one may be half a line.
        .map(|line| Ok(serde_json::from_str(&line).ok()))
        .filter_map(Result::transpose)
        .collect()
}

/// Shares of one core: ours and the server's.
async fn window(school: &School, length: Duration) -> (f64, f64) {
    let before = (cpu::of_ourselves(), cpu::of_server(school.postmaster()));
    let began = std::time::Instant::now();
    sleep(length).await;
    let share = |now: Duration, before: Duration| {
        now.saturating_sub(before).as_secs_f64() / began.elapsed().as_secs_f64()
    };
    (
        share(cpu::of_ourselves(), before.0),
        share(cpu::of_server(school.postmaster()), before.1),
    )
}

/// One who looks at a board.
async fn read(mut events: tokio::sync::broadcast::Receiver<Arc<board::BoardEvent>>, shown: Shown) {
    while let Ok(event) = events.recv().await {
        let Change::Member { member, .. } = &event.change else {
            continue;
        };
        let Some(task) = member.tasks.iter().find(|task| &*task.title == TASK) else {
            continue;
        };
        let right = task.state == TaskState::Done;
        let mut shown = shown.lock();
        let seen = shown.entry(member.login.as_str().to_owned()).or_default();
        if seen.last().is_none_or(|(_, last)| *last != right) {
            seen.push((now_micros(), right));
        }
    }
}

/// Seconds from each commit to the board, and how many were never shown.
fn latencies(
    happened: &[Happened],
    shown: &HashMap<String, Vec<(i64, bool)>>,
    from: i64,
    until: i64,
) -> (Vec<f64>, usize) {
    let (mut found, mut n_missed) = (Vec::new(), 0);
    let period = i64::try_from(PERIOD.as_micros()).unwrap_or(i64::MAX);
    for happened in happened {
        let Happened::Committed {
            login,
            right,
            at_micros: at,
        } = happened
        else {
            continue;
        };
        if !(from..until).contains(at) {
            continue;
        }
        // Before the next commit of the same student, which makes it the other way round. A look may see a commit a
        // moment before the student is told of it.
        let first = shown.get(login).and_then(|seen| {
            seen.iter()
                .find(|(seen, state)| (at - 50_000..at + period).contains(seen) && state == right)
        });
        match first {
            #[expect(clippy::cast_precision_loss, reason = "microseconds of seconds")]
            Some((seen, _)) => found.push((seen - at).max(0) as f64 / 1e6),
            None => n_missed += 1,
        }
    }
    (found, n_missed)
}

pub fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let at = (sorted.len() * percent)
        .div_ceil(100)
        .clamp(1, sorted.len().max(1))
        - 1;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}
