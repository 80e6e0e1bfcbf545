//! Which packs are installed, what is in them, and a pack as an archive again.

use std::io::Cursor;

use chrono::{DateTime, Utc};
use pglab_core::{
    access::{Actor, Operation},
    pack::{self as core_pack, Files, Pack, PackPath},
};
use pglab_store::pack::{self as table, InstalledPack};

use super::archive;
use crate::{Control, Error};

#[derive(Debug, Clone)]
pub struct PackView {
    pub id: String,
    pub name: String,
    pub version: String,
    pub description: String,
    pub manifest: serde_json::Value,
    pub n_bytes: i64,
    pub installed_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Without those that are no longer in the pack.
    pub challenges: Vec<ChallengeView>,
    /// Labs that were made of it and are not archived.
    pub labs: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChallengeView {
    pub key: String,
    pub name: String,
    pub challenge_type: String,
    pub difficulty: Option<String>,
    pub n_tasks: usize,
}

/// # Errors
/// Neither an instructor nor an admin.
pub async fn list(control: &Control, actor: &Actor) -> Result<Vec<PackView>, Error> {
    control.authorise(actor, Operation::PackView)?;
    let mut views = Vec::new();
    for pack in table::all(control.store.pool()).await? {
        views.push(view(control, pack).await?);
    }
    Ok(views)
}

/// # Errors
/// Neither an instructor nor an admin; no such pack.
pub async fn show(control: &Control, actor: &Actor, id: &str) -> Result<PackView, Error> {
    control.authorise(actor, Operation::PackView)?;
    view(control, installed(control, id).await?).await
}

/// The archive of the pack, with the answers. The same pack always gives the same bytes.
///
/// # Errors
/// Neither an instructor nor an admin; no such pack.
pub async fn export(control: &Control, actor: &Actor, id: &str) -> Result<(String, Vec<u8>), Error> {
    control.authorise(actor, Operation::PackView)?;
    let pack = installed(control, id).await?;
    let files = files(control, id).await?;
    let bytes = tokio::task::spawn_blocking(move || {
        let mut bytes = Cursor::new(Vec::new());
        archive::write(&files, &mut bytes).map(|()| bytes.into_inner())
    })
    .await
    .map_err(Error::internal)?
    .map_err(Error::internal)?;
    Ok((format!("{}-{}.zip", pack.id, pack.version), bytes))
}

pub(super) async fn view(control: &Control, pack: InstalledPack) -> Result<PackView, Error> {
    let pool = control.store.pool();
    let text = |key: &str| {
        let value = pack.manifest.get(key).and_then(serde_json::Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let challenges = table::challenges(pool, &pack.id)
        .await?
        .into_iter()
        .filter(|challenge| challenge.removed_at.is_none())
        .map(|challenge| ChallengeView {
            n_tasks: n_tasks(&challenge.document),
            key: challenge.key,
            name: challenge.name,
            challenge_type: challenge.challenge_type,
            difficulty: challenge.difficulty,
        })
        .collect();
    Ok(PackView {
        name: text("name"),
        description: text("description"),
        labs: table::labs_using(pool, &pack.id).await?,
        id: pack.id,
        version: pack.version,
        manifest: pack.manifest,
        n_bytes: pack.n_bytes,
        installed_at: pack.installed_at,
        updated_at: pack.updated_at,
        challenges,
    })
}

fn n_tasks(document: &serde_json::Value) -> usize {
    let components = document.get("components").and_then(serde_json::Value::as_array);
    components
        .into_iter()
        .flatten()
        .filter(|component| component.get("type").is_some_and(|kind| kind == "question"))
        .count()
}

async fn installed(control: &Control, id: &str) -> Result<InstalledPack, Error> {
    table::by_id(control.store.pool(), id)
        .await?
        .filter(|pack| pack.removed_at.is_none())
        .ok_or_else(|| Error::NotFound(format!("pack {id:?}")))
}

async fn files(control: &Control, id: &str) -> Result<Files, Error> {
    Ok(table::files(control.store.pool(), id)
        .await?
        .into_iter()
        .filter_map(|(path, bytes)| Some((PackPath::parse(&path).ok()?, bytes)))
        .collect())
}

/// An installed pack as a value.
pub(crate) async fn load(control: &Control, id: &str) -> Result<Pack, Error> {
    installed(control, id).await?;
    core_pack::assemble(files(control, id).await?).map_err(|problems| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        Error::Conflict(format!(
            "the pack {id:?} can't be used by this version of pglab: {first}"
        ))
    })
}
