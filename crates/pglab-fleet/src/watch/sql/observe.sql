-- One look at what students do, as one JSON document: pglab_core::caps::Observed. Only databases and roles with our
-- mark are in it, whatever the caller names. Sessions that could need nothing are left out, and only a few databases
-- are measured, because measuring asks the file system about every file.
WITH wanted AS (
    SELECT current_setting('pglab.wanted')::jsonb AS doc
), ours AS MATERIALIZED (
    SELECT d.oid, d.datname, d.datdba, d.datacl
    FROM pg_database d
    JOIN pg_shdescription c ON c.objoid = d.oid AND c.classoid = 'pg_database'::regclass AND c.description LIKE 'pglab:%'
    WHERE d.datname IN (SELECT jsonb_array_elements_text(doc -> 'databases') FROM wanted)
        AND d.datallowconn
), backend AS MATERIALIZED (
    SELECT a.pid, o.oid, o.datname::text AS datname, coalesce(a.usename, '')::text AS usename, a.state, a.state_change,
        a.query_start, a.xact_start, a.backend_start,
        CASE
            WHEN a.backend_type = 'autovacuum worker' THEN 'autovacuum'
            WHEN a.usename LIKE 'pglab\_chk\_%' THEN 'checker'
            ELSE 'student'
        END AS owner,
        row_number() OVER (PARTITION BY a.datid, a.usesysid ORDER BY a.backend_start, a.pid) AS nth
    FROM pg_stat_activity a
    JOIN ours o ON o.oid = a.datid
    LEFT JOIN pg_shdescription c ON c.objoid = a.usesysid AND c.classoid = 'pg_authid'::regclass AND c.description LIKE 'pglab:%'
    WHERE a.backend_type = 'autovacuum worker' OR a.backend_type = 'client backend' AND c.objoid IS NOT NULL
), held AS MATERIALIZED (
    SELECT pid, count(*) AS n_locks FROM pg_locks WHERE NOT fastpath GROUP BY pid
), clock AS (
    SELECT clock_timestamp() AS now
), session AS (
    SELECT jsonb_build_object(
        'database', datname, 'role', usename, 'owner', owner, 'pid', pid,
        'began', (extract(epoch FROM backend_start) * 1000000)::bigint,
        'nth', nth,
        'n_locks', coalesce(n_locks, 0),
        'transaction_ms', coalesce(greatest(extract(epoch FROM now - xact_start) * 1000, 0)::bigint, 0),
        'doing', CASE
            WHEN state LIKE 'idle in transaction%' THEN jsonb_build_object(
                'state', 'nothing', 'for_ms', greatest(extract(epoch FROM now - state_change) * 1000, 0)::bigint)
            WHEN state = 'idle' THEN '{"state": "idle"}'::jsonb
            ELSE jsonb_build_object(
                'state', 'statement',
                'began', (extract(epoch FROM coalesce(query_start, backend_start)) * 1000000)::bigint,
                'for_ms', greatest(extract(epoch FROM now - coalesce(query_start, backend_start)) * 1000, 0)::bigint)
        END) AS doc
    FROM backend LEFT JOIN held USING (pid), clock, wanted
    WHERE n_locks > 100
        OR nth > (doc ->> 'least_connections')::integer
        OR xact_start < now - interval '1 second'
        OR state <> 'idle' AND state_change < now - interval '1 second'
), measured AS (
    SELECT oid, datname, datdba, datacl FROM ours, clock, wanted
    WHERE (doc ->> 'all')::boolean
        OR oid::bigint % 60 = (doc ->> 'turn')::bigint % 60
        OR EXISTS (
            SELECT FROM backend b WHERE b.oid = ours.oid AND (
                b.xact_start < now - interval '0.5 second'
                OR (doc ->> 'turn')::bigint % 10 = 0 AND b.state_change > now - interval '15 seconds'))
), database AS (
    SELECT jsonb_build_object(
        'name', m.datname,
        'bytes', pg_database_size(m.oid),
        'read_only', EXISTS (
            SELECT FROM pg_db_role_setting r
            WHERE r.setdatabase = m.oid AND r.setrole = 0 AND 'default_transaction_read_only=on' = ANY (r.setconfig)),
        'read_only_at', (
            SELECT split_part(s, '=', 2)::bigint FROM pg_db_role_setting r, unnest(r.setconfig) s
            WHERE r.setdatabase = m.oid AND r.setrole = 0 AND s LIKE 'pglab.over_quota=%'),
        'closed', EXISTS (
            SELECT FROM pg_db_role_setting r
            WHERE r.setdatabase = m.oid AND r.setrole = 0 AND 'pglab.closed=quota' = ANY (r.setconfig)),
        'role', (
            SELECT pg_get_userbyid(grantee) FROM aclexplode(m.datacl)
            WHERE grantee NOT IN (0, m.datdba) AND privilege_type = 'TEMPORARY' LIMIT 1)) AS doc
    FROM measured m
), friend AS (
    -- Up to PostgreSQL 14 a role may grant itself to others, and these, with the option to, to more. A grant of ours has
    -- us as its grantor, who has no mark.
    SELECT jsonb_build_object('role', pg_get_userbyid(g.roleid), 'member', pg_get_userbyid(g.member)) AS doc
    FROM pg_auth_members g
    JOIN pg_shdescription c ON c.objoid = g.roleid AND c.classoid = 'pg_authid'::regclass AND c.description LIKE 'pglab:%'
    JOIN pg_shdescription d ON d.objoid = g.grantor AND d.classoid = 'pg_authid'::regclass AND d.description LIKE 'pglab:%'
)
SELECT jsonb_build_object(
    'sessions', coalesce((SELECT jsonb_agg(doc) FROM session), '[]'),
    'databases', coalesce((SELECT jsonb_agg(doc) FROM database), '[]'),
    'friends', coalesce((SELECT jsonb_agg(doc) FROM friend), '[]'),
    'queue', pg_notification_queue_usage(),
    'lock_room', current_setting('max_locks_per_transaction')::bigint
        * (current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint),
    'now', (SELECT (extract(epoch FROM now) * 1000000)::bigint FROM clock)) AS observed,
    (SELECT string_agg(oid::text, ',') FROM ours) AS database_oids;
