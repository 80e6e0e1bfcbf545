//! How an instance manager is reached, as the operator configured it.

use std::fmt;

/// The address of a manager: `http` or `https`, without a slash at its end, without name and password.
#[derive(Clone, PartialEq, Eq)]
pub struct ManagerUrl(String);

impl ManagerUrl {
    /// # Errors
    /// A sentence about what it must be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("{text:?} must be like http://manager.example:5000, without a name or password");
        let usable = super::Addresses::usable(text).ok_or_else(bad)?;
        let authority = usable.split('/').nth(2).unwrap_or_default();
        if authority.contains('@') || usable.contains(['?', '#']) {
            return Err(bad());
        }
        Ok(Self(usable.trim_end_matches('/').to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host alone: what `{{DOMAIN}}` is where nothing else is said.
    pub fn host(&self) -> &str {
        let authority = self.0.split('/').nth(2).unwrap_or_default();
        match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => authority,
        }
    }
}

impl fmt::Debug for ManagerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ManagerUrl({})", self.0)
    }
}

#[derive(Clone, PartialEq, Eq)]
pub struct ManagerSettings {
    pub url: ManagerUrl,
    /// Sent as `Authorization: Bearer …`.
    pub token: Option<String>,
    /// How long an answer may take.
    pub timeout: std::time::Duration,
    /// How long a round rests.
    pub period: std::time::Duration,
    /// What `{{DOMAIN}}` in documents is; by default the manager's host.
    pub domain: Option<String>,
    /// How many a member may run at the same time.
    pub per_member: u32,
}

impl ManagerSettings {
    pub fn new(url: ManagerUrl) -> Self {
        Self {
            url,
            token: None,
            timeout: std::time::Duration::from_secs(10),
            period: std::time::Duration::from_secs(5),
            domain: None,
            per_member: 3,
        }
    }

    pub fn domain(&self) -> String {
        self.domain.clone().unwrap_or_else(|| self.url.host().to_owned())
    }
}

impl fmt::Debug for ManagerSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagerSettings")
            .field("url", &self.url)
            .field("token", &self.token.as_ref().map(|_| "…"))
            .field("timeout", &self.timeout)
            .field("period", &self.period)
            .field("domain", &self.domain)
            .field("per_member", &self.per_member)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_managers() {
        let url = ManagerUrl::parse("https://pods.example:5000/api/").unwrap();
        assert_eq!(
            (url.as_str(), url.host()),
            ("https://pods.example:5000/api", "pods.example")
        );
        assert_eq!(ManagerUrl::parse("http://[::1]").unwrap().host(), "[::1]");
        for bad in [
            "pods.example",
            "ftp://x",
            "http://a:b@c",
            "http://a?b=c",
            "http://a#b",
            "",
        ] {
            assert!(ManagerUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
