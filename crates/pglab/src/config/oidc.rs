//! The section `[identity.oidc]` of pglab.toml: an OpenID Connect provider that people may sign in through besides. Files
//! are read here; what the settings mean stands in `pglab_core::oidc`.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, ensure};
use pglab_core::{
    directory::{RoleGroups, Secret},
    oidc::{ClaimNames, LinkBy, OidcSettings, SignOut, Strangers},
};
use serde::Deserialize;

use crate::config::one_of;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcSection {
    issuer: String,
    client_id: String,
    client_secret: Option<String>,
    client_secret_file: Option<PathBuf>,
    #[serde(default = "default_scopes")]
    scopes: Vec<String>,
    #[serde(default)]
    claims: ClaimSection,
    /// Taken off the end of the login.
    login_suffix: Option<String>,
    #[serde(default)]
    roles: RoleSection,
    /// The name of the provider, on the button.
    #[serde(default = "default_label")]
    label: String,
    #[serde(default)]
    email_domains: Vec<String>,
    /// Whom nobody knows here gets an account; otherwise they have to be on a roster.
    #[serde(default)]
    create_people: bool,
    #[serde(default = "default_link_by")]
    link_by: Vec<LinkWord>,
    /// Signing out of pglab signs out of the provider too.
    #[serde(default = "yes")]
    sign_out: bool,
    ca_file: Option<PathBuf>,
    #[serde(default = "default_skew")]
    clock_skew_s: f64,
    #[serde(default = "default_timeout")]
    timeout_s: f64,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimSection {
    login: Option<String>,
    name: Option<String>,
    email: Option<String>,
    external_id: Option<String>,
    groups: Option<String>,
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

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LinkWord {
    Login,
    ExternalId,
    Email,
}

impl From<LinkWord> for LinkBy {
    fn from(word: LinkWord) -> Self {
        match word {
            LinkWord::Login => Self::Login,
            LinkWord::ExternalId => Self::ExternalId,
            LinkWord::Email => Self::Email,
        }
    }
}

fn default_scopes() -> Vec<String> {
    vec!["profile".to_owned(), "email".to_owned()]
}

fn default_label() -> String {
    "your university".to_owned()
}

fn default_link_by() -> Vec<LinkWord> {
    vec![LinkWord::Login]
}

fn default_skew() -> f64 {
    60.0
}

fn default_timeout() -> f64 {
    10.0
}

fn yes() -> bool {
    true
}

impl OidcSection {
    pub fn settings(&self) -> anyhow::Result<OidcSettings> {
        let client_secret = match (&self.client_secret, &self.client_secret_file) {
            (None, None) => None,
            (value, file) => {
                let secret = one_of("identity.oidc.client_secret", value.as_deref(), file.as_deref())?;
                ensure!(!secret.is_empty(), "identity.oidc.client_secret is empty");
                Some(Secret::new(secret))
            }
        };
        let usual = ClaimNames::default();
        let seconds = |name: &str, value: f64, from: f64| {
            ensure!(
                (from..=600.0).contains(&value),
                "identity.oidc.{name} must be {from} to 600 seconds"
            );
            Ok(Duration::from_secs_f64(value))
        };
        let settings = OidcSettings {
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            client_secret,
            scopes: self
                .scopes
                .iter()
                .filter(|scope| *scope != "openid")
                .cloned()
                .collect(),
            claims: ClaimNames {
                login: self.claims.login.clone().unwrap_or(usual.login),
                name: self.claims.name.clone().unwrap_or(usual.name),
                email: self.claims.email.clone().unwrap_or(usual.email),
                external_id: self.claims.external_id.clone(),
                groups: self.claims.groups.clone(),
            },
            login_suffix: self.login_suffix.clone(),
            roles: RoleGroups {
                admin: self.roles.admin.clone(),
                instructor: self.roles.instructor.clone(),
                student: self.roles.student.clone(),
            },
            label: self.label.trim().to_owned(),
            email_domains: self.email_domains.clone(),
            strangers: if self.create_people {
                Strangers::Create
            } else {
                Strangers::Refuse
            },
            link_by: self.link_by.iter().map(|word| (*word).into()).collect(),
            sign_out: if self.sign_out {
                SignOut::Provider
            } else {
                SignOut::Local
            },
            ca_file: self.ca_file.clone(),
            clock_skew: seconds("clock_skew_s", self.clock_skew_s, 0.0)?,
            timeout: seconds("timeout_s", self.timeout_s, 1.0)?,
        };
        settings.check().context("identity.oidc")?;
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<OidcSettings, String> {
        let section: OidcSection = toml::from_str(text).map_err(|error| error.to_string())?;
        section.settings().map_err(|error| format!("{error:#}"))
    }

    const FEW: &str = "issuer = 'https://id.example.edu'\nclient_id = 'pglab'\n";

    #[test]
    fn few_words_are_enough() {
        let few = settings(FEW).unwrap();
        assert_eq!(few.strangers, Strangers::Refuse);
        assert_eq!(few.link_by, [LinkBy::Login]);
        assert_eq!(few.sign_out, SignOut::Provider);
        assert_eq!(few.scopes, ["profile", "email"]);
        assert_eq!(few.client_secret, None);
        let more = settings(&format!(
            "{FEW}client_secret = 's'\nscopes = ['openid', 'groups']\ncreate_people = true\n\
             link_by = ['external_id', 'email']\nclaims = {{ groups = 'groups', external_id = 'oid' }}\n\
             roles = {{ instructor = ['staff'] }}\n"
        ));
        let more = more.unwrap();
        assert_eq!(more.scopes, ["groups"]);
        assert_eq!(more.strangers, Strangers::Create);
        assert_eq!(more.link_by, [LinkBy::ExternalId, LinkBy::Email]);
        assert!(!format!("{more:?}").contains("Some(\"s\")"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |more: &str| settings(&format!("{FEW}{more}")).unwrap_err();
        assert!(wrong("client_secret = ''").contains("client_secret is empty"));
        assert!(wrong("client_secret = 'a'\nclient_secret_file = 'b'").contains("both given"));
        assert!(wrong("link_by = ['mail']").contains("unknown variant"));
        assert!(wrong("timeout_s = 0").contains("timeout_s must be 1 to 600"));
        assert!(wrong("roles = { admin = ['x'] }").contains("claims.groups"));
        assert!(wrong("secret = 'x'").contains("unknown field"));
    }
}
