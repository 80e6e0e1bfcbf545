//! How pglab itself is, for who looks after it: what each worker did last, and the students' PostgreSQL. Read only, and
//! answered also when that server is away.

use std::time::Duration;

use chrono::{DateTime, Utc};
use pglab_core::access::{Actor, Operation};
use pglab_fleet::facts;
pub use pglab_fleet::facts::ClusterFacts;
use tokio::time::timeout;

use crate::{Control, Error, Live, Report, Worker, workers};

/// How long the cluster may take to answer: the page is most wanted when it does not.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub struct SystemView {
    /// When this process began.
    pub started_at: DateTime<Utc>,
    /// Is this the process that works?
    pub leader: bool,
    /// Or why it can't be told, as a sentence.
    pub cluster: Result<ClusterFacts, String>,
    /// Every worker, also those that have not run in this process.
    pub workers: Vec<(Worker, Option<Report>)>,
    /// `None` while another process works.
    pub live: Option<Live>,
    /// Boards that this process keeps.
    pub n_boards: usize,
    /// Pages and programs that follow a board of this process.
    pub n_readers: usize,
}

/// # Errors
/// Not the actor's to see.
pub async fn show(control: &Control, actor: &Actor) -> Result<SystemView, Error> {
    control.authorise(actor, Operation::SystemView)?;
    let boards = control.boards().all();
    Ok(SystemView {
        started_at: control.started_at(),
        leader: control.works(),
        cluster: cluster(control).await,
        workers: workers::ALL
            .into_iter()
            .map(|worker| (worker, control.last_report(&worker)))
            .collect(),
        live: control.live_facts(),
        n_boards: boards.len(),
        n_readers: boards.iter().map(|(_, board)| board.n_readers()).sum(),
    })
}

async fn cluster(control: &Control) -> Result<ClusterFacts, String> {
    let observed = async {
        let connection = control.cluster.maintenance().await?;
        facts::observe(&connection).await
    };
    match timeout(PATIENCE, observed).await {
        Ok(Ok(facts)) => Ok(facts),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}
