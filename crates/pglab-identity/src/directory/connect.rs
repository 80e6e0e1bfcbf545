//! Connections to the directory: which server, with which protection, and how many. What is asked over them is not
//! decided here.

use std::{sync::Arc, time::Duration};

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError};
use parking_lot::Mutex;
use pglab_core::directory::{BindMode, DirectorySettings, Secret, Server, Tls};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    task::JoinHandle,
    time::{Instant, timeout},
};

use super::{
    Directory, DirectoryError,
    error::{certificate_problem, said},
};

/// Firewalls forget connections that nobody used for minutes: those are not used again.
const LONGEST_IDLE: Duration = Duration::from_secs(60);
/// A server that failed is tried last for so long.
const AVOIDED: Duration = Duration::from_secs(10);

/// One connection. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) ldap: Ldap,
    pub(super) url: String,
    driver: JoinHandle<()>,
    /// Whom it is signed in as: only for connections that stay what they are.
    bound: Option<String>,
    used: Instant,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

#[derive(Debug)]
pub(super) struct Pool {
    permits: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

/// A connection that is ours for now; it ends with the lease unless it is given back.
#[derive(Debug)]
pub(super) struct Lease<'a> {
    pub(super) connection: Connection,
    pool: &'a Pool,
    _permit: SemaphorePermit<'a>,
}

impl Lease<'_> {
    /// It is fine and may be used by the next.
    pub(super) fn give_back(self) {
        let Self {
            mut connection,
            pool,
            _permit,
        } = self;
        connection.used = Instant::now();
        pool.idle.lock().push(connection);
    }
}

impl Pool {
    pub(super) fn new(most: usize) -> Self {
        Self {
            permits: Semaphore::new(most),
            idle: Mutex::new(Vec::new()),
        }
    }

    fn take_idle(&self) -> Option<Connection> {
        loop {
            let mut connection = self.idle.lock().pop()?;
            if connection.used.elapsed() < LONGEST_IDLE && !connection.ldap.is_closed() {
                return Some(connection);
            }
        }
    }
}

impl Directory {
    /// A connection that nobody in particular is signed in on: somebody will be.
    pub(super) async fn for_sign_in(&self) -> Result<Lease<'_>, DirectoryError> {
        self.lease(&self.0.signing_in).await
    }

    /// A connection for searches, signed in as the account for them if there is one.
    pub(super) async fn for_search(&self) -> Result<Lease<'_>, DirectoryError> {
        let account = match &self.0.settings.bind {
            BindMode::Search(search) => search.bind_dn.as_ref().zip(search.bind_password.as_ref()),
            BindMode::Simple { .. } => None,
        };
        let mut lease = self.lease(&self.0.searching).await?;
        if let Some((dn, password)) = account
            && lease.connection.bound.as_deref() != Some(dn)
        {
            self.bind_own(&mut lease.connection, dn, password).await?;
        }
        Ok(lease)
    }

    /// Signs in as an account of pglab's own.
    pub(super) async fn bind_own(
        &self,
        connection: &mut Connection,
        dn: &str,
        password: &Secret,
    ) -> Result<(), DirectoryError> {
        let limit = self.0.settings.request_timeout;
        // Without a password the directory would let anybody in, as nobody.
        if password.reveal().is_empty() || dn.is_empty() {
            return Err(DirectoryError::OwnAccount {
                dn: dn.to_owned(),
                said: "its password is empty in pglab's settings".to_owned(),
            });
        }
        let bound = connection
            .ldap
            .with_timeout(limit)
            .simple_bind(dn, password.reveal())
            .await;
        let result = bound.map_err(|error| DirectoryError::from_ldap(&connection.url, limit, error))?;
        if result.rc != 0 {
            return Err(DirectoryError::OwnAccount {
                dn: dn.to_owned(),
                said: said(&result),
            });
        }
        connection.bound = Some(dn.to_owned());
        Ok(())
    }

    async fn lease<'a>(&'a self, pool: &'a Pool) -> Result<Lease<'a>, DirectoryError> {
        let limit = self.0.settings.request_timeout + self.0.settings.connect_timeout;
        let busy = || DirectoryError::Slow {
            url: self.first_url(),
            limit,
        };
        let permit = match timeout(limit, pool.permits.acquire()).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) | Err(_) => return Err(busy()),
        };
        let connection = match pool.take_idle() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        Ok(Lease {
            connection,
            pool,
            _permit: permit,
        })
    }

    fn first_url(&self) -> String {
        let settings = &self.0.settings;
        settings
            .servers
            .first()
            .map(|server| server.url(settings.tls))
            .unwrap_or_default()
    }

    /// A new connection, to the first server that answers.
    pub(super) async fn connect(&self) -> Result<Connection, DirectoryError> {
        let settings = &self.0.settings;
        let config = client_config(settings)?;
        let mut tried = Vec::new();
        let mut untrusted = None;
        for at in self.order() {
            let url = settings.servers[at].url(settings.tls);
            match open(settings, config.clone(), &url).await {
                Ok(connection) => {
                    self.0.failed.lock()[at] = None;
                    self.0.counters.note(at, true);
                    return Ok(connection);
                }
                Err(error) => {
                    self.0.failed.lock()[at] = Some(Instant::now());
                    self.0.counters.note(at, false);
                    let why = match &error {
                        LdapError::Timeout { .. } => {
                            format!(
                                "no connection within {} s",
                                settings.connect_timeout.as_secs_f32()
                            )
                        }
                        other => other.to_string(),
                    };
                    tracing::debug!(%url, %why, "a server of the directory can't be used");
                    if let Some(why) = certificate_problem(&error) {
                        untrusted.get_or_insert(DirectoryError::Certificate {
                            url: url.clone(),
                            why,
                        });
                    }
                    tried.push((url, why));
                }
            }
        }
        Err(untrusted.unwrap_or(DirectoryError::Away(tried)))
    }

    /// Connects to one server after the other and notes whether it answered: for who wants to know before somebody signs
    /// in.
    pub async fn look(&self) {
        for (at, server) in self.0.settings.servers.iter().enumerate() {
            let up = self.connect_to(server).await.is_ok();
            self.0.counters.note(at, up);
        }
    }

    /// Connects to this server and no other.
    pub(super) async fn connect_to(&self, server: &Server) -> Result<(), DirectoryError> {
        let settings = &self.0.settings;
        let url = server.url(settings.tls);
        match open(settings, client_config(settings)?, &url).await {
            Ok(_) => Ok(()),
            Err(LdapError::Timeout { .. }) => Err(DirectoryError::Slow {
                url,
                limit: settings.connect_timeout,
            }),
            Err(error) => Err(match certificate_problem(&error) {
                Some(why) => DirectoryError::Certificate { url, why },
                None => DirectoryError::Away(vec![(url, error.to_string())]),
            }),
        }
    }

    /// The servers as they are to be tried: in their order, those that failed just now last.
    fn order(&self) -> Vec<usize> {
        let failed = self.0.failed.lock();
        let recent = |at: &usize| failed[*at].is_some_and(|when| when.elapsed() < AVOIDED);
        let (bad, mut good): (Vec<usize>, Vec<usize>) = (0..failed.len()).partition(recent);
        good.extend(bad);
        good
    }
}

async fn open(
    settings: &DirectorySettings,
    config: Option<Arc<ClientConfig>>,
    url: &str,
) -> Result<Connection, LdapError> {
    let mut how = LdapConnSettings::new()
        .set_conn_timeout(settings.connect_timeout)
        .set_starttls(settings.tls == Tls::StartTls);
    if let Some(config) = config {
        how = how.set_config(config);
    }
    let (connection, ldap) = LdapConnAsync::with_settings(how, url).await?;
    let named = url.to_owned();
    let driver = tokio::spawn(async move {
        if let Err(error) = connection.drive().await {
            tracing::debug!(url = %named, %error, "a connection to the directory ended");
        }
    });
    Ok(Connection {
        ldap,
        url: url.to_owned(),
        driver,
        bound: None,
        used: Instant::now(),
    })
}

/// The authorities to trust, read anew for each connection: a renewed file needs no restart.
fn client_config(settings: &DirectorySettings) -> Result<Option<Arc<ClientConfig>>, DirectoryError> {
    let (Some(path), true) = (&settings.ca_file, settings.tls != Tls::Plain) else {
        return Ok(None);
    };
    let wrong = |why: String| DirectoryError::CaFile {
        path: path.clone(),
        why,
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| wrong(error.to_string()))? {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("it has no certificate".to_owned()));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Some(Arc::new(config)))
}
