//! Runs the watcher over the students' databases, with the caps of their labs, and writes what it did into the
//! students' timelines. What is too much is decided in `pglab_core::caps`.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use pglab_core::{
    caps::Caps,
    id::MemberId,
    instance::InstanceState,
    plan_instances::{Standing, want},
};
use pglab_fleet::{
    Connection,
    watch::{Enforced, Watcher},
};
use pglab_store::{
    class, instance, lab,
    timeline::{self, Kind, NewEntry},
};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{Control, Error, Worker};

const PERIOD: Duration = Duration::from_secs(1);
/// How many looks go by before the caps are read anew.
const RELOAD_EVERY: u32 = 5;
/// How long a look may take before its connection is taken for dead.
const DEADLINE: Duration = Duration::from_secs(30);

pub const WORKER: Worker = Worker {
    name: "watcher",
    about: "Ends what runs too long, and keeps databases to their size",
    period: PERIOD,
};

/// Runs until `stop`.
pub async fn run(control: Control, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = follow(&control) => {}
    }
}

async fn follow(control: &Control) {
    loop {
        if let Err(error) = watch(control).await {
            tracing::warn!(%error, "students could not be watched; trying again");
            control.report(&WORKER, &Err::<String, _>(error));
        }
        sleep(PERIOD).await;
    }
}

async fn watch(control: &Control) -> Result<(), Error> {
    // Kept open: when a student takes all there is of something, a new connection may not come about.
    let connection = control.cluster.maintenance().await?;
    let mut watcher = Watcher::default();
    loop {
        let watched = Watched::read(control).await?;
        for _ in 0..RELOAD_EVERY {
            let done = look(&mut watcher, &connection, &watched).await?;
            control.metrics().measured(watcher.sizes());
            let n_done = done.len();
            tell(control, &watched, done).await?;
            let n_databases = watched.caps.len();
            let summary = match n_done {
                0 => format!("{n_databases} databases watched"),
                _ => format!("{n_databases} databases watched; what was done: {n_done}"),
            };
            control.report(&WORKER, &Ok::<_, Error>(summary));
            sleep(PERIOD).await;
        }
    }
}

async fn look(
    watcher: &mut Watcher,
    connection: &Connection,
    watched: &Watched,
) -> Result<Vec<Enforced>, Error> {
    match tokio::time::timeout(DEADLINE, watcher.activate(connection, &watched.caps)).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(pglab_fleet::Error::Deadline(DEADLINE).into()),
    }
}

struct Watched {
    caps: BTreeMap<String, Caps>,
    members: HashMap<String, MemberId>,
}

impl Watched {
    async fn read(control: &Control) -> Result<Self, Error> {
        let pool = control.store.pool();
        let labs: HashMap<_, _> = lab::all(pool)
            .await?
            .into_iter()
            .map(|lab| (lab.id, lab))
            .collect();
        let shut_out: HashMap<MemberId, bool> = class::students(pool)
            .await?
            .into_iter()
            .map(|student| (student.member, student.shut_out))
            .collect();
        let mut watched = Self {
            caps: BTreeMap::new(),
            members: HashMap::new(),
        };
        for instance in instance::all(pool).await? {
            let (InstanceState::Active, Some(lab)) = (&instance.state, labs.get(&instance.lab)) else {
                continue;
            };
            let (_, open) = want(Standing {
                lab: lab.state,
                prepare_wanted: lab.prepare_wanted_at.is_some(),
                delete_wanted: lab.delete_wanted_at.is_some(),
                shut_out: shut_out.get(&instance.member).copied().unwrap_or(true),
            });
            let database = instance.database.as_str().to_owned();
            watched
                .caps
                .insert(database.clone(), Caps::new(&lab.settings, open));
            watched.members.insert(database, instance.member);
        }
        Ok(watched)
    }
}

async fn tell(control: &Control, watched: &Watched, done: Vec<Enforced>) -> Result<(), Error> {
    let entries: Vec<NewEntry> = done
        .into_iter()
        .filter_map(|done| {
            Some(NewEntry {
                member: *watched.members.get(&done.database)?,
                at: control.now(),
                kind: Kind::Enforced,
                text: done.sentence,
                task: None,
                points: None,
            })
        })
        .collect();
    if entries.is_empty() {
        return Ok(());
    }
    let mut tx = control.store.begin().await?;
    timeline::insert(&mut tx, &entries).await?;
    control.store.commit(tx).await?;
    Ok(())
}
