//! `pglab pack import-ctfcli`: challenges of ctfcli as a pack.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use pglab_core::{
    cdf::ctfcli,
    pack::{Files, PackPath, Problem, assemble},
};
use serde_json::{Value, json};

use super::{counted, n_problems, pack_id, tell_all};
use crate::output::{say, tell};

const MAX_YML_BYTES: u64 = 1 << 20;
const MAX_FILE_BYTES: u64 = 64 << 20;
const MAX_FOLDERS_DEEP: usize = 6;

pub(super) fn import(
    folder: &Path,
    to: &Path,
    id: Option<String>,
    name: Option<String>,
    version: &str,
    as_json: bool,
) -> anyhow::Result<()> {
    let id = pack_id(id, to)?;
    let mut found = Vec::new();
    find(folder, 0, &mut found)?;
    found.sort();
    if found.is_empty() {
        bail!("there is no challenge.yml in {}", folder.display());
    }
    let mut files = Files::new();
    let mut challenges = Vec::new();
    let mut resources = Vec::new();
    let mut problems = Vec::new();
    let mut warnings = Vec::new();
    let mut keys = BTreeSet::new();
    for yml in &found {
        let shown = yml.strip_prefix(folder).unwrap_or(yml).display().to_string();
        let within = |problem: pglab_core::cdf::Problem| Problem {
            file: shown.clone(),
            path: problem.path,
            error: problem.error,
        };
        let imported = match ctfcli::import(&parse(yml)?) {
            Ok(imported) => imported,
            Err(found) => {
                problems.extend(found.into_iter().map(within));
                continue;
            }
        };
        warnings.extend(imported.warnings.into_iter().map(within));
        if !keys.insert(imported.key.clone()) {
            problems.push(Problem::of_file(&shown, "another challenge has the same name"));
            continue;
        }
        let path = format!("challenges/{}.json", imported.key);
        files.insert(PackPath::parse(&path)?, imported.document.to_text().into_bytes());
        challenges.push(path);
        for file in &imported.files {
            match copied(yml, file, &imported.key) {
                Ok((path, bytes)) => {
                    resources.push(path.to_string());
                    files.insert(path, bytes);
                }
                Err(error) => problems.push(Problem::of_file(&shown, format!("files: {file}: {error:#}"))),
            }
        }
    }
    let manifest = json!({
        "id": id,
        "name": name.unwrap_or_else(|| id.clone()),
        "version": version,
        "challenges": challenges,
        "shared_resources": resources,
    });
    files.insert(
        PackPath::parse("pack.json")?,
        format!("{manifest:#}\n").into_bytes(),
    );
    if problems.is_empty()
        && let Err(found) = assemble(files.clone())
    {
        problems = found;
    }
    tell_all("error", &problems);
    tell_all("warning", &warnings);
    if !problems.is_empty() {
        bail!("nothing was written: {}", n_problems(&problems));
    }
    pglab_control::pack::folder::write(&files, to)
        .with_context(|| format!("{} can't be written", to.display()))?;
    if as_json {
        say(
            &json!({"id": id, "folder": to.display().to_string(), "challenges": keys, "warnings": warnings})
                .to_string(),
        );
    } else {
        say(&to.display().to_string());
        tell(&format!("{} imported", counted(keys.len(), "challenge")));
    }
    Ok(())
}

fn find(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if depth > MAX_FOLDERS_DEEP {
        return Ok(());
    }
    let failed = || format!("{} can't be read", folder.display());
    for entry in fs::read_dir(folder).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        let name = entry.file_name();
        let kind = entry.file_type().with_context(failed)?;
        if kind.is_file() && (name == "challenge.yml" || name == "challenge.yaml") {
            found.push(entry.path());
        } else if kind.is_dir() && !name.to_string_lossy().starts_with('.') {
            find(&entry.path(), depth + 1, found)?;
        }
    }
    Ok(())
}

fn parse(yml: &Path) -> anyhow::Result<Value> {
    let text = String::from_utf8(limited(yml, MAX_YML_BYTES)?)
        .with_context(|| format!("{} is no text in UTF-8", yml.display()))?;
    serde_yaml_ng::from_str(&text).with_context(|| format!("{} can't be read", yml.display()))
}

fn limited(path: &Path, most: u64) -> anyhow::Result<Vec<u8>> {
    let n_bytes = fs::metadata(path)
        .with_context(|| format!("{} can't be read", path.display()))?
        .len();
    if n_bytes > most {
        bail!("larger than {} MiB", most >> 20);
    }
    fs::read(path).with_context(|| format!("{} can't be read", path.display()))
}

/// A file of the challenge, as `shared_resources/KEY/NAME`. It must lie beside the challenge.yml, also behind links.
fn copied(yml: &Path, file: &str, key: &str) -> anyhow::Result<(PackPath, Vec<u8>)> {
    let inside = PackPath::parse(file.strip_prefix("./").unwrap_or(file))?;
    let beside = yml.parent().unwrap_or(Path::new(".")).canonicalize()?;
    let path = beside.join(inside.as_str()).canonicalize()?;
    if !path.starts_with(&beside) {
        bail!("leads out of the challenge's folder");
    }
    let to = PackPath::parse(&format!("shared_resources/{key}/{inside}"))?;
    Ok((to, limited(&path, MAX_FILE_BYTES)?))
}
