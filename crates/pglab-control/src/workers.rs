//! Everything that runs in the background: the reconcilers and the live path. They run in one process at a time,
//! the one that holds the leadership; the others only answer requests.

use std::time::Duration;

use pglab_store::Leadership;
use tokio::{task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::{
    Control, Worker, board::feed, directory, example, history, housekeeping, instance, lab, live, monitoring,
    nodes, pods,
};

/// How often a process without leadership asks for it, and one with it confirms it.
const LEADERSHIP_PERIOD: Duration = Duration::from_secs(2);

/// All that report, in the order in which they are shown.
pub const ALL: [Worker; 13] = [
    instance::WORKER,
    pods::WORKER,
    directory::reconcile::WORKER,
    example::WORKER,
    lab::clean_up::WORKER,
    housekeeping::WORKER,
    live::WORKER,
    live::log::WORKER,
    live::caps::WORKER,
    live::passwords::WORKER,
    nodes::WORKER,
    monitoring::WORKER,
    history::WORKER,
];

/// Runs until `stop`. Survives the death of our own database: waits for it and goes on.
pub async fn run(control: Control, stop: CancellationToken) {
    // Boards are shown by every process.
    tokio::join!(feed::run(control.clone(), stop.clone()), work(control, stop));
}

async fn work(control: Control, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match Leadership::acquire(&control.store).await {
            Ok(Some(leadership)) => lead(&control, leadership, &stop).await,
            Ok(None) => tracing::debug!("another process works"),
            Err(error) => tracing::warn!(%error, "can't ask for the leadership"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = sleep(LEADERSHIP_PERIOD) => {}
        }
    }
}

/// Works until `stop`, or until the leadership is lost.
async fn lead(control: &Control, mut leadership: Leadership, stop: &CancellationToken) {
    let working = stop.child_token();
    let mut workers = start(control, &working);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            ended = workers.join_next(), if !workers.is_empty() => {
                if let Some(Err(error)) = ended && !error.is_cancelled() {
                    tracing::error!(%error, "a worker died; all are started again");
                    break;
                }
            }
            () = sleep(LEADERSHIP_PERIOD) => {
                if let Err(error) = leadership.confirm().await {
                    tracing::warn!(%error, "lost the leadership");
                    break;
                }
            }
        }
    }
    working.cancel();
    while workers.join_next().await.is_some() {}
    leadership.release().await;
}

/// Every worker ends soon after its token is cancelled, and can be dropped at any point before that.
fn start(control: &Control, stop: &CancellationToken) -> JoinSet<()> {
    let mut workers = JoinSet::new();
    workers.spawn(housekeeping::run(control.clone(), stop.clone()));
    workers.spawn(directory::reconcile::run(control.clone(), stop.clone()));
    workers.spawn(example::run(control.clone(), stop.clone()));
    workers.spawn(instance::run(control.clone(), stop.clone()));
    workers.spawn(lab::clean_up::run(control.clone(), stop.clone()));
    workers.spawn(live::run(control.clone(), stop.clone()));
    workers.spawn(live::caps::run(control.clone(), stop.clone()));
    workers.spawn(live::log::run(control.clone(), stop.clone()));
    workers.spawn(live::passwords::run(control.clone(), stop.clone()));
    workers.spawn(history::run(control.clone(), stop.clone()));
    workers.spawn(monitoring::run(control.clone(), stop.clone()));
    workers.spawn(nodes::run(control.clone(), stop.clone()));
    workers.spawn(pods::run(control.clone(), stop.clone()));
    workers
}
