-- The standbys that stream from this server, and what each has not replayed yet. A role that may not see it gets none.
SELECT coalesce(nullif(application_name, ''), client_addr::text, 'unnamed') AS name,
    max(pg_catalog.pg_wal_lsn_diff(
        CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
            ELSE pg_catalog.pg_current_wal_lsn() END, replay_lsn))::bigint AS lag_bytes
FROM pg_catalog.pg_stat_replication
WHERE replay_lsn IS NOT NULL
GROUP BY 1
