-- How a server is, in a few numbers.
SELECT NOT pg_catalog.pg_is_in_recovery() AS is_primary,
    (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend') AS n_connections,
    current_setting('max_connections')::bigint AS max_connections,
    (SELECT count(*) FROM pg_catalog.pg_database WHERE NOT datistemplate) AS n_databases
