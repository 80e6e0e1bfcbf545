//! Keeps the exporters' files of all open labs current in the operator's folder, and has the exporters read them again
//! when something changed. A reconciler: it compares what should be there with what is.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use pglab_core::{exporter::File, lab::LabState};
use pglab_store::lab;
use tokio::{
    process::Command,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::exporters::exported;
use crate::{Control, Error, Worker};

const PERIOD: Duration = Duration::from_secs(10);
/// A reload is short: an exporter only reads a file.
const RELOAD: Duration = Duration::from_secs(30);

pub const WORKER: Worker = Worker {
    name: "exporters",
    about: "Keeps the SQL exporters' files current as labs and rosters change",
    period: PERIOD,
};

/// Runs until `stop`. Without a folder there is nothing to do.
pub async fn run(control: Control, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = async {
            loop {
                let outcome = activate(&control).await;
                if let Err(error) = &outcome {
                    tracing::warn!(%error, "the exporters' files could not be brought up to date");
                }
                control.report(&WORKER, &outcome);
                sleep(PERIOD).await;
            }
        } => {}
    }
}

/// Once; the answer says what was done.
pub(super) async fn activate(control: &Control) -> Result<String, Error> {
    let monitoring = &control.options().monitoring;
    let Some(directory) = monitoring.directory.clone() else {
        return Ok("no folder is configured".to_owned());
    };
    let mut labs = Vec::new();
    for lab in lab::all(control.store.pool()).await? {
        if lab.state == LabState::Open && lab.delete_wanted_at.is_none() {
            labs.push(exported(control, &lab).await?);
        }
    }
    labs.sort_by(|a, b| a.slug.cmp(&b.slug));
    let n_labs = labs.len();
    let files = pglab_core::exporter::files(&labs).map_err(Error::internal)?;
    let n_changed = tokio::task::spawn_blocking(move || bring_up_to_date(&directory, &files))
        .await
        .map_err(Error::internal)?
        .map_err(|error| {
            Error::Unavailable(format!(
                "the folder for the exporters' files can't be written: {error}"
            ))
        })?;
    if n_changed > 0 {
        reload(&monitoring.reload).await?;
    }
    Ok(format!("{n_labs} labs; files changed: {n_changed}"))
}

/// How many files are others now.
fn bring_up_to_date(directory: &Path, files: &[File]) -> io::Result<usize> {
    let folders: BTreeSet<PathBuf> = files
        .iter()
        .filter_map(|file| directory.join(&file.path).parent().map(Path::to_owned))
        .chain([directory.to_owned(), directory.join("collectors")])
        .collect();
    for folder in &folders {
        if !folder.is_dir() {
            make_private_folder(folder)?;
        }
    }
    let mut n_changed = 0;
    for file in files {
        let path = directory.join(&file.path);
        if fs::read(&path).is_ok_and(|there| there == file.text.as_bytes()) {
            continue;
        }
        // Written beside it and renamed, so that nobody reads half of it.
        let beside = path.with_extension("new");
        write_private(&beside, file.text.as_bytes())?;
        fs::rename(&beside, &path)?;
        n_changed += 1;
    }
    let wanted: BTreeSet<PathBuf> = files.iter().map(|file| directory.join(&file.path)).collect();
    for entry in fs::read_dir(directory.join("collectors"))? {
        let path = entry?.path();
        let ours = path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.starts_with("pglab_") && name.ends_with(".collector.yml"));
        if ours && !wanted.contains(&path) {
            fs::remove_file(&path)?;
            n_changed += 1;
        }
    }
    Ok(n_changed)
}

fn make_private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    // One of an earlier attempt may have other rights.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

async fn reload(command: &[String]) -> Result<(), Error> {
    let Some((program, arguments)) = command.split_first() else {
        return Ok(());
    };
    let failed = |why: String| Error::Unavailable(format!("monitoring.reload ({program}) failed: {why}"));
    let run = Command::new(program).args(arguments).kill_on_drop(true).output();
    match timeout(RELOAD, run).await {
        Ok(Ok(output)) if output.status.success() => Ok(()),
        Ok(Ok(output)) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(failed(format!("{}: {}", output.status, said.trim())))
        }
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(_) => Err(failed(format!("it runs for more than {} s", RELOAD.as_secs()))),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn files_are_private_written_whole_and_removed_when_their_lab_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("exporters");
        let file = |path: &str, text: &str| File {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let main = file("sql_exporter.yml", "a");
        let lab = file("collectors/pglab_x.collector.yml", "b");
        let both = [main.clone(), lab.clone()];
        assert_eq!(bring_up_to_date(&directory, &both).unwrap(), 2);
        assert_eq!(bring_up_to_date(&directory, &both).unwrap(), 0);
        let mode = |path: &str| {
            let found = fs::metadata(directory.join(path)).unwrap();
            found.permissions().mode() & 0o777
        };
        assert_eq!(
            (
                mode(""),
                mode("collectors"),
                mode("sql_exporter.yml"),
                mode(&lab.path)
            ),
            (0o700, 0o700, 0o600, 0o600)
        );
        fs::write(directory.join("collectors/own.collector.yml"), "theirs").unwrap();
        assert_eq!(bring_up_to_date(&directory, &[main]).unwrap(), 1);
        assert!(!directory.join(&lab.path).exists());
        assert!(directory.join("collectors/own.collector.yml").exists());
    }
}
