//! Packs as folders on this machine, as authors have them.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use pglab_core::pack::{Files, Limits, PackPath, Problem};

use super::Meter;

/// Symbolic links are not followed: a pack holds what it holds.
///
/// # Errors
/// All that can't be in a pack.
pub fn read(folder: &Path, limits: Limits) -> Result<Files, Vec<Problem>> {
    let mut files = Files::new();
    let mut meter = Meter::new(limits);
    let mut problems = Vec::new();
    walk(folder, "", &mut files, &mut meter, &mut problems).map_err(|problem| vec![problem])?;
    if problems.is_empty() {
        Ok(files)
    } else {
        Err(problems)
    }
}

/// Ends at once where a limit is reached; collects what else is wrong.
fn walk(
    folder: &Path,
    inside: &str,
    files: &mut Files,
    meter: &mut Meter,
    problems: &mut Vec<Problem>,
) -> Result<(), Problem> {
    let failed =
        |error: io::Error| Problem::of_file(folder.display().to_string(), format!("can't be read: {error}"));
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let Ok(name) = entry.file_name().into_string() else {
            problems.push(Problem::of_file(
                entry.path().display().to_string(),
                "the name is not in UTF-8",
            ));
            continue;
        };
        // Where authors work lie .git and the like.
        if name.starts_with('.') || name == "__MACOSX" {
            continue;
        }
        meter.entry()?;
        let path = if inside.is_empty() {
            name
        } else {
            format!("{inside}/{name}")
        };
        let parsed = match PackPath::parse(&path) {
            Ok(parsed) => parsed,
            Err(error) => {
                problems.push(Problem::of_file(path, error.to_string()));
                continue;
            }
        };
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            walk(&entry.path(), &path, files, meter, problems)?;
        } else if kind.is_file() {
            if let Some(other) = files.keys().find(|other| other.folded() == parsed.folded()) {
                let error = format!("has the same name as {other}, where capitals don't count");
                problems.push(Problem::of_file(path.clone(), error));
            }
            let file = fs::File::open(entry.path()).map_err(failed)?;
            files.insert(parsed, meter.read_all(&path, file)?);
        } else {
            let what = if kind.is_symlink() {
                "is a symbolic link"
            } else {
                "is neither a file nor a folder"
            };
            problems.push(Problem::of_file(path, what));
        }
    }
    Ok(())
}

/// Writes the files into a folder that is not there yet, or is empty. All or nothing: they are written beside it first.
///
/// # Errors
/// The folder holds something already, or the disk fails.
pub fn write(files: &Files, folder: &Path) -> io::Result<()> {
    if folder.exists() && fs::read_dir(folder)?.next().is_some() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            format!("{} holds something already", folder.display()),
        ));
    }
    let name = folder
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "this is no name of a folder"))?;
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let beside = parent.join(format!(".{}.new", name.to_string_lossy()));
    if beside.exists() {
        fs::remove_dir_all(&beside)?;
    }
    let written = write_all(files, &beside).and_then(|()| {
        if folder.exists() {
            fs::remove_dir(folder)?;
        }
        fs::rename(&beside, folder)
    });
    if written.is_err() {
        // What went wrong first is what is told.
        let _ = fs::remove_dir_all(&beside);
    }
    written
}

fn write_all(files: &Files, folder: &Path) -> io::Result<()> {
    fs::create_dir(folder)?;
    for (path, bytes) in files {
        let path = folder.join(path.as_str());
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::File::create_new(&path)?.write_all(bytes)?;
    }
    Ok(())
}
