//! Single documents, without an archive around them. One that comes alone goes into a pack of pglab's own, so that it is
//! exported, updated and removed like every other.

use pglab_core::{
    access::{Actor, Operation},
    cdf::Document,
    id::ChallengeId,
    pack::{self as core_pack, Files, PackPath, diff::ChallengeDiff},
};
use pglab_store::pack as table;
use semver::Version;
use serde_json::json;

use super::change::{unusable, write};
use crate::{Control, Error};

/// The pack of documents that came alone.
pub const IMPORTED: &str = "imported";

/// The same document again changes nothing.
///
/// # Errors
/// Neither an instructor nor an admin; another challenge has its id; it can't be used without the rest of its pack.
pub(crate) async fn import_document(
    control: &Control,
    actor: &Actor,
    document: Document,
) -> Result<ChallengeId, Error> {
    control.authorise(actor, Operation::PackManage)?;
    let checked = document.check().map_err(|problems| of_document(&problems))?;
    let key = checked.challenge.key;
    let mut tx = control.store.begin().await?;
    table::lock_all(&mut tx).await?;
    let known = table::packs_with_key(&mut *tx, &key).await?;
    let wanted = serde_json::Value::Object(document.value().clone());
    if let Some(same) = known.iter().find(|row| row.document == wanted) {
        return Ok(same.id);
    }
    if let Some(other) = known.first() {
        return Err(Error::Conflict(if other.pack == IMPORTED {
            format!(
                "the challenge {key:?} is there already, as {}; update it instead",
                other.id
            )
        } else {
            format!(
                "the id {key:?} belongs to a challenge of the pack {:?}",
                other.pack
            )
        }));
    }
    let old = table::by_id(&mut *tx, IMPORTED).await?;
    let mut files = Files::new();
    if old.as_ref().is_some_and(|old| old.removed_at.is_none()) {
        for (path, bytes) in table::files(&mut *tx, IMPORTED).await? {
            if let Ok(path) = PackPath::parse(&path) {
                files.insert(path, bytes);
            }
        }
    }
    let id = ChallengeId::new(&*control.clock, &*control.random);
    let name = format!("challenges/{id}.json");
    let path = PackPath::parse(&name).map_err(Error::internal)?;
    let manifest_path = PackPath::parse("pack.json").map_err(Error::internal)?;
    let manifest = manifest(files.get(&manifest_path), &name);
    files.insert(manifest_path, manifest.to_string().into_bytes());
    files.insert(path, document.to_text().into_bytes());
    let pack = core_pack::assemble(files).map_err(|problems| unusable(&problems))?;
    write(control, actor, &mut tx, &pack, old, "document_import").await?;
    let id = table::packs_with_key(&mut *tx, &key)
        .await?
        .into_iter()
        .find(|row| row.pack == IMPORTED)
        .map(|row| row.id)
        .ok_or_else(|| Error::NotFound(format!("challenge {key:?}")))?;
    control.store.commit(tx).await?;
    Ok(id)
}

fn of_document(problems: &[pglab_core::cdf::Problem]) -> Error {
    let problems: Vec<core_pack::Problem> = problems
        .iter()
        .map(|problem| core_pack::Problem {
            file: String::new(),
            path: problem.path.clone(),
            error: problem.error.clone(),
        })
        .collect();
    unusable(&problems)
}

/// The manifest with one more challenge, as the next version.
fn manifest(before: Option<&Vec<u8>>, name: &str) -> serde_json::Value {
    let before = before.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(bytes).ok());
    let mut manifest = before.unwrap_or_else(|| {
        json!({ "id": IMPORTED, "name": "Imported challenges", "version": "1.0.0", "challenges": [],
            "description": "Documents that came without a pack." })
    });
    let version = manifest["version"]
        .as_str()
        .and_then(|text| Version::parse(text).ok());
    let version = version.map_or(Version::new(1, 0, 0), |version| {
        Version::new(version.major, version.minor, version.patch + 1)
    });
    manifest["version"] = json!(version.to_string());
    if let Some(challenges) = manifest["challenges"].as_array_mut() {
        challenges.push(json!(name));
    }
    manifest
}

/// Puts another document in the place of that of a challenge, in whatever pack. Gives what changed; `None`: nothing.
///
/// # Errors
/// Neither an instructor nor an admin; no such challenge; a document of another challenge, or one that can't be used.
pub(crate) async fn update_document(
    control: &Control,
    actor: &Actor,
    id: ChallengeId,
    document: Document,
) -> Result<Option<ChallengeDiff>, Error> {
    control.authorise(actor, Operation::PackManage)?;
    let checked = document.check().map_err(|problems| of_document(&problems))?;
    let missing = || Error::NotFound(format!("challenge {id}"));
    let mut tx = control.store.begin().await?;
    table::lock_all(&mut tx).await?;
    let row = table::challenge(&mut *tx, id)
        .await?
        .filter(|row| row.removed_at.is_none())
        .ok_or_else(missing)?;
    if checked.challenge.key != row.key {
        return Err(Error::invalid(
            "metadata.id",
            format!(
                "this is the document of {:?}, not of {:?}",
                checked.challenge.key, row.key
            ),
        ));
    }
    let old = table::by_id(&mut *tx, &row.pack).await?.ok_or_else(missing)?;
    let mut files = Files::new();
    for (path, bytes) in table::files(&mut *tx, &row.pack).await? {
        if let Ok(path) = PackPath::parse(&path) {
            files.insert(path, bytes);
        }
    }
    let before = core_pack::assemble(files.clone()).map_err(|problems| unusable(&problems))?;
    let path = PackPath::parse(&row.path).map_err(Error::internal)?;
    files.insert(path, document.to_text().into_bytes());
    let after = core_pack::assemble(files).map_err(|problems| unusable(&problems))?;
    let diff = core_pack::diff(&before, &after);
    let changed = diff.changed.into_iter().find(|one| one.key == row.key);
    if changed.is_none() {
        return Ok(None);
    }
    write(control, actor, &mut tx, &after, Some(old), "document_update").await?;
    control.store.commit(tx).await?;
    control.wake().live.notify_one();
    Ok(changed)
}
