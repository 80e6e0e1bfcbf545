//! The password verifiers that PostgreSQL holds, to notice those that were changed with psql. They are compared with
//! ours, and never shown.

use crate::{Connection, Error};

/// The verifiers of these roles: (role, verifier), for those that exist. Needs a maintenance role that may read
/// `pg_authid`.
///
/// # Errors
/// PostgreSQL refused, or the connection broke.
pub async fn verifiers(
    maintenance: &Connection,
    roles: &[String],
) -> Result<Vec<(String, Option<String>)>, Error> {
    let rows = maintenance
        .query(
            "SELECT rolname::text, rolpassword FROM pg_authid WHERE rolname = ANY ($1::text[])",
            &[&roles],
        )
        .await?;
    rows.into_iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect()
}
