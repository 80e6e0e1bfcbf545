-- Renames a database of ours. Closed first, so that nobody comes back between the end of the sessions and the rename.
DO $do$
DECLARE
    wanted jsonb := current_setting('pglab.wanted')::jsonb;
    name text := wanted ->> 'database';
    mark text;
BEGIN
    SELECT coalesce(shobj_description(oid, 'pg_database'), '') INTO mark FROM pg_database WHERE datname = name;
    IF FOUND AND mark NOT LIKE 'pglab:%' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'PL001',
            MESSAGE = format('the database %I was not made by pglab, which therefore leaves it alone', name);
    END IF;
    PERFORM pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE datname = name AND pid <> pg_backend_pid();
    EXECUTE format('ALTER DATABASE %I RENAME TO %I', name, wanted ->> 'to');
END
$do$;
