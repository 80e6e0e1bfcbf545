//! What `pglab login` keeps: the URL and a token, in a file that nobody else can read.

use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
};

use anyhow::Context;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
pub struct Credentials {
    pub url: String,
    pub login: String,
    pub token: String,
    /// To revoke it.
    pub token_id: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({} at {})", self.login, self.url)
    }
}

impl Credentials {
    /// `$XDG_CONFIG_HOME/pglab/credentials.toml`, else `~/.config/pglab/credentials.toml`.
    pub fn path() -> anyhow::Result<PathBuf> {
        let variable = |name| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        variable("XDG_CONFIG_HOME")
            .or_else(|| variable("HOME").map(|home| home.join(".config")))
            .map(|base| base.join("pglab").join("credentials.toml"))
            .context("neither XDG_CONFIG_HOME nor HOME is set")
    }

    /// `None` where nobody signed in.
    pub fn read() -> anyhow::Result<Option<Self>> {
        // Who has no place for the file has not signed in; the environment can still hold the token.
        let Ok(path) = Self::path() else {
            return Ok(None);
        };
        match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text)
                .map(Some)
                .with_context(|| format!("{} can't be read; sign in again", path.display())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("{} can't be read", path.display())),
        }
    }

    /// Replaces what was kept, as a whole or not at all.
    pub fn write(&self) -> anyhow::Result<()> {
        let path = Self::path()?;
        let explain = || format!("{} can't be written", path.display());
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .with_context(explain)?;
        }
        let new = path.with_extension(format!("new-{}", std::process::id()));
        let _ = fs::remove_file(&new);
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new)
            .with_context(explain)?;
        file.write_all(toml::to_string(self)?.as_bytes())
            .with_context(explain)?;
        fs::rename(&new, &path).with_context(explain)
    }

    pub fn forget() -> anyhow::Result<()> {
        let path = Self::path()?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("{} can't be removed", path.display()))
            }
            _ => Ok(()),
        }
    }
}
