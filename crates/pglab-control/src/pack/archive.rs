//! Packs as zip archives. An archive is somebody's input: no name, size or flag in it is believed before it was looked
//! at, and nothing is written anywhere while it is read.

use std::{
    collections::BTreeMap,
    io::{Read, Seek, Write},
};

use pglab_core::pack::{Files, Limits, PackPath, Problem};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::Meter;

/// # Errors
/// No archive, or one that a pack can't be.
pub fn read(mut reader: impl Read + Seek, limits: Limits) -> Result<Files, Problem> {
    let n_bytes = reader
        .seek(std::io::SeekFrom::End(0))
        .map_err(|error| Problem::of_file("", format!("the archive can't be read: {error}")))?;
    if n_bytes > limits.archive_bytes {
        return Err(Problem::of_file(
            "",
            format!("the archive is larger than {} MiB", limits.archive_bytes >> 20),
        ));
    }
    let mut archive = ZipArchive::new(reader)
        .map_err(|error| Problem::of_file("", format!("this is no zip archive that can be read: {error}")))?;
    if archive.len() > limits.n_entries {
        return Err(Problem::of_file(
            "",
            format!("holds more than {} files and folders", limits.n_entries),
        ));
    }
    // The library keeps one of those that share a name: which one, another program may see otherwise.
    if archive.has_duplicate_names() {
        return Err(Problem::of_file(
            "",
            "two entries of the archive have the same name",
        ));
    }
    let mut meter = Meter::new(limits);
    let mut files = Files::new();
    let mut folded: BTreeMap<String, String> = BTreeMap::new();
    for at in 0..archive.len() {
        meter.entry()?;
        let entry = archive.by_index(at).map_err(|error| {
            Problem::of_file(format!("entry {}", at + 1), format!("can't be read: {error}"))
        })?;
        let Ok(name) = std::str::from_utf8(entry.name_raw()).map(str::to_owned) else {
            let shown = String::from_utf8_lossy(entry.name_raw()).into_owned();
            return Err(Problem::of_file(shown, "the name is not in UTF-8"));
        };
        let problem = |error: &str| Problem::of_file(shown(&name), error);
        let is_folder = name.ends_with('/');
        let path = PackPath::parse(name.strip_suffix('/').unwrap_or(&name))
            .map_err(|error| Problem::of_file(shown(&name), error.to_string()))?;
        if entry.encrypted() {
            return Err(problem("is encrypted"));
        }
        // The type bits of a Unix mode: only files and folders, and no type at all, are taken.
        let kind = entry.unix_mode().unwrap_or(0) & 0o170_000;
        if entry.is_symlink() || kind == 0o120_000 {
            return Err(problem("is a symbolic link"));
        }
        if ![0, 0o100_000, 0o040_000].contains(&kind) {
            return Err(problem("is neither a file nor a folder"));
        }
        if is_folder {
            if entry.size() > 0 {
                return Err(problem("is a folder with contents of its own"));
            }
            continue;
        }
        if let Some(other) = folded.insert(path.folded(), name.clone()) {
            return Err(problem(&format!(
                "has the same name as {}, where capitals don't count",
                shown(&other)
            )));
        }
        let bytes = meter.read_all(&shown(&name), entry)?;
        if !path.is_ignored() {
            files.insert(path, bytes);
        }
    }
    if let Some((file, folder)) = file_that_is_a_folder(&files) {
        return Err(Problem::of_file(
            file,
            format!("is a file, and the folder of {folder}"),
        ));
    }
    Ok(files)
}

/// A name as it may be shown.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(120).collect()
}

/// `a` and `a/b`: such a pack can't be written to a disk.
fn file_that_is_a_folder(files: &Files) -> Option<(String, String)> {
    files.keys().find_map(|path| {
        let (mut above, _) = path.as_str().rsplit_once('/')?;
        loop {
            if PackPath::parse(above).is_ok_and(|above| files.contains_key(&above)) {
                return Some((above.to_owned(), path.to_string()));
            }
            above = above.rsplit_once('/')?.0;
        }
    })
}

/// Writes the files; the same files give the same bytes, whenever and wherever.
///
/// # Errors
/// The writer fails.
pub fn write(files: &Files, writer: impl Write + Seek) -> std::io::Result<()> {
    let mut archive = ZipWriter::new(writer);
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o644);
    for (path, bytes) in files {
        archive
            .start_file(path.as_str(), options)
            .map_err(std::io::Error::other)?;
        archive.write_all(bytes)?;
    }
    archive.finish().map_err(std::io::Error::other)?;
    Ok(())
}
