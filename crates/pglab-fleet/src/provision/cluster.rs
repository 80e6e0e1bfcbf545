//! What is closed on every cluster that students work on, before the first of them comes. `docs/security.md` has the
//! reasons, and what needs no closing because PostgreSQL closes it.

use pglab_core::ident::Ident;
use serde_json::json;

use super::script;
use crate::{Connection, Error};

/// What [`secure`] had to leave as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secured {
    /// Databases that are not ours and that every role can connect to, students' included: for the operator to decide.
    pub open_databases: Vec<String>,
}

/// Has everything written to disk that is only in memory and in the log. A server that is about to stop has that much
/// less to do.
///
/// # Errors
/// The maintenance role may not ask for it, or the connection broke.
pub async fn checkpoint(connection: &Connection) -> Result<(), Error> {
    Ok(connection.batch_execute("CHECKPOINT").await?)
}

/// Takes CONNECT on `postgres`, `template1` and our own database from everybody who was not granted it by name. Run at
/// every start; changes nothing where it was done.
///
/// # Errors
/// The maintenance role does not own these databases and is no superuser, or the connection broke.
pub async fn secure(connection: &Connection, own_database: Option<&Ident>) -> Result<Secured, Error> {
    const SECURE: &str = include_str!("sql/cluster_secure.sql");
    let wanted = json!({ "own": own_database.map(Ident::as_str) });
    let rows = script::run(connection, SECURE, &wanted).await?;
    let open_databases = rows
        .iter()
        .map(|row| script::text(row, "datname").map(str::to_owned))
        .collect::<Result<Vec<_>, _>>()?;
    if !open_databases.is_empty() {
        tracing::warn!(databases = ?open_databases, "students can connect to databases that are not pglab's");
    }
    Ok(Secured { open_databases })
}
