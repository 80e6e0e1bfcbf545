//! The reconciler of labs that end: writes the dumps of those that are being archived, and takes what belongs to them,
//! or to labs that are being deleted, off the cluster. The students' databases themselves go by the reconciler of
//! instances. Safe to stop at any point.

use std::{fmt, io, time::Duration};

use pglab_core::{lab::LabState, names};
use pglab_fleet::provision::role;
use pglab_store::{audit, challenge_instance, example, instance, lab::Lab, snapshot_database, start_dump};
use serde_json::json;
use tokio::{fs, time::sleep};
use tokio_util::sync::CancellationToken;

use super::dumps;
use crate::{Control, Error, Worker, example as examples, instance as instances, reports::counted};

/// When nobody wakes it, and while it waits for the databases of students to go.
const PERIOD: Duration = Duration::from_secs(10);
const WAITING: Duration = Duration::from_secs(1);

pub const WORKER: Worker = Worker {
    name: "labs that end",
    about: "Archives labs, and removes what belongs to those that are deleted",
    period: PERIOD,
};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    pub archived: usize,
    pub deleted: usize,
    /// Something else has to end first.
    pub waiting: usize,
    pub failed: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.archived as u64, "archived"),
            (self.deleted as u64, "deleted"),
            (self.waiting as u64, "waiting for something else to end"),
            (self.failed as u64, "failed"),
        ];
        counted(f, &counts)
    }
}

/// Works until `stop`.
pub async fn run(control: Control, stop: CancellationToken) {
    loop {
        let activation = tokio::select! {
            () = stop.cancelled() => return,
            activation = activate(&control) => activation,
        };
        control.report(&WORKER, &activation);
        let mut pause = PERIOD;
        match activation {
            Ok(summary) => {
                if summary.waiting > 0 {
                    pause = WAITING;
                }
                if summary.archived + summary.deleted > 0 {
                    tracing::info!(?summary, "labs that end");
                }
            }
            Err(error) => tracing::warn!(%error, "labs that end could not be looked at"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = control.wake().clean_up.notified() => {}
            () = sleep(pause) => {}
        }
    }
}

/// One step further for every lab that ends.
///
/// # Errors
/// Our own database does not answer.
pub async fn activate(control: &Control) -> Result<Summary, Error> {
    let mut summary = Summary::default();
    for lab in pglab_store::lab::all(control.store.pool()).await? {
        let outcome = if lab.delete_wanted_at.is_some() {
            delete(control, &lab)
                .await
                .map(|gone| (gone, &mut summary.deleted))
        } else if lab.archive_wanted_at.is_some() && lab.state != LabState::Archived {
            archive(control, &lab)
                .await
                .map(|done| (done, &mut summary.archived))
        } else {
            continue;
        };
        match outcome {
            Ok((true, count)) => *count += 1,
            Ok((false, _)) => summary.waiting += 1,
            Err(error) => {
                tracing::warn!(lab = %lab.slug, %error, "a lab that ends does not get on");
                summary.failed += 1;
                tell(control, &lab, Some(error.to_string())).await?;
            }
        }
    }
    Ok(summary)
}

/// True when the lab is gone.
async fn delete(control: &Control, lab: &Lab) -> Result<bool, Error> {
    if !students_gone(control, lab).await? || control.examples().is_at_work(lab.id) {
        return Ok(false);
    }
    let pool = control.store.pool();
    let mut files = Vec::new();
    if let Some(example) = example::of_lab(pool, lab.id).await? {
        files.extend(example.file);
    }
    files.extend(start_dump::of_lab(pool, lab.id).await?.map(|dump| dump.file));
    off_the_cluster(control, lab).await?;
    examples::remove_files(control, &files).await;
    match fs::remove_dir_all(dumps::folder(control, lab)).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::internal(error)),
        _ => {}
    }
    let mut tx = control.store.begin().await?;
    pglab_store::lab::delete(&mut tx, lab.id).await?;
    let entry = audit::Entry {
        at: control.now(),
        person: None,
        operation: "lab_deleted",
        subject: lab.slug.as_str(),
        detail: json!({}),
    };
    audit::insert(&mut tx, entry).await?;
    control.store.commit(tx).await?;
    Ok(true)
}

/// True when the lab is archived.
async fn archive(control: &Control, lab: &Lab) -> Result<bool, Error> {
    if control.examples().is_at_work(lab.id) {
        return Ok(false);
    }
    dumps::write_all(control, lab).await?;
    instances::terminate_all(control, lab.id).await?;
    if !students_gone(control, lab).await? {
        return Ok(false);
    }
    off_the_cluster(control, lab).await?;
    let mut tx = control.store.begin().await?;
    let mut current = super::locked(&mut tx, lab.id, lab.slug.as_str()).await?;
    current.state = LabState::Archived;
    current.archived_at = Some(control.now());
    current.prepare_wanted_at = None;
    current.trouble = None;
    pglab_store::lab::update(&mut tx, &current).await?;
    if let Some(mut example) = example::of_lab(&mut *tx, lab.id).await? {
        example.example_database = None;
        example.start_database = None;
        example.start_made = None;
        example::put(&mut tx, &example).await?;
    }
    let entry = audit::Entry {
        at: control.now(),
        person: None,
        operation: "lab_archived",
        subject: lab.slug.as_str(),
        detail: json!({}),
    };
    audit::insert(&mut tx, entry).await?;
    control.store.commit(tx).await?;
    control.wake().live.notify_one();
    Ok(true)
}

async fn students_gone(control: &Control, lab: &Lab) -> Result<bool, Error> {
    let pool = control.store.pool();
    let standing = instance::n_standing(pool, lab.id).await? > 0
        || snapshot_database::standing(pool)
            .await?
            .iter()
            .any(|kept| kept.lab == lab.id);
    if standing {
        control.wake().prepare.notify_one();
    }
    // What runs at an instance manager is ended by the syncer. Where there is none any more, nobody would.
    let pods =
        control.instance_manager().is_some() && challenge_instance::n_live_of_lab(pool, lab.id).await? > 0;
    if pods {
        control.wake().pods.notify_one();
    }
    Ok(!standing && !pods)
}

/// Templates, and the roles that owned what was in them.
async fn off_the_cluster(control: &Control, lab: &Lab) -> Result<(), Error> {
    examples::remove_all(control, lab).await?;
    let connection = control.cluster.maintenance().await?;
    let lab_role = names::lab_role(&lab.slug).map_err(Error::internal)?;
    role::remove(&connection, &lab_role).await?;
    Ok(())
}

async fn tell(control: &Control, lab: &Lab, trouble: Option<String>) -> Result<(), Error> {
    if lab.trouble == trouble {
        return Ok(());
    }
    let mut tx = control.store.begin().await?;
    let told = Lab {
        trouble,
        ..lab.clone()
    };
    pglab_store::lab::update(&mut tx, &told).await?;
    Ok(control.store.commit(tx).await?)
}
