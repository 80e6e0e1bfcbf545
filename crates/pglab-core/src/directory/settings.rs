//! The settings of a directory, as pglab.toml gives them and everybody reads them: the client, the writer of
//! pg_hba.conf, the pages (without the secrets). Values here have been checked; reading files is done by the binary.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use super::escape;

/// Who keeps the passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IdentityMode {
    /// pglab itself.
    #[default]
    Local,
    /// An LDAP tree that pglab fills.
    Managed,
    /// The LDAP directory of the university, which is only read.
    Directory,
}

impl IdentityMode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Managed => "managed",
            Self::Directory => "directory",
        }
    }
}

/// The whole of the identity settings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum IdentitySettings {
    #[default]
    Local,
    Managed(DirectorySettings, ManagedTree),
    Directory(DirectorySettings),
}

impl IdentitySettings {
    pub fn mode(&self) -> IdentityMode {
        match self {
            Self::Local => IdentityMode::Local,
            Self::Managed(..) => IdentityMode::Managed,
            Self::Directory(_) => IdentityMode::Directory,
        }
    }

    /// `None` in the mode `local`.
    pub fn directory(&self) -> Option<&DirectorySettings> {
        match self {
            Self::Local => None,
            Self::Managed(directory, _) | Self::Directory(directory) => Some(directory),
        }
    }
}

/// Where the directory is, and how people sign in to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectorySettings {
    /// Tried in this order; never empty. All have the scheme that `tls` says.
    pub servers: Vec<Server>,
    pub tls: Tls,
    /// PEM; the machine's own authorities where there is none.
    pub ca_file: Option<PathBuf>,
    pub bind: BindMode,
    pub attributes: Attributes,
    pub groups: Option<GroupSettings>,
    pub roles: RoleGroups,
    pub labs: Vec<LabGroup>,
    /// For one server to accept a connection, its TLS included.
    pub connect_timeout: Duration,
    /// For the answer to one request.
    pub request_timeout: Duration,
}

/// One server of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// A name or an address; an IPv6 address without brackets.
    pub host: String,
    pub port: u16,
}

/// How connections are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Not at all: passwords can be read on the way.
    Plain,
    StartTls,
    Ldaps,
}

impl Tls {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::StartTls => "starttls",
            Self::Ldaps => "ldaps",
        }
    }
}

/// How the name of a person's entry is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BindMode {
    /// It is `prefix`, the login, `suffix`.
    Simple { prefix: String, suffix: String },
    /// It is searched for.
    Search(Search),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The account that searches; `None` searches without one.
    pub bind_dn: Option<String>,
    pub bind_password: Option<Secret>,
    pub base: String,
    pub scope: Scope,
    /// With `{login}` where the login goes: `(uid={login})`.
    pub filter: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    One,
    Subtree,
}

/// In which attributes a person's entry holds what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes {
    pub login: String,
    pub name: String,
    pub email: String,
    pub external_id: Option<String>,
}

impl Default for Attributes {
    fn default() -> Self {
        Self {
            login: "uid".to_owned(),
            name: "cn".to_owned(),
            email: "mail".to_owned(),
            external_id: None,
        }
    }
}

/// Where groups are, and which hold a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSettings {
    pub base: String,
    /// With `{dn}` or `{login}` of the person: `(member={dn})`.
    pub filter: String,
}

/// Groups by what their members are in pglab: the name of the group's entry, or `*` for everybody who can sign in.
/// The first role with a group of the person counts; who has none can't sign in unless pglab knows them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoleGroups {
    pub admin: Vec<String>,
    pub instructor: Vec<String>,
    pub student: Vec<String>,
}

/// The members of this group are students (or the like) of this lab from their first sign-in on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabGroup {
    pub group: String,
    pub lab: String,
    pub role: crate::lab::MemberRole,
}

/// The tree that pglab fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedTree {
    /// `dc=lab,dc=example`: people are in `ou=people` below it, groups in `ou=groups`.
    pub suffix: String,
    /// The account that pglab writes with.
    pub writer_dn: String,
    pub writer_password: Secret,
    pub hash: StoredHash,
}

/// How the tree holds the passwords that pglab gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StoredHash {
    #[default]
    Argon2,
    /// Salted SHA-1, for a slapd without the module `argon2`.
    Ssha,
}

impl ManagedTree {
    pub fn people(&self) -> String {
        format!("ou=people,{}", self.suffix)
    }

    pub fn groups(&self) -> String {
        format!("ou=groups,{}", self.suffix)
    }

    pub fn group_dn(&self, name: &str) -> String {
        format!("cn={},{}", escape::dn_value(name), self.groups())
    }

    /// The name of a person's entry.
    pub fn person_dn(&self, login: &str) -> String {
        format!("uid={},{}", escape::dn_value(login), self.people())
    }
}

/// A password that is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    #[error("servers is empty: name at least one, such as \"ldaps://ldap.example.edu\"")]
    NoServer,
    #[error("the server {0:?} must be like ldaps://ldap.example.edu or ldap://10.0.0.5:389")]
    Server(String),
    #[error("all servers must have the same scheme, ldap:// or ldaps://")]
    Schemes,
    #[error("start_tls is for ldap:// servers; ldaps:// is protected already")]
    StartTlsOnLdaps,
    #[error("the filter {filter:?} must contain {wanted}")]
    Placeholder { filter: String, wanted: &'static str },
    #[error("the filter {0:?} must stand in one pair of parentheses")]
    Parentheses(String),
    #[error("the search base is empty")]
    NoBase,
    #[error("bind_prefix and bind_suffix are both empty: then the login alone would have to name an entry")]
    EmptyName,
    #[error("bind_dn needs a password that is not empty: without one the directory lets in anybody")]
    NoPassword,
}

impl Server {
    /// Splits `ldaps://host:port`: the server, and whether it is `ldaps`.
    ///
    /// # Errors
    /// Another scheme, no host, a port that is none, or more than that.
    pub fn parse(url: &str) -> Result<(Self, bool), SettingsError> {
        let wrong = || SettingsError::Server(url.to_owned());
        let (rest, ldaps) = match (url.strip_prefix("ldaps://"), url.strip_prefix("ldap://")) {
            (Some(rest), _) => (rest, true),
            (None, Some(rest)) => (rest, false),
            (None, None) => return Err(wrong()),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.strip_prefix('[') {
            Some(bracketed) => {
                let (host, after) = bracketed.split_once(']').ok_or_else(wrong)?;
                (
                    host,
                    after
                        .strip_prefix(':')
                        .or(after.is_empty().then_some(""))
                        .ok_or_else(wrong)?,
                )
            }
            None => rest.split_once(':').unwrap_or((rest, "")),
        };
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
        if host.is_empty() || !host.chars().all(fine) {
            return Err(wrong());
        }
        let port = match port {
            "" => {
                if ldaps {
                    636
                } else {
                    389
                }
            }
            digits => u16::from_str(digits)
                .ok()
                .filter(|port| *port != 0)
                .ok_or_else(wrong)?,
        };
        let host = host.to_owned();
        Ok((Self { host, port }, ldaps))
    }

    pub fn url(&self, tls: Tls) -> String {
        let scheme = if tls == Tls::Ldaps { "ldaps" } else { "ldap" };
        let (open, close) = if self.host.contains(':') {
            ("[", "]")
        } else {
            ("", "")
        };
        format!("{scheme}://{open}{}{close}:{}", self.host, self.port)
    }
}

impl DirectorySettings {
    /// Servers and TLS from URLs of one scheme.
    ///
    /// # Errors
    /// No URL, one that can't be read, or several schemes.
    pub fn servers(urls: &[String], start_tls: bool) -> Result<(Vec<Server>, Tls), SettingsError> {
        let parsed = urls
            .iter()
            .map(|url| Server::parse(url))
            .collect::<Result<Vec<_>, _>>()?;
        let ldaps = parsed.first().ok_or(SettingsError::NoServer)?.1;
        if parsed.iter().any(|(_, other)| *other != ldaps) {
            return Err(SettingsError::Schemes);
        }
        let tls = match (ldaps, start_tls) {
            (true, true) => return Err(SettingsError::StartTlsOnLdaps),
            (true, false) => Tls::Ldaps,
            (false, true) => Tls::StartTls,
            (false, false) => Tls::Plain,
        };
        Ok((parsed.into_iter().map(|(server, _)| server).collect(), tls))
    }

    /// What can be known to be wrong without asking the directory.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), SettingsError> {
        if self.servers.is_empty() {
            return Err(SettingsError::NoServer);
        }
        match &self.bind {
            BindMode::Simple { prefix, suffix } => {
                if prefix.is_empty() && suffix.is_empty() {
                    return Err(SettingsError::EmptyName);
                }
            }
            BindMode::Search(search) => {
                if search.base.trim().is_empty() {
                    return Err(SettingsError::NoBase);
                }
                let password = search.bind_password.as_ref().map_or("", Secret::reveal);
                if search.bind_dn.is_some() && password.is_empty() {
                    return Err(SettingsError::NoPassword);
                }
                check_filter(&search.filter, &["{login}"], "{login}")?;
            }
        }
        if let Some(groups) = &self.groups {
            check_filter(&groups.filter, &["{dn}", "{login}"], "{dn} or {login}")?;
        }
        Ok(())
    }
}

fn check_filter(filter: &str, any_of: &[&str], wanted: &'static str) -> Result<(), SettingsError> {
    if !(filter.starts_with('(') && filter.ends_with(')')) {
        return Err(SettingsError::Parentheses(filter.to_owned()));
    }
    if any_of.iter().any(|placeholder| filter.contains(placeholder)) {
        Ok(())
    } else {
        Err(SettingsError::Placeholder {
            filter: filter.to_owned(),
            wanted,
        })
    }
}

impl Search {
    /// The filter that finds this login, and nobody else whatever the login is.
    pub fn filter_for(&self, login: &str) -> String {
        self.filter.replace("{login}", &escape::filter_value(login))
    }
}

impl GroupSettings {
    /// The filter that finds the groups of a person.
    pub fn filter_for(&self, dn: &str, login: &str) -> String {
        // One pass each: a login that reads "{dn}" is escaped text by then, and braces need no escaping in filters,
        // so the placeholders are split out of the setting itself.
        let mut filter = String::new();
        let mut rest = self.filter.as_str();
        while let Some(at) = rest.find('{') {
            filter.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(after) = rest.strip_prefix("{dn}") {
                filter.push_str(&escape::filter_value(dn));
                rest = after;
            } else if let Some(after) = rest.strip_prefix("{login}") {
                filter.push_str(&escape::filter_value(login));
                rest = after;
            } else {
                filter.push('{');
                rest = &rest[1..];
            }
        }
        filter.push_str(rest);
        filter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read() {
        let read = |url: &str| Server::parse(url).map(|(server, ldaps)| (server.host, server.port, ldaps));
        assert_eq!(
            read("ldaps://ldap.example.edu"),
            Ok(("ldap.example.edu".to_owned(), 636, true))
        );
        assert_eq!(
            read("ldap://10.0.0.5:3389/"),
            Ok(("10.0.0.5".to_owned(), 3389, false))
        );
        assert_eq!(read("ldap://[::1]:389"), Ok(("::1".to_owned(), 389, false)));
        assert_eq!(
            Server::parse("ldap://[::1]").unwrap().0.url(Tls::StartTls),
            "ldap://[::1]:389"
        );
        for wrong in [
            "ldap.example.edu",
            "http://x",
            "ldap://",
            "ldap://a b",
            "ldap://x:0",
            "ldap://x:y",
            "ldap://x/dc=y",
        ] {
            assert!(Server::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn schemes_do_not_mix() {
        let urls = |urls: &[&str]| urls.iter().map(|url| (*url).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            DirectorySettings::servers(&urls(&["ldap://a", "ldaps://b"]), false),
            Err(SettingsError::Schemes)
        );
        assert_eq!(
            DirectorySettings::servers(&urls(&["ldaps://b"]), true),
            Err(SettingsError::StartTlsOnLdaps)
        );
        assert_eq!(
            DirectorySettings::servers(&urls(&["ldap://b"]), true).unwrap().1,
            Tls::StartTls
        );
        assert_eq!(
            DirectorySettings::servers(&[], true),
            Err(SettingsError::NoServer)
        );
    }

    #[test]
    fn what_somebody_types_stays_a_value() {
        let groups = GroupSettings {
            base: "ou=groups".to_owned(),
            filter: "(|(member={dn})(memberUid={login}){x})".to_owned(),
        };
        assert_eq!(
            groups.filter_for("uid={login}*,dc=x", "{dn})("),
            r"(|(member=uid={login}\2a,dc=x)(memberUid={dn}\29\28){x})"
        );
    }

    #[test]
    fn secrets_are_not_printed() {
        assert_eq!(format!("{:?}", Secret::new("geheim")), "Secret(…)");
    }
}
