//! What a server read from its `pg_hba.conf`. What should stand there is decided in [`pglab_core::hba`], and written to
//! private servers by [`crate::private::access`].

use std::net::IpAddr;

use pglab_core::hba::SeenRule;

use crate::{Connection, Error};

/// The lines of the file as it is now, which the server may not have loaded yet.
///
/// # Errors
/// The role may not read `pg_hba_file_rules`, which only a superuser may unless it was granted (42501), or the
/// connection broke.
pub async fn rules(connection: &Connection) -> Result<Vec<SeenRule>, Error> {
    let rows = connection
        .query(
            "SELECT line_number, type, database, user_name, address, netmask, auth_method, options, error \
             FROM pg_catalog.pg_hba_file_rules ORDER BY line_number",
            &[],
        )
        .await?;
    let text = |row: &tokio_postgres::Row, column: &str| -> Result<String, Error> {
        Ok(row.try_get::<_, Option<String>>(column)?.unwrap_or_default())
    };
    let list = |row: &tokio_postgres::Row, column: &str| -> Result<Vec<String>, Error> {
        Ok(row.try_get::<_, Option<Vec<String>>>(column)?.unwrap_or_default())
    };
    rows.iter()
        .map(|row| {
            let address = text(row, "address")?;
            let bits = text(row, "netmask")?.parse().ok().map(|mask| match mask {
                IpAddr::V4(mask) => mask.to_bits().count_ones(),
                IpAddr::V6(mask) => mask.to_bits().count_ones(),
            });
            Ok(SeenRule {
                line: row.try_get("line_number")?,
                kind: text(row, "type")?,
                databases: list(row, "database")?,
                users: list(row, "user_name")?,
                from: match bits {
                    Some(bits) => format!("{address}/{bits}"),
                    None => address,
                },
                method: text(row, "auth_method")?,
                options: list(row, "options")?,
                error: row.try_get("error")?,
            })
        })
        .collect()
}

/// Did the server load the file after it was last changed? `None` where the role may not ask.
///
/// # Errors
/// The connection broke.
pub async fn is_loaded(connection: &Connection) -> Result<Option<bool>, Error> {
    let row = connection
        .query_one(
            "SELECT pg_catalog.has_function_privilege('pg_catalog.pg_stat_file(text)', 'EXECUTE') \
                AND pg_catalog.pg_has_role('pg_read_all_settings', 'USAGE')",
            &[],
        )
        .await?;
    if !row.get::<_, bool>(0) {
        return Ok(None);
    }
    // Debian keeps it outside of the data directory, where it takes more to look. The file's time has whole seconds.
    let row = connection
        .query_one(
            "SELECT CASE WHEN pg_catalog.pg_has_role('pg_read_server_files', 'USAGE') \
                           OR pg_catalog.starts_with(f, pg_catalog.current_setting('data_directory') OPERATOR(pg_catalog.||) '/') \
                    THEN (pg_catalog.pg_stat_file(f)).modification OPERATOR(pg_catalog.<) pg_catalog.pg_conf_load_time() END \
               FROM pg_catalog.current_setting('hba_file') AS f",
            &[],
        )
        .await?;
    Ok(row.get(0))
}
