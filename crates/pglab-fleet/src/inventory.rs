//! What stands on a cluster of the databases that pglab wants there, seen in one query. What to do about it is decided
//! in `pglab_core::plan_instances`.

use pglab_core::ident::Ident;

use crate::{Connection, Error};

const INVENTORY: &str = include_str!("sql/inventory.sql");

/// One wanted database as it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    pub database: FoundDatabase,
    /// The member's role may connect to it.
    pub connect: bool,
    /// The watcher closed it because it is over its quota.
    pub over_quota: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundDatabase {
    Absent,
    Ours,
    /// It does not carry our mark: it is somebody else's, or we were interrupted before we could mark it.
    Unmarked,
}

/// Looks for pairs of database and member's role; the answer is in their order.
///
/// # Errors
/// The connection broke. A server that did not answer is never an empty list.
pub async fn observe(connection: &Connection, wanted: &[(&Ident, &Ident)]) -> Result<Vec<Found>, Error> {
    let databases: Vec<&str> = wanted.iter().map(|(database, _)| database.as_str()).collect();
    let roles: Vec<&str> = wanted.iter().map(|(_, role)| role.as_str()).collect();
    let rows = connection.query(INVENTORY, &[&databases, &roles]).await?;
    if rows.len() != wanted.len() {
        return Err(Error::Unexpected(format!(
            "asked for {} databases, heard of {}",
            wanted.len(),
            rows.len()
        )));
    }
    rows.iter()
        .map(|row| {
            Ok(Found {
                database: match row.try_get::<_, &str>("found")? {
                    "ours" => FoundDatabase::Ours,
                    "unmarked" => FoundDatabase::Unmarked,
                    _ => FoundDatabase::Absent,
                },
                connect: row.try_get("connect")?,
                over_quota: row.try_get("over_quota")?,
            })
        })
        .collect()
}

/// The verifiers that PostgreSQL holds for these roles, in their order; none for a role that is not ours, does not
/// exist or has no password.
///
/// # Errors
/// The maintenance role is no superuser: then nobody but a superuser may see this (42501).
pub async fn verifiers(connection: &Connection, roles: &[&Ident]) -> Result<Vec<Option<String>>, Error> {
    const VERIFIERS: &str = include_str!("sql/verifiers.sql");
    let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    let rows = connection.query(VERIFIERS, &[&roles]).await?;
    rows.iter().map(|row| Ok(row.try_get("verifier")?)).collect()
}
