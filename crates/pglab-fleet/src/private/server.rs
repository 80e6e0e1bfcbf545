//! A running private server: started or adopted, waited for, stopped.

use std::{path::PathBuf, time::Duration};

use nix::sys::signal::Signal;
use pglab_core::ident::Ident;
use tokio::{
    process::Child,
    time::{Instant, sleep},
};

use super::{
    Account, PrivateError, SUPERUSER,
    access::{self, PrivateAccess},
    certificate,
    configuration::{ServerSettings, write_configuration},
    initialise::initialise,
    process::{PidFile, is_alive, running_postmaster, signal, spawn, stop_postmaster},
    said::last_lines,
};
use crate::{Target, connection::Address};

/// A running server. Dropping it leaves the server running: a crash of pglab must not end the students' sessions;
/// the next start adopts it. [`PrivateServer::stop`] ends it.
#[derive(Debug)]
pub struct PrivateServer {
    settings: ServerSettings,
    pid: i32,
    /// `None` for a server that an earlier pglab had started.
    child: Option<Child>,
}

/// How long a start may take. Crash recovery of a class's databases takes seconds; replaying a gigabyte of WAL more.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// The last checkpoint of a class takes as long as its disk does.
const STOP_TIMEOUT: Duration = Duration::from_secs(600);

impl PrivateServer {
    /// Initialises the data directory if need be, then starts a server on it, or adopts the one that runs there
    /// already with the same settings. Returns when it accepts connections.
    ///
    /// # Errors
    /// See [`PrivateError`].
    pub async fn start(settings: ServerSettings) -> Result<Self, PrivateError> {
        let account = Account::for_servers()?;
        initialise(
            &settings.binaries,
            account,
            &settings.folder,
            &settings.superuser_password,
        )
        .await?;
        access::write_first(&settings, account)?;
        let certificate_changed = match &settings.tls {
            Some(tls) => certificate::ensure(tls, &settings.folder, account)?,
            None => false,
        };
        let changed = write_configuration(&settings)?;
        if let Some(pid) = running_postmaster(&settings.folder) {
            if !changed {
                if certificate_changed {
                    signal(pid, Signal::SIGHUP);
                }
                tracing::info!(pid, "found our PostgreSQL still running and took it over");
                let mut server = Self {
                    settings,
                    pid,
                    child: None,
                };
                server.wait_until_ready(Instant::now() + START_TIMEOUT).await?;
                return Ok(server);
            }
            stop_postmaster(pid, STOP_TIMEOUT).await?;
        }
        // The backends of a postmaster that was killed hold its shared memory until they notice; a start in between
        // fails and is tried again.
        let deadline = Instant::now() + START_TIMEOUT;
        let mut attempts = 0;
        loop {
            let child = spawn(&settings, account)?;
            let pid = child
                .id()
                .and_then(|pid| i32::try_from(pid).ok())
                .unwrap_or_default();
            let mut server = Self {
                settings: settings.clone(),
                pid,
                child: Some(child),
            };
            match server.wait_until_ready(deadline).await {
                Ok(()) => return Ok(server),
                Err(error) if attempts >= 20 || Instant::now() >= deadline => return Err(error),
                Err(error) if error.to_string().contains("pre-existing shared memory block") => {
                    attempts += 1;
                    sleep(Duration::from_millis(250)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Where clients of this machine reach it.
    pub fn address(&self) -> Address {
        let host = if self.settings.listen.is_unspecified() {
            "127.0.0.1".to_owned()
        } else {
            self.settings.listen.to_string()
        };
        Address {
            host,
            port: self.settings.port,
        }
    }

    pub fn settings(&self) -> &ServerSettings {
        &self.settings
    }

    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// A connection configuration of the superuser for `database`. Never for a database that a student can write to.
    pub fn superuser_config(&self, database: &str) -> Target {
        let mut config = self.address().config();
        config
            .user(SUPERUSER)
            .password(&self.settings.superuser_password)
            .dbname(database);
        config
    }

    /// The way to its `pg_hba.conf`. `own` are the roles besides the superuser that only pglab signs in as.
    ///
    /// # Errors
    /// We are root and the account that PostgreSQL runs as is gone.
    pub fn access(&self, own: &[Ident]) -> Result<PrivateAccess, PrivateError> {
        PrivateAccess::new(&self.settings, self.superuser_config("postgres"), own)
    }

    /// The certificate that it shows.
    pub fn certificate_file(&self) -> Option<PathBuf> {
        self.settings.tls.as_ref()?;
        Some(self.settings.folder.join(certificate::CERTIFICATE_FILE))
    }

    /// Makes its certificate anew where the end is near, without a restart. To be called now and then.
    ///
    /// # Errors
    /// The files can't be written.
    pub fn renew_certificate(&self) -> Result<(), PrivateError> {
        let Some(tls) = &self.settings.tls else {
            return Ok(());
        };
        if certificate::ensure(tls, &self.settings.folder, Account::for_servers()?)? {
            tracing::info!("PostgreSQL has a new certificate");
            signal(self.pid, Signal::SIGHUP);
        }
        Ok(())
    }

    /// Where its log files are.
    pub fn log_folder(&self) -> PathBuf {
        self.settings.folder.join("log")
    }

    /// Returns when the postmaster is gone, for whatever reason.
    pub async fn wait_for_exit(&mut self) {
        if let Some(child) = &mut self.child {
            if let Err(error) = child.wait().await {
                tracing::warn!(%error, "could not wait for PostgreSQL");
            }
        } else {
            while is_alive(self.pid) {
                sleep(Duration::from_millis(250)).await;
            }
        }
    }

    /// Ends it: sessions are ended, transactions rolled back, a checkpoint is written.
    ///
    /// # Errors
    /// It does not stop within ten minutes.
    pub async fn stop(mut self) -> Result<(), PrivateError> {
        let child = self.child.take();
        if let Some(mut child) = child {
            signal(self.pid, Signal::SIGINT);
            match tokio::time::timeout(STOP_TIMEOUT, child.wait()).await {
                Ok(_) => Ok(()),
                Err(_) => Err(PrivateError::DidNotStop {
                    pid: self.pid,
                    seconds: STOP_TIMEOUT.as_secs(),
                }),
            }
        } else {
            stop_postmaster(self.pid, STOP_TIMEOUT).await
        }
    }

    async fn wait_until_ready(&mut self, deadline: Instant) -> Result<(), PrivateError> {
        loop {
            let exited = match &mut self.child {
                Some(child) => child.try_wait().map_or(true, |status| status.is_some()),
                None => !is_alive(self.pid),
            };
            if exited {
                return Err(PrivateError::DidNotStart {
                    log: last_lines(&self.settings.folder).await,
                });
            }
            if PidFile::read(&self.settings.folder).is_some_and(|file| file.pid == self.pid && file.ready) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(PrivateError::DidNotStart {
                    log: "it does not accept connections".to_owned(),
                });
            }
            sleep(Duration::from_millis(20)).await;
        }
    }
}
