//! The section `[identity]` of pglab.toml: who keeps the passwords, and how an LDAP directory is reached. Files are read
//! here; what the settings mean stands in `pglab_core::directory`.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, ensure};
use pglab_core::{
    directory::{
        Attributes, BindMode, DirectorySettings, GroupSettings, IdentitySettings, LabGroup, ManagedTree,
        RoleGroups, Scope, Search, Secret, StoredHash,
        slapd::{POSTGRES, WRITER, check_suffix, service_dn},
    },
    lab::MemberRole,
    oidc::OidcSettings,
};
use serde::Deserialize;

use super::{oidc::OidcSection, one_of};

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentitySection {
    #[serde(default)]
    mode: Mode,
    /// `ldaps://ldap.example.edu`; several are tried in their order.
    #[serde(default)]
    servers: Vec<String>,
    #[serde(default)]
    start_tls: bool,
    ca_file: Option<PathBuf>,
    #[serde(default = "default_connect_timeout")]
    connect_timeout_s: f64,
    #[serde(default = "default_request_timeout")]
    request_timeout_s: f64,
    /// Simple bind: the name is prefix, login, suffix.
    bind_prefix: Option<String>,
    bind_suffix: Option<String>,
    search: Option<SearchSection>,
    groups: Option<GroupSection>,
    #[serde(default)]
    attributes: AttributeSection,
    #[serde(default)]
    roles: RoleSection,
    #[serde(default)]
    labs: Vec<LabSection>,
    tree: Option<TreeSection>,
    oidc: Option<OidcSection>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    #[default]
    Local,
    Managed,
    Directory,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SearchSection {
    base: String,
    #[serde(default = "default_filter")]
    filter: String,
    #[serde(default)]
    scope: ScopeWord,
    bind_dn: Option<String>,
    bind_password: Option<String>,
    bind_password_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ScopeWord {
    One,
    #[default]
    Subtree,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupSection {
    base: String,
    #[serde(default = "default_group_filter")]
    filter: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct AttributeSection {
    login: Option<String>,
    name: Option<String>,
    email: Option<String>,
    external_id: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleSection {
    #[serde(default)]
    admin: Vec<String>,
    #[serde(default)]
    instructor: Vec<String>,
    #[serde(default)]
    student: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct LabSection {
    group: String,
    lab: String,
    #[serde(default = "default_lab_role")]
    role: MemberRole,
}

/// The tree that pglab fills.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct TreeSection {
    suffix: String,
    /// Of `cn=pglab,ou=services`, which writes.
    writer_password: Option<String>,
    writer_password_file: Option<PathBuf>,
    /// Of `cn=postgres,ou=services`, which searches.
    postgres_password: Option<String>,
    postgres_password_file: Option<PathBuf>,
    /// How the tree holds passwords that pglab gives.
    #[serde(default)]
    password_hash: HashWord,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum HashWord {
    #[default]
    Argon2,
    Ssha,
}

fn default_connect_timeout() -> f64 {
    3.0
}

fn default_request_timeout() -> f64 {
    10.0
}

fn default_filter() -> String {
    "(uid={login})".to_owned()
}

fn default_group_filter() -> String {
    "(member={dn})".to_owned()
}

fn default_lab_role() -> MemberRole {
    MemberRole::Student
}

impl IdentitySection {
    /// The provider that people may sign in through besides.
    pub fn oidc(&self) -> anyhow::Result<Option<OidcSettings>> {
        self.oidc.as_ref().map(OidcSection::settings).transpose()
    }

    pub fn settings(&self) -> anyhow::Result<IdentitySettings> {
        if self.mode == Mode::Local {
            ensure!(
                self.servers.is_empty() && self.tree.is_none(),
                "identity.mode is local, which uses no directory; set it to managed or directory, or take the servers out"
            );
            return Ok(IdentitySettings::Local);
        }
        let (servers, tls) =
            DirectorySettings::servers(&self.servers, self.start_tls).context("identity.servers")?;
        let (bind, tree) = match (&self.tree, self.mode) {
            (Some(tree), Mode::Managed) => {
                let (search, tree) = tree.settings()?;
                (BindMode::Search(search), Some(tree))
            }
            (None, Mode::Managed) => {
                anyhow::bail!(
                    "identity.tree is missing: the mode managed needs to know the tree that it fills (docs/guide/identity.md)"
                )
            }
            (Some(_), _) => anyhow::bail!("identity.tree is for the mode managed"),
            (None, _) => (self.bind()?, None),
        };
        let settings = DirectorySettings {
            servers,
            tls,
            ca_file: self.ca_file.clone(),
            bind,
            attributes: self.attributes.settings(),
            groups: self.groups.as_ref().map(|groups| GroupSettings {
                base: groups.base.clone(),
                filter: groups.filter.clone(),
            }),
            roles: RoleGroups {
                admin: self.roles.admin.clone(),
                instructor: self.roles.instructor.clone(),
                student: self.roles.student.clone(),
            },
            labs: self
                .labs
                .iter()
                .map(|lab| LabGroup {
                    group: lab.group.clone(),
                    lab: lab.lab.clone(),
                    role: lab.role,
                })
                .collect(),
            connect_timeout: seconds("identity.connect_timeout_s", self.connect_timeout_s)?,
            request_timeout: seconds("identity.request_timeout_s", self.request_timeout_s)?,
        };
        settings.check().context("identity")?;
        Ok(match tree {
            Some(tree) => IdentitySettings::Managed(settings, tree),
            None => IdentitySettings::Directory(settings),
        })
    }

    fn bind(&self) -> anyhow::Result<BindMode> {
        let simple = self.bind_prefix.is_some() || self.bind_suffix.is_some();
        match (&self.search, simple) {
            (Some(_), true) => {
                anyhow::bail!(
                    "identity.search and identity.bind_prefix or bind_suffix are two ways; keep one"
                )
            }
            (None, false) => {
                anyhow::bail!("identity.search is missing (or identity.bind_prefix and bind_suffix)")
            }
            (None, true) => Ok(BindMode::Simple {
                prefix: self.bind_prefix.clone().unwrap_or_default(),
                suffix: self.bind_suffix.clone().unwrap_or_default(),
            }),
            (Some(search), false) => Ok(BindMode::Search(Search {
                bind_dn: search.bind_dn.clone(),
                bind_password: match &search.bind_dn {
                    Some(_) => Some(secret(
                        "identity.search.bind_password",
                        search.bind_password.as_deref(),
                        search.bind_password_file.as_deref(),
                    )?),
                    None => None,
                },
                base: search.base.clone(),
                scope: match search.scope {
                    ScopeWord::One => Scope::One,
                    ScopeWord::Subtree => Scope::Subtree,
                },
                filter: search.filter.clone(),
            })),
        }
    }
}

impl AttributeSection {
    fn settings(&self) -> Attributes {
        let usual = Attributes::default();
        Attributes {
            login: self.login.clone().unwrap_or(usual.login),
            name: self.name.clone().unwrap_or(usual.name),
            email: self.email.clone().unwrap_or(usual.email),
            external_id: self.external_id.clone(),
        }
    }
}

impl TreeSection {
    fn settings(&self) -> anyhow::Result<(Search, ManagedTree)> {
        check_suffix(&self.suffix).context("identity.tree.suffix")?;
        let password = |name: &str, value: &Option<String>, file: &Option<PathBuf>| {
            secret(name, value.as_deref(), file.as_deref())
        };
        let tree = ManagedTree {
            suffix: self.suffix.clone(),
            writer_dn: service_dn(WRITER, &self.suffix),
            writer_password: password(
                "identity.tree.writer_password",
                &self.writer_password,
                &self.writer_password_file,
            )?,
            hash: match self.password_hash {
                HashWord::Argon2 => StoredHash::Argon2,
                HashWord::Ssha => StoredHash::Ssha,
            },
        };
        let searching = password(
            "identity.tree.postgres_password",
            &self.postgres_password,
            &self.postgres_password_file,
        )?;
        Ok((managed_search(&tree, searching), tree))
    }
}

/// How people of a tree of pglab's are found, by PostgreSQL too.
pub fn managed_search(tree: &ManagedTree, password: Secret) -> Search {
    Search {
        bind_dn: Some(service_dn(POSTGRES, &tree.suffix)),
        bind_password: Some(password),
        base: tree.people(),
        scope: Scope::One,
        filter: "(&(objectClass=inetOrgPerson)(uid={login}))".to_owned(),
    }
}

fn secret(name: &str, value: Option<&str>, file: Option<&Path>) -> anyhow::Result<Secret> {
    let text = one_of(name, value, file)?;
    ensure!(!text.is_empty(), "{name} is empty");
    Ok(Secret::new(text))
}

fn seconds(name: &str, value: f64) -> anyhow::Result<Duration> {
    ensure!((0.1..=60.0).contains(&value), "{name} must be 0.1 to 60 seconds");
    Ok(Duration::from_secs_f64(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<IdentitySettings, String> {
        let section: IdentitySection = toml::from_str(text).map_err(|error| error.to_string())?;
        section.settings().map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn the_modes_are_understood() {
        assert_eq!(settings(""), Ok(IdentitySettings::Local));
        let directory = settings(
            "mode = 'directory'\nservers = ['ldap://a', 'ldap://b:3890']\nstart_tls = true\n\
             [search]\nbase = 'ou=people,dc=x'\nbind_dn = 'cn=reader'\nbind_password = 'p'\n\
             [groups]\nbase = 'ou=groups,dc=x'\n[roles]\nstudent = ['*']\n\
             [[labs]]\ngroup = 'cn=db,ou=groups,dc=x'\nlab = 'db'\n",
        );
        let Ok(IdentitySettings::Directory(directory)) = directory else {
            panic!("{directory:?}");
        };
        assert_eq!(directory.servers.len(), 2);
        assert_eq!(directory.labs[0].role, MemberRole::Student);
        let managed = settings(
            "mode = 'managed'\nservers = ['ldaps://127.0.0.1']\n\
             [tree]\nsuffix = 'dc=lab'\nwriter_password = 'w'\npostgres_password = 'p'\n",
        );
        assert!(
            matches!(managed, Ok(IdentitySettings::Managed(..))),
            "{managed:?}"
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |text: &str| settings(text).unwrap_err();
        assert!(wrong("servers = ['ldap://a']").contains("identity.mode is local"));
        assert!(wrong("mode = 'managed'\nservers = ['ldaps://a']").contains("identity.tree is missing"));
        let directory = |more: &str| format!("mode = 'directory'\nservers = ['ldaps://a']\n{more}");
        assert!(wrong(&directory("")).contains("identity.search is missing"));
        assert!(wrong(&directory("bind_prefix = 'uid='\n[search]\nbase = 'x'")).contains("two ways"));
        let no_password = directory("[search]\nbase = 'x'\nbind_dn = 'cn=x'\nbind_password = ''");
        assert!(wrong(&no_password).contains("bind_password is empty"));
        let filter = directory("[search]\nbase = 'x'\nfilter = '(uid=*)'");
        assert!(wrong(&filter).contains("must contain {login}"));
    }
}
