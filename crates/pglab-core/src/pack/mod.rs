//! A pack: a versioned set of challenges with the files that they need. Here from the files as values; archives and
//! folders are read by `pglab-control`. A pack is whole or it is not: one problem, and nothing of it is used.

pub mod diff;
pub mod manifest;
pub mod path;
pub mod save;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use diff::{PackDiff, diff};
pub use manifest::{Manifest, is_pack_id, version_constraint};
pub use path::{PackPath, PathError};

use crate::cdf::{self, Challenge, Document, HashesAnswers, Unhashed};

/// What a pack may be. Counted while it is read; what an archive says of itself is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Entries of the archive or folder, those that are ignored included.
    pub n_entries: usize,
    /// All files together, unpacked.
    pub unpacked_bytes: u64,
    /// The archive itself.
    pub archive_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            n_entries: 2000,
            unpacked_bytes: 256 << 20,
            archive_bytes: 64 << 20,
        }
    }
}

/// The files of a pack by their path from its folder.
pub type Files = BTreeMap<PackPath, Vec<u8>>;

/// Something wrong with a pack, at its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = PackProblem))]
pub struct Problem {
    /// Empty for the pack as a whole.
    pub file: String,
    /// JSON path within the file; empty for the file as a whole.
    pub path: String,
    pub error: String,
}

impl Problem {
    pub fn of_file(file: impl Into<String>, error: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            path: String::new(),
            error: error.into(),
        }
    }
    fn within(file: &PackPath, problem: cdf::Problem) -> Self {
        Self {
            file: file.to_string(),
            path: problem.path,
            error: problem.error,
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for part in [&self.file, &self.path] {
            if !part.is_empty() {
                write!(f, "{part}: ")?;
            }
        }
        f.write_str(&self.error)
    }
}

/// One challenge of a pack.
#[derive(Debug, Clone, PartialEq)]
pub struct PackChallenge {
    pub path: PackPath,
    pub document: Document,
    pub challenge: Challenge,
}

/// A pack that can be installed.
#[derive(Debug, Clone, PartialEq)]
pub struct Pack {
    pub manifest: Manifest,
    /// In the manifest's order. Their keys differ.
    pub challenges: Vec<PackChallenge>,
    /// All other files: `shared_resources/` and what lies beside.
    pub files: Files,
    pub warnings: Vec<Problem>,
}

impl Pack {
    /// A file that a challenge speaks of.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        let path = PackPath::parse(path).ok()?;
        self.files.get(&path).map(Vec::as_slice)
    }

    pub fn n_tasks(&self) -> usize {
        self.challenges
            .iter()
            .map(|one| one.challenge.questions.len())
            .sum()
    }

    /// The pack as files again: what was read, with manifest and documents in the one form that they are written in.
    pub fn to_files(&self) -> Files {
        let mut files = self.files.clone();
        if let Ok(path) = PackPath::parse("pack.json") {
            files.insert(path, self.manifest.to_text().into_bytes());
        }
        for one in &self.challenges {
            files.insert(one.path.clone(), one.document.to_text().into_bytes());
        }
        files
    }

    /// For publishing: answers become hashes where they can. Gives how many were hashed, and which stay in clear.
    pub fn hash_answers(&mut self, hashes: &mut HashesAnswers<'_>) -> (usize, Vec<Unhashed>) {
        let mut n_hashed = 0;
        let mut unhashed = Vec::new();
        for one in &mut self.challenges {
            let (n, mut left) = one.document.hash_answers(hashes);
            n_hashed += n;
            for left in &mut left {
                left.question = format!("{}: {}", one.path, left.question);
            }
            unhashed.extend(left);
            if let Ok(checked) = one.document.check() {
                one.challenge = checked.challenge;
            }
        }
        (n_hashed, unhashed)
    }
}

/// Makes a pack from the files of an archive or folder.
///
/// # Errors
/// All that is wrong with it.
pub fn assemble(files: Files) -> Result<Pack, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut files = rooted(files).map_err(|problem| vec![problem])?;
    for (path, bytes) in &files {
        if bytes.starts_with(b"PK\x03\x04") || path.folded().ends_with(".zip") {
            problems.push(Problem::of_file(
                path.as_str(),
                "is an archive: a pack within a pack is not installed",
            ));
        }
    }
    let manifest = match text_of(&mut files, "pack.json") {
        Some((path, Ok(text))) => match Manifest::parse(&text) {
            Ok(manifest) => manifest,
            Err(found) => {
                problems.extend(found.into_iter().map(|problem| Problem::within(&path, problem)));
                return Err(problems);
            }
        },
        Some((_, Err(problem))) => {
            problems.push(problem);
            return Err(problems);
        }
        None => return Err(vec![no_manifest()]),
    };
    let mut warnings = Vec::new();
    let mut challenges: Vec<PackChallenge> = Vec::new();
    for (at, wanted) in manifest.challenges.iter().enumerate() {
        let found =
            text_of(&mut files, wanted).or_else(|| text_of(&mut files, &format!("challenges/{wanted}")));
        let place = format!("challenges[{at}]");
        match found {
            None => problems.push(Problem {
                file: "pack.json".to_owned(),
                path: place,
                error: format!("there is no file {wanted} in the pack, nor in its challenges/"),
            }),
            Some((_, Err(problem))) => problems.push(problem),
            Some((path, Ok(text))) => match challenge(&path, &text, &manifest, &mut warnings) {
                Ok(one) => {
                    if let Some(other) = challenges
                        .iter()
                        .find(|other| other.challenge.key == one.challenge.key)
                    {
                        problems.push(Problem {
                            file: path.to_string(),
                            path: "metadata.id".to_owned(),
                            error: format!("{:?} is the challenge {} already", one.challenge.key, other.path),
                        });
                    }
                    challenges.push(one);
                }
                Err(found) => problems.extend(found),
            },
        }
    }
    problems.extend(missing_files(&manifest, &challenges, &files));
    warnings.extend(unused_files(&manifest, &challenges, &files));
    if problems.is_empty() {
        Ok(Pack {
            manifest,
            challenges,
            files,
            warnings,
        })
    } else {
        Err(problems)
    }
}

fn no_manifest() -> Problem {
    Problem::of_file(
        "",
        "there is no pack.json at the root, nor in the one folder that holds everything",
    )
}

/// Without what is ignored, from the folder that holds `pack.json`: the root, or the only folder there.
fn rooted(files: Files) -> Result<Files, Problem> {
    let files: Files = files.into_iter().filter(|(path, _)| !path.is_ignored()).collect();
    if files.keys().any(|path| path.as_str() == "pack.json") {
        return Ok(files);
    }
    let tops: BTreeSet<String> = files
        .keys()
        .map(|path| {
            path.as_str()
                .split_once('/')
                .map_or(String::new(), |(top, _)| top.to_owned())
        })
        .collect();
    let (Some(top), 1) = (tops.first(), tops.len()) else {
        return Err(no_manifest());
    };
    let inside = format!("{top}/");
    let stripped: Files = files
        .into_iter()
        .filter_map(|(path, bytes)| {
            let rest = PackPath::parse(path.as_str().strip_prefix(&inside)?).ok()?;
            Some((rest, bytes))
        })
        .collect();
    if stripped.keys().any(|path| path.as_str() == "pack.json") {
        Ok(stripped)
    } else {
        Err(no_manifest())
    }
}

/// Takes a file of text out of the others.
fn text_of(files: &mut Files, name: &str) -> Option<(PackPath, Result<String, Problem>)> {
    let path = PackPath::parse(name).ok()?;
    let bytes = files.remove(&path)?;
    let text = String::from_utf8(bytes).map_err(|_| Problem::of_file(path.as_str(), "is no text in UTF-8"));
    Some((path, text))
}

fn challenge(
    path: &PackPath,
    text: &str,
    manifest: &Manifest,
    warnings: &mut Vec<Problem>,
) -> Result<PackChallenge, Vec<Problem>> {
    let document = Document::parse(text).map_err(|problem| vec![Problem::within(path, problem)])?;
    let checked = document.check().map_err(|found| {
        found
            .into_iter()
            .map(|problem| Problem::within(path, problem))
            .collect::<Vec<_>>()
    })?;
    warnings.extend(
        checked
            .warnings
            .into_iter()
            .map(|problem| Problem::within(path, problem)),
    );
    if checked
        .challenge
        .pack_id
        .as_ref()
        .is_some_and(|id| *id != manifest.id)
    {
        warnings.push(Problem {
            file: path.to_string(),
            path: "metadata.pack_id".to_owned(),
            error: format!("names another pack; the challenge belongs to {}", manifest.id),
        });
    }
    Ok(PackChallenge {
        path: path.clone(),
        document,
        challenge: checked.challenge,
    })
}

fn missing_files(manifest: &Manifest, challenges: &[PackChallenge], files: &Files) -> Vec<Problem> {
    let has = |name: &str| PackPath::parse(name).ok().and_then(|path| files.get(&path));
    let mut problems = Vec::new();
    for (at, name) in manifest.shared_resources.iter().enumerate() {
        let folder = format!("{}/", name.trim_end_matches('/'));
        let is_folder = files.keys().any(|path| {
            path.as_str().starts_with(&folder)
                || path.as_str().starts_with(&format!("shared_resources/{folder}"))
        });
        if has(name).is_none() && has(&format!("shared_resources/{name}")).is_none() && !is_folder {
            problems.push(Problem {
                file: "pack.json".to_owned(),
                path: format!("shared_resources[{at}]"),
                error: format!("there is no file {name} in the pack, nor in its shared_resources/"),
            });
        }
    }
    for one in challenges {
        for name in one.challenge.files() {
            match has(name) {
                None => problems.push(Problem::of_file(
                    one.path.as_str(),
                    format!("there is no file {name} in the pack"),
                )),
                Some(bytes) if name.ends_with(".sql") && std::str::from_utf8(bytes).is_err() => {
                    problems.push(Problem::of_file(name, "is no text in UTF-8"));
                }
                Some(_) => {}
            }
        }
    }
    problems
}

fn unused_files(manifest: &Manifest, challenges: &[PackChallenge], files: &Files) -> Vec<Problem> {
    let used: BTreeSet<&str> = challenges.iter().flat_map(|one| one.challenge.files()).collect();
    let listed = |path: &str| {
        manifest.shared_resources.iter().any(|name| {
            let inside = path.strip_prefix("shared_resources/").unwrap_or(path);
            [path, inside].iter().any(|path| {
                path.strip_prefix(name.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || name.ends_with('/'))
            })
        })
    };
    files
        .keys()
        .filter(|path| path.as_str().ends_with(".json") || path.as_str().starts_with("shared_resources/"))
        .filter(|path| !used.contains(path.as_str()) && !listed(path.as_str()))
        .map(|path| Problem::of_file(path.as_str(), "is named by nothing in the pack"))
        .collect()
}
