//! The folder of uploaded dumps: files are written beside, and take their name when they are complete.

use std::{
    io,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use tokio::{
    fs,
    io::{AsyncWriteExt, BufWriter},
};

use crate::{Control, Error};

/// A file that nobody knows is removed when it is older than this.
const ORPHAN_S: u64 = 24 * 3600;

/// A complete upload.
#[derive(Debug)]
pub(crate) struct Received {
    /// Its name in the folder.
    pub(crate) file: String,
    pub(crate) size_bytes: u64,
    pub(crate) sha256: Vec<u8>,
}

pub(crate) fn folder(control: &Control) -> PathBuf {
    control.data_dir.join("uploads")
}

pub(crate) fn path(control: &Control, file: &str) -> PathBuf {
    folder(control).join(file)
}

/// Writes a stream to a new file; a stream that breaks or is too long leaves nothing. `told` hears how many bytes are
/// there.
pub(crate) async fn receive<E: std::fmt::Display>(
    control: &Control,
    body: impl Stream<Item = Result<Bytes, E>>,
    limit: u64,
    mut told: impl FnMut(u64),
) -> Result<Received, Error> {
    let folder = folder(control);
    fs::create_dir_all(&folder).await.map_err(Error::internal)?;
    let mut name = [0_u8; 16];
    control.random.fill(&mut name);
    let file = format!("{}.dump", super::view::hexadecimal(&name));
    let part = Partial(folder.join(format!("{file}.part")));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut writer =
        BufWriter::with_capacity(256 * 1024, options.open(&part.0).await.map_err(Error::internal)?);
    let mut digest = Sha256::new();
    let mut size_bytes = 0_u64;
    let mut body = std::pin::pin!(body);
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| {
            Error::invalid(
                "body",
                format!("the upload broke off after {size_bytes} bytes: {error}"),
            )
        })?;
        size_bytes += chunk.len() as u64;
        if size_bytes > limit {
            return Err(too_large(limit));
        }
        digest.update(&chunk);
        writer.write_all(&chunk).await.map_err(full)?;
        told(size_bytes);
    }
    if size_bytes == 0 {
        return Err(Error::invalid("body", "the dump is empty"));
    }
    writer.flush().await.map_err(full)?;
    writer.into_inner().sync_all().await.map_err(full)?;
    fs::rename(&part.0, folder.join(&file))
        .await
        .map_err(Error::internal)?;
    Ok(Received {
        file,
        size_bytes,
        sha256: digest.finalize().to_vec(),
    })
}

pub(super) fn too_large(limit: u64) -> Error {
    Error::TooLarge(format!(
        "the dump is larger than {} MiB, the most that this pglab takes; its operator can allow more",
        limit / (1024 * 1024)
    ))
}

fn full(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            tracing::error!(%error, "the folder of uploads is full");
            Error::Unavailable("pglab has no room left for this dump; its operator must make some".to_owned())
        }
        _ => Error::internal(error),
    }
}

pub(crate) async fn remove(control: &Control, file: &str) {
    let path = path(control, file);
    if let Err(error) = fs::remove_file(&path).await
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, path = %path.display(), "an upload can't be removed");
    }
}

/// Removes files that no lab knows and that nobody is writing: left by a crash.
pub(super) async fn sweep(control: &Control, known: &[String]) -> io::Result<usize> {
    let mut entries = match fs::read_dir(folder(control)).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        other => other?,
    };
    let mut n_removed = 0;
    while let Some(entry) = entries.next_entry().await? {
        let name = entry.file_name().to_string_lossy().into_owned();
        if known.contains(&name) || !is_old(control, &entry.path()).await {
            continue;
        }
        fs::remove_file(entry.path()).await?;
        n_removed += 1;
    }
    Ok(n_removed)
}

async fn is_old(control: &Control, path: &Path) -> bool {
    let now: std::time::SystemTime = control.now().into();
    let Ok(modified) = fs::metadata(path).await.and_then(|data| data.modified()) else {
        return false;
    };
    now.duration_since(modified)
        .is_ok_and(|age| age.as_secs() > ORPHAN_S)
}

/// Removes the file unless it was renamed.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
