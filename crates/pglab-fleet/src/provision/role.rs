//! Roles: a lab's, a student's, a checker's, a loader's. None of them ever has a power of the server.

use pglab_core::{
    hba::{SERVICES, STUDENTS},
    ident::Ident,
};
use serde_json::{Value, json};

use super::{comment, script};
use crate::{Connection, Error};

/// What the server itself bounds for a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RoleLimits {
    /// Concurrent connections, over all databases. `None` for any number.
    pub max_connections: Option<u16>,
}

/// One role as `sql/roles.sql` takes it.
pub(super) struct WantedRole<'a> {
    pub(super) role: &'a Ident,
    pub(super) login: bool,
    /// `None`: nobody gets in.
    pub(super) password: Option<&'a str>,
    /// Also where the role exists already. Not for a student's, who may have changed theirs with `\password`.
    pub(super) set_password: bool,
    pub(super) limits: RoleLimits,
    /// An existing role keeps a higher limit.
    pub(super) at_least: bool,
    pub(super) mark: &'a str,
    /// By which of them `pg_hba.conf` knows it: [`STUDENTS`] or [`SERVICES`], which are made if they are not there.
    pub(super) access: Option<&'static str>,
}

impl WantedRole<'_> {
    pub(super) fn json(&self) -> Value {
        json!({
            "role": self.role.as_str(),
            "login": self.login,
            "password": self.password,
            "set_password": self.set_password,
            "limit": self.limits.max_connections,
            "at_least": self.at_least,
            "mark": comment(self.mark),
            "access": self.access,
        })
    }
}

const ROLES: &str = include_str!("sql/roles.sql");
const ALTER: &str = include_str!("sql/role_alter.sql");

/// A role that nobody can sign in as: owns what is shared by the members of a lab, who are students for `pg_hba.conf`.
///
/// # Errors
/// The role exists and is not ours ([`super::NOT_OURS`]), or PostgreSQL refuses.
pub async fn ensure_nologin(connection: &Connection, role: &Ident, mark: &str) -> Result<(), Error> {
    let wanted = WantedRole {
        role,
        login: false,
        password: None,
        set_password: false,
        limits: RoleLimits::default(),
        at_least: false,
        mark,
        access: Some(STUDENTS),
    };
    ensure(connection, &wanted).await
}

/// A role that pglab signs in as. `verifier_or_password` (better a SCRAM verifier: a password would reach the server) is set
/// when the role is made; an existing role keeps its password, which its owner may have changed: see
/// [`set_password`].
///
/// # Errors
/// The role exists and is not ours ([`super::NOT_OURS`]), or PostgreSQL refuses.
pub async fn ensure_login(
    connection: &Connection,
    role: &Ident,
    verifier_or_password: &str,
    limits: &RoleLimits,
    mark: &str,
) -> Result<(), Error> {
    let wanted = WantedRole {
        role,
        login: true,
        password: Some(verifier_or_password),
        set_password: false,
        limits: *limits,
        at_least: false,
        mark,
        access: Some(SERVICES),
    };
    ensure(connection, &wanted).await
}

async fn ensure(connection: &Connection, wanted: &WantedRole<'_>) -> Result<(), Error> {
    let wanted = json!({ "roles": [wanted.json()], "memberships": [] });
    script::run(connection, ROLES, &wanted).await?;
    Ok(())
}

/// Roles and memberships in one go.
pub(super) async fn ensure_all(
    connection: &Connection,
    roles: &[WantedRole<'_>],
    memberships: &[(&Ident, &Ident)],
    and_then: &'static str,
    more: &Value,
) -> Result<Vec<tokio_postgres::SimpleQueryRow>, Error> {
    let memberships: Vec<Value> = memberships
        .iter()
        .map(|(group, member)| json!({ "group": group.as_str(), "member": member.as_str() }))
        .collect();
    let mut wanted = more.clone();
    wanted["roles"] = roles.iter().map(WantedRole::json).collect();
    wanted["memberships"] = memberships.into();
    script::run(connection, and_then, &wanted).await
}

/// `member` gets what `group` may. Both must be ours. Nobody gets the right to pass it on.
///
/// # Errors
/// One of them does not exist or is not ours ([`super::NOT_OURS`]).
pub async fn grant_membership(connection: &Connection, group: &Ident, member: &Ident) -> Result<(), Error> {
    ensure_all(connection, &[], &[(group, member)], ROLES, &json!({})).await?;
    Ok(())
}

/// Gives it another password, or verifier. Its sessions go on.
///
/// # Errors
/// The role does not exist or is not ours ([`super::NOT_OURS`]).
pub async fn set_password(
    connection: &Connection,
    role: &Ident,
    verifier_or_password: &str,
) -> Result<(), Error> {
    alter(connection, role, "password", Some(verifier_or_password)).await
}

/// Nobody can sign in as it any more, and its sessions are ended. No error where there is no such role.
///
/// # Errors
/// The role is not ours ([`super::NOT_OURS`]).
pub async fn close_login(connection: &Connection, role: &Ident) -> Result<(), Error> {
    alter(connection, role, "close", None).await
}

/// The opposite of [`close_login`].
///
/// # Errors
/// The role does not exist or is not ours ([`super::NOT_OURS`]).
pub async fn open_login(connection: &Connection, role: &Ident) -> Result<(), Error> {
    alter(connection, role, "open", None).await
}

/// Drops it. The databases in which it owns something must be gone. No error where there is no such role.
///
/// # Errors
/// The role is not ours ([`super::NOT_OURS`]), or something still belongs to it.
pub async fn drop(connection: &Connection, role: &Ident) -> Result<(), Error> {
    alter(connection, role, "drop", None).await
}

/// Ends the sessions of a role and drops it. Where something still belongs to it or was granted to it, nobody can sign in
/// as it any more, and it goes with another [`remove`] when that is gone: a student can grant to any role of the cluster
/// in a database of their own, so this is for the roles that pglab makes around them. No error where there is no such
/// role.
///
/// # Errors
/// The role is not ours ([`super::NOT_OURS`]).
pub async fn remove(connection: &Connection, role: &Ident) -> Result<(), Error> {
    alter(connection, role, "remove", None).await
}

async fn alter(
    connection: &Connection,
    role: &Ident,
    change: &str,
    password: Option<&str>,
) -> Result<(), Error> {
    let wanted = json!({ "role": role.as_str(), "change": change, "password": password });
    script::run(connection, ALTER, &wanted).await?;
    Ok(())
}

/// What PostgreSQL holds for the password: tells whether a student changed theirs. `None` where there is no such role
/// or no password.
///
/// # Errors
/// The maintenance role is no superuser: then nobody but a superuser may see this (42501).
pub async fn verifier(connection: &Connection, role: &Ident) -> Result<Option<String>, Error> {
    let row = connection
        .query_opt(
            "SELECT rolpassword FROM pg_catalog.pg_authid WHERE rolname OPERATOR(pg_catalog.=) $1",
            &[&role.as_str()],
        )
        .await?;
    Ok(row.and_then(|row| row.get(0)))
}
