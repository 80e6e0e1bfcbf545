-- $1 databases, $2 the member's role of each. One row for each pair, in their order. A connection limit of -2 marks a
-- database whose DROP was interrupted.
SELECT
    CASE
        WHEN d.oid IS NULL THEN 'absent'
        WHEN d.mark LIKE 'pglab:%' AND d.datconnlimit <> -2 THEN 'ours'
        ELSE 'unmarked'
    END AS found,
    coalesce(has_database_privilege(r.oid, d.oid, 'CONNECT'), false) AS connect,
    EXISTS (
        SELECT FROM pg_catalog.pg_db_role_setting s
        WHERE s.setdatabase = d.oid AND s.setrole = 0 AND 'pglab.closed=quota' = ANY (s.setconfig)
    ) AS over_quota
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (database, role, n)
LEFT JOIN (
    SELECT oid, datname, datconnlimit, coalesce(shobj_description(oid, 'pg_database'), '') AS mark
    FROM pg_catalog.pg_database
) d ON d.datname = w.database
LEFT JOIN pg_catalog.pg_roles r ON r.rolname = w.role
ORDER BY w.n
