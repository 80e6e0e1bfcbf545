-- One change to one role of ours: "open", "close", "password", "drop", or "remove", which closes what can't be dropped.
-- A role that does not exist is left at that, unless it is to be opened or given a password.
DO $do$
DECLARE
    wanted jsonb := current_setting('pglab.wanted')::jsonb;
    name text := wanted ->> 'role';
    mark text;
    granted_database text;
BEGIN
    -- The statement holds a password or verifier: if it fails, the log needn't have it.
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        PERFORM set_config('log_min_error_statement', 'panic', true);
    END IF;
    SELECT coalesce(shobj_description(oid, 'pg_authid'), '') INTO mark FROM pg_roles WHERE rolname = name;
    IF NOT FOUND AND wanted ->> 'change' IN ('drop', 'remove', 'close') THEN
        RETURN;
    ELSIF FOUND AND mark NOT LIKE 'pglab:%' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'PL001',
            MESSAGE = format('the role %I was not made by pglab, which therefore leaves it alone', name);
    END IF;
    IF wanted ->> 'change' IN ('close', 'remove') THEN
        EXECUTE format('ALTER ROLE %I NOLOGIN', name);
        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE usename = name AND pid <> pg_backend_pid();
    END IF;
    CASE wanted ->> 'change'
        WHEN 'open' THEN EXECUTE format('ALTER ROLE %I LOGIN', name);
        WHEN 'password' THEN EXECUTE format('ALTER ROLE %I PASSWORD %L', name, wanted ->> 'password');
        WHEN 'close' THEN NULL;
        WHEN 'drop', 'remove' THEN
            -- Rights on databases that stay would keep the role from being dropped.
            FOR granted_database IN
                SELECT d.datname FROM pg_shdepend s JOIN pg_database d ON d.oid = s.objid
                WHERE s.classid = 'pg_database'::regclass AND s.refclassid = 'pg_authid'::regclass
                    AND s.refobjid = (SELECT oid FROM pg_roles WHERE rolname = name)
                    AND s.dbid = 0 AND s.deptype = 'a'
            LOOP
                EXECUTE format('REVOKE ALL ON DATABASE %I FROM %I', granted_database, name);
            END LOOP;
            BEGIN
                EXECUTE format('DROP ROLE %I', name);
            EXCEPTION WHEN dependent_objects_still_exist THEN
                IF wanted ->> 'change' = 'drop' THEN
                    RAISE;
                END IF;
            END;
    END CASE;
END
$do$;
