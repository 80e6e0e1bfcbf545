//! Where a connection goes, as whom, and how the way there is protected. Nothing connects here.

use std::ops::{Deref, DerefMut};

use tokio_postgres::{Config, config::SslMode};

use crate::tls::{Mode, Tls};

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
