//! Asks the nodes of the cluster and the servers of the LDAP directory how they are, for metrics. What is done about it is
//! up to who reads them.

use std::time::Duration;

use pglab_fleet::node;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::{Control, Worker};

const PERIOD: Duration = Duration::from_secs(5);
/// A node that takes longer is down for whoever wants to work with it.
const PATIENCE: Duration = Duration::from_secs(3);
/// Each time costs a directory a connection with its TLS, and nothing more.
const DIRECTORY_PERIOD: Duration = Duration::from_secs(15);

pub const WORKER: Worker = Worker {
    name: "nodes",
    about: "Asks the students' PostgreSQL how it is, for metrics",
    period: PERIOD,
};

/// Runs until `stop`.
pub async fn run(control: Control, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = async { loop { look(&control).await; sleep(PERIOD).await; } } => {}
        () = look_at_directory(&control) => {}
    }
}

/// For ever, also where there is none: a slow directory delays nobody else.
async fn look_at_directory(control: &Control) {
    let Some(directory) = control.directory() else {
        return std::future::pending().await;
    };
    loop {
        directory.look().await;
        sleep(DIRECTORY_PERIOD).await;
    }
}

async fn look(control: &Control) {
    let address = control.cluster.address();
    let name = format!("{}:{}", address.host, address.port);
    let asked = async {
        let connection = control.cluster.maintenance().await?;
        node::health(&connection).await
    };
    let (health, outcome) = match timeout(PATIENCE, asked).await {
        Ok(Ok(health)) => (Some(health), Ok("1 node answers")),
        Ok(Err(error)) => (None, Err(error.to_string())),
        Err(_) => (
            None,
            Err(format!("{name} does not answer within {} s", PATIENCE.as_secs())),
        ),
    };
    control.metrics().nodes_observed(vec![(name, health)]);
    control.report(&WORKER, &outcome);
}
