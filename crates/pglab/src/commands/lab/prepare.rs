//! `pglab lab prepare`: asks for the databases of a class, and waits until everybody has one.

use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

use anyhow::bail;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pglab_api::preparation::{Preparation, PreparationState};

use crate::{client::Client, output::tell};

/// How often it looks.
const PERIOD: Duration = Duration::from_millis(300);
/// What fails is tried again by pglab; who waits gives up when nothing got better for this long.
const PATIENCE: Duration = Duration::from_secs(12);
/// Without a terminal, a line is written this often.
const LINE_PERIOD: Duration = Duration::from_secs(5);

pub(super) async fn prepare(client: &Client, lab: &str, wait: bool) -> anyhow::Result<Preparation> {
    let mut now: Preparation = client.post(&["labs", lab, "prepare"]).read().await?;
    if !wait {
        return Ok(now);
    }
    let mut progress = Progress::start();
    let mut better = (now.ready, Instant::now());
    loop {
        progress.show(&now);
        if now.ready != better.0 {
            better = (now.ready, Instant::now());
        }
        match now.state {
            PreparationState::Done => break,
            PreparationState::Idle => bail!("the lab {lab} is no longer being prepared"),
            // Without an example nothing gets better by waiting.
            PreparationState::Failed if now.waiting > 0 || better.1.elapsed() > PATIENCE => break,
            PreparationState::Failed | PreparationState::Running => {}
        }
        tokio::time::sleep(PERIOD).await;
        now = client.get(&["labs", lab, "preparation"]).read().await?;
    }
    progress.end();
    if now.state == PreparationState::Failed {
        for failure in &now.failed {
            tell(&format!("{}: {}", failure.login, failure.reason));
        }
        if let Some(note) = &now.note {
            tell(note);
        }
        bail!(
            "{} of {} students have no database",
            now.total - now.ready,
            now.total
        );
    }
    Ok(now)
}

enum Progress {
    Bar(ProgressBar),
    Lines { last: Option<(Instant, String)> },
}

impl Progress {
    fn start() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::Lines { last: None };
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len} ready{msg}") {
            bar.set_style(style);
        }
        Self::Bar(bar)
    }

    fn show(&mut self, now: &Preparation) {
        let mut more = String::new();
        if let Some(seconds) = now.eta_seconds {
            more.push_str(&format!(", about {seconds} s left"));
        }
        if !now.failed.is_empty() {
            more.push_str(&format!(", {} failed so far", now.failed.len()));
        }
        if let Some(note) = &now.note {
            more.push_str(&format!(". {note}"));
        }
        match self {
            Self::Bar(bar) => {
                bar.set_length(u64::try_from(now.total).unwrap_or(0));
                bar.set_position(u64::try_from(now.ready).unwrap_or(0));
                bar.set_message(more);
            }
            Self::Lines { last } => {
                let line = format!("{}/{} ready{more}", now.ready, now.total);
                let due = last
                    .as_ref()
                    .is_none_or(|(at, told)| *told != line && at.elapsed() > LINE_PERIOD);
                if due || (now.state == PreparationState::Done && now.total > 0) {
                    tell(&line);
                    *last = Some((Instant::now(), line));
                }
            }
        }
    }

    fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
