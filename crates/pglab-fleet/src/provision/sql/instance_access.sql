-- Lets a student into their database, or keeps them out and ends their sessions there. A database that is gone is left
-- at that, and one that the watcher closed because it is over its quota stays closed.
DO $do$
DECLARE
    wanted jsonb := current_setting('pglab.wanted')::jsonb;
    name text := wanted ->> 'database';
    member text := wanted ->> 'member';
    mark text;
BEGIN
    SELECT coalesce(shobj_description(oid, 'pg_database'), '') INTO mark FROM pg_database WHERE datname = name;
    IF NOT FOUND THEN
        RETURN;
    ELSIF mark NOT LIKE 'pglab:%' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'PL001',
            MESSAGE = format('the database %I was not made by pglab, which therefore leaves it alone', name);
    END IF;
    IF NOT (wanted ->> 'open')::boolean THEN
        EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM %I', name, member);
        -- The logins of consoles may what the student may; they are shut out with them.
        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = name AND (usename = member OR usename ~ '^pglab_(con|see)_');
    ELSIF NOT EXISTS (
        SELECT FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
        WHERE d.datname = name AND s.setrole = 0 AND 'pglab.closed=quota' = ANY (s.setconfig)
    ) THEN
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', name, member);
    END IF;
END
$do$;
