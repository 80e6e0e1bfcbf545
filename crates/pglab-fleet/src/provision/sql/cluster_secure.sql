-- Takes CONNECT on the databases that every cluster has, and on our own, from everybody; puts the roles of ours into the
-- groups by which pg_hba.conf knows them; then tells which databases are still open to everybody and are not ours.
DO $do$
DECLARE
    wanted jsonb := current_setting('pglab.wanted')::jsonb;
    name text;
    role record;
BEGIN
    FOR name IN
        SELECT datname FROM pg_database
        WHERE datname IN ('postgres', 'template1', wanted ->> 'own')
            AND (datacl IS NULL OR EXISTS (SELECT FROM aclexplode(datacl) WHERE grantee = 0))
    LOOP
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['pglab_students', 'pglab_services'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
            EXECUTE format('COMMENT ON ROLE %I IS %L', name, 'pglab:access');
        END IF;
    END LOOP;
    -- Roles that were made before there were these groups.
    FOR role IN
        SELECT r.rolname, g.rolname AS groupname
        FROM pg_roles r
        JOIN pg_roles g ON g.rolname = CASE
            WHEN r.rolname LIKE 'pglab\_lab\_%' THEN 'pglab_students'
            WHEN r.rolname LIKE 'pglab\_chk\_%' OR r.rolname LIKE 'pglab\_load\_%' THEN 'pglab_services'
        END
        WHERE shobj_description(r.oid, 'pg_authid') LIKE 'pglab:%'
            AND shobj_description(g.oid, 'pg_authid') LIKE 'pglab:%'
            AND NOT EXISTS (SELECT FROM pg_auth_members m WHERE m.roleid = g.oid AND m.member = r.oid)
    LOOP
        EXECUTE format('GRANT %I TO %I', role.groupname, role.rolname);
    END LOOP;
END
$do$;
SELECT d.datname
FROM pg_database d
WHERE d.datallowconn
    AND coalesce(shobj_description(d.oid, 'pg_database'), '') NOT LIKE 'pglab:%'
    AND d.datname IS DISTINCT FROM current_setting('pglab.wanted')::jsonb ->> 'own'
    AND d.datname NOT IN ('postgres', 'template1')
    AND EXISTS (
        SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba)))
        WHERE grantee = 0 AND privilege_type = 'CONNECT'
    )
ORDER BY d.datname;
