//! `pg_hba.conf` of a private server: written with care, checked by the server before and after it takes it, and put back
//! if it does not. What stands in it is decided in [`pglab_core::hba`].

use std::{
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use pglab_core::{
    hba::{Block, HbaError, SpliceError, StudentAccess, difference, spliced},
    ident::Ident,
};
use tokio::time::{Instant, sleep};

use super::{Account, PrivateError, SUPERUSER, certificate::write, configuration::ServerSettings};
use crate::{Connection, Error, Target, hba, tls::system_bundle};

/// Relative to the data directory. The server's environment names it from the start; what is in it may come later.
pub(super) const LDAP_CA_FILE: &str = "pglab-ldap-ca.crt";

const HBA_FILE: &str = "pg_hba.conf";
/// How long the server may take to load what was written.
const RELOAD_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    #[error(transparent)]
    Rule(#[from] HbaError),
    #[error(transparent)]
    Marks(#[from] SpliceError),
    #[error(transparent)]
    File(#[from] PrivateError),
    #[error(transparent)]
    Server(#[from] Error),
    /// The server goes on with what it had.
    #[error("PostgreSQL does not accept the new pg_hba.conf, so the old one stays: {}", .0.join("; "))]
    NotAccepted(Vec<String>),
    #[error(
        "there is no CA to verify the LDAP server with: name one in the directory's settings (this machine has no bundle of its own)"
    )]
    NoLdapCa,
}

/// What [`PrivateAccess::apply`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    Changed,
    AsBefore,
}

/// The way to a private server's `pg_hba.conf`.
#[derive(Debug, Clone)]
pub struct PrivateAccess {
    folder: PathBuf,
    listen: IpAddr,
    account: Option<Account>,
    superuser: Target,
    /// Roles that only pglab signs in as.
    own: Vec<Ident>,
}

impl PrivateAccess {
    pub(super) fn new(
        settings: &ServerSettings,
        superuser: Target,
        own: &[Ident],
    ) -> Result<Self, PrivateError> {
        let mut own = own.to_vec();
        own.extend(Ident::new(SUPERUSER));
        Ok(Self {
            folder: settings.folder.clone(),
            listen: settings.listen,
            account: Account::for_servers()?,
            superuser,
            own,
        })
    }

    /// Makes `pg_hba.conf` say how students sign in, and the server follow it. `ldap_ca` is the certificate in PEM that the
    /// LDAP server is verified with; none for those that this machine trusts. Lines outside of our marks stay.
    ///
    /// # Errors
    /// What is wanted can't be written there, or the server does not accept it: then everything is as before.
    pub async fn apply(
        &self,
        students: &StudentAccess,
        ldap_ca: Option<&str>,
    ) -> Result<Applied, AccessError> {
        let block = Block::private(&self.own, self.listen, students);
        let text = block.text()?;
        let path = self.folder.join(HBA_FILE);
        let before = read(&path)?;
        let after = spliced(&before, &text)?;
        if let StudentAccess::Ldap { method, .. } = students
            && method.is_verified()
        {
            self.write_ldap_ca(ldap_ca)?;
        }
        let connection = Connection::open(&self.superuser).await?;
        if after == before {
            let row = connection
                .query_one(
                    "SELECT (pg_catalog.pg_stat_file($1)).modification OPERATOR(pg_catalog.<) pg_catalog.pg_conf_load_time()",
                    &[&HBA_FILE],
                )
                .await
                .map_err(Error::from)?;
            if row.get(0) {
                return Ok(Applied::AsBefore);
            }
        }
        write(&path, &after, 0o600, self.account)?;
        let outcome = self.take(&connection, &block).await;
        if outcome.is_err() && after != before {
            write(&path, &before, 0o600, self.account)?;
            // A server that loaded the new one must load the old one again.
            connection
                .query_one("SELECT pg_catalog.pg_reload_conf()", &[])
                .await
                .map_err(Error::from)?;
        }
        outcome.map(|()| Applied::Changed)
    }

    /// Has the server check and load the file, and shows that it still lets us in.
    async fn take(&self, connection: &Connection, block: &Block) -> Result<(), AccessError> {
        let problems = difference(block, &hba::rules(connection).await?)?;
        if !problems.is_empty() {
            return Err(AccessError::NotAccepted(problems));
        }
        let loaded = load_time(connection).await?;
        connection
            .query_one("SELECT pg_catalog.pg_reload_conf()", &[])
            .await
            .map_err(Error::from)?;
        let deadline = Instant::now() + RELOAD_TIMEOUT;
        loop {
            // A new session has the time from the postmaster, which decides by the rules it loaded then.
            match Connection::open(&self.superuser).await {
                Ok(fresh) if load_time(&fresh).await? > loaded => break,
                Ok(_) if Instant::now() < deadline => sleep(Duration::from_millis(20)).await,
                Ok(_) => {
                    return Err(AccessError::NotAccepted(vec![
                        "it was not loaded; see the server's log".to_owned(),
                    ]));
                }
                Err(error) => {
                    return Err(AccessError::NotAccepted(vec![format!(
                        "with it, pglab itself does not get in ({error})"
                    )]));
                }
            }
        }
        let problems = difference(block, &hba::rules(connection).await?)?;
        if problems.is_empty() {
            Ok(())
        } else {
            Err(AccessError::NotAccepted(problems))
        }
    }

    fn write_ldap_ca(&self, pem: Option<&str>) -> Result<(), AccessError> {
        let text = match pem {
            Some(pem) => pem.to_owned(),
            None => read(system_bundle().ok_or(AccessError::NoLdapCa)?)?,
        };
        let path = self.folder.join(LDAP_CA_FILE);
        if fs::read_to_string(&path).is_ok_and(|found| found == text) {
            return Ok(());
        }
        Ok(write(&path, &text, 0o644, self.account)?)
    }
}

async fn load_time(connection: &Connection) -> Result<chrono::DateTime<chrono::Utc>, Error> {
    let row = connection
        .query_one("SELECT pg_catalog.pg_conf_load_time()", &[])
        .await?;
    Ok(row.get(0))
}

fn read(path: &Path) -> Result<String, PrivateError> {
    fs::read_to_string(path).map_err(|source| PrivateError::File {
        what: "could not read",
        path: path.to_owned(),
        source,
    })
}

/// Before the first start, and for servers of older versions, whose whole file was pglab's: the rules without LDAP. A file
/// with our part in it is left as it is, so that students sign in as they did before a crash.
pub(super) fn write_first(settings: &ServerSettings, account: Option<Account>) -> Result<(), PrivateError> {
    let path = settings.folder.join(HBA_FILE);
    let found = fs::read_to_string(&path).unwrap_or_default();
    if pglab_core::hba::block_in(&found).is_ok_and(|block| block.is_some()) {
        return Ok(());
    }
    let own: Vec<Ident> = Ident::new(SUPERUSER).into_iter().collect();
    let text = Block::private(&own, settings.listen, &StudentAccess::Scram)
        .text()
        .map_err(|error| PrivateError::DidNotStart {
            log: error.to_string(),
        })?;
    write(&path, &text, 0o600, account)
}
