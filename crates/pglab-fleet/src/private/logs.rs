//! How much the private server's log may take. PostgreSQL begins new files and never removes one, and a student can
//! fill them as fast as the disk writes: every failed statement is in there with its text.

use std::{fs, io, path::Path, time::SystemTime};

/// Removes the oldest log files until the rest takes at most `keep_bytes`. The newest, which is being written, always
/// stays. Returns how many were removed.
///
/// # Errors
/// The folder can't be read, or a file can't be removed.
pub fn trim(folder: &Path, keep_bytes: u64) -> io::Result<usize> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        if meta.is_file() {
            let changed = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            files.push((changed, entry.path(), meta.len()));
        }
    }
    files.sort_by(|one, two| two.cmp(one));
    let mut taken = 0;
    let mut n_removed = 0;
    for (n, (_, path, bytes)) in files.iter().enumerate() {
        taken += bytes;
        // Two, because the collector keeps an empty one for what it says before it begins.
        if n >= 2 && taken > keep_bytes {
            fs::remove_file(path)?;
            n_removed += 1;
        }
    }
    Ok(n_removed)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_oldest_go_first_and_the_newest_stay() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..5_u64 {
            let path = folder.path().join(format!("{n}.json"));
            fs::write(&path, vec![b'x'; 100]).unwrap();
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(n);
            fs::File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_modified(at)
                .unwrap();
        }
        let left = || {
            let mut names: Vec<_> = fs::read_dir(folder.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name())
                .collect();
            names.sort();
            names
        };
        assert_eq!(trim(folder.path(), 350).unwrap(), 2);
        assert_eq!(left(), ["2.json", "3.json", "4.json"]);
        assert_eq!(trim(folder.path(), 0).unwrap(), 1);
        assert_eq!(left(), ["3.json", "4.json"]);
    }
}
