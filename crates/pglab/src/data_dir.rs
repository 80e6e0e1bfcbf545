//! The data directory of `pglab up`: who holds it, its secrets, its ports, and where the cluster lies.

use std::{
    fs::{self, File, TryLockError},
    io::{Read, Seek, Write},
    net::{IpAddr, TcpListener},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use pglab_core::Random;
use pglab_fleet::private::Account;
use pglab_identity::{SystemRandom, token};
use serde::{Deserialize, Serialize};

/// Where servers are kept whose data directory can't be entered by the account that PostgreSQL runs as.
const SHARED_FOLDER: &str = "/var/lib/pglab";

/// A data directory that this process holds. The lock ends with the process, however it ends.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    lock: File,
}

/// Made once, readable by pglab alone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Secrets {
    pub superuser_password: String,
    /// Of the role that owns pglab's own database.
    pub store_password: String,
    /// 32 bytes, hexadecimal: seals initial passwords.
    pub seal_key: String,
}

/// The ports that were chosen once and are kept, so that links and connection strings stay valid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    pub web: u16,
    pub postgres: u16,
    /// Of the private slapd, 0 as long as there is none.
    #[serde(default)]
    pub ldap: u16,
    #[serde(default)]
    pub ldaps: u16,
    /// Of the Database API, 0 as long as it was not served.
    #[serde(default)]
    pub database_api: u16,
}

impl DataDir {
    /// The default: `/var/lib/pglab/data` for root, else `$XDG_DATA_HOME/pglab`, else `~/.local/share/pglab`.
    pub fn default_path() -> anyhow::Result<PathBuf> {
        if nix::unistd::Uid::effective().is_root() {
            return Ok(Path::new(SHARED_FOLDER).join("data"));
        }
        let variable = |name: &str| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        variable("XDG_DATA_HOME")
            .or_else(|| variable("HOME").map(|home| home.join(".local/share")))
            .map(|base| base.join("pglab"))
            .context("neither XDG_DATA_HOME nor HOME is set; name a folder with --data-dir")
    }

    /// Makes the directory if it is missing, and takes hold of it.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(path)
            .with_context(|| format!("could not make the data directory {}", path.display()))?;
        let path = path
            .canonicalize()
            .with_context(|| format!("could not read {}", path.display()))?;
        // PostgreSQL's account must get through to the cluster below; all else in here is 0600 or 0700.
        set_mode(&path, 0o711)?;
        let lock_path = path.join("pglab.lock");
        let mut lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path)
            .with_context(|| format!("could not open {}", lock_path.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                lock.read_to_string(&mut holder).ok();
                let holder = holder.trim();
                let who = if holder.is_empty() {
                    "another pglab that is just starting"
                } else {
                    holder
                };
                bail!(
                    "the data directory {} is held by {who}; stop that one first, or use another --data-dir",
                    path.display()
                );
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("could not lock {}", lock_path.display()));
            }
        }
        lock.set_len(0).context("could not empty the lock file")?;
        Ok(Self { path, lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Tells the next one who wants this directory who we are.
    pub fn announce(&mut self, url: &str) -> anyhow::Result<()> {
        self.lock.set_len(0)?;
        self.lock.rewind()?;
        writeln!(self.lock, "pglab (pid {}) at {url}", std::process::id())?;
        Ok(())
    }

    /// Has the admin's one-time password been told?
    pub fn admin_was_told(&self) -> bool {
        self.path.join("admin-was-told").exists()
    }

    pub fn note_admin_told(&self) -> anyhow::Result<()> {
        let path = self.path.join("admin-was-told");
        fs::write(&path, "").with_context(|| format!("could not write {}", path.display()))
    }

    /// The secrets, made at the first start.
    pub fn secrets(&self) -> anyhow::Result<Secrets> {
        let path = self.path.join("secrets.json");
        if let Some(secrets) = read_json(&path)? {
            return Ok(secrets);
        }
        let mut key = [0u8; 32];
        SystemRandom.fill(&mut key);
        let secrets = Secrets {
            superuser_password: token::generate(&SystemRandom, ""),
            store_password: token::generate(&SystemRandom, ""),
            seal_key: key.iter().map(|byte| format!("{byte:02x}")).collect(),
        };
        write_json(&path, &secrets)?;
        Ok(secrets)
    }

    /// The ports of earlier starts; free ones where there are none yet or somebody else took them. A port that our
    /// own PostgreSQL still holds after a crash of pglab is not somebody else's.
    pub fn ports(&self, web: (IpAddr, u16), postgres: (IpAddr, u16)) -> anyhow::Result<Ports> {
        let path = self.path.join("ports.json");
        let kept: Ports = read_json(&path)?.unwrap_or_default();
        let postgres_runs = self.path.join("postgres/postmaster.pid").exists();
        let ports = Ports {
            web: choose_port("--listen", web, kept.web, 8432, false)?,
            postgres: choose_port("--pg-listen", postgres, kept.postgres, 5433, postgres_runs)?,
            ..kept
        };
        if ports != kept {
            write_json(&path, &ports)?;
        }
        Ok(ports)
    }

    /// The ports of the private slapd for ldap and ldaps, as [`Self::ports`]. `ours`: it may still run.
    pub fn ldap_ports(&self, address: IpAddr, ours: bool) -> anyhow::Result<(u16, u16)> {
        let path = self.path.join("ports.json");
        let kept: Ports = read_json(&path)?.unwrap_or_default();
        let choose = |kept, preferred| choose_port("--ldap", (address, 0), kept, preferred, ours);
        let ports = Ports {
            ldap: choose(kept.ldap, 1389)?,
            ldaps: choose(kept.ldaps, 1636)?,
            ..kept
        };
        if ports != kept {
            write_json(&path, &ports)?;
        }
        Ok((ports.ldap, ports.ldaps))
    }

    /// Of the earlier start; 0 where there was none.
    pub fn database_api_port(&self) -> anyhow::Result<u16> {
        let kept: Ports = read_json(&self.path.join("ports.json"))?.unwrap_or_default();
        Ok(kept.database_api)
    }

    pub fn note_database_api_port(&self, port: u16) -> anyhow::Result<()> {
        let path = self.path.join("ports.json");
        let kept: Ports = read_json(&path)?.unwrap_or_default();
        if kept.database_api == port {
            return Ok(());
        }
        let ports = Ports {
            database_api: port,
            ..kept
        };
        write_json(&path, &ports)
    }

    /// A new port for PostgreSQL, kept from now on.
    pub fn another_postgres_port(&self, address: IpAddr) -> anyhow::Result<u16> {
        let path = self.path.join("ports.json");
        let kept: Ports = read_json(&path)?.unwrap_or_default();
        let listener =
            TcpListener::bind((address, 0)).with_context(|| format!("can't listen on {address}"))?;
        let ports = Ports {
            postgres: listener.local_addr()?.port(),
            ..kept
        };
        write_json(&path, &ports)?;
        Ok(ports.postgres)
    }

    /// Where the files of a server are: a folder of this name in the data directory. Where the account that servers run as
    /// can't enter the data directory, that is a link to a folder of its own under `/var/lib/pglab`.
    pub fn server_folder(&self, server: &str) -> anyhow::Result<PathBuf> {
        let here = self.path.join(server);
        if let Ok(target) = fs::read_link(&here) {
            return Ok(target);
        }
        let Some(account) = Account::for_servers()? else {
            return Ok(here);
        };
        // A cluster is renamed into place, so the folder above it must belong to pglab, which it does.
        if account.can_enter(&here) {
            return Ok(here);
        }
        let name = token::generate(&SystemRandom, "")
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(16)
            .collect::<String>();
        let there = Path::new(SHARED_FOLDER).join("clusters").join(name);
        let above = there.parent().unwrap_or(Path::new(SHARED_FOLDER));
        fs::create_dir_all(above).with_context(|| format!("could not make {}", above.display()))?;
        set_mode(Path::new(SHARED_FOLDER), 0o755)?;
        set_mode(above, 0o711)?;
        std::os::unix::fs::symlink(&there, &here)
            .with_context(|| format!("could not make the link {}", here.display()))?;
        tracing::info!(
            "the account that servers run as can't enter {}; the files of {server} are in {}",
            self.path.display(),
            there.display()
        );
        Ok(there)
    }
}

impl Secrets {
    pub fn key(&self) -> anyhow::Result<[u8; 32]> {
        parse_key(&self.seal_key)
    }
}

/// 64 hexadecimal digits.
pub fn parse_key(text: &str) -> anyhow::Result<[u8; 32]> {
    let bytes: Option<Vec<u8>> = (0..text.len())
        .step_by(2)
        .map(|at| {
            text.get(at..at + 2)
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
        })
        .collect();
    bytes
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
        .context("the key for sealing secrets must be 64 hexadecimal digits")
}

/// `asked` if it is not 0; else the kept one, the preferred one or any, whichever is free first.
fn choose_port(
    option: &str,
    (address, asked): (IpAddr, u16),
    kept: u16,
    preferred: u16,
    ours: bool,
) -> anyhow::Result<u16> {
    let is_free = |port: u16| TcpListener::bind((address, port)).is_ok();
    if asked != 0 {
        if (ours && kept == asked) || is_free(asked) {
            return Ok(asked);
        }
        bail!("{address}:{asked} is in use or not ours to listen on; choose another with {option}");
    }
    if kept != 0 && (ours || is_free(kept)) {
        return Ok(kept);
    }
    if kept != 0 {
        tracing::warn!("port {kept} of earlier starts is in use by somebody else; a new one is chosen");
    }
    if is_free(preferred) {
        return Ok(preferred);
    }
    let listener = TcpListener::bind((address, 0)).with_context(|| format!("can't listen on {address}"))?;
    Ok(listener.local_addr()?.port())
}

fn set_mode(path: &Path, mode: u32) -> anyhow::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .with_context(|| format!("could not set the permissions of {}", path.display()))
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> anyhow::Result<Option<T>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(
            serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))?,
        )),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("could not read {}", path.display())),
    }
}

/// Writes beside and renames, so that a crash leaves the old or the new, never half.
fn write_json(path: &Path, value: &impl Serialize) -> anyhow::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)
        .with_context(|| format!("could not write {}", fresh.display()))?;
    file.write_all(serde_json::to_string_pretty(value)?.as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, path).with_context(|| format!("could not write {}", path.display()))
}
