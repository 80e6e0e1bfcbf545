//! The slapd of `pglab up --ldap`, beside the private PostgreSQL: made, started, started again when it dies, stopped. It
//! listens on this machine alone.

use std::{
    net::{IpAddr, Ipv4Addr, TcpListener},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use pglab_control::SystemClock;
use pglab_core::directory::IdentitySettings;
use pglab_fleet::private::{
    Account, ServerTls,
    slapd::{self, PrivateSlapd, SlapdError, SlapdListen},
};
use tokio_util::sync::CancellationToken;

use super::{Place, Plan, Proof};
use crate::data_dir::DataDir;

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const SUFFIX: &str = "dc=lab,dc=internal";
/// Ports are ours to choose: so often another one is tried.
const ATTEMPTS: usize = 5;

#[derive(Debug)]
pub struct PrivateDirectory {
    place: Place,
    slapd: PrivateSlapd,
}

/// Whether the passwords of this data directory are in a directory.
pub fn is_in_use(data_dir: &DataDir) -> anyhow::Result<bool> {
    let there = data_dir.path().join("ldap").exists();
    Ok(there && slapd::has_tree(place(data_dir)?.files()))
}

fn place(data_dir: &DataDir) -> anyhow::Result<Place> {
    let (module_folder, schema_folder) = slapd::module_and_schema_folders();
    Ok(Place::new(Plan {
        folder: data_dir.server_folder("ldap")?,
        suffix: SUFFIX.to_owned(),
        // The authority of PostgreSQL's certificate.
        proof: Proof::Own(ServerTls {
            folder: data_dir.path().join("tls"),
            names: ["127.0.0.1", "::1", "localhost"].map(str::to_owned).into(),
            clock: Arc::new(SystemClock),
        }),
        module_folder,
        schema_folder,
        account: Account::for_servers()?,
        owner: None,
    }))
}

impl PrivateDirectory {
    /// Makes the tree if there is none, and starts slapd on it; one that an earlier pglab left running is stopped before.
    ///
    /// # Errors
    /// slapd is not installed, or does not start.
    pub async fn start(data_dir: &DataDir) -> anyhow::Result<Self> {
        let place = place(data_dir)?;
        place.make(true).await?;
        let mut ours = place.files().pid_file().exists();
        let mut attempts = 0;
        loop {
            let (ldap, ldaps) = data_dir.ldap_ports(ADDRESS, ours)?;
            let listen = SlapdListen {
                address: ADDRESS,
                ldap,
                ldaps,
            };
            attempts += 1;
            match PrivateSlapd::start(place.files().clone(), listen).await {
                Ok(slapd) => return Ok(Self { place, slapd }),
                // Somebody was quicker to take a port. slapd does not say so itself.
                Err(SlapdError::DidNotStart(_)) if attempts < ATTEMPTS && is_taken(listen) => ours = false,
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub fn identity(&self) -> anyhow::Result<IdentitySettings> {
        self.place.identity(ADDRESS, self.slapd.listen().ldaps)
    }

    pub fn url(&self) -> String {
        format!("ldaps://{ADDRESS}:{}", self.slapd.listen().ldaps)
    }

    pub fn suffix(&self) -> &'static str {
        SUFFIX
    }

    pub fn ca_file(&self) -> Option<PathBuf> {
        self.place.ca_file()
    }

    /// Returns when slapd is gone, for whatever reason.
    pub async fn wait_for_exit(&mut self) {
        self.slapd.wait_for_exit().await;
    }

    /// Tries until slapd runs or we are told to stop.
    pub async fn start_again(&mut self, stop: &CancellationToken) {
        tracing::error!(pid = self.slapd.pid(), "slapd died; it is started again");
        let mut pause = Duration::from_millis(200);
        loop {
            match PrivateSlapd::start(self.place.files().clone(), self.slapd.listen()).await {
                Ok(started) => {
                    self.slapd = started;
                    tracing::info!(pid = self.slapd.pid(), "slapd runs again");
                    return;
                }
                Err(error) => tracing::error!(%error, "slapd can't be started; trying again"),
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(Duration::from_secs(15)),
            }
        }
    }

    /// Makes its certificate anew where the end is near; slapd is started again then. To be called now and then.
    pub async fn renew_certificate(&mut self, stop: &CancellationToken) {
        match self.place.renew_certificate() {
            Ok(false) => {}
            Ok(true) => {
                tracing::info!("slapd has a new certificate and is started again");
                self.start_again(stop).await;
            }
            Err(error) => tracing::warn!("the certificate of slapd can't be renewed: {error:#}"),
        }
    }

    /// Stops it in order.
    ///
    /// # Errors
    /// It does not end.
    pub async fn stop(self) -> anyhow::Result<()> {
        Ok(self.slapd.stop().await?)
    }
}

fn is_taken(listen: SlapdListen) -> bool {
    [listen.ldap, listen.ldaps]
        .iter()
        .any(|port| TcpListener::bind((listen.address, *port)).is_err())
}
