-- Every session of a client that is not ours, in one row each: ours are those of this role and of roles named pglab_*.
-- Whom a session waits for is asked only of those that wait for a lock, because the answer takes the lock manager's locks.
SELECT a.pid,
       a.datname::text AS database,
       a.usename::text AS role,
       left(a.application_name, 200) AS application,
       host(a.client_addr) AS client,
       a.state,
       a.backend_start,
       a.xact_start,
       a.query_start,
       a.state_change,
       a.wait_event_type IS NOT DISTINCT FROM 'Lock' AS waits_for_lock,
       CASE WHEN a.wait_event_type = 'Lock' THEN pg_blocking_pids(a.pid) ELSE '{}' END AS blocked_by,
       left(a.query, 1000) AS query
FROM pg_stat_activity a
WHERE a.backend_type = 'client backend'
  AND a.datname IS NOT NULL
  AND a.usename <> current_user
  AND a.usename NOT LIKE 'pglab\_%'
