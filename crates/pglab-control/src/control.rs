//! What every operation works with: our own database, the cluster, the key for secrets, clock and chance.

use std::{path::PathBuf, sync::Arc};

use chrono::{DateTime, Utc};
use pglab_core::{
    Clock, Random,
    access::{Actor, Operation, may},
    directory::IdentitySettings,
    oidc::OidcSettings,
    pods::ManagerSettings,
    proxies::TrustedProxies,
};
use pglab_fleet::{
    Cluster, InstanceManager,
    collect::{Prober, Source},
};
use pglab_identity::{Sealer, directory::Directory, oidc::Oidc};
use pglab_store::Store;
use tokio::sync::watch;

use crate::{
    Error, answer, board::Boards, console::Consoles, directory, example, metrics::Metrics,
    monitoring::Monitoring, oidc, reports::Reports, wake::Wake,
};

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Control(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parts: Parts,
    options: Options,
    directory: Option<Directory>,
    oidc: Option<Oidc>,
    manager: Option<InstanceManager>,
    wake: Wake,
    answers: answer::Live,
    examples: example::Live,
    instances: watch::Sender<u64>,
    boards: Boards,
    consoles: Consoles,
    reports: Reports,
    metrics: Metrics,
    prober: Prober,
    started_at: DateTime<Utc>,
}

#[derive(Debug)]
pub struct Parts {
    pub store: Store,
    pub cluster: Cluster,
    pub sealer: Sealer,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    /// How people reach the pages, without a slash at the end: `http://127.0.0.1:8432`. For claim links.
    pub public_url: String,
    /// For uploads and archives. Private to pglab.
    pub data_dir: PathBuf,
    /// Where the log of the students' PostgreSQL can be read on this machine; otherwise the server is asked for it.
    pub log_folder: Option<PathBuf>,
}

/// What the operator of this pglab may choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The largest dump that may be uploaded, in bytes.
    pub upload_bytes: u64,
    /// Where `pg_dump` is, if not where PostgreSQL's programs usually are.
    pub pg_bindir: Option<PathBuf>,
    pub monitoring: Monitoring,
    /// Who keeps the passwords.
    pub identity: IdentitySettings,
    /// Proxies whose word on the client's address and protocol is taken.
    pub proxies: TrustedProxies,
    /// A provider that people may sign in through besides.
    pub oidc: Option<OidcSettings>,
    /// What runs challenges as pods.
    pub instance_manager: Option<ManagerSettings>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            upload_bytes: 4 * 1024 * 1024 * 1024,
            pg_bindir: None,
            monitoring: Monitoring::default(),
            identity: IdentitySettings::Local,
            proxies: TrustedProxies::default(),
            oidc: None,
            instance_manager: None,
        }
    }
}

impl std::ops::Deref for Control {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}

impl Control {
    pub fn new(parts: Parts) -> Self {
        Self::with_options(parts, Options::default())
    }

    pub fn with_options(parts: Parts, options: Options) -> Self {
        Self::with_sources(parts, options, Vec::new())
    }

    /// With servers whose statistics are collected.
    pub fn with_sources(parts: Parts, options: Options, sources: Vec<Source>) -> Self {
        Self(Arc::new(Inner {
            started_at: parts.clock.now(),
            oidc: oidc::client(options.oidc.as_ref(), &parts.public_url),
            manager: options.instance_manager.clone().map(InstanceManager::new),
            parts,
            directory: directory::client(&options.identity),
            wake: Wake::default(),
            answers: answer::Live::default(),
            examples: example::Live::default(),
            instances: watch::Sender::new(0),
            boards: Boards::default(),
            consoles: Consoles::default(),
            reports: Reports::default(),
            metrics: Metrics::of(options.identity.mode()),
            prober: Prober::new(sources),
            options,
        }))
    }

    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// The client of the LDAP directory. `None` where pglab keeps the passwords itself.
    pub fn directory(&self) -> Option<&Directory> {
        self.0.directory.as_ref()
    }

    /// The client of the OpenID Connect provider. `None` where there is none.
    pub fn oidc(&self) -> Option<&Oidc> {
        self.0.oidc.as_ref()
    }

    /// The client of the instance manager. `None` where there is none: then no challenge runs as a pod.
    pub fn instance_manager(&self) -> Option<&InstanceManager> {
        self.0.manager.as_ref()
    }

    pub(crate) fn examples(&self) -> &example::Live {
        &self.0.examples
    }

    pub(crate) fn answers(&self) -> &answer::Live {
        &self.0.answers
    }

    pub(crate) fn boards(&self) -> &Boards {
        &self.0.boards
    }

    pub(crate) fn consoles(&self) -> &Consoles {
        &self.0.consoles
    }

    pub(crate) fn reports(&self) -> &Reports {
        &self.0.reports
    }

    /// The numbers that this process counts for Prometheus.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// The sources of statistics.
    pub fn prober(&self) -> &Prober {
        &self.0.prober
    }

    /// When this process began.
    pub fn started_at(&self) -> DateTime<Utc> {
        self.0.started_at
    }

    /// Counts up whenever an instance moved in this process: for those who watch a class being prepared.
    pub fn instances_moved(&self) -> &watch::Sender<u64> {
        &self.0.instances
    }

    pub fn wake(&self) -> &Wake {
        &self.0.wake
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Refuses what the actor may not do.
    ///
    /// # Errors
    /// Not signed in, the initial password still stands, or not theirs to do.
    pub fn authorise(&self, actor: &Actor, operation: Operation) -> Result<(), Error> {
        if may(actor, operation) {
            return Ok(());
        }
        Err(match actor {
            Actor::Stranger => Error::NotSignedIn,
            Actor::Person(person) if person.must_change_password => Error::PasswordChangeRequired,
            _ => Error::Forbidden,
        })
    }
}

/// The wall clock: the only place that reads it.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "everything else takes a Clock")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}
