//! An instance: a student's role, the role of their checker, and their database with its rights and limits. Made in
//! three round trips, and safe to make again after an interruption at any point.

use pglab_core::{hba::SERVICES, ident::Ident, lab::LabSettings};
use serde_json::{Map, Value, json};

use super::{
    RoleLimits, comment,
    database::{self, Found},
    role::{self, WantedRole},
    script,
};
use crate::{Connection, Error};

/// What bounds a student in their database. The time-outs are defaults that a student can override; the watcher
/// enforces them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstanceLimits {
    pub max_connections: u16,
    pub statement_timeout_s: u32,
    pub idle_in_transaction_timeout_s: u32,
    /// Of one session. Left out where the maintenance role is no superuser, who alone may set it.
    pub temp_file_limit_mib: u32,
}

impl From<&LabSettings> for InstanceLimits {
    fn from(settings: &LabSettings) -> Self {
        Self {
            max_connections: settings.max_connections,
            statement_timeout_s: settings.statement_timeout_s,
            idle_in_transaction_timeout_s: settings.idle_in_transaction_timeout_s,
            temp_file_limit_mib: settings.temp_file_limit_mib,
        }
    }
}

/// What one student is to have in one lab.
#[derive(Debug, Clone)]
pub struct InstanceSpec {
    pub database: Ident,
    /// What it is a copy of. Only read where the database does not exist yet.
    pub template: Ident,
    /// Owns what comes from the template. Must exist: [`role::ensure_nologin`].
    pub lab_role: Ident,
    pub member_role: Ident,
    /// SCRAM verifier, given to a role that does not exist yet. An existing role keeps its password.
    pub member_verifier: String,
    pub checker_role: Ident,
    /// SCRAM verifier, always given.
    pub checker_verifier: String,
    pub limits: InstanceLimits,
    /// The comment on the database and the roles; an existing student's role keeps the one that it has.
    pub mark: String,
    /// May the student connect? Their checker always may.
    pub open: bool,
}

/// Connections of one checker, so that a check that hangs does not take the next one's place.
const CHECKER_CONNECTIONS: u16 = 4;

const ROLES_AND_OBSERVE: &str = concat!(
    include_str!("sql/roles.sql"),
    include_str!("sql/database_observe.sql")
);
const FINISH: &str = include_str!("sql/instance_finish.sql");
const ACCESS: &str = include_str!("sql/instance_access.sql");

/// Makes the roles, the database and the rights of one student, as far as they are not there. A database that is
/// there keeps its content; its rights and limits are brought up to date.
///
/// # Errors
/// A name belongs to something that is not ours ([`super::NOT_OURS`]), somebody is connected to the template (55006),
/// the template belongs to the lab's role, or PostgreSQL refuses.
pub async fn ensure(connection: &Connection, spec: &InstanceSpec) -> Result<(), Error> {
    let mut attempts = 0;
    loop {
        let outcome = ensure_once(connection, spec).await;
        attempts += 1;
        match outcome {
            Err(error) if attempts < script::ATTEMPTS && script::met_another(&error) => {
                tokio::time::sleep(script::PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}

async fn ensure_once(connection: &Connection, spec: &InstanceSpec) -> Result<(), Error> {
    let member = WantedRole {
        role: &spec.member_role,
        login: true,
        password: Some(&spec.member_verifier),
        set_password: false,
        limits: RoleLimits {
            max_connections: Some(spec.limits.max_connections),
        },
        at_least: true,
        mark: &spec.mark,
        // By way of the lab's role.
        access: None,
    };
    let checker = WantedRole {
        role: &spec.checker_role,
        login: true,
        password: Some(&spec.checker_verifier),
        set_password: true,
        limits: RoleLimits {
            max_connections: Some(CHECKER_CONNECTIONS),
        },
        at_least: false,
        mark: &spec.mark,
        access: Some(SERVICES),
    };
    let mut wanted = database::wanted(&spec.database, Some(&spec.template));
    wanted["lab_role"] = spec.lab_role.as_str().into();
    let rows = role::ensure_all(
        connection,
        &[member, checker],
        &[
            (&spec.lab_role, &spec.member_role),
            (&spec.member_role, &spec.checker_role),
        ],
        ROLES_AND_OBSERVE,
        &wanted,
    )
    .await?;
    let observed = database::observed(&rows, &spec.database)?;
    let fresh = observed.found != Found::Ours;
    if fresh {
        database::copy(connection, &spec.database, Some(&spec.template), observed).await?;
    }
    let wanted = json!({
        "database": spec.database.as_str(),
        "member": spec.member_role.as_str(),
        "checker": spec.checker_role.as_str(),
        "mark": comment(&spec.mark),
        "open": spec.open,
        "fresh": fresh,
        "settings": settings(&spec.limits, observed.superuser),
    });
    script::run(connection, FINISH, &wanted).await?;
    Ok(())
}

fn settings(limits: &InstanceLimits, superuser: bool) -> Value {
    let mut settings = Map::new();
    let mut set = |name: &str, value: String| settings.insert(name.to_owned(), value.into());
    set("statement_timeout", format!("{}s", limits.statement_timeout_s));
    set(
        "idle_in_transaction_session_timeout",
        format!("{}s", limits.idle_in_transaction_timeout_s),
    );
    if superuser {
        set("temp_file_limit", format!("{}MB", limits.temp_file_limit_mib));
    } else {
        tracing::debug!("temp_file_limit needs a superuser as the maintenance role; left at the server's");
    }
    settings.into()
}

/// Keeps the student out of their database and ends their sessions there. The checker still gets in. No error where
/// there is no such database.
///
/// # Errors
/// The database is not ours ([`super::NOT_OURS`]).
pub async fn close_access(
    connection: &Connection,
    database: &Ident,
    member_role: &Ident,
) -> Result<(), Error> {
    access(connection, database, member_role, false).await
}

/// The opposite of [`close_access`], but for a database that was closed because it is over its quota.
///
/// # Errors
/// The database is not ours ([`super::NOT_OURS`]).
pub async fn open_access(
    connection: &Connection,
    database: &Ident,
    member_role: &Ident,
) -> Result<(), Error> {
    access(connection, database, member_role, true).await
}

async fn access(connection: &Connection, database: &Ident, member: &Ident, open: bool) -> Result<(), Error> {
    let wanted = json!({ "database": database.as_str(), "member": member.as_str(), "open": open });
    script::run(connection, ACCESS, &wanted).await?;
    Ok(())
}

/// Drops the database, and removes the checker's role ([`role::remove`]). The student's role stays: it may have other
/// databases, see [`role::drop`].
///
/// # Errors
/// One of them is not ours ([`super::NOT_OURS`]).
pub async fn remove(connection: &Connection, database: &Ident, checker_role: &Ident) -> Result<(), Error> {
    database::drop(connection, database).await?;
    role::remove(connection, checker_role).await
}
