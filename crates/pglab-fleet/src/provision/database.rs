//! Databases: made as a copy of a template, renamed, measured, dropped. All belong to the maintenance role, because an
//! owner could let friends in.

use pglab_core::ident::Ident;
use serde_json::{Value, json};
use tokio_postgres::SimpleQueryRow;

use super::{comment, script};
use crate::{Connection, Error};

pub(super) const OBSERVE: &str = include_str!("sql/database_observe.sql");
const FINISH: &str = include_str!("sql/database_finish.sql");

/// Marks a database in the making; nobody chooses this number. Also in `sql/database_observe.sql`.
const UNFINISHED_LIMIT: i32 = 761_310_001;

/// From this size of the template on, copying files is cheaper than writing every page to the log.
/// `docs/decisions/0006-copy-strategy.md` has the measurements.
const FILE_COPY_FROM_BYTES: u64 = 256 << 20;
/// The same where the server clones files instead of copying them.
const CLONE_FROM_BYTES: u64 = 64 << 20;

/// What there is under the name of a wanted database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Absent,
    Ours,
    /// We were interrupted while making it, or while dropping it.
    Leftover,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Observed {
    pub(super) found: Found,
    pub(super) superuser: bool,
    strategy: Option<&'static str>,
}

/// Reads the answer of `sql/database_observe.sql`.
pub(super) fn observed(rows: &[SimpleQueryRow], name: &Ident) -> Result<Observed, Error> {
    let row = rows
        .last()
        .ok_or_else(|| Error::Unexpected("no row about the database".to_owned()))?;
    if script::text(row, "template_of_students")? == "t" {
        return Err(Error::Unexpected(
            "the template belongs to the role of the lab, whose members could drop it".to_owned(),
        ));
    }
    let found = match script::text(row, "state")? {
        "absent" => Found::Absent,
        "ours" => Found::Ours,
        "broken" | "unfinished" => Found::Leftover,
        _ => {
            return Err(Error::NotOurs {
                kind: "database",
                name: name.clone(),
            });
        }
    };
    let number = |column| {
        script::text(row, column)?
            .parse::<u64>()
            .map_err(|error| Error::Unexpected(format!("{column}: {error}")))
    };
    Ok(Observed {
        found,
        superuser: script::text(row, "superuser")? == "t",
        strategy: strategy(
            number("version")?,
            number("template_bytes")?,
            script::text(row, "copy_method")?,
        ),
    })
}

fn strategy(version_num: u64, template_bytes: u64, copy_method: &str) -> Option<&'static str> {
    let from = if copy_method == "clone" {
        CLONE_FROM_BYTES
    } else {
        FILE_COPY_FROM_BYTES
    };
    if version_num < 150_000 {
        None
    } else if template_bytes >= from {
        Some("FILE_COPY")
    } else {
        Some("WAL_LOG")
    }
}

/// Makes it an exact copy of `template` (of PostgreSQL's own empty one where there is none), closed to everybody. One
/// that is there already is left as it is.
///
/// # Errors
/// The name belongs to a database that is not ours ([`super::NOT_OURS`]), somebody is connected to the template
/// (55006), or PostgreSQL refuses.
pub async fn create(
    connection: &Connection,
    name: &Ident,
    template: Option<&Ident>,
    mark: &str,
) -> Result<(), Error> {
    let mut attempts = 0;
    loop {
        let outcome = create_once(connection, name, template, mark).await;
        attempts += 1;
        match outcome {
            Err(error) if attempts < script::ATTEMPTS && script::met_another(&error) => {
                tokio::time::sleep(script::PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}

async fn create_once(
    connection: &Connection,
    name: &Ident,
    template: Option<&Ident>,
    mark: &str,
) -> Result<(), Error> {
    let wanted = wanted(name, template);
    let rows = script::run(connection, OBSERVE, &wanted).await?;
    let observed = observed(&rows, name)?;
    if observed.found == Found::Ours {
        return Ok(());
    }
    copy(connection, name, template, observed).await?;
    let wanted = json!({ "database": name.as_str(), "mark": comment(mark) });
    script::run(connection, FINISH, &wanted).await?;
    Ok(())
}

pub(super) fn wanted(name: &Ident, template: Option<&Ident>) -> Value {
    json!({
        "database": name.as_str(),
        "template": template.map_or("template0", Ident::as_str),
    })
}

/// The copy itself: closed, and without our mark until [`FINISH`] or its like is done.
pub(super) async fn copy(
    connection: &Connection,
    name: &Ident,
    template: Option<&Ident>,
    observed: Observed,
) -> Result<(), Error> {
    if observed.found == Found::Leftover {
        connection
            .batch_execute(&format!("DROP DATABASE IF EXISTS {name}"))
            .await?;
    }
    let template = template.map_or_else(|| "template0".to_owned(), Ident::quoted);
    let strategy = observed
        .strategy
        .map(|strategy| format!(" STRATEGY {strategy}"))
        .unwrap_or_default();
    let statement = format!(
        "CREATE DATABASE {name} TEMPLATE {template}{strategy} ALLOW_CONNECTIONS false CONNECTION LIMIT {UNFINISHED_LIMIT}"
    );
    connection.batch_execute(&statement).await?;
    Ok(())
}

/// Drops it, ending the sessions in it. No error where there is none.
///
/// # Errors
/// It is not ours ([`super::NOT_OURS`]).
pub async fn drop(connection: &Connection, name: &Ident) -> Result<(), Error> {
    let rows = script::run(connection, OBSERVE, &wanted(name, None)).await?;
    if observed(&rows, name)?.found == Found::Absent {
        return Ok(());
    }
    connection
        .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        .await?;
    Ok(())
}

/// Gives it another name, ending the sessions in it.
///
/// # Errors
/// It does not exist, it is not ours ([`super::NOT_OURS`]), or the new name is taken (42P04).
pub async fn rename(connection: &Connection, from: &Ident, to: &Ident) -> Result<(), Error> {
    const RENAME: &str = include_str!("sql/database_rename.sql");
    let wanted = json!({ "database": from.as_str(), "to": to.as_str() });
    let mut attempts = 0;
    loop {
        let outcome = script::run(connection, RENAME, &wanted).await;
        attempts += 1;
        match outcome {
            // Sessions end a moment after they were told to, and a client may come back in between.
            Err(error) if attempts < script::ATTEMPTS && error.code() == Some("55006") => {
                tokio::time::sleep(script::PAUSE).await;
            }
            outcome => return outcome.map(|_| ()),
        }
    }
}

/// Is there a database of this name, whoever made it?
///
/// # Errors
/// The connection broke.
pub async fn exists(connection: &Connection, name: &Ident) -> Result<bool, Error> {
    let row = connection
        .query_one(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname OPERATOR(pg_catalog.=) $1)",
            &[&name.as_str()],
        )
        .await?;
    Ok(row.get(0))
}

/// Bytes on disk, temporary tables and large objects included. `None` where there is no such database.
///
/// # Errors
/// The connection broke, or the maintenance role may not look.
pub async fn size_bytes(connection: &Connection, name: &Ident) -> Result<Option<u64>, Error> {
    let row = connection
        .query_opt(
            "SELECT pg_catalog.pg_database_size(oid) FROM pg_catalog.pg_database WHERE datname OPERATOR(pg_catalog.=) $1",
            &[&name.as_str()],
        )
        .await?;
    Ok(row.and_then(|row| u64::try_from(row.get::<_, i64>(0)).ok()))
}

#[cfg(test)]
mod tests {
    use super::strategy;

    #[test]
    fn small_templates_are_logged_and_large_ones_copied() {
        assert_eq!(strategy(140_012, 1 << 40, ""), None);
        assert_eq!(strategy(150_008, 9 << 20, ""), Some("WAL_LOG"));
        assert_eq!(strategy(150_008, 1 << 30, ""), Some("FILE_COPY"));
        assert_eq!(strategy(180_001, 64 << 20, "copy"), Some("WAL_LOG"));
        assert_eq!(strategy(180_001, 64 << 20, "clone"), Some("FILE_COPY"));
    }
}
