//! A cluster that pglab provisions on: where its servers are, and the maintenance login. What is done there stands in
//! the modules of its subject.

use std::path::{Path, PathBuf};

use pglab_core::{ident::Ident, kit::Protection};

use crate::{Address, Connection, Error, private::PrivateAccess, target::Target, tls::Tls};

/// The database that maintenance connections go to. Students can't connect to it.
pub const MAINTENANCE_DATABASE: &str = "postgres";

#[derive(Clone)]
pub struct Cluster {
    /// Where pglab itself connects.
    address: Address,
    /// What kits tell students: all nodes, as they are reached from outside.
    nodes: Vec<Address>,
    maintenance_role: String,
    maintenance_password: String,
    /// Of all connections that pglab makes.
    tls: Tls,
    /// What students are told about TLS.
    kit_protection: Protection,
    /// Where it is pglab's own server.
    access: Option<PrivateAccess>,
    certificate_file: Option<PathBuf>,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster")
            .field("address", &self.address)
            .field("nodes", &self.nodes)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

impl Cluster {
    pub fn new(
        address: Address,
        nodes: Vec<Address>,
        maintenance_role: String,
        maintenance_password: String,
    ) -> Self {
        Self {
            address,
            nodes,
            maintenance_role,
            maintenance_password,
            tls: Tls::disabled(),
            kit_protection: Protection::default(),
            access: None,
            certificate_file: None,
        }
    }

    /// The same, with every connection of pglab's protected so.
    #[must_use]
    pub fn with_tls(self, tls: Tls) -> Self {
        Self { tls, ..self }
    }

    pub fn tls(&self) -> &Tls {
        &self.tls
    }

    /// The same, with kits that say so about TLS.
    #[must_use]
    pub fn with_kit_protection(self, kit_protection: Protection) -> Self {
        Self {
            kit_protection,
            ..self
        }
    }

    pub fn kit_protection(&self) -> &Protection {
        &self.kit_protection
    }

    /// The same, of a private server, whose `pg_hba.conf` pglab writes.
    #[must_use]
    pub fn with_private(self, access: PrivateAccess, certificate_file: Option<PathBuf>) -> Self {
        Self {
            access: Some(access),
            certificate_file,
            ..self
        }
    }

    /// None for a server that is not ours: then its operator writes `pg_hba.conf`.
    pub fn private_access(&self) -> Option<&PrivateAccess> {
        self.access.as_ref()
    }

    /// The certificates that pglab should see the end of coming: the private server's, and the CA that we verify with. See
    /// [`crate::private::certificate::expiry`].
    pub fn certificate_files(&self) -> Vec<PathBuf> {
        let ca = self.tls.ca_file().map(Path::to_owned);
        self.certificate_file.iter().cloned().chain(ca).collect()
    }

    /// The same, reached at one of its nodes.
    #[must_use]
    pub fn at(&self, address: Address) -> Self {
        Self {
            address,
            ..self.clone()
        }
    }

    /// Where pglab itself connects.
    pub fn address(&self) -> &Address {
        &self.address
    }

    pub fn nodes(&self) -> &[Address] {
        &self.nodes
    }

    /// A connection of the maintenance role to the maintenance database. The maintenance role never connects to a
    /// database that a student can write to.
    ///
    /// # Errors
    /// The server can't be reached or refuses us.
    pub async fn maintenance(&self) -> Result<Connection, Error> {
        Connection::open(&self.maintenance_config(MAINTENANCE_DATABASE)).await
    }

    fn target(&self) -> Target {
        let mut target = self.address.config();
        target.protect(self.tls.clone());
        target
    }

    /// For the templates that pglab itself fills, besides the maintenance database.
    pub fn maintenance_config(&self, database: &str) -> Target {
        let mut config = self.target();
        config
            .user(&self.maintenance_role)
            .password(&self.maintenance_password)
            .dbname(database);
        config
    }

    /// For a login of less power: a loader, a checker, a student.
    pub fn login_config(&self, role: &Ident, password: &str, database: &Ident) -> Target {
        let mut config = self.target();
        config
            .user(role.as_str())
            .password(password)
            .dbname(database.as_str());
        config
    }
}
