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
