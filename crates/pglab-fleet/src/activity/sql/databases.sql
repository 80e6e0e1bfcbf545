-- One row for each database, of the counters that only move when something is written: a check, which reads and rolls
-- back, must not look like work. DDL moves them too, by the rows of the catalog.
SELECT d.oid,
       d.datname::text AS database,
       pg_stat_get_db_tuples_inserted(d.oid) + pg_stat_get_db_tuples_updated(d.oid)
           + pg_stat_get_db_tuples_deleted(d.oid) AS n_written
FROM pg_database d
WHERE d.datallowconn AND NOT d.datistemplate
