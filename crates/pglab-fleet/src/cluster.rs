//! A cluster that pglab provisions on: where its servers are, and the maintenance login. What is done there stands in
//! the modules of its subject.

use pglab_core::ident::Ident;
use tokio_postgres::Config;

use crate::{Address, Connection, Error};

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
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster")
            .field("address", &self.address)
            .field("nodes", &self.nodes)
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

    /// For the templates that pglab itself fills, besides the maintenance database.
    pub fn maintenance_config(&self, database: &str) -> Config {
        let mut config = self.address.config();
        config
            .user(&self.maintenance_role)
            .password(&self.maintenance_password)
            .dbname(database);
        config
    }

    /// For a login of less power: a loader, a checker, a student.
    pub fn login_config(&self, role: &Ident, password: &str, database: &Ident) -> Config {
        let mut config = self.address.config();
        config
            .user(role.as_str())
            .password(password)
            .dbname(database.as_str());
        config
    }
}
