//! Packs through the Database API: the same operations, told in counts.

use std::collections::HashMap;

use pglab_core::id::ChallengeId;
use pglab_store::pack::{self as table, ChallengeFilter, ListedChallenge};

use super::{Caller, Refused, person_by_id};
use crate::{
    Control, Error,
    pack::{self, PackView},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    pub path: String,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploaded {
    pub pack: String,
    pub n_installed: usize,
    pub skipped: Vec<Skipped>,
}

/// What is wrong with a pack, with its places.
fn unfit(error: Error) -> Refused {
    match error {
        Error::Invalid { message, fields } => Refused::Unfit {
            message,
            problems: fields
                .into_iter()
                .map(|field| (field.path, field.message))
                .collect(),
        },
        other => other.into(),
    }
}

async fn admitted(control: &Control, caller: &Caller, uploader: Option<&str>) -> Result<(), Refused> {
    caller.must_manage_content(control)?;
    if let Some(uploader) = uploader {
        let person = person_by_id(control, uploader).await?;
        if !caller.is_service && person.id != caller.person.id {
            return Err(Refused::Forbidden(
                "this token acts for its owner only".to_owned(),
            ));
        }
    }
    Ok(())
}

/// A pack that is installed already is skipped.
///
/// # Errors
/// Not an instructor's token; nothing that is a pack.
pub async fn upload(
    control: &Control,
    caller: &Caller,
    uploader: Option<&str>,
    bytes: Vec<u8>,
) -> Result<Uploaded, Refused> {
    admitted(control, caller, uploader).await?;
    let pack = pack::read_archive(bytes.clone()).await.map_err(unfit)?;
    let known = table::by_id(control.store.pool(), &pack.manifest.id)
        .await?
        .filter(|known| known.removed_at.is_none());
    if let Some(known) = known {
        let reason = format!("the pack is installed already, in version {}", known.version);
        return Ok(Uploaded {
            pack: known.id,
            n_installed: 0,
            skipped: pack
                .challenges
                .iter()
                .map(|one| Skipped {
                    path: one.path.to_string(),
                    reason: reason.clone(),
                })
                .collect(),
        });
    }
    installed(control, caller, bytes).await
}

/// # Errors
/// As [`upload`]; installed already.
pub async fn install(
    control: &Control,
    caller: &Caller,
    uploader: Option<&str>,
    bytes: Vec<u8>,
) -> Result<Uploaded, Refused> {
    admitted(control, caller, uploader).await?;
    let pack = pack::read_archive(bytes.clone()).await.map_err(unfit)?;
    let known = table::by_id(control.store.pool(), &pack.manifest.id).await?;
    if let Some(known) = known.filter(|known| known.removed_at.is_none()) {
        return Err(Refused::Conflict(format!("installed: version {}", known.version)));
    }
    installed(control, caller, bytes).await
}

async fn installed(control: &Control, caller: &Caller, bytes: Vec<u8>) -> Result<Uploaded, Refused> {
    let done = pack::install(control, &caller.actor, bytes)
        .await
        .map_err(unfit)?;
    Ok(Uploaded {
        n_installed: done.pack.challenges.len(),
        pack: done.pack.id,
        skipped: Vec::new(),
    })
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Updated {
    pub pack: String,
    pub version: String,
    /// Added, changed, removed.
    pub challenges: [usize; 3],
    pub tasks: [usize; 3],
}

/// # Errors
/// As [`upload`]; not installed; an older version.
pub async fn update(
    control: &Control,
    caller: &Caller,
    uploader: Option<&str>,
    bytes: Vec<u8>,
    allow_downgrade: bool,
) -> Result<Updated, Refused> {
    admitted(control, caller, uploader).await?;
    let id = pack::read_archive(bytes.clone())
        .await
        .map_err(unfit)?
        .manifest
        .id;
    let n_tasks = |view: &PackView| -> HashMap<String, usize> {
        view.challenges
            .iter()
            .map(|one| (one.key.clone(), one.n_tasks))
            .collect()
    };
    let before = n_tasks(&pack::show(control, &caller.actor, &id).await?);
    let done = pack::update(control, &caller.actor, bytes, allow_downgrade)
        .await
        .map_err(unfit)?;
    let after = n_tasks(&done.pack);
    let diff = done.diff.unwrap_or_default();
    let of = |keys: &[String], all: &HashMap<String, usize>| -> usize {
        keys.iter().filter_map(|key| all.get(key)).sum()
    };
    let changed = |count: fn(&pglab_core::pack::diff::ChallengeDiff) -> usize| -> usize {
        diff.changed.iter().map(count).sum()
    };
    Ok(Updated {
        pack: id,
        version: done.pack.version,
        challenges: [diff.added.len(), diff.changed.len(), diff.removed.len()],
        tasks: [
            of(&diff.added, &after) + changed(|one| one.tasks_added.len()),
            changed(|one| one.tasks_changed.len()),
            of(&diff.removed, &before) + changed(|one| one.tasks_removed.len()),
        ],
    })
}

/// The pack's data go; challenges that labs were made of stay, and all that people earned. Gives the ids of these.
///
/// # Errors
/// Not an instructor's token; no such pack; another pack needs it.
pub async fn uninstall(control: &Control, caller: &Caller, id: &str) -> Result<Vec<ChallengeId>, Refused> {
    caller.must_manage_content(control)?;
    Ok(pack::uninstall(control, &caller.actor, id).await?)
}

#[derive(Debug, Clone)]
pub struct PackDetails {
    pub pack: PackView,
    pub challenges: Vec<ListedChallenge>,
}

/// # Errors
/// Not an instructor's token.
pub async fn list(control: &Control, caller: &Caller) -> Result<Vec<PackDetails>, Refused> {
    let mut all = Vec::new();
    for pack in pack::list(control, &caller.actor).await? {
        all.push(with_challenges(control, pack).await?);
    }
    Ok(all)
}

/// # Errors
/// Not an instructor's token; no such pack.
pub async fn details(control: &Control, caller: &Caller, id: &str) -> Result<PackDetails, Refused> {
    let pack = match pack::show(control, &caller.actor, id).await {
        Err(Error::NotFound(_)) => return Err(Refused::missing("Challenge pack not found")),
        other => other?,
    };
    with_challenges(control, pack).await
}

async fn with_challenges(control: &Control, pack: PackView) -> Result<PackDetails, Refused> {
    let filter = ChallengeFilter {
        pack: Some(pack.id.clone()),
        ..ChallengeFilter::default()
    };
    let (challenges, _) = table::challenge_list(control.store.pool(), &filter, 1000, 0).await?;
    Ok(PackDetails { pack, challenges })
}
