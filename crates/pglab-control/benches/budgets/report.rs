//! The table as it grows: a line and the file after each row, so that who ends it early has what was measured.

use std::{future::Future, io::Write, time::Duration};

use chrono::{DateTime, Utc};
use pglab_control::SystemClock;
use pglab_core::Clock;
use serde_json::{Value, json};

use crate::{Options, Outcome, cpu, row::Row};

pub struct Report<'a> {
    options: &'a Options,
    began: DateTime<Utc>,
    load: f64,
    remarks: Vec<String>,
    rows: Vec<Row>,
    /// The names of rows that were wanted, and why there is nothing for them.
    missing: Vec<(&'static str, String)>,
}

impl<'a> Report<'a> {
    pub fn new(options: &'a Options, remarks: Vec<String>) -> Self {
        Self {
            options,
            began: SystemClock.now(),
            load: cpu::load(),
            remarks,
            rows: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// Measures and prints; what takes longer than there is time, or fails, is told in its place, and the next row gets
    /// its turn.
    pub async fn rows(
        &mut self,
        key: &'static str,
        measured: impl Future<Output = Outcome<Vec<Row>>>,
    ) -> Outcome<()> {
        if let Some(rows) = self.within(key, measured).await? {
            rows.iter().for_each(|row| say(&row.line()));
            self.rows.extend(rows);
            self.write()?;
        }
        Ok(())
    }

    /// The same for what rows need, and is none.
    pub async fn within<T>(
        &mut self,
        key: &'static str,
        work: impl Future<Output = Outcome<T>>,
    ) -> Outcome<Option<T>> {
        let left = self.options.time_left();
        let why = match tokio::time::timeout(left, work).await {
            Ok(Ok(done)) => return Ok(Some(done)),
            Ok(Err(error)) => format!("failed: {error}"),
            Err(_) if left == Duration::ZERO => format!("the {} minutes were over", self.options.minutes),
            Err(_) => format!("did not fit into {} minutes", self.options.minutes),
        };
        say(&format!("{key}: {why}"));
        self.missing.push((key, why));
        self.write()?;
        Ok(None)
    }

    fn write(&self) -> Outcome<()> {
        let result = json!({
            "at": self.began.to_rfc3339(),
            "seconds": self.seconds(),
            "cores": cpu::n_cores(),
            "load_average": [self.load, cpu::load()],
            "postgresql": pglab_fleet::private::Binaries::find(None)?.version,
            "remarks": self.remarks,
            "rows": self.rows.iter().map(Row::json).collect::<Vec<_>>(),
            "missing": self.missing.iter().map(|(key, why)| json!({ "key": key, "why": why })).collect::<Vec<Value>>(),
        });
        let text = serde_json::to_string_pretty(&result)? + "\n";
        Ok(std::fs::write(&self.options.json, text)?)
    }

    fn seconds(&self) -> i64 {
        (SystemClock.now() - self.began).num_seconds()
    }

    /// The whole table.
    ///
    /// # Errors
    /// A row failed.
    pub fn end(&self) -> Outcome<()> {
        say("\n| what | floor | measured (least to most) | budget | |\n|---|---|---|---|---|");
        for row in &self.rows {
            say(&row.line());
        }
        for (key, why) in &self.missing {
            say(&format!("| {key} | | {why} | | not measured |"));
        }
        for remark in &self.remarks {
            say(&format!("Note: {remark}."));
        }
        say(&format!(
            "\n{} cores, load average {:.1} before and {:.1} after; {} s; details in {}",
            cpu::n_cores(),
            self.load,
            cpu::load(),
            self.seconds(),
            self.options.json.display()
        ));
        match self.missing.iter().find(|(_, why)| why.starts_with("failed")) {
            Some((key, why)) => Err(format!("{key} {why}").into()),
            None => Ok(()),
        }
    }
}

pub fn say(line: &str) {
    let mut output = std::io::stdout();
    // Nobody listens: then the file has it.
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}
