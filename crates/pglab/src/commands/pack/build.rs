//! `pglab pack build`: a pack as one archive, for publishing with its answers hashed.

use std::{
    fs::File,
    io::BufWriter,
    path::{Path, PathBuf},
};

use anyhow::Context;
use pglab_core::cdf::Unhashed;
use serde_json::json;

use super::counted;
use crate::output::{printable, say, tell};

pub(super) fn build(
    path: &Path,
    to: Option<PathBuf>,
    hash_answers: bool,
    as_json: bool,
) -> anyhow::Result<()> {
    let mut pack = super::read(path)?;
    let (n_hashed, unhashed) = if hash_answers {
        pack.hash_answers(&mut |answer| pglab_identity::password::hash(answer).ok())
    } else {
        (0, Vec::new())
    };
    let to =
        to.unwrap_or_else(|| PathBuf::from(format!("{}-{}.zip", pack.manifest.id, pack.manifest.version)));
    write(&pack.to_files(), &to).with_context(|| format!("{} can't be written", to.display()))?;
    let n_bytes = std::fs::metadata(&to)?.len();
    if as_json {
        let left: Vec<_> = unhashed
            .iter()
            .map(|Unhashed { question, why }| json!({"question": question, "why": why}))
            .collect();
        say(&json!({
            "file": to.display().to_string(),
            "bytes": n_bytes,
            "answers_hashed": n_hashed,
            "answers_in_clear": left,
        })
        .to_string());
        return Ok(());
    }
    for Unhashed { question, why } in &unhashed {
        tell(&printable(&format!("in clear: {question}: {why}")));
    }
    if hash_answers {
        tell(&format!("{} hashed", counted(n_hashed, "answer")));
    }
    say(&to.display().to_string());
    Ok(())
}

/// The archive appears when it is whole.
fn write(files: &pglab_core::pack::Files, to: &Path) -> std::io::Result<()> {
    let mut beside = to.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let written = File::create(&beside)
        .and_then(|file| {
            let mut writer = BufWriter::new(file);
            pglab_control::pack::archive::write(files, &mut writer)?;
            writer
                .into_inner()
                .map_err(std::io::IntoInnerError::into_error)?
                .sync_all()
        })
        .and_then(|()| std::fs::rename(&beside, to));
    if written.is_err() {
        // What went wrong first is what is told.
        let _ = std::fs::remove_file(&beside);
    }
    written
}
