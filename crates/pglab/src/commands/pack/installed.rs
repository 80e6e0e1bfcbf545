//! `pglab pack install|list|update|remove|export`: packs of a running pglab, as a client of its API.

use std::{
    io::Cursor,
    path::{Path, PathBuf},
};

use anyhow::Context;
use pglab_api::packs::{PackCheck, PackInstalled, PackList, PackRemoved};
use pglab_core::pack::PackDiff;

use super::{counted, read, show::show_diff};
use crate::{
    client::Client,
    output::{printable, say, table, tell},
};

/// What is wrong with a pack is told before anybody signs in.
fn archive(path: &Path) -> anyhow::Result<Vec<u8>> {
    let pack = read(path)?;
    let mut bytes = Cursor::new(Vec::new());
    pglab_control::pack::archive::write(&pack.to_files(), &mut bytes)?;
    Ok(bytes.into_inner())
}

pub(super) async fn install(path: &Path, as_json: bool) -> anyhow::Result<()> {
    let bytes = archive(path)?;
    let client = Client::signed_in()?;
    let installed: PackInstalled = client
        .post(&["packs"])
        .body("application/zip", bytes)
        .read()
        .await?;
    told(&installed, "installed", as_json)
}

pub(super) async fn update(path: &Path, allow_downgrade: bool, as_json: bool) -> anyhow::Result<()> {
    let bytes = archive(path)?;
    let client = Client::signed_in()?;
    let updated: PackInstalled = client
        .put(&["packs"])
        .query(&[("allow_downgrade", allow_downgrade)])
        .body("application/zip", bytes)
        .read()
        .await?;
    told(&updated, "updated", as_json)
}

fn told(installed: &PackInstalled, what: &str, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        say(&serde_json::to_string(installed)?);
        return Ok(());
    }
    for warning in &installed.warnings {
        tell(&printable(&format!("warning: {warning}")));
    }
    if let Some(diff) = &installed.diff {
        show_diff(diff, false)?;
    }
    let pack = &installed.pack;
    let n_tasks: u64 = pack.challenges.iter().map(|challenge| challenge.n_tasks).sum();
    say(&printable(&format!(
        "{what} {} {}: {}, {}",
        pack.id,
        pack.version,
        counted(pack.challenges.len(), "challenge"),
        pglab_core::words::count(n_tasks, "task"),
    )));
    Ok(())
}

pub(super) async fn list(as_json: bool) -> anyhow::Result<()> {
    let list: PackList = Client::signed_in()?.get(&["packs"]).read().await?;
    if as_json {
        say(&serde_json::to_string(&list)?);
        return Ok(());
    }
    let rows = list.items.iter().map(|pack| {
        vec![
            printable(&pack.id),
            printable(&pack.version),
            pack.challenges.len().to_string(),
            pack.challenges
                .iter()
                .map(|challenge| challenge.n_tasks)
                .sum::<u64>()
                .to_string(),
            pack.labs.join(", "),
            printable(&pack.name),
        ]
    });
    table(
        &["PACK", "VERSION", "CHALLENGES", "TASKS", "LABS", "NAME"],
        rows.collect(),
    );
    Ok(())
}

pub(super) async fn remove(id: &str, as_json: bool) -> anyhow::Result<()> {
    let removed: PackRemoved = Client::signed_in()?.delete(&["packs", id]).read().await?;
    if as_json {
        say(&serde_json::to_string(&removed)?);
    } else if removed.n_challenges_kept == 0 {
        say(&format!("removed {id}"));
    } else {
        say(&format!(
            "removed {id}; {} of archived labs stay with what people earned",
            pglab_core::words::count(removed.n_challenges_kept, "challenge")
        ));
    }
    Ok(())
}

/// From the installed pack of the same id to this one.
pub(super) async fn compare(path: &Path) -> anyhow::Result<PackDiff> {
    let bytes = archive(path)?;
    let call = Client::signed_in()?.post(&["packs", "check"]);
    let checked: PackCheck = call.body("application/zip", bytes).read().await?;
    checked.diff.with_context(|| {
        format!(
            "no pack {:?} is installed, that this one could be compared with",
            checked.id
        )
    })
}

pub(super) async fn save(
    lab: &str,
    id: Option<&str>,
    version: &str,
    to: Option<PathBuf>,
) -> anyhow::Result<()> {
    let mut query = vec![("version", version)];
    query.extend(id.map(|id| ("id", id)));
    let call = Client::signed_in()?.get(&["labs", lab, "pack"]).query(&query);
    write(call.response().await?, to, id.unwrap_or(lab)).await
}

pub(super) async fn export(id: &str, to: Option<PathBuf>) -> anyhow::Result<()> {
    let call = Client::signed_in()?.get(&["packs", id, "archive"]);
    write(call.response().await?, to, id).await
}

async fn write(response: reqwest::Response, to: Option<PathBuf>, id: &str) -> anyhow::Result<()> {
    let named = response
        .headers()
        .get("content-disposition")
        .and_then(|value| value.to_str().ok()?.split('"').nth(1).map(str::to_owned))
        // The name is the server's: never a path.
        .filter(|name| !name.contains(['/', '\\']));
    let to = to.unwrap_or_else(|| PathBuf::from(named.unwrap_or_else(|| format!("{id}.zip"))));
    let bytes = response.bytes().await?;
    std::fs::write(&to, &bytes).with_context(|| format!("{} can't be written", to.display()))?;
    say(&to.display().to_string());
    Ok(())
}
