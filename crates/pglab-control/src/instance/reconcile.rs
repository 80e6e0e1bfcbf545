//! The instance reconciler: reads what is wanted and what stands, plans, does the list, and plans again until nothing
//! is left to do. Takes no input, and can be dropped and run again at any point.

use std::{
    collections::{HashSet, VecDeque},
    fmt,
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures::future::try_join_all;
use parking_lot::Mutex;
use pglab_core::{
    id::MemberId,
    instance::InstanceState,
    names,
    plan_instances::{Step, plan},
};
use pglab_fleet::{
    Connection, inventory,
    provision::{self, role},
    work,
};
use tokio_util::sync::CancellationToken;

use super::{
    class::Class,
    make::{Made, make},
    passwords,
    remove::{remove, remove_snapshot, unwanted_snapshots},
    write_down::write_down,
};
use crate::{Control, Error, Worker, reports::counted};

/// How often it looks when nobody wakes it.
pub const PERIOD: Duration = Duration::from_secs(30);
/// How long it waits after a server was away.
const PAUSE: Duration = Duration::from_secs(3);
/// Databases made at the same time. Against one psql session with the same statements, on two busy cores, one took 1.0
/// of its time, two took 0.6 to 0.9, three 0.9.
const MAKING: u8 = 2;
/// Databases dropped at the same time. Dropping waits for a checkpoint, and whoever waits at the same time shares it.
const REMOVING: u8 = 6;
/// More rounds than any chain of steps needs: the rest waits for the next activation.
const MAX_ROUNDS: usize = 8;

pub const WORKER: Worker = Worker {
    name: "instances",
    about: "Makes, opens, closes and removes the students' roles and databases",
    period: PERIOD,
};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    pub n_made: usize,
    pub n_failed: usize,
    pub n_removed: usize,
    pub n_opened: usize,
    pub n_closed: usize,
    pub n_passwords: usize,
    /// When something that failed is due again.
    pub retry_at: Option<DateTime<Utc>>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.n_made as u64, "made"),
            (self.n_failed as u64, "failed"),
            (self.n_removed as u64, "removed"),
            (self.n_opened as u64, "opened"),
            (self.n_closed as u64, "closed"),
            (self.n_passwords as u64, "passwords applied"),
        ];
        counted(f, &counts)
    }
}

impl Summary {
    fn changed_something(&self) -> bool {
        self.n_made + self.n_removed + self.n_opened + self.n_closed + self.n_passwords > 0
    }
}

/// Runs until `stop`.
pub async fn run(control: Control, stop: CancellationToken) {
    loop {
        let outcome = tokio::select! {
            () = stop.cancelled() => return,
            outcome = activate(&control) => outcome,
        };
        control.report(&WORKER, &outcome);
        let wait = match outcome {
            Ok(summary) => {
                if summary.changed_something() || summary.n_failed > 0 {
                    tracing::info!(?summary, "instances");
                }
                let due = summary
                    .retry_at
                    .map(|at| (at - control.now()).to_std().unwrap_or_default());
                due.map_or(PERIOD, |due| due.clamp(Duration::from_millis(200), PERIOD))
            }
            Err(error) => {
                tracing::warn!(%error, "the instances could not be brought to what is wanted");
                PAUSE
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = control.wake().prepare.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// One pass over everything.
///
/// # Errors
/// The cluster or our own database is away. What was begun is finished by the next pass.
pub async fn activate(control: &Control) -> Result<Summary, Error> {
    let mut summary = Summary::default();
    if Class::read(control).await?.is_idle() {
        return Ok(summary);
    }
    let connection = work::begin(&control.cluster).await?;
    // What PostgreSQL refused in this pass is not tried again in it.
    let refused = Mutex::new(HashSet::new());
    for _ in 0..MAX_ROUNDS {
        let class = Class::read(control).await?;
        let found = inventory::observe(&connection, &class.databases()).await?;
        let mut steps = plan(control.now(), &class.cases(&found));
        steps.retain(|(member, _)| !refused.lock().contains(member));
        if steps.is_empty() {
            for snapshot in unwanted_snapshots(&class) {
                remove_snapshot(control, &connection, &class, &snapshot).await?;
            }
            summary.n_passwords += passwords::converge(control, &connection, &class).await?;
            break;
        }
        write_down(control, &connection, &class, &steps).await?;
        work_off(control, &connection, &class, &steps, &refused, &mut summary).await?;
    }
    summary.retry_at = retry_at(control).await?;
    if summary.changed_something() {
        control.wake().live.notify_one();
    }
    Ok(summary)
}

async fn retry_at(control: &Control) -> Result<Option<DateTime<Utc>>, Error> {
    let instances = pglab_store::instance::all(control.store.pool()).await?;
    Ok(instances
        .into_iter()
        .filter_map(|instance| match instance.state {
            InstanceState::Error { retry_at, .. } => Some(retry_at),
            _ => None,
        })
        .filter(|at| *at > control.now())
        .min())
}

/// The steps on the cluster: access is closed first, then what goes makes room, then the new is made.
async fn work_off(
    control: &Control,
    connection: &Connection,
    class: &Class,
    steps: &[(MemberId, Step)],
    refused: &Mutex<HashSet<MemberId>>,
    summary: &mut Summary,
) -> Result<(), Error> {
    let order = |step: &Step| match step {
        Step::Close => Some(0),
        Step::Remove => Some(1),
        Step::Open => Some(2),
        Step::Make | Step::MakeMissing => Some(3),
        Step::Queue | Step::Requeue | Step::Terminate => None,
    };
    let mut jobs: Vec<(MemberId, Step)> = steps
        .iter()
        .filter(|(_, step)| order(step).is_some())
        .copied()
        .collect();
    jobs.sort_by_key(|(_, step)| order(step));
    let n_of = |place| jobs.iter().filter(|(_, step)| order(step) == Some(place)).count();
    let (n_removing, n_making) = (n_of(1), n_of(3));
    if n_making > 0 {
        ensure_lab_roles(connection, class, &jobs).await?;
    }
    let mut helpers = Vec::new();
    let n_hands = (n_making.min(MAKING.into())).max(n_removing.min(REMOVING.into()));
    for nth in (1..MAKING.max(REMOVING)).take_while(|nth| usize::from(*nth) < n_hands) {
        helpers.push(work::join(&control.cluster, nth).await?);
    }
    let queue = Mutex::new(VecDeque::from(jobs));
    let round = Round {
        control,
        class,
        refused,
        counted: Mutex::new(summary.clone()),
        last_of_a_role: tokio::sync::Mutex::new(()),
    };
    let worker = async |connection: &Connection| {
        loop {
            let Some((member, step)) = queue.lock().pop_front() else {
                return Ok::<(), Error>(());
            };
            work_one(&round, connection, member, step).await?;
        }
    };
    try_join_all(std::iter::once(connection).chain(&helpers).map(worker)).await?;
    *summary = round.counted.into_inner();
    Ok(())
}

/// The role that owns what the templates hold. Whoever made the template made it too; a cluster that was restored
/// without its roles gets it back here.
async fn ensure_lab_roles(
    connection: &Connection,
    class: &Class,
    jobs: &[(MemberId, Step)],
) -> Result<(), Error> {
    let mut done = HashSet::new();
    for (member, step) in jobs {
        let Some((lab, _)) = class.student(*member) else {
            continue;
        };
        if matches!(step, Step::Make | Step::MakeMissing) && done.insert(lab.id) {
            let lab_role = names::lab_role(&lab.slug).map_err(Error::internal)?;
            role::ensure_nologin(connection, &lab_role, &lab.id.to_string()).await?;
        }
    }
    Ok(())
}

/// What those who work off one list share.
struct Round<'a> {
    control: &'a Control,
    class: &'a Class,
    refused: &'a Mutex<HashSet<MemberId>>,
    counted: Mutex<Summary>,
    /// Held while it is found out whether a student's role has lost its last database.
    last_of_a_role: tokio::sync::Mutex<()>,
}

async fn work_one(
    round: &Round<'_>,
    connection: &Connection,
    member: MemberId,
    step: Step,
) -> Result<(), Error> {
    let Round {
        control,
        class,
        refused,
        counted,
        last_of_a_role,
    } = round;
    let Some(one) = class.one(member) else {
        return Ok(());
    };
    let (database, role) = (&one.instance.database, one.student.login.role());
    let outcome = match step {
        Step::Make | Step::MakeMissing => {
            if step == Step::MakeMissing {
                tracing::warn!(
                    database = database.as_str(),
                    "a student's database is gone; it is made anew"
                );
            }
            match make(control, connection, class, one).await? {
                Made::Ready => counted.lock().n_made += 1,
                Made::Failed => counted.lock().n_failed += 1,
                Made::LeftAlone => {}
            }
            return Ok(());
        }
        Step::Close => provision::instance::close_access(connection, database, role)
            .await
            .map(|()| counted.lock().n_closed += 1)
            .map_err(Error::from),
        Step::Open => provision::instance::open_access(connection, database, role)
            .await
            .map(|()| counted.lock().n_opened += 1)
            .map_err(Error::from),
        Step::Remove => remove(control, connection, one, last_of_a_role)
            .await
            .map(|()| counted.lock().n_removed += 1),
        Step::Queue | Step::Requeue | Step::Terminate => Ok(()),
    };
    match outcome {
        Err(error @ Error::Unavailable(_)) => Err(error),
        Err(error) => {
            tracing::warn!(database = database.as_str(), ?step, %error, "a step was refused");
            refused.lock().insert(member);
            counted.lock().n_failed += 1;
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}
