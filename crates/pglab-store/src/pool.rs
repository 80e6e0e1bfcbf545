//! The pool of connections to our own database, its migrations, and transactions.

use std::{str::FromStr, time::Duration};

use sqlx::{
    PgPool, Postgres,
    postgres::{PgConnectOptions, PgPoolOptions},
};

const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// A transaction on our own database. Never held while waiting for a managed server or the network.
pub type Tx = sqlx::Transaction<'static, Postgres>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something with this name or key is there already: the constraint's name.
    #[error("{0} is taken")]
    Taken(String),
    /// Our own database can't be reached at the start.
    #[error("pglab's own database ({place}) can't be reached: {reason}; {advice}")]
    NoConnection {
        /// `db on localhost:5432`.
        place: String,
        reason: String,
        advice: &'static str,
    },
    /// Our own database can't be reached any more.
    #[error("pglab's own database can't be reached: {}; is its server running?", reason(.0))]
    Unavailable(sqlx::Error),
    #[error("pglab's own database refused a statement: {}", reason(.0))]
    Database(sqlx::Error),
    #[error("the migration of pglab's own database failed: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A document in the database is not what this version writes.
    #[error("{what} in pglab's own database can't be read: {source}")]
    Document {
        what: &'static str,
        source: serde_json::Error,
    },
}

/// What happened, without the library's words around it.
fn reason(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::PoolTimedOut => {
            format!("no connection came free within {} s", ACQUIRE_TIMEOUT.as_secs())
        }
        sqlx::Error::PoolClosed => "pglab is stopping".to_owned(),
        sqlx::Error::Database(refused) => refused.message().to_owned(),
        sqlx::Error::Configuration(error) | sqlx::Error::Tls(error) => error.to_string(),
        other => other.to_string(),
    }
}

fn advice(error: &sqlx::Error) -> &'static str {
    let code = error.as_database_error().and_then(|refused| refused.code());
    match (error, code.as_deref()) {
        (_, Some("28P01" | "28000")) => {
            "check the name and the password in store.uri, and the server's pg_hba.conf"
        }
        (_, Some("3D000")) => "make it with CREATE DATABASE, or correct the name in store.uri",
        (_, Some("42501")) => "GRANT CONNECT ON it to the role of store.uri",
        (_, Some("53300")) => "raise the server's max_connections, or end what holds them",
        (sqlx::Error::Configuration(_), _) => "correct store.uri",
        (sqlx::Error::Tls(_), _) => "check sslmode and sslrootcert in store.uri",
        _ => "check that its server runs, and host and port in store.uri",
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(refused) if refused.is_unique_violation() => {
                Self::Taken(refused.constraint().unwrap_or("the key").to_owned())
            }
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Tls(_) => Self::Unavailable(error),
            _ => Self::Database(error),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
}

impl Store {
    /// Connects to our own database.
    ///
    /// # Errors
    /// The URI can't be read or the server can't be reached: [`Error::NoConnection`].
    pub async fn connect(uri: &str) -> Result<Self, Error> {
        let unreachable = |place: String, error: &sqlx::Error| Error::NoConnection {
            place,
            reason: reason(error),
            advice: advice(error),
        };
        // The URI has a password, so it is not in the message.
        let options = PgConnectOptions::from_str(uri)
            .map_err(|error| unreachable("store.uri".to_owned(), &error))?
            .application_name("pglab");
        let place = format!(
            "{} on {}:{}",
            options.get_database().unwrap_or_else(|| options.get_username()),
            options.get_host(),
            options.get_port()
        );
        let pool = PgPoolOptions::new()
            .max_connections(10)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options)
            .await
            .map_err(|error| unreachable(place, &error))?;
        Ok(Self { pool })
    }

    /// Brings the tables up to what this version needs.
    ///
    /// # Errors
    /// A migration failed, or the database was migrated by a newer pglab.
    pub async fn migrate(&self) -> Result<(), Error> {
        Ok(sqlx::migrate!().run(&self.pool).await?)
    }

    /// How many migrations of this version the database lacks. 0 means up to date.
    ///
    /// # Errors
    /// The database can't be reached.
    pub async fn pending_migrations(&self) -> Result<usize, Error> {
        use sqlx::migrate::Migrate;
        let migrator = sqlx::migrate!();
        let mut connection = self.pool.acquire().await?;
        connection.ensure_migrations_table(&migrator.table_name).await?;
        let applied = connection.list_applied_migrations(&migrator.table_name).await?;
        Ok(migrator
            .iter()
            .filter(|wanted| applied.iter().all(|done| done.version != wanted.version))
            .count())
    }

    /// For reads.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// # Errors
    /// The server can't be reached.
    pub async fn begin(&self) -> Result<Tx, Error> {
        Ok(self.pool.begin().await?)
    }

    /// # Errors
    /// The server can't be reached, or refuses what was to be checked at the end.
    pub async fn commit(&self, tx: Tx) -> Result<(), Error> {
        Ok(tx.commit().await?)
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Reads a JSON document of ours.
pub(crate) fn document<T: serde::de::DeserializeOwned>(
    what: &'static str,
    json: serde_json::Value,
) -> Result<T, Error> {
    serde_json::from_value(json).map_err(|source| Error::Document { what, source })
}

/// Writes a JSON document of ours.
pub(crate) fn json<T: serde::Serialize>(what: &'static str, value: &T) -> Result<serde_json::Value, Error> {
    serde_json::to_value(value).map_err(|source| Error::Document { what, source })
}
