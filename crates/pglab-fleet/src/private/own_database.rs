//! pglab's own database on its private server: a role that owns it and nothing else, and no way in for others.

use pglab_core::ident::{Ident, quote_literal};

use super::PrivateServer;
use crate::{Connection, Error};

impl PrivateServer {
    /// Makes the role and the database unless they are there. The password is set at every call, so that the secrets
    /// file decides.
    ///
    /// # Errors
    /// The server can't be reached or refuses.
    pub async fn ensure_own_database(
        &self,
        database: &Ident,
        role: &Ident,
        password: &str,
    ) -> Result<(), Error> {
        let connection = Connection::open(&self.superuser_config("postgres")).await?;
        let exists = "SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1), \
                      EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = $2)";
        let row = connection
            .query_one(exists, &[&role.as_str(), &database.as_str()])
            .await?;
        if !row.get::<_, bool>(0) {
            connection
                .batch_execute(&format!("CREATE ROLE {role} LOGIN"))
                .await?;
        }
        let verifier = postgres_protocol::password::scram_sha_256(password.as_bytes());
        let set = format!(
            "ALTER ROLE {role} LOGIN NOSUPERUSER PASSWORD {}",
            quote_literal(&verifier)
        );
        connection.batch_execute(&set).await?;
        if !row.get::<_, bool>(1) {
            connection
                .batch_execute(&format!("CREATE DATABASE {database} OWNER {role}"))
                .await?;
        }
        connection
            .batch_execute(&format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC"))
            .await?;
        Ok(())
    }
}
