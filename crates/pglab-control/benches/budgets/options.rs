//! What is to be measured and for how long, as the command line says it.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use crate::Outcome;

const USAGE: &str = "make bench, or: cargo bench -p pglab-control --bench budgets -- [OPTIONS]
  --quick          small numbers, to see whether it runs
  --only ROWS      some of: prepare,load,answers,storm,sweep,exporter,steady
  --databases N    of the last rows [default: 1000]
  --minutes N      rows that are not measured by then are left out [default: 15]
  --json FILE      written after each row [default: bench-results.json in the workspace]
";

#[derive(Debug, Clone)]
pub struct Options {
    pub n_class: usize,
    pub n_databases: usize,
    pub repetitions: u32,
    pub window: Duration,
    /// Members of the competition.
    pub n_members: usize,
    /// People who sign in within `storm_window`.
    pub n_storm: usize,
    pub storm_window: Duration,
    pub minutes: u64,
    pub json: PathBuf,
    rows: Option<Vec<String>>,
    began: Instant,
}

impl Options {
    pub fn parse() -> Outcome<Self> {
        let mut options = Self {
            n_class: 200,
            n_databases: 1000,
            repetitions: 3,
            window: Duration::from_secs(45),
            n_members: 1000,
            n_storm: 300,
            storm_window: Duration::from_secs(30),
            minutes: 15,
            json: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../bench-results.json")),
            rows: None,
            began: Instant::now(),
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
                    options.n_members = 50;
                    options.n_storm = 20;
                    options.storm_window = Duration::from_secs(6);
                }
                "--only" => options.rows = Some(value()?.split(',').map(str::to_owned).collect()),
                "--databases" => options.n_databases = value()?.parse()?,
                "--minutes" => options.minutes = value()?.parse()?,
                "--json" => options.json = PathBuf::from(value()?),
                // Cargo says so.
                "--bench" => {}
                other => return Err(format!("{other:?} is no option\n{USAGE}").into()),
            }
        }
        Ok(options)
    }

    /// The program itself, for what is measured from outside: `PGLAB_BIN`, else the one that was built beside the benches.
    pub fn binary(&self) -> Outcome<PathBuf> {
        if let Some(path) = std::env::var_os("PGLAB_BIN") {
            return Ok(path.into());
        }
        // target/release/deps/budgets-… and target/release/pglab
        let ours = std::env::current_exe()?;
        let beside = ours.ancestors().nth(2).map(|folder| folder.join("pglab"));
        beside.filter(|path| path.exists()).ok_or_else(|| {
            "there is no pglab to sign in to: cargo build --release -p pglab, or set PGLAB_BIN".into()
        })
    }

    pub fn wants(&self, row: &str) -> bool {
        self.rows
            .as_ref()
            .is_none_or(|rows| rows.iter().any(|wanted| wanted == row))
    }

    pub fn time_left(&self) -> Duration {
        Duration::from_secs(self.minutes * 60).saturating_sub(self.began.elapsed())
    }

    /// Is there time for one more repetition, when one took this long? Fewer of them still make a row.
    pub fn has_time_for(&self, repetition: Duration) -> bool {
        self.time_left() > repetition
    }
}
