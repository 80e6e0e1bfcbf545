//! The settings of the provider, as pglab.toml gives them. Values have been checked by [`OidcSettings::check`]; reading
//! files is done by the binary.

use std::{path::PathBuf, time::Duration};

use crate::directory::{RoleGroups, Secret};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcSettings {
    /// As the provider writes it, to the letter: it is compared with `iss`.
    pub issuer: String,
    pub client_id: String,
    /// `None`: a public client, which has PKCE alone.
    pub client_secret: Option<Secret>,
    /// Besides `openid`, which is always asked for.
    pub scopes: Vec<String>,
    pub claims: ClaimNames,
    /// Taken off the end of the login: `@example.edu`.
    pub login_suffix: Option<String>,
    /// Groups (or roles) of the provider, compared to the letter; `*` is everybody.
    pub roles: RoleGroups,
    /// The name of the provider, for the button and for sentences.
    pub label: String,
    /// Only people with a verified e-mail address of one of these; empty: everybody.
    pub email_domains: Vec<String>,
    pub strangers: Strangers,
    /// By what somebody who signs in for the first time is recognised as a person who is here already, in this order.
    pub link_by: Vec<LinkBy>,
    pub sign_out: SignOut,
    /// PEM; the machine's own authorities where there is none.
    pub ca_file: Option<PathBuf>,
    /// How far the two clocks may be apart.
    pub clock_skew: Duration,
    /// For the answer to one request.
    pub timeout: Duration,
}

/// In which claims the ID token (or the answer of the userinfo endpoint) holds what. A name with dots may lead into
/// objects: `realm_access.roles`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames {
    pub login: String,
    pub name: String,
    pub email: String,
    pub external_id: Option<String>,
    pub groups: Option<String>,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            login: "preferred_username".to_owned(),
            name: "name".to_owned(),
            email: "email".to_owned(),
            external_id: None,
            groups: None,
        }
    }
}

/// What becomes of somebody whom the provider knows and pglab does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strangers {
    /// They have to be on a roster (or among the people) already.
    #[default]
    Refuse,
    /// They get an account, with the role that their groups have, else as a student.
    Create,
}

/// A claim that says who of the people here somebody is, before their sign-in is linked for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkBy {
    Login,
    ExternalId,
    /// Only an address that the provider calls verified.
    Email,
}

impl LinkBy {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::ExternalId => "external_id",
            Self::Email => "email",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignOut {
    /// Of pglab alone.
    Local,
    /// Of the provider too, if it says how: on a shared computer the next person would otherwise get in as the last one.
    #[default]
    Provider,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    #[error("issuer must start with https:// (or http:// on this machine): {0:?}")]
    Issuer(String),
    #[error(
        "issuer {0:?} is that of many universities at once, so anybody of any of them could come in; take the one of \
         your own tenant"
    )]
    ManyTenants(String),
    #[error("{0} is empty")]
    Empty(&'static str),
    #[error("roles.admin has \"*\", which would make everybody an admin")]
    EverybodyAdmin,
    #[error("roles are given, and claims.groups is not: name the claim that holds the groups")]
    NoGroups,
    #[error("link_by has \"external_id\", and claims.external_id is not given")]
    NoExternalId,
    #[error("email_domains: {0:?} is no domain, like example.edu")]
    Domain(String),
    #[error("link_by is empty and nobody is created, so nobody could ever sign in")]
    Nobody,
    #[error("clock_skew_s may be at most 600")]
    Skew,
}

impl OidcSettings {
    /// # Errors
    /// Something can't be right.
    pub fn check(&self) -> Result<(), SettingsError> {
        let local = |rest: &str| {
            let host = rest.split(['/', '?']).next().unwrap_or_default();
            let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
            ["127.0.0.1", "[::1]", "localhost"].contains(&host)
        };
        let safe =
            self.issuer.starts_with("https://") || self.issuer.strip_prefix("http://").is_some_and(local);
        if !safe || self.issuer.contains(['?', '#', ' ']) {
            return Err(SettingsError::Issuer(self.issuer.clone()));
        }
        let of_many = ["common", "organizations", "consumers"];
        let tenant = self
            .issuer
            .strip_prefix("https://login.microsoftonline.com/")
            .and_then(|rest| rest.split('/').next());
        if tenant.is_some_and(|tenant| of_many.contains(&tenant)) {
            return Err(SettingsError::ManyTenants(self.issuer.clone()));
        }
        for (name, value) in [
            ("client_id", &self.client_id),
            ("label", &self.label),
            ("claims.login", &self.claims.login),
        ] {
            if value.trim().is_empty() {
                return Err(SettingsError::Empty(name));
            }
        }
        if self.roles.admin.iter().any(|group| group == "*") {
            return Err(SettingsError::EverybodyAdmin);
        }
        let named = [&self.roles.admin, &self.roles.instructor, &self.roles.student]
            .into_iter()
            .flatten()
            .any(|group| group != "*");
        if named && self.claims.groups.is_none() {
            return Err(SettingsError::NoGroups);
        }
        if self.link_by.contains(&LinkBy::ExternalId) && self.claims.external_id.is_none() {
            return Err(SettingsError::NoExternalId);
        }
        if self.link_by.is_empty() && self.strangers == Strangers::Refuse {
            return Err(SettingsError::Nobody);
        }
        for domain in &self.email_domains {
            if domain.is_empty() || domain.contains(['@', ' ', '*', '/']) {
                return Err(SettingsError::Domain(domain.clone()));
            }
        }
        if self.clock_skew > Duration::from_secs(600) {
            return Err(SettingsError::Skew);
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) fn example() -> OidcSettings {
    OidcSettings {
        issuer: "https://id.example.edu/realms/uni".to_owned(),
        client_id: "pglab".to_owned(),
        client_secret: None,
        scopes: vec!["profile".to_owned(), "email".to_owned()],
        claims: ClaimNames::default(),
        login_suffix: None,
        roles: RoleGroups::default(),
        label: "Example University".to_owned(),
        email_domains: Vec::new(),
        strangers: Strangers::Refuse,
        link_by: vec![LinkBy::Login],
        sign_out: SignOut::Provider,
        ca_file: None,
        clock_skew: Duration::from_secs(60),
        timeout: Duration::from_secs(10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(change: impl FnOnce(&mut OidcSettings)) -> String {
        let mut settings = example();
        change(&mut settings);
        settings.check().unwrap_err().to_string()
    }

    #[test]
    fn what_can_not_be_right_is_said() {
        assert_eq!(example().check(), Ok(()));
        let mut local = example();
        local.issuer = "http://127.0.0.1:8080".to_owned();
        assert_eq!(local.check(), Ok(()));
        assert!(wrong(|s| s.issuer = "http://id.example.edu".to_owned()).contains("https://"));
        assert!(wrong(|s| s.issuer = "http://127.0.0.1.evil.example".to_owned()).contains("https://"));
        assert!(wrong(|s| s.issuer = "http://localhost@evil.example".to_owned()).contains("https://"));
        let common = "https://login.microsoftonline.com/common/v2.0";
        assert!(wrong(|s| s.issuer = common.to_owned()).contains("of your own tenant"));
        assert!(wrong(|s| s.roles.admin = vec!["*".to_owned()]).contains("everybody an admin"));
        assert!(wrong(|s| s.roles.instructor = vec!["staff".to_owned()]).contains("claims.groups"));
        assert!(wrong(|s| s.link_by = vec![LinkBy::ExternalId]).contains("claims.external_id"));
        assert!(wrong(|s| s.link_by.clear()).contains("nobody could ever sign in"));
        assert!(wrong(|s| s.email_domains = vec!["@uni.edu".to_owned()]).contains("is no domain"));
    }
}
