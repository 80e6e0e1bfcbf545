//! Installing, updating and removing a pack: each is one transaction, so that a pack is there as a whole or not at all, with
//! the tasks of the labs that were made of it.

use std::{collections::HashMap, io::Cursor};

use pglab_core::{
    access::{Actor, Operation},
    activity::Event,
    id::{ChallengeId, PersonId},
    pack::{self as core_pack, Limits, Pack, PackDiff, Problem, version_constraint},
};
use pglab_store::{
    Tx, audit,
    lab::by_id as lab_by_id,
    lab_source,
    pack::{self as table, InstalledChallenge, InstalledPack},
};
use serde_json::json;

use super::{
    archive,
    list::{self, PackView},
    tasks::{Chosen, renew_all},
};
use crate::{
    Control, Error, FieldProblem,
    activity::{self, NewActivity},
};

/// What came of it.
#[derive(Debug, Clone)]
pub struct Installed {
    pub pack: PackView,
    pub warnings: Vec<Problem>,
    /// What an update changed.
    pub diff: Option<PackDiff>,
}

/// Installs the archive of a pack.
///
/// # Errors
/// Neither an instructor nor an admin; no pack that can be used, with all that is wrong with it; a pack of this id is
/// installed already; another pack that it needs is not.
pub async fn install(control: &Control, actor: &Actor, bytes: Vec<u8>) -> Result<Installed, Error> {
    control.authorise(actor, Operation::PackManage)?;
    let pack = read_archive(bytes).await?;
    let mut tx = control.store.begin().await?;
    table::lock_all(&mut tx).await?;
    let id = pack.manifest.id.clone();
    let old = table::by_id(&mut *tx, &id).await?;
    if let Some(old) = old.as_ref().filter(|old| old.removed_at.is_none()) {
        return Err(Error::Conflict(format!(
            "the pack {id:?} is installed already, in version {}; update it, or remove it first",
            old.version
        )));
    }
    write(control, actor, &mut tx, &pack, old, "pack_install").await?;
    control.store.commit(tx).await?;
    finished(control, actor, pack, None).await
}

/// Puts another version in the place of an installed one. Challenges are found again by their key and tasks by the id of
/// their component: what people earned hangs on these and stays, also of tasks that are no longer there.
///
/// # Errors
/// As [`install`]; the pack is not installed; the version is older, and `allow_downgrade` is not given.
pub async fn update(
    control: &Control,
    actor: &Actor,
    bytes: Vec<u8>,
    allow_downgrade: bool,
) -> Result<Installed, Error> {
    control.authorise(actor, Operation::PackManage)?;
    let pack = read_archive(bytes).await?;
    let before = list::load(control, &pack.manifest.id).await?;
    let mut tx = control.store.begin().await?;
    table::lock_all(&mut tx).await?;
    let id = pack.manifest.id.clone();
    let Some(old) = table::by_id(&mut *tx, &id)
        .await?
        .filter(|old| old.removed_at.is_none())
    else {
        return Err(Error::NotFound(format!("pack {id:?}")));
    };
    if pack.manifest.version < before.manifest.version && !allow_downgrade {
        return Err(Error::Conflict(format!(
            "{} is older than the version {} of the pack {id:?} that is installed",
            pack.manifest.version, old.version
        )));
    }
    let diff = core_pack::diff(&before, &pack);
    write(control, actor, &mut tx, &pack, Some(old), "pack_update").await?;
    control.store.commit(tx).await?;
    control.wake().live.notify_one();
    finished(control, actor, pack, Some(diff)).await
}

/// What installing or updating would do, without doing it: all that is wrong with the archive, what is to be looked at, and
/// what differs from the version that is installed; no difference where none is.
///
/// # Errors
/// Neither an instructor nor an admin; no pack that can be used, with all that is wrong with it.
pub async fn update_check(
    control: &Control,
    actor: &Actor,
    bytes: Vec<u8>,
) -> Result<(Pack, Option<PackDiff>), Error> {
    control.authorise(actor, Operation::PackManage)?;
    let pack = read_archive(bytes).await?;
    let diff = match list::load(control, &pack.manifest.id).await {
        Ok(before) => Some(core_pack::diff(&before, &pack)),
        Err(Error::NotFound(_)) => None,
        Err(error) => return Err(error),
    };
    Ok((pack, diff))
}

/// Takes a pack away. Challenges that labs were made of stay with all that people earned, and so do the labs' own copies
/// of their scripts. Gives the keys of the challenges that stay.
///
/// # Errors
/// Neither an instructor nor an admin; no such pack; labs that are not archived were made of it, or other packs need it:
/// which.
pub async fn remove(control: &Control, actor: &Actor, id: &str) -> Result<Vec<ChallengeId>, Error> {
    take_away(control, actor, id, false).await
}

/// The same, also while labs work with it: they have what they need.
///
/// # Errors
/// Neither an instructor nor an admin; no such pack; other packs need it.
pub(crate) async fn uninstall(control: &Control, actor: &Actor, id: &str) -> Result<Vec<ChallengeId>, Error> {
    take_away(control, actor, id, true).await
}

async fn take_away(
    control: &Control,
    actor: &Actor,
    id: &str,
    in_use: bool,
) -> Result<Vec<ChallengeId>, Error> {
    control.authorise(actor, Operation::PackManage)?;
    let mut tx = control.store.begin().await?;
    table::lock_all(&mut tx).await?;
    if table::by_id(&mut *tx, id)
        .await?
        .is_none_or(|pack| pack.removed_at.is_some())
    {
        return Err(Error::NotFound(format!("pack {id:?}")));
    }
    let labs = table::labs_using(&mut *tx, id).await?;
    if !labs.is_empty() && !in_use {
        return Err(Error::Conflict(format!(
            "labs were made of the pack {id:?}: {}; archive or delete them first",
            labs.join(", ")
        )));
    }
    let needed_by: Vec<String> = table::all(&mut *tx)
        .await?
        .into_iter()
        .filter(|pack| pack.manifest.pointer(&format!("/dependencies/{id}")).is_some())
        .map(|pack| pack.id)
        .collect();
    if !needed_by.is_empty() {
        return Err(Error::Conflict(format!(
            "other packs need the pack {id:?}: {}; remove them first",
            needed_by.join(", ")
        )));
    }
    let now = control.now();
    let kept = table::drop_unused_challenges(&mut tx, id, now).await?;
    table::remove(&mut tx, id, now).await?;
    let entry = audit::Entry::new(now, actor, "pack_remove", id).detail(json!({ "n_kept": kept.len() }));
    audit::insert(&mut tx, entry).await?;
    control.store.commit(tx).await?;
    Ok(kept)
}

/// An archive as a value; nothing is installed.
pub(crate) async fn read_archive(bytes: Vec<u8>) -> Result<Pack, Error> {
    let work = move || {
        let limits = Limits::default();
        let files = archive::read(Cursor::new(bytes), limits).map_err(|problem| vec![problem])?;
        core_pack::assemble(files)
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::internal)?
        .map_err(|problems| unusable(&problems))
}

pub(super) fn unusable(problems: &[Problem]) -> Error {
    let place = |problem: &Problem| match (problem.file.as_str(), problem.path.as_str()) {
        (file, "") => file.to_owned(),
        (file, path) => format!("{file}: {path}"),
    };
    Error::Invalid {
        message: format!(
            "this is no pack that can be used: {}",
            pglab_core::words::count(problems.len() as u64, "problem")
        ),
        fields: problems
            .iter()
            .map(|problem| FieldProblem {
                path: place(problem),
                message: problem.error.clone(),
            })
            .collect(),
    }
}

pub(super) async fn write(
    control: &Control,
    actor: &Actor,
    tx: &mut Tx,
    pack: &Pack,
    old: Option<InstalledPack>,
    operation: &str,
) -> Result<(), Error> {
    let manifest = &pack.manifest;
    dependencies(tx, pack).await?;
    let now = control.now();
    let files = pack.to_files();
    let row = InstalledPack {
        id: manifest.id.clone(),
        version: manifest.version.to_string(),
        manifest: serde_json::Value::Object(manifest.value().clone()),
        n_bytes: files
            .values()
            .map(|bytes| i64::try_from(bytes.len()).unwrap_or(i64::MAX))
            .sum(),
        installed_at: old.as_ref().map_or(now, |old| old.installed_at),
        installed_by: match actor {
            Actor::Person(person) => Some(person.id.uuid()),
            Actor::Stranger | Actor::System => None,
        },
        updated_at: now,
        removed_at: None,
    };
    table::put(tx, &row).await?;
    let parts: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
        .collect();
    table::replace_files(tx, &manifest.id, &parts).await?;
    let chosen = challenges(control, tx, pack).await?;
    for lab in lab_source::labs_of(&mut **tx, &manifest.id).await? {
        let Some(lab) = lab_by_id(&mut **tx, lab).await? else {
            continue;
        };
        let lab = crate::lab::locked(tx, lab.id, lab.slug.as_str()).await?;
        if lab.state != pglab_core::lab::LabState::Archived {
            renew_all(control, tx, lab.id, &chosen, Some(&manifest.id)).await?;
            lab_source::set_version(tx, lab.id, &manifest.id, &row.version).await?;
        }
    }
    let detail = json!({ "version": row.version, "from": old.map(|old| old.version) });
    let installed = NewActivity::new(now, Event::ChallengePackInstalled)
        .person(row.installed_by.map(PersonId::from))
        .metadata(json!({ "pack": manifest.id, "version": row.version, "operation": operation }));
    activity::record(tx, &installed).await?;
    let entry = audit::Entry::new(now, actor, operation, &manifest.id).detail(detail);
    Ok(audit::insert(tx, entry).await?)
}

/// Writes the challenges; those of before keep their ids, and those that are gone are marked.
async fn challenges<'p>(control: &Control, tx: &mut Tx, pack: &'p Pack) -> Result<Vec<Chosen<'p>>, Error> {
    let now = control.now();
    let mut old: HashMap<String, InstalledChallenge> = table::challenges(&mut **tx, &pack.manifest.id)
        .await?
        .into_iter()
        .map(|challenge| (challenge.key.clone(), challenge))
        .collect();
    let mut chosen = Vec::new();
    for (position, one) in (0_i32..).zip(&pack.challenges) {
        let before = old.remove(&one.challenge.key);
        let id = before.as_ref().map_or_else(
            || ChallengeId::new(&*control.clock, &*control.random),
            |old| old.id,
        );
        let row = InstalledChallenge {
            id,
            pack: pack.manifest.id.clone(),
            key: one.challenge.key.clone(),
            path: one.path.as_str().to_owned(),
            position,
            name: one.challenge.name.clone(),
            challenge_type: one.challenge.challenge_type.as_str().to_owned(),
            difficulty: one
                .challenge
                .difficulty
                .map(|difficulty| difficulty.as_str().to_owned()),
            document: serde_json::Value::Object(one.document.value().clone()),
            created_at: before.map_or(now, |old| old.created_at),
            updated_at: now,
            removed_at: None,
        };
        table::put_challenge(tx, &row).await?;
        chosen.push(Chosen {
            id,
            challenge: &one.challenge,
        });
    }
    for mut gone in old.into_values().filter(|old| old.removed_at.is_none()) {
        gone.removed_at = Some(now);
        table::put_challenge(tx, &gone).await?;
    }
    Ok(chosen)
}

async fn dependencies(tx: &mut Tx, pack: &Pack) -> Result<(), Error> {
    for (id, constraint) in &pack.manifest.dependencies {
        let found = table::by_id(&mut **tx, id)
            .await?
            .filter(|pack| pack.removed_at.is_none());
        let fits = |version: &str| {
            let version = version.parse().ok();
            version_constraint(constraint)
                .ok()
                .zip(version)
                .is_some_and(|(wanted, version)| wanted.matches(&version))
        };
        let said = match found {
            Some(found) if fits(&found.version) => continue,
            Some(found) => format!("version {} of it is installed", found.version),
            None => "it is not installed".to_owned(),
        };
        return Err(Error::Conflict(format!(
            "the pack {:?} needs the pack {id:?} {constraint}, and {said}",
            pack.manifest.id
        )));
    }
    Ok(())
}

async fn finished(
    control: &Control,
    actor: &Actor,
    pack: Pack,
    diff: Option<PackDiff>,
) -> Result<Installed, Error> {
    Ok(Installed {
        pack: list::show(control, actor, &pack.manifest.id).await?,
        warnings: pack.warnings,
        diff,
    })
}
