SELECT current_setting('server_version_num')::int AS version,
       current_user::text AS role,
       r.rolsuper AS superuser,
       r.rolsuper OR r.rolcreatedb AS create_database,
       r.rolsuper OR r.rolcreaterole AS create_role,
       pg_has_role('pg_signal_backend', 'MEMBER') AS signal_backend,
       pg_has_role('pg_read_all_stats', 'USAGE') AS read_all_stats,
       has_function_privilege('pg_catalog.pg_ls_logdir()', 'EXECUTE')
           AND has_function_privilege('pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean)', 'EXECUTE') AS read_log,
       current_setting('log_connections') NOT IN ('off', '') AS log_connections,
       has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS read_passwords,
       current_setting('max_connections')::int AS max_connections,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS n_connections,
       current_setting('logging_collector') = 'on' AS logging_collector,
       current_setting('log_destination') AS log_destination,
       ARRAY(SELECT datname::text
             FROM pg_database
             WHERE datallowconn AND NOT datistemplate AND has_database_privilege('public', oid, 'CONNECT')
             ORDER BY datname) AS open_databases,
       pg_is_in_recovery() AS in_recovery
FROM pg_roles r
WHERE r.rolname = current_user
