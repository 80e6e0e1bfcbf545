//! A lab over time, for pglab's own graphs: written from the board every 15 s while the lab is open, and rolled up when
//! it is old.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use pglab_core::{
    access::{Actor, Operation},
    id::LabId,
    lab::LabState,
    task::Points,
};
use pglab_store::lab_history;
pub use pglab_store::lab_history::HistoryPoint;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{Control, Error, Worker, board::State, lab};

const PERIOD: Duration = Duration::from_secs(15);
const PERIOD_S: i32 = 15;
/// Rows older than this are made minutes of.
const FINE: TimeDelta = TimeDelta::hours(6);
/// And those older than this quarters of an hour.
const COARSE: TimeDelta = TimeDelta::days(14);
/// Points that a graph has room for.
const MOST_POINTS: i64 = 500;

pub const WORKER: Worker = Worker {
    name: "history",
    about: "Writes down how open labs go, for graphs",
    period: PERIOD,
};

/// Runs until `stop`.
pub async fn run(control: Control, stop: CancellationToken) {
    let mut errors = HashMap::new();
    tokio::select! {
        () = stop.cancelled() => {}
        () = async {
            loop {
                let outcome = write(&control, &mut errors).await;
                control.report(&WORKER, &outcome);
                sleep(PERIOD).await;
            }
        } => {}
    }
}

async fn write(control: &Control, errors: &mut HashMap<LabId, u64>) -> Result<String, Error> {
    let now = control.now();
    let mut tx = control.store.begin().await?;
    let mut n_labs = 0;
    for (lab, board) in control.boards().all() {
        let view = board.view(now);
        if view.state != LabState::Open {
            errors.remove(&lab);
            continue;
        }
        let total = board.read(n_errors);
        // Counting begins anew with a process.
        let before = errors.insert(lab, total).unwrap_or(total);
        let done: usize = view.class.n_done.iter().sum();
        let point = HistoryPoint {
            at: now,
            n_completions: i64::try_from(done).unwrap_or(i64::MAX),
            n_connected: i64::try_from(view.class.n_connected).unwrap_or(i64::MAX),
            n_errors: i64::try_from(total.saturating_sub(before)).unwrap_or(i64::MAX),
            n_hands: i64::try_from(view.members.iter().filter(|member| member.hand.is_some()).count())
                .unwrap_or(i64::MAX),
            points: view.members.iter().map(|member| member.score).sum::<Points>(),
            seconds_per_task: view.class.seconds_per_task,
        };
        lab_history::insert(&mut tx, lab, point, PERIOD_S).await?;
        n_labs += 1;
    }
    lab_history::roll_up(&mut tx, now - FINE, 60).await?;
    lab_history::roll_up(&mut tx, now - COARSE, 900).await?;
    control.store.commit(tx).await?;
    Ok(format!("{n_labs} open labs"))
}

fn n_errors(state: &State) -> u64 {
    state
        .members
        .values()
        .map(|member| member.mistakes.n_total())
        .sum()
}

#[derive(Debug)]
pub struct History {
    pub step_s: u32,
    pub points: Vec<HistoryPoint>,
}

/// From the opening of the lab until now, where nothing else is asked for.
///
/// # Errors
/// Not of the lab's staff, no such lab, or a time that ends before it begins.
pub async fn show(
    control: &Control,
    actor: &Actor,
    slug: &str,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    step: Option<u32>,
) -> Result<History, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabView(place))?;
    let to = to.unwrap_or_else(|| control.now() + TimeDelta::seconds(1));
    let from = from.or(lab.opened_at).unwrap_or(lab.created_at);
    if to < from {
        return Err(Error::invalid("to", "must not be before from"));
    }
    let span = (to - from).num_seconds();
    // Never so fine that there would be more points than anybody can look at.
    let least = (span / MOST_POINTS + 1).max(i64::from(PERIOD_S));
    let step = step.map_or(least, |step| i64::from(step).max(least));
    let step = round_up(step);
    let points = lab_history::of_lab(control.store.pool(), lab.id, from, to, step).await?;
    Ok(History {
        step_s: u32::try_from(step).unwrap_or(u32::MAX),
        points,
    })
}

/// To a step that people read: 15 s, 30 s, minutes, quarters of an hour, hours, days.
fn round_up(step: i64) -> i64 {
    const STEPS: [i64; 10] = [15, 30, 60, 120, 300, 900, 1800, 3600, 21_600, 86_400];
    STEPS
        .into_iter()
        .find(|nice| *nice >= step)
        .unwrap_or_else(|| (step / 86_400 + 1) * 86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_ones_that_people_read() {
        assert_eq!(
            [1, 15, 16, 61, 4000, 100_000].map(round_up),
            [15, 15, 30, 120, 21_600, 172_800]
        );
    }
}
