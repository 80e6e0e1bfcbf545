//! A directory of pglab's own as a folder: passwords of its service accounts, certificates, slapd's configuration and its
//! tree. Made by `pglab directory init` and `pglab up --ldap`; running slapd on it is not done here, but in `private`.

mod private;

use std::{
    fs,
    net::IpAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use pglab_core::directory::{
    Attributes, BindMode, DirectorySettings, IdentitySettings, ManagedTree, RoleGroups, Secret, Server,
    StoredHash, Tls,
    slapd::{POSTGRES, SERVICES, ServiceAccount, SlapdFiles, WRITER, service_dn},
};
use pglab_fleet::private::{
    Account, ServerTls,
    certificate::{self, ensure_for},
    slapd,
};
use pglab_identity::{SystemRandom, password, token};
use serde::Serialize;

pub use private::{PrivateDirectory, is_in_use};

use crate::config::managed_search;

/// The tree grows to this many bytes at most: a hundred thousand people. It is only reserved.
const MAX_BYTES: u64 = 1 << 30;

/// Who slapd proves itself to be.
#[derive(Debug, Clone)]
pub enum Proof {
    /// By a certificate that pglab makes, of the authority in this folder.
    Own(ServerTls),
    Given {
        certificate: PathBuf,
        key: PathBuf,
        ca: Option<PathBuf>,
    },
}

/// What is to be made, and for whom.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Passwords of service accounts; slapd's own files in `slapd` below it.
    pub folder: PathBuf,
    pub suffix: String,
    pub proof: Proof,
    pub module_folder: PathBuf,
    pub schema_folder: PathBuf,
    /// slapd runs as it; as we do without.
    pub account: Option<Account>,
    /// The passwords are its files.
    pub owner: Option<Account>,
}

#[derive(Debug)]
pub struct Place {
    plan: Plan,
    files: SlapdFiles,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Made,
    Kept,
    Replaced,
    /// It is not what would be written, and was left as it is.
    Differs,
}

#[derive(Debug, Clone, Serialize)]
pub struct Item {
    pub what: &'static str,
    pub path: PathBuf,
    pub state: State,
}

impl Place {
    pub fn new(plan: Plan) -> Self {
        let slapd = plan.folder.join("slapd");
        let (ca_file, certificate_file, key_file) = match &plan.proof {
            Proof::Own(_) => (
                Some(slapd.join("ca.crt")),
                slapd.join("server.crt"),
                slapd.join("server.key"),
            ),
            Proof::Given { certificate, key, ca } => (ca.clone(), certificate.clone(), key.clone()),
        };
        let files = SlapdFiles {
            data_folder: slapd.clone(),
            folder: slapd,
            suffix: plan.suffix.clone(),
            ca_file,
            certificate_file,
            key_file,
            argon2: slapd::has_argon2(&plan.module_folder),
            module_folder: plan.module_folder.clone(),
            schema_folder: plan.schema_folder.clone(),
            max_bytes: MAX_BYTES,
            plain_binds: false,
            extra: String::new(),
        };
        Self { plan, files }
    }

    pub fn files(&self) -> &SlapdFiles {
        &self.files
    }

    pub fn password_file(&self, service: &str) -> PathBuf {
        self.plan.folder.join(format!("{service}.password"))
    }

    /// What clients verify slapd with; none where this machine's own authorities do.
    pub fn ca_file(&self) -> Option<PathBuf> {
        match &self.plan.proof {
            Proof::Own(tls) => Some(tls.ca_file()),
            Proof::Given { ca, .. } => ca.clone(),
        }
    }

    pub fn hash(&self) -> StoredHash {
        if self.files.argon2 {
            StoredHash::Argon2
        } else {
            StoredHash::Ssha
        }
    }

    /// Makes what is missing. What is there stays; with `overwrite`, configuration and certificate are brought up to date.
    /// Passwords and people are never replaced. Safe to run again after a crash at any point.
    ///
    /// # Errors
    /// slapd is not there whole, an account can't get at its files, or they can't be written.
    pub async fn make(&self, overwrite: bool) -> anyhow::Result<Vec<Item>> {
        slapd::find(&self.plan.module_folder, &self.plan.schema_folder)?;
        make_folder(&self.plan.folder)?;
        if let Some(account) = self.plan.account
            && !account.can_enter(&self.files.folder)
        {
            bail!(
                "the account that slapd runs as can't get into {}: choose a folder where everybody may pass, such as \
                 one in /var/lib",
                self.plan.folder.display()
            );
        }
        slapd::make_folders(&self.files, self.plan.account)?;
        let mut items = self.passwords()?;
        items.extend(self.certificates(overwrite)?);
        items.push(self.configuration(overwrite)?);
        let had_tree = slapd::has_tree(&self.files);
        if !had_tree {
            let services = self.services()?;
            slapd::make_tree(&self.files, &services, self.plan.account).await?;
        }
        items.push(Item {
            what: "tree of entries",
            path: self.files.database_folder(),
            state: if had_tree { State::Kept } else { State::Made },
        });
        Ok(items)
    }

    fn passwords(&self) -> anyhow::Result<Vec<Item>> {
        let mut items = Vec::new();
        for service in SERVICES {
            let path = self.password_file(service);
            let there = path.exists();
            ensure!(
                there || !slapd::has_tree(&self.files),
                "{} is missing, but the tree in {} was made with it: put it back, or give {} another password and write \
                 that there",
                path.display(),
                self.files.database_folder().display(),
                service_dn(service, &self.plan.suffix)
            );
            if !there {
                let password = token::generate(&SystemRandom, "");
                certificate::write(&path, &format!("{password}\n"), 0o600, self.plan.owner)?;
            }
            items.push(Item {
                what: "password of a service",
                path,
                state: if there { State::Kept } else { State::Made },
            });
        }
        Ok(items)
    }

    /// Long and random, so that a fast hash is enough: PostgreSQL signs in with one of them whenever a student does.
    fn services(&self) -> anyhow::Result<Vec<ServiceAccount>> {
        SERVICES
            .iter()
            .map(|name| {
                Ok(ServiceAccount {
                    name,
                    stored_password: password::slapd_ssha(&self.password(name)?, &SystemRandom),
                })
            })
            .collect()
    }

    pub fn password(&self, service: &str) -> anyhow::Result<String> {
        let path = self.password_file(service);
        let text = fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
        Ok(text.trim().to_owned())
    }

    fn certificates(&self, overwrite: bool) -> anyhow::Result<Vec<Item>> {
        let Proof::Own(tls) = &self.plan.proof else {
            let given = [&self.files.certificate_file, &self.files.key_file];
            for path in given.into_iter().chain(&self.files.ca_file) {
                ensure!(path.is_file(), "there is no file {}", path.display());
            }
            return Ok(Vec::new());
        };
        let (certificate, key) = (&self.files.certificate_file, &self.files.key_file);
        let (had_ca, had) = (tls.ca_file().exists(), certificate.exists() && key.exists());
        let renewed = (overwrite || !had) && self.renew_certificate()?;
        let state = |had: bool, changed: bool| match (had, changed) {
            (false, _) => State::Made,
            (true, true) => State::Replaced,
            (true, false) => State::Kept,
        };
        Ok(vec![
            Item {
                what: "certificate of the authority",
                path: tls.ca_file(),
                state: state(had_ca, false),
            },
            Item {
                what: "certificate of slapd",
                path: certificate.clone(),
                state: state(had, renewed),
            },
        ])
    }

    /// Makes slapd's certificate anew where its names changed or its end is near. Tells whether it did: slapd has to be
    /// started again then.
    pub fn renew_certificate(&self) -> anyhow::Result<bool> {
        let Proof::Own(tls) = &self.plan.proof else {
            return Ok(false);
        };
        let made = ensure_for(
            tls,
            "slapd of pglab",
            &self.files.certificate_file,
            &self.files.key_file,
            self.plan.account,
        )?;
        let ca_file = tls.ca_file();
        let ca =
            fs::read_to_string(&ca_file).with_context(|| format!("could not read {}", ca_file.display()))?;
        if let Some(copy) = &self.files.ca_file {
            certificate::write(copy, &ca, 0o644, self.plan.account)?;
        }
        Ok(made)
    }

    fn configuration(&self, overwrite: bool) -> anyhow::Result<Item> {
        let path = self.files.configuration_file();
        let found = fs::read_to_string(&path).ok();
        let state = match &found {
            None => State::Made,
            Some(found) if *found == slapd::wanted_configuration(&self.files) => State::Kept,
            Some(_) if overwrite => State::Replaced,
            Some(_) => State::Differs,
        };
        if matches!(state, State::Made | State::Replaced) {
            slapd::write_configuration(&self.files, self.plan.account)?;
        }
        Ok(Item {
            what: "configuration of slapd",
            path,
            state,
        })
    }

    /// What pglab has to know of it, where it listens with LDAPS.
    pub fn identity(&self, address: IpAddr, ldaps: u16) -> anyhow::Result<IdentitySettings> {
        let tree = ManagedTree {
            suffix: self.plan.suffix.clone(),
            writer_dn: service_dn(WRITER, &self.plan.suffix),
            writer_password: Secret::new(self.password(WRITER)?),
            hash: self.hash(),
        };
        let search = managed_search(&tree, Secret::new(self.password(POSTGRES)?));
        let settings = DirectorySettings {
            servers: vec![Server {
                host: address.to_string(),
                port: ldaps,
            }],
            tls: Tls::Ldaps,
            ca_file: self.ca_file(),
            bind: BindMode::Search(search),
            attributes: Attributes::default(),
            groups: None,
            roles: RoleGroups::default(),
            labs: Vec::new(),
            connect_timeout: Duration::from_secs(3),
            request_timeout: Duration::from_secs(10),
        };
        settings.check().context("the settings of the directory")?;
        Ok(IdentitySettings::Managed(settings, tree))
    }

    /// The same for `pglab.toml`.
    pub fn identity_section(&self, url: &str) -> String {
        let quoted = |path: &Path| toml::Value::from(path.display().to_string()).to_string();
        let mut text = format!(
            "[identity]\nmode = \"managed\"\nservers = [{}]\n",
            toml::Value::from(url)
        );
        if let Some(ca) = self.ca_file() {
            text.push_str(&format!("ca_file = {}\n", quoted(&ca)));
        }
        text.push_str(&format!(
            "\n[identity.tree]\nsuffix = {}\nwriter_password_file = {}\npostgres_password_file = {}\n",
            toml::Value::from(self.plan.suffix.as_str()),
            quoted(&self.password_file(WRITER)),
            quoted(&self.password_file(POSTGRES)),
        ));
        if self.hash() == StoredHash::Ssha {
            text.push_str("password_hash = \"ssha\"\n");
        }
        text
    }
}

/// Everybody may pass; what is secret in it says so by its own mode.
fn make_folder(path: &Path) -> anyhow::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path).with_context(|| format!("could not make {}", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("could not set the permissions of {}", path.display()))
}
