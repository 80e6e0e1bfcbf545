//! `make bench`: the first rows of DESIGN §12, each against a floor that is measured in the same run. Prints a table
//! and writes `bench-results.json`. Everything that it starts ends with it.

mod cpu;
mod exporter;
mod peer_queries;
mod prepare;
mod row;
mod school;
mod steady;
mod students;
mod sweep;

use std::{io::Write, path::PathBuf, time::Duration};

use pglab_control::SystemClock;
use pglab_core::Clock;
use row::Row;
use school::School;
use serde_json::json;

pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const USAGE: &str = "make bench, or: cargo bench -p pglab-control --bench budgets -- [OPTIONS]
  --quick          small numbers, to see whether it runs
  --only ROWS      some of: prepare,sweep,exporter,steady
  --databases N    of the last rows [default: 1000]
  --json FILE      [default: bench-results.json in the workspace]
";

/// Less than this free: fewer databases.
const DISK_WANTED: u64 = 15 << 30;
const FEWER: usize = 300;

#[derive(Debug, Clone)]
pub struct Options {
    pub n_class: usize,
    pub n_databases: usize,
    pub repetitions: u32,
    pub window: Duration,
    rows: Option<Vec<String>>,
    json: PathBuf,
}

impl Options {
    fn parse() -> Outcome<Self> {
        let mut options = Self {
            n_class: 200,
            n_databases: 1000,
            repetitions: 3,
            window: Duration::from_secs(45),
            rows: None,
            json: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../bench-results.json")),
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .ok_or_else(|| format!("{argument} needs a value"))
            };
            match argument.as_str() {
                "--quick" => {
                    options.n_class = 12;
                    options.n_databases = 40;
                    options.repetitions = 1;
                    options.window = Duration::from_secs(12);
                }
                "--only" => options.rows = Some(value()?.split(',').map(str::to_owned).collect()),
                "--databases" => options.n_databases = value()?.parse()?,
                "--json" => options.json = PathBuf::from(value()?),
                // Cargo says so.
                "--bench" => {}
                other => return Err(format!("{other:?} is no option\n{USAGE}").into()),
            }
        }
        Ok(options)
    }

    fn wants(&self, row: &str) -> bool {
        self.rows
            .as_ref()
            .is_none_or(|rows| rows.iter().any(|wanted| wanted == row))
    }
}

fn say(line: &str) {
    let mut output = std::io::stdout();
    // Nobody listens: then the file has it.
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}

#[tokio::main]
async fn main() -> Outcome<()> {
    if std::env::args().any(|argument| argument == "--students") {
        return students::work().await;
    }
    // What goes wrong in the background would make the numbers worthless.
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn")),
        )
        .with_writer(std::io::stderr)
        .init();
    let mut options = Options::parse()?;
    let mut remarks = Vec::new();
    if options.n_databases > FEWER && cpu::free_disk().is_some_and(|free| free < DISK_WANTED) {
        remarks.push(format!(
            "less than {} GiB are free: {FEWER} databases instead of {}",
            DISK_WANTED >> 30,
            options.n_databases
        ));
        options.n_databases = FEWER;
    }
    let began = SystemClock.now();
    let load = cpu::load();
    let rows = measure(&options).await?;
    let result = json!({
        "at": began.to_rfc3339(),
        "seconds": (SystemClock.now() - began).num_seconds(),
        "cores": cpu::n_cores(),
        "load_average": [load, cpu::load()],
        "postgresql": pglab_fleet::private::Binaries::find(None)?.version,
        "remarks": remarks,
        "rows": rows.iter().map(Row::json).collect::<Vec<_>>(),
    });
    std::fs::write(&options.json, serde_json::to_string_pretty(&result)? + "\n")?;
    say("\n| what | floor | measured (least to most) | budget | |\n|---|---|---|---|---|");
    for row in &rows {
        say(&row.line());
    }
    for remark in remarks {
        say(&format!("Note: {remark}."));
    }
    say(&format!(
        "\n{} cores, load average {load:.1} before and {:.1} after; {} s; details in {}",
        cpu::n_cores(),
        cpu::load(),
        (SystemClock.now() - began).num_seconds(),
        options.json.display()
    ));
    Ok(())
}

async fn measure(options: &Options) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    if options.wants("prepare") {
        say(&format!(
            "Preparing {} databases, {} times each way …",
            options.n_class, options.repetitions
        ));
        rows.push(prepare::measure(options).await?);
    }
    if !["sweep", "exporter", "steady"]
        .iter()
        .any(|row| options.wants(row))
    {
        return Ok(rows);
    }
    let school = School::start().await?;
    say(&format!("Making a class of {} to look at …", options.n_class));
    let slug = "class0".to_owned();
    school.hurry(true).await?;
    let n_checks = school.class(&slug, options.n_class).await?;
    school.hurry(false).await?;
    if options.wants("sweep") {
        say("Sweeping …");
        rows.push(sweep::measure(options, &school, &slug, n_checks).await?);
    }
    if options.wants("exporter") {
        say("Scraping …");
        rows.push(exporter::measure(options, &school, &slug).await?);
    }
    if options.wants("steady") {
        say(&format!("Making {} databases …", options.n_databases));
        let slugs = steady::fill(&school, vec![slug], options.n_databases).await?;
        say("A class at work …");
        rows.extend(steady::measure(options, &school, &slugs).await?);
    }
    Ok(rows)
}
