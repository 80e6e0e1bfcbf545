//! Where a script is loaded: a new database and a role of little power that signs in there. Made, handed over to the role
//! of the lab when all went well, and otherwise taken away without a trace.

use pglab_core::{Random, ident::Ident};

use super::{LoadError, LoadLimits};
use crate::{
    Cluster, Connection, Error,
    provision::{RoleLimits, database, role},
};

/// The names of a database in the making.
#[derive(Debug, Clone)]
pub struct PlaceSpec {
    pub database: Ident,
    /// NOLOGIN; owns everything in the end. Made if it is not there.
    pub lab_role: Ident,
    /// LOGIN while this goes on, and gone afterwards.
    pub loader_role: Ident,
    /// The comment on the database and the roles.
    pub mark: String,
    /// Extensions that an admin has allowed: created here, whatever the script says.
    pub extensions: Vec<String>,
}

/// Longer messages from a database that is filled by a script are not taken.
const MAX_MESSAGE_BYTES: u32 = 64 << 20;

#[derive(Debug)]
pub(crate) struct Place {
    cluster: Cluster,
    spec: PlaceSpec,
    maintenance: Connection,
    password: String,
}

impl Place {
    /// Makes roles and database, after removing what is left of an earlier attempt. `template` is what the database is a
    /// copy of.
    pub(crate) async fn make(
        cluster: &Cluster,
        spec: &PlaceSpec,
        template: Option<&Ident>,
        limits: &LoadLimits,
        random: &dyn Random,
    ) -> Result<Self, LoadError> {
        let mut bytes = [0; 24];
        random.fill(&mut bytes);
        let place = Self {
            cluster: cluster.clone(),
            spec: spec.clone(),
            maintenance: cluster.maintenance().await?,
            password: bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        };
        match place.prepare(template, limits).await {
            Ok(()) => Ok(place),
            Err(error) => {
                place.take_away().await;
                Err(error.into())
            }
        }
    }

    async fn prepare(&self, template: Option<&Ident>, limits: &LoadLimits) -> Result<(), Error> {
        let PlaceSpec {
            database: name,
            lab_role,
            loader_role,
            mark,
            extensions,
        } = &self.spec;
        database::drop(&self.maintenance, name).await?;
        role::ensure_nologin(&self.maintenance, lab_role, mark).await?;
        role::ensure_login(
            &self.maintenance,
            loader_role,
            &self.password,
            &RoleLimits::default(),
            mark,
        )
        .await?;
        role::set_password(&self.maintenance, loader_role, &self.password).await?;
        role::grant_membership(&self.maintenance, lab_role, loader_role).await?;
        self.limit_temporary_files(limits.max_database_bytes).await?;
        database::create(&self.maintenance, name, template, mark).await?;
        let inside = self.maintenance_inside().await?;
        let mut statements = vec![
            format!("GRANT CONNECT ON DATABASE {name} TO {loader_role}"),
            format!("GRANT CREATE, TEMPORARY ON DATABASE {name} TO {lab_role}"),
            format!("ALTER SCHEMA public OWNER TO {lab_role}"),
        ];
        if template.is_none() {
            for extension in extensions {
                let extension =
                    Ident::new(extension).map_err(|error| Error::Unexpected(error.to_string()))?;
                // Nothing else is in the schema public yet.
                statements.push(format!(
                    "SET search_path = public; CREATE EXTENSION IF NOT EXISTS {extension} CASCADE"
                ));
            }
        } else {
            // A copy of an example, whose script may have dropped it.
            statements.insert(0, "CREATE SCHEMA IF NOT EXISTS public".to_owned());
        }
        inside.batch_execute(&statements.join("; ")).await?;
        Ok(())
    }

    /// What a statement gathers there is not in the size of the database. Only a superuser may set this limit.
    async fn limit_temporary_files(&self, max_bytes: u64) -> Result<(), Error> {
        let kilobytes = (max_bytes >> 10).clamp(1, i32::MAX as u64);
        let statement = format!(
            "ALTER ROLE {} SET temp_file_limit = {kilobytes}",
            self.spec.loader_role
        );
        match self
            .maintenance
            .batch_execute(&statement)
            .await
            .map_err(Error::from)
        {
            Err(error) if error.code() == Some("42501") => Ok(()),
            outcome => outcome,
        }
    }

    /// A connection of the maintenance role to the database. For statements that execute nothing of the database's.
    pub(crate) async fn maintenance_inside(&self) -> Result<Connection, Error> {
        let mut config = self.cluster.maintenance_config(self.spec.database.as_str());
        config.options("-c search_path=pg_catalog,pg_temp");
        Connection::open_limited(&config, MAX_MESSAGE_BYTES).await
    }

    /// A connection of the loader, as the role of the lab.
    pub(crate) async fn loader(&self) -> Result<Connection, Error> {
        let config = self
            .cluster
            .login_config(&self.spec.loader_role, &self.password, &self.spec.database);
        let connection = Connection::open_limited(&config, MAX_MESSAGE_BYTES).await?;
        let role = &self.spec.lab_role;
        connection.batch_execute(&format!("SET ROLE {role}")).await?;
        Ok(connection)
    }

    /// Bytes of the database now.
    pub(crate) async fn size(&self) -> Result<u64, Error> {
        Ok(database::size_bytes(&self.maintenance, &self.spec.database)
            .await?
            .unwrap_or(0))
    }

    /// Gives what the loader owns to the role of the lab. By the loader itself, who is a member of it, so that nobody of
    /// more power is needed where a script has been.
    pub(crate) async fn hand_over(&self) -> Result<(), Error> {
        let PlaceSpec {
            lab_role,
            loader_role,
            ..
        } = &self.spec;
        let connection = self.loader().await?;
        connection
            .batch_execute(&format!(
                "CREATE SCHEMA IF NOT EXISTS public; RESET ROLE; \
                 REASSIGN OWNED BY {loader_role} TO {lab_role}; DROP OWNED BY {loader_role}"
            ))
            .await?;
        Ok(())
    }

    /// Closes the database to everybody, and takes the loader away.
    pub(crate) async fn close(self) -> Result<(), Error> {
        let PlaceSpec {
            database,
            lab_role,
            loader_role,
            ..
        } = &self.spec;
        self.maintenance
            .batch_execute(&format!(
                "REVOKE ALL ON DATABASE {database} FROM {lab_role}, {loader_role}, PUBLIC; \
                 ALTER DATABASE {database} ALLOW_CONNECTIONS false"
            ))
            .await?;
        self.maintenance
            .query(
                "SELECT pg_catalog.pg_terminate_backend(pid, 5000) FROM pg_catalog.pg_stat_activity \
                 WHERE datname OPERATOR(pg_catalog.=) $1",
                &[&database.as_str()],
            )
            .await?;
        self.drop_loader().await
    }

    /// Lets this role in and nobody else, and takes the loader away.
    pub(crate) async fn open_for(self, role: &Ident) -> Result<(), Error> {
        let PlaceSpec {
            database,
            lab_role,
            loader_role,
            ..
        } = &self.spec;
        self.maintenance
            .batch_execute(&format!(
                "REVOKE ALL ON DATABASE {database} FROM {lab_role}, {loader_role}, PUBLIC; \
                 GRANT CONNECT ON DATABASE {database} TO {role}"
            ))
            .await?;
        self.drop_loader().await
    }

    /// Takes database and loader away, as far as that is possible.
    pub(crate) async fn take_away(self) {
        // Our own may be broken by what broke the load.
        let maintenance = match self.cluster.maintenance().await {
            Ok(connection) => connection,
            Err(error) => {
                tracing::warn!(database = %self.spec.database, %error, "what a failed load left can't be removed now; the next one will");
                return;
            }
        };
        if let Err(error) = database::drop(&maintenance, &self.spec.database).await {
            tracing::warn!(database = %self.spec.database, %error, "the database of a failed load could not be dropped");
        }
        if let Err(error) = self.drop_loader().await {
            tracing::warn!(role = %self.spec.loader_role, %error, "the role of a failed load could not be dropped");
        }
    }

    /// Where another load left something that belongs to it, it stays until that is gone, closed.
    async fn drop_loader(&self) -> Result<(), Error> {
        match role::drop(&self.maintenance, &self.spec.loader_role).await {
            Err(error) if error.code() == Some("2BP01") => {
                tracing::warn!(role = %self.spec.loader_role, %error, "the loader could not be dropped, and was closed");
                role::close_login(&self.maintenance, &self.spec.loader_role).await
            }
            outcome => outcome,
        }
    }
}
