//! The unprivileged account that PostgreSQL runs as when pglab was started as root.

use std::path::Path;

use nix::unistd::{Gid, Uid, User};
use tokio::process::Command;

use super::PrivateError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    uid: Uid,
    gid: Gid,
}

impl Account {
    /// The account `postgres` where we are root, and nothing where we are not: then PostgreSQL runs as we do.
    ///
    /// # Errors
    /// We are root and there is no such account.
    pub fn for_servers() -> Result<Option<Self>, PrivateError> {
        if !Uid::effective().is_root() {
            return Ok(None);
        }
        let user = User::from_name("postgres")
            .ok()
            .flatten()
            .ok_or(PrivateError::NoAccount)?;
        Ok(Some(Self {
            uid: user.uid,
            gid: user.gid,
        }))
    }

    /// An account of this machine by its name.
    pub fn named(name: &str) -> Option<Self> {
        let user = User::from_name(name).ok().flatten()?;
        Some(Self {
            uid: user.uid,
            gid: user.gid,
        })
    }

    /// For programs that read what strangers wrote: `postgres`, or else `nobody`, where we are root.
    pub(crate) fn for_programs() -> Option<Self> {
        if !Uid::effective().is_root() {
            return None;
        }
        ["postgres", "nobody"].into_iter().find_map(|name| {
            let user = User::from_name(name).ok().flatten()?;
            Some(Self {
                uid: user.uid,
                gid: user.gid,
            })
        })
    }

    pub(crate) fn apply(self, command: &mut Command) {
        command.uid(self.uid.as_raw()).gid(self.gid.as_raw());
    }

    /// Hands a file or folder over to the account.
    ///
    /// # Errors
    /// We may not give it away.
    pub fn own(self, path: &Path) -> Result<(), PrivateError> {
        nix::unistd::chown(path, Some(self.uid), Some(self.gid)).map_err(|errno| PrivateError::File {
            what: "could not hand over",
            path: path.to_owned(),
            source: errno.into(),
        })
    }

    /// Can the account reach this folder? Every folder above it must let it through.
    pub fn can_enter(self, path: &Path) -> bool {
        use std::os::unix::fs::MetadataExt;
        path.ancestors().skip(1).all(|folder| {
            std::fs::metadata(folder).is_ok_and(|meta| {
                let class = if meta.uid() == self.uid.as_raw() {
                    0o100
                } else if meta.gid() == self.gid.as_raw() {
                    0o010
                } else {
                    0o001
                };
                meta.mode() & class != 0
            })
        })
    }
}
