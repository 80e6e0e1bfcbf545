-- After the roles: the login of a console can be used for a moment only, so that a password that a student gave it from
-- inside a session opens nothing later.
DO $do$
DECLARE
    wanted jsonb := current_setting('pglab.wanted')::jsonb;
    name text := wanted ->> 'console';
BEGIN
    EXECUTE format('ALTER ROLE %I VALID UNTIL %L', name,
        clock_timestamp() + make_interval(secs => (wanted ->> 'usable_s')::double precision));
    -- Settings that a student kept on it from inside a session.
    IF EXISTS (SELECT FROM pg_db_role_setting WHERE setrole = (SELECT oid FROM pg_roles WHERE rolname = name)) THEN
        EXECUTE format('ALTER ROLE %I RESET ALL', name);
    END IF;
END
$do$;
