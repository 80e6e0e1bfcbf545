-- Takes CONNECT on the databases that every cluster has, and on our own, from everybody; then tells which databases
-- are still open to everybody and are not ours.
DO $do$
DECLARE
    wanted jsonb := current_setting('pglab.wanted')::jsonb;
    name text;
BEGIN
    FOR name IN
        SELECT datname FROM pg_database
        WHERE datname IN ('postgres', 'template1', wanted ->> 'own')
            AND (datacl IS NULL OR EXISTS (SELECT FROM aclexplode(datacl) WHERE grantee = 0))
    LOOP
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', name);
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
