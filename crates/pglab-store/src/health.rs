//! What our own database says of its health: connections, sizes, how long it takes to answer.

use sqlx::PgExecutor;

use crate::Error;

#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    pub connections: i64,
    pub max_connections: i64,
    pub database_bytes: i64,
    pub pretty_size: String,
}

pub async fn of_database(executor: impl PgExecutor<'_>) -> Result<Health, Error> {
    Ok(sqlx::query_as!(
        Health,
        r#"SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS "connections!",
             current_setting('max_connections')::bigint AS "max_connections!",
             pg_database_size(current_database()) AS "database_bytes!",
             pg_size_pretty(pg_database_size(current_database())) AS "pretty_size!""#
    )
    .fetch_one(executor)
    .await?)
}

/// The shortest question that there is.
pub async fn ping(executor: impl PgExecutor<'_>) -> Result<(), Error> {
    sqlx::query_scalar!(r#"SELECT 1 AS "one!""#)
        .fetch_one(executor)
        .await?;
    Ok(())
}

#[derive(Debug, Clone, PartialEq)]
pub struct TableSize {
    pub schema: String,
    pub table: String,
    /// As PostgreSQL last counted.
    pub n_rows: i64,
    pub size: String,
}

/// The largest first.
pub async fn tables(executor: impl PgExecutor<'_>) -> Result<Vec<TableSize>, Error> {
    Ok(sqlx::query_as!(
        TableSize,
        r#"SELECT schemaname::text AS "schema!", relname::text AS "table!", n_live_tup AS "n_rows!",
             pg_size_pretty(pg_total_relation_size(relid)) AS "size!"
           FROM pg_stat_user_tables ORDER BY pg_total_relation_size(relid) DESC, relname"#
    )
    .fetch_all(executor)
    .await?)
}
