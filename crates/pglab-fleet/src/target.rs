//! Where a connection goes, as whom, and how the way there is protected. Nothing connects here.

use std::{
    ops::{Deref, DerefMut},
    path::Path,
};

use tokio_postgres::{Config, config::SslMode};

use crate::tls::{Mode, Tls};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no URI of PostgreSQL, or no CA certificate")]
pub struct Unusable;

/// tokio-postgres' configuration together with our TLS.
#[derive(Debug, Clone)]
pub struct Target {
    config: Config,
    tls: Tls,
}

impl Target {
    pub fn new(config: Config, tls: Tls) -> Self {
        let mut target = Self {
            config,
            tls: Tls::disabled(),
        };
        target.protect(tls);
        target
    }

    /// From a URI whose `sslmode` is one that the library knows: `disable`, `prefer`, `require`. With a CA, the server's
    /// certificate and its name are verified, whatever the URI says.
    ///
    /// # Errors
    /// No such URI, or the file has no certificate. The reason is not told, because it may hold a password.
    pub fn parse(uri: &str, ca_file: Option<&Path>) -> Result<Self, Unusable> {
        let config: Config = uri.parse().map_err(|_| Unusable)?;
        let mode = match (ca_file, config.get_ssl_mode()) {
            (Some(_), _) => Mode::VerifyFull,
            (None, SslMode::Disable) => Mode::Disable,
            (None, SslMode::Require) => Mode::Require,
            (None, _) => Mode::Prefer,
        };
        let tls = Tls::new(mode, ca_file).map_err(|_| Unusable)?;
        Ok(Self::new(config, tls))
    }

    pub fn protect(&mut self, tls: Tls) {
        self.config.ssl_mode(match tls.mode() {
            Mode::Disable => SslMode::Disable,
            Mode::Prefer => SslMode::Prefer,
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => SslMode::Require,
        });
        self.tls = tls;
    }

    pub fn tls(&self) -> &Tls {
        &self.tls
    }
}

impl Deref for Target {
    type Target = Config;
    fn deref(&self) -> &Config {
        &self.config
    }
}

impl DerefMut for Target {
    fn deref_mut(&mut self) -> &mut Config {
        &mut self.config
    }
}
