//! The section `[instance_manager]`: what runs challenges as pods, where there is such a thing.

use std::{path::PathBuf, time::Duration};

use anyhow::{bail, ensure};
use pglab_core::pods::{ManagerSettings, ManagerUrl};
use serde::Deserialize;

use super::one_of;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InstanceManagerSection {
    /// Like `http://pods.example.edu:5000`. Left out: there is none.
    url: Option<String>,
    token: Option<String>,
    token_file: Option<PathBuf>,
    /// Of each request, 1 to 120.
    timeout_s: Option<u64>,
    /// How often its list is asked for, 1 to 600.
    period_s: Option<u64>,
    /// What a member may run at the same time, 1 to 100.
    per_member: Option<u32>,
    /// What `{{DOMAIN}}` is; by default the host of `url`.
    domain: Option<String>,
}

impl InstanceManagerSection {
    pub fn settings(&self) -> anyhow::Result<Option<ManagerSettings>> {
        let Some(url) = &self.url else {
            ensure!(
                self.token.is_none() && self.token_file.is_none(),
                "instance_manager.url is missing"
            );
            return Ok(None);
        };
        let url = match ManagerUrl::parse(url) {
            Ok(url) => url,
            Err(why) => bail!("instance_manager.url: {why}"),
        };
        let mut settings = ManagerSettings::new(url);
        if self.token.is_some() || self.token_file.is_some() {
            settings.token = Some(one_of(
                "instance_manager.token",
                self.token.as_deref(),
                self.token_file.as_deref(),
            )?);
        }
        if let Some(seconds) = self.timeout_s {
            ensure!(
                (1..=120).contains(&seconds),
                "instance_manager.timeout_s must be 1 to 120"
            );
            settings.timeout = Duration::from_secs(seconds);
        }
        if let Some(seconds) = self.period_s {
            ensure!(
                (1..=600).contains(&seconds),
                "instance_manager.period_s must be 1 to 600"
            );
            settings.period = Duration::from_secs(seconds);
        }
        if let Some(n) = self.per_member {
            ensure!(
                (1..=100).contains(&n),
                "instance_manager.per_member must be 1 to 100"
            );
            settings.per_member = n;
        }
        settings.domain = self.domain.clone();
        Ok(Some(settings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<Option<ManagerSettings>> {
        toml::from_str::<InstanceManagerSection>(text)?.settings()
    }

    #[test]
    fn a_manager_is_read_with_its_defaults() {
        assert_eq!(read("").unwrap(), None);
        let settings = read("url = \"http://pods.example:5000/\"\ntoken = \"t\"\nperiod_s = 2")
            .unwrap()
            .unwrap();
        assert_eq!(settings.url.as_str(), "http://pods.example:5000");
        assert_eq!(settings.domain(), "pods.example");
        assert_eq!(settings.token.as_deref(), Some("t"));
        assert_eq!((settings.period.as_secs(), settings.timeout.as_secs()), (2, 10));
        assert!(
            !format!("{settings:?}").contains("\"t\""),
            "the token is not printed"
        );
    }

    #[test]
    fn what_can_not_be_is_said() {
        for (text, word) in [
            ("token = \"t\"", "url is missing"),
            ("url = \"pods\"", "must be like"),
            ("url = \"http://p\"\nperiod_s = 0", "period_s"),
            ("url = \"http://p\"\nwhat = 1", "unknown field"),
        ] {
            let error = format!("{:#}", read(text).unwrap_err());
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
