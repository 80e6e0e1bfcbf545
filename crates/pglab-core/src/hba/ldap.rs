//! How PostgreSQL asks an LDAP server whether a password is right, as the options of a line in `pg_hba.conf`.

use std::fmt;

use super::{HbaError, MAX_TOKEN_BYTES, quoted};
use crate::{
    directory::{BindMode, DirectorySettings, Scope, Secret, Tls},
    kit::percent_encoded,
};

/// Of the way from PostgreSQL to the LDAP server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    Plain,
    StartTls,
    Ldaps,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchBy {
    /// An attribute that holds the login, such as `uid`.
    Attribute(String),
    /// With `$username` for the login.
    Filter(String),
}

impl SearchBy {
    /// From a filter with `{login}`.
    fn of(filter: &str) -> Self {
        let attribute = filter
            .strip_prefix('(')
            .and_then(|rest| rest.strip_suffix("={login})"))
            .filter(|name| {
                !name.is_empty()
                    && name
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            });
        match attribute {
            Some(name) => Self::Attribute(name.to_owned()),
            None => Self::Filter(filter.replace("{login}", "$username")),
        }
    }
}

/// How a login becomes the name of an entry.
#[derive(Clone, PartialEq, Eq)]
pub enum Find {
    /// `prefix` + login + `suffix` is the entry's DN.
    Bind { prefix: String, suffix: String },
    /// The entry is looked for, by an account that may.
    Search {
        base: String,
        /// Only right below `base`; else anywhere below.
        one_level: bool,
        by: SearchBy,
        /// DN and password; none where everybody may search.
        account: Option<(String, String)>,
    },
}

impl fmt::Debug for Find {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bind { prefix, suffix } => f
                .debug_struct("Bind")
                .field("prefix", prefix)
                .field("suffix", suffix)
                .finish(),
            Self::Search { base, by, .. } => f
                .debug_struct("Search")
                .field("base", base)
                .field("by", by)
                .finish_non_exhaustive(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdapMethod {
    /// Tried in this order.
    pub hosts: Vec<String>,
    /// None for the usual one, 389 or 636. The same on all hosts.
    pub port: Option<u16>,
    pub protection: Protection,
    pub find: Find,
}

impl LdapMethod {
    /// The same way to the same servers as pglab's own.
    ///
    /// # Errors
    /// PostgreSQL can't be told so.
    pub fn of(directory: &DirectorySettings) -> Result<Self, HbaError> {
        let first = directory.servers.first().ok_or(HbaError::NoServer)?;
        if let Some(other) = directory.servers.iter().find(|server| server.port != first.port) {
            return Err(HbaError::SeveralPorts(first.port, other.port));
        }
        let find = match &directory.bind {
            BindMode::Simple { prefix, suffix } => Find::Bind {
                prefix: prefix.clone(),
                suffix: suffix.clone(),
            },
            BindMode::Search(search) => Find::Search {
                base: search.base.clone(),
                one_level: search.scope == Scope::One,
                by: SearchBy::of(&search.filter),
                account: search.bind_dn.clone().map(|dn| {
                    let password = search.bind_password.as_ref().map_or("", Secret::reveal);
                    (dn, password.to_owned())
                }),
            },
        };
        Ok(Self {
            hosts: directory
                .servers
                .iter()
                .map(|server| server.host.clone())
                .collect(),
            port: Some(first.port),
            protection: match directory.tls {
                Tls::Plain => Protection::Plain,
                Tls::StartTls => Protection::StartTls,
                Tls::Ldaps => Protection::Ldaps,
            },
            find,
        })
    }

    /// Whether the LDAP server's certificate is looked at.
    pub fn is_verified(&self) -> bool {
        self.protection != Protection::Plain
    }

    fn port(&self) -> u16 {
        self.port.unwrap_or(match self.protection {
            Protection::Ldaps => 636,
            Protection::Plain | Protection::StartTls => 389,
        })
    }

    /// Names and values, as PostgreSQL shows them in `pg_hba_file_rules`.
    pub(super) fn values(&self) -> Result<Vec<(&'static str, String)>, HbaError> {
        if self.hosts.is_empty() {
            return Err(HbaError::NoServer);
        }
        let mut values = vec![
            ("ldapserver", self.hosts.join(" ")),
            ("ldapport", self.port().to_string()),
        ];
        match self.protection {
            Protection::Plain => {}
            Protection::StartTls => values.push(("ldaptls", "true".to_owned())),
            Protection::Ldaps => values.push(("ldapscheme", "ldaps".to_owned())),
        }
        match &self.find {
            Find::Bind { prefix, suffix } => {
                values.push(("ldapprefix", prefix.clone()));
                values.push(("ldapsuffix", suffix.clone()));
            }
            Find::Search {
                base, by, account, ..
            } => {
                values.push(("ldapbasedn", base.clone()));
                match by {
                    SearchBy::Attribute(name) => values.push(("ldapsearchattribute", name.clone())),
                    SearchBy::Filter(filter) if !filter.contains("$username") => {
                        return Err(HbaError::FilterWithoutName);
                    }
                    SearchBy::Filter(filter) => values.push(("ldapsearchfilter", filter.clone())),
                }
                if let Some((dn, password)) = account {
                    values.push(("ldapbinddn", dn.clone()));
                    values.push(("ldapbindpasswd", password.clone()));
                }
            }
        }
        // Shown also where nothing is searched.
        let scope = if self.is_one_level() { "1" } else { "2" };
        values.push(("ldapscope", scope.to_owned()));
        Ok(values)
    }

    fn is_one_level(&self) -> bool {
        matches!(self.find, Find::Search { one_level: true, .. })
    }

    /// As they are written. Only a URL can say that the search goes one level deep, and it must stand last: PostgreSQL sets
    /// the depth back with every option that it reads.
    pub(super) fn options(&self) -> Result<String, HbaError> {
        let url = self.url();
        let mut options = Vec::new();
        for (name, value) in self.values()? {
            let in_url = matches!(
                name,
                "ldapscheme" | "ldapport" | "ldapbasedn" | "ldapsearchattribute" | "ldapsearchfilter"
            );
            match name {
                "ldapscope" => {}
                _ if in_url && url.is_some() => {}
                "ldapserver" if url.is_some() && self.hosts.len() == 1 => {}
                "ldaptls" => options.push("ldaptls=1".to_owned()),
                _ => {
                    // The name and the value are one word for PostgreSQL.
                    if name.len() + 1 + value.len() > MAX_TOKEN_BYTES {
                        return Err(HbaError::TooLong { what: name });
                    }
                    options.push(format!("{name}={}", quoted(name, &value)?));
                }
            }
        }
        if let Some(url) = url {
            options.push(format!("ldapurl={}", quoted("ldapurl", &url)?));
        }
        Ok(options.join(" "))
    }

    fn url(&self) -> Option<String> {
        let Find::Search {
            base,
            one_level: true,
            by,
            ..
        } = &self.find
        else {
            return None;
        };
        let scheme = match self.protection {
            Protection::Ldaps => "ldaps",
            Protection::Plain | Protection::StartTls => "ldap",
        };
        let host = match self.hosts.as_slice() {
            [host] if host.contains(':') => format!("[{host}]"),
            [host] => host.clone(),
            _ => String::new(),
        };
        let base = percent_encoded(base);
        let end = match by {
            SearchBy::Attribute(name) => format!("{}?one", percent_encoded(name)),
            SearchBy::Filter(filter) => format!("?one?{}", percent_encoded(filter)),
        };
        Some(format!("{scheme}://{host}:{}/{base}?{end}", self.port()))
    }
}
