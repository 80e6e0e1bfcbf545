//! Finding the server binaries: a named folder, `PATH`, or the folders where distributions put them.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::PrivateError;

pub const OLDEST_MAJOR: u16 = 14;
pub const YOUNGEST_MAJOR: u16 = 18;

/// A folder with `postgres` and `initdb` of a version that pglab supports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    pub folder: PathBuf,
    pub major: u16,
    /// As `postgres --version` prints it: `15.18`.
    pub version: String,
}

impl Binaries {
    /// Looks in `bindir` alone where it is given, else in `PATH` and then in the usual folders, newest first.
    ///
    /// # Errors
    /// There are none, or `bindir` has none of a supported version.
    pub fn find(bindir: Option<&Path>) -> Result<Self, PrivateError> {
        if let Some(folder) = bindir {
            return Self::probe(folder).map_err(|why| PrivateError::BadBindir {
                path: folder.to_owned(),
                why,
            });
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        // A link in PATH leads to the folder where all the other programs are.
        let in_path = std::env::split_paths(&path).filter_map(|folder| {
            folder
                .join("postgres")
                .canonicalize()
                .ok()?
                .parent()
                .map(Path::to_owned)
        });
        let usual = usual_folders();
        let mut candidates = in_path.chain(usual.iter().cloned());
        candidates
            .find_map(|folder| Self::probe(&folder).ok())
            .ok_or_else(|| PrivateError::NoBinaries {
                looked:
                    "/usr/lib/postgresql/*/bin, /usr/pgsql-*/bin, /usr/local/pgsql/bin, Homebrew's folders"
                        .to_owned(),
                install: install_command(),
            })
    }

    /// The program of this name in the folder.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn probe(folder: &Path) -> Result<Self, String> {
        for name in ["postgres", "initdb"] {
            if !folder.join(name).is_file() {
                return Err(format!("it has no program {name}"));
            }
        }
        let output = Command::new(folder.join("postgres"))
            .arg("--version")
            .output()
            .map_err(|error| format!("postgres --version: {error}"))?;
        let line = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let version = line
            .split_whitespace()
            .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
            .ok_or_else(|| format!("postgres --version said {line:?}"))?
            .to_owned();
        let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
        let major: u16 = digits
            .parse()
            .map_err(|_| format!("postgres --version said {line:?}"))?;
        if (OLDEST_MAJOR..=YOUNGEST_MAJOR).contains(&major) {
            Ok(Self {
                folder: folder.to_owned(),
                major,
                version,
            })
        } else {
            Err(format!(
                "version {version} is not supported: pglab runs {OLDEST_MAJOR} to {YOUNGEST_MAJOR}"
            ))
        }
    }
}

/// `/usr/lib/postgresql/18/bin` and the like that exist, newest major first.
fn usual_folders() -> Vec<PathBuf> {
    (OLDEST_MAJOR..=YOUNGEST_MAJOR)
        .rev()
        .flat_map(|major| {
            [
                format!("/usr/lib/postgresql/{major}/bin"),
                format!("/usr/pgsql-{major}/bin"),
                format!("/opt/homebrew/opt/postgresql@{major}/bin"),
                format!("/usr/local/opt/postgresql@{major}/bin"),
            ]
        })
        .chain([
            "/usr/local/pgsql/bin".to_owned(),
            "/usr/lib/postgresql/bin".to_owned(),
        ])
        .map(PathBuf::from)
        .filter(|folder| folder.join("postgres").is_file())
        .collect()
}

fn install_command() -> &'static str {
    let has = |file: &str| Path::new(file).exists();
    if has("/usr/bin/apt-get") {
        "apt-get install postgresql"
    } else if has("/usr/bin/dnf") {
        "dnf install postgresql-server"
    } else if has("/usr/bin/zypper") {
        "zypper install postgresql-server"
    } else if has("/usr/bin/pacman") {
        "pacman -S postgresql"
    } else if has("/sbin/apk") {
        "apk add postgresql"
    } else {
        "brew install postgresql@17, or your distribution's package of the PostgreSQL server"
    }
}
