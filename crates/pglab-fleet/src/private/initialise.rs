//! Making a new cluster: `initdb` into a folder beside the wanted one, then a rename, so that a crash in between
//! leaves either no cluster or a whole one.

use std::{fs, path::Path};

use tokio::process::Command;

use super::{Account, Binaries, PrivateError, SUPERUSER};

fn file_error(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> PrivateError {
    let path = path.to_owned();
    move |source| PrivateError::File { what, path, source }
}

/// Makes `folder` a cluster with the given superuser password, unless it is one already.
pub(super) async fn initialise(
    binaries: &Binaries,
    account: Option<Account>,
    folder: &Path,
    superuser_password: &str,
) -> Result<(), PrivateError> {
    let version_file = folder.join("PG_VERSION");
    if let Ok(found) = fs::read_to_string(&version_file) {
        let found = found.trim().to_owned();
        if found != binaries.major.to_string() {
            return Err(PrivateError::WrongVersion {
                path: folder.to_owned(),
                found,
                have: binaries.major,
            });
        }
        return Ok(());
    }

    let fresh = folder.with_extension("new");
    if fresh.exists() {
        fs::remove_dir_all(&fresh).map_err(file_error(
            "could not remove what an interrupted start left in",
            &fresh,
        ))?;
    }
    fs::create_dir_all(&fresh).map_err(file_error("could not make the folder", &fresh))?;
    let password_file = fresh.with_extension("pwfile");
    write_private(&password_file, superuser_password)?;
    if let Some(account) = account {
        account.own(&fresh)?;
        account.own(&password_file)?;
    }

    let program = binaries.program("initdb");
    let mut command = Command::new(&program);
    command
        .arg("--pgdata")
        .arg(&fresh)
        .arg("--pwfile")
        .arg(&password_file)
        .args([
            "--username",
            SUPERUSER,
            "--encoding",
            "UTF8",
            "--data-checksums",
            "--no-sync",
        ])
        .args(["--auth-local", "scram-sha-256", "--auth-host", "scram-sha-256"])
        .args([
            "--locale",
            if cfg!(target_os = "macos") { "C" } else { "C.UTF-8" },
        ])
        .current_dir(&fresh)
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true);
    if let Some(account) = account {
        account.apply(&mut command);
    }
    let output = command
        .output()
        .await
        .map_err(|source| PrivateError::Run { program, source })?;
    let removed = fs::remove_file(&password_file);
    if !output.status.success() {
        return Err(PrivateError::Initdb(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ));
    }
    removed.map_err(file_error("could not remove", &password_file))?;
    fs::rename(&fresh, folder).map_err(file_error("could not name the new cluster", folder))
}

fn write_private(path: &Path, text: &str) -> Result<(), PrivateError> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .map_err(file_error("could not write", path))?;
    file.write_all(text.as_bytes())
        .map_err(file_error("could not write", path))
}
