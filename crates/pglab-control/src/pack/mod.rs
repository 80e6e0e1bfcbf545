//! Packs: their files, read from archives and folders and written to them (that blocks: call it off the async threads), and
//! installing, updating and removing them. What a pack means is `pglab_core::pack`'s business.

pub mod archive;
mod change;
mod document;
pub mod folder;
mod library;
mod list;
mod save;
mod tasks;
#[cfg(test)]
mod tests;

use std::path::Path;

use pglab_core::pack::{self, Files, Limits, Pack, Problem};

pub use change::{Installed, install, remove, update, update_check};
pub use library::{LibraryItem, Preview, PreviewTask, library, preview};
pub use list::{ChallengeView, PackView, export, list, show};
pub use save::save;

pub(crate) use change::{read_archive, uninstall};
pub(crate) use document::{import_document, update_document};
pub(crate) use list::load;
pub(crate) use tasks::{Chosen, renew, renew_all};

/// Reads a pack from a folder or an archive.
///
/// # Errors
/// All that is wrong with it; nothing is left behind.
pub fn read(path: &Path, limits: Limits) -> Result<Pack, Vec<Problem>> {
    pack::assemble(read_files(path, limits)?)
}

/// The files only.
///
/// # Errors
/// The folder or archive can't be read, or is not what a pack may be.
pub fn read_files(path: &Path, limits: Limits) -> Result<Files, Vec<Problem>> {
    let shown = path.display().to_string();
    let failed =
        |error: std::io::Error| vec![Problem::of_file(shown.clone(), format!("can't be read: {error}"))];
    if path.is_dir() {
        folder::read(path, limits)
    } else {
        let file = std::fs::File::open(path).map_err(failed)?;
        archive::read(file, limits).map_err(|problem| vec![problem])
    }
}

/// Counts what is read, against the limits.
#[derive(Debug)]
struct Meter {
    limits: Limits,
    n_entries: usize,
    n_bytes: u64,
}

impl Meter {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            n_entries: 0,
            n_bytes: 0,
        }
    }

    fn entry(&mut self) -> Result<(), Problem> {
        self.n_entries += 1;
        if self.n_entries > self.limits.n_entries {
            return Err(Problem::of_file(
                "",
                format!("holds more than {} files and folders", self.limits.n_entries),
            ));
        }
        Ok(())
    }

    /// All that a reader gives, as long as the sum stays within the limit. What it says of its length is not asked.
    fn read_all(&mut self, name: &str, reader: impl std::io::Read) -> Result<Vec<u8>, Problem> {
        let left = self.limits.unpacked_bytes.saturating_sub(self.n_bytes);
        let mut bytes = Vec::new();
        // One more than allowed tells that there is more.
        std::io::Read::read_to_end(
            &mut std::io::Read::take(reader, left.saturating_add(1)),
            &mut bytes,
        )
        .map_err(|error| Problem::of_file(name, format!("can't be read: {error}")))?;
        let n_read = bytes.len() as u64;
        if n_read > left {
            return Err(Problem::of_file(
                name,
                format!(
                    "with this file the pack is larger than {} MiB unpacked",
                    self.limits.unpacked_bytes >> 20
                ),
            ));
        }
        self.n_bytes += n_read;
        Ok(bytes)
    }
}
