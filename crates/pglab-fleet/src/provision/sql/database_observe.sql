-- What there is under the name of a wanted database, and what its copy would cost. A connection limit of 761310001 on
-- a closed database of ours without a mark is one that we were making when we were interrupted; a limit of -2 is one
-- whose DROP DATABASE was interrupted.
SELECT
    CASE
        WHEN d.oid IS NULL THEN 'absent'
        WHEN d.datconnlimit = -2 AND (d.mark LIKE 'pglab:%' OR d.ours AND NOT d.datallowconn) THEN 'broken'
        WHEN d.mark LIKE 'pglab:%' THEN 'ours'
        WHEN d.datconnlimit = 761310001 AND d.ours AND NOT d.datallowconn THEN 'unfinished'
        ELSE 'foreign'
    END AS state,
    current_setting('server_version_num') AS version,
    coalesce(current_setting('file_copy_method', true), '') AS copy_method,
    CASE WHEN d.oid IS NULL OR d.mark NOT LIKE 'pglab:%' THEN coalesce(pg_database_size(t.oid), 0) ELSE 0 END AS template_bytes,
    coalesce(t.datdba = (SELECT oid FROM pg_roles WHERE rolname = w.wanted ->> 'lab_role'), false) AS template_of_students,
    coalesce((SELECT rolsuper FROM pg_roles WHERE rolname = current_user), false) AS superuser
FROM (SELECT current_setting('pglab.wanted')::jsonb AS wanted) w
LEFT JOIN (
    SELECT oid, datname, datconnlimit, datallowconn,
        coalesce(shobj_description(oid, 'pg_database'), '') AS mark,
        datdba = (SELECT oid FROM pg_roles WHERE rolname = current_user) AS ours
    FROM pg_database
) d ON d.datname = w.wanted ->> 'database'
LEFT JOIN pg_database t ON t.datname = w.wanted ->> 'template';
