-- Every session of a client that is not ours, in one row each: ours are those of this role and of roles named pglab_*,
-- but for consoles (pglab_con_*), which are told as their student's.
-- Whom a session waits for is asked only of those that wait for a lock, because the answer takes the lock manager's locks.
SELECT a.pid,
       a.datname::text AS database,
       CASE WHEN a.usename LIKE 'pglab\_con\_%' THEN coalesce((
           SELECT pg_get_userbyid(m.roleid)::text FROM pg_auth_members m
           WHERE m.member = a.usesysid AND pg_get_userbyid(m.roleid) NOT LIKE 'pglab\_%' LIMIT 1), a.usename::text)
       ELSE a.usename::text END AS role,
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
  AND (a.usename NOT LIKE 'pglab\_%' OR a.usename LIKE 'pglab\_con\_%')
