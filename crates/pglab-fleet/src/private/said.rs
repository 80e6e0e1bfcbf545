//! What a server that did not start said about it: the end of its output and of its log.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::sleep;

pub(super) fn startup_log(folder: &Path) -> PathBuf {
    folder.join("startup.log")
}

/// The end of what the server said while starting, for the error message. Its log collector may still be writing when
/// the server is gone: a second is given to it until the reason is there.
pub(super) async fn last_lines(folder: &Path) -> String {
    let mut lines = said(folder);
    for _ in 0..20 {
        if lines.iter().any(|line| line.contains("FATAL")) {
            break;
        }
        sleep(Duration::from_millis(50)).await;
        lines = said(folder);
    }
    let tail = lines.get(lines.len().saturating_sub(8)..).unwrap_or_default();
    if tail.is_empty() {
        "it said nothing".to_owned()
    } else {
        tail.join(" / ")
    }
}

/// What it said before its log began, and in the newest files of its log, without the lines about the log itself.
fn said(folder: &Path) -> Vec<String> {
    let mut files: Vec<_> = fs::read_dir(folder.join("log"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    files.sort();
    let newest = files.iter().rev().take(2).rev().map(|(_, path)| path.clone());
    std::iter::once(startup_log(folder))
        .chain(newest)
        .flat_map(|path| read_end(&path).lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| !line.trim().is_empty() && !line.contains("log output"))
        .collect()
}

/// The last 8 KiB of a file, as far as they are text.
fn read_end(path: &Path) -> String {
    const MAX: usize = 8 << 10;
    let bytes = fs::read(path).unwrap_or_default();
    String::from_utf8_lossy(bytes.get(bytes.len().saturating_sub(MAX)..).unwrap_or_default()).into_owned()
}
