-- Makes roles and memberships as wanted. Existing roles with our mark are brought up to date, others refused.
DO $do$
DECLARE
    wanted jsonb := current_setting('pglab.wanted')::jsonb;
    want jsonb;
    existing record;
    attributes text;
BEGIN
    -- The statement holds a password or verifier: if it fails, the log needn't have it.
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        PERFORM set_config('log_min_error_statement', 'panic', true);
    END IF;
    FOR want IN SELECT * FROM jsonb_array_elements(wanted -> 'roles') LOOP
        SELECT rolcanlogin, rolconnlimit, coalesce(shobj_description(oid, 'pg_authid'), '') AS mark
            INTO existing FROM pg_roles WHERE rolname = want ->> 'role';
        IF NOT FOUND THEN
            -- INHERIT, and none of the powers, are the defaults of CREATE ROLE; said all the same, so that nobody
            -- has to look them up.
            EXECUTE format(
                'CREATE ROLE %I %s NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT'
                    ' CONNECTION LIMIT %s PASSWORD %L',
                want ->> 'role',
                CASE WHEN (want ->> 'login')::boolean THEN 'LOGIN' ELSE 'NOLOGIN' END,
                coalesce((want ->> 'limit')::integer, -1),
                want ->> 'password');
            EXECUTE format('COMMENT ON ROLE %I IS %L', want ->> 'role', want ->> 'mark');
            -- To make it the owner of something, who is no superuser must be a member.
            IF NOT (want ->> 'login')::boolean AND NOT pg_has_role(current_user, want ->> 'role', 'USAGE') THEN
                EXECUTE format('GRANT %I TO CURRENT_USER', want ->> 'role');
            END IF;
            CONTINUE;
        END IF;
        IF existing.mark NOT LIKE 'pglab:%' THEN
            RAISE EXCEPTION USING
                ERRCODE = 'PL001',
                MESSAGE = format('the role %I exists and was not made by pglab, which therefore leaves it alone', want ->> 'role'),
                HINT = 'Use another login, or rename or drop that role.';
        END IF;
        attributes := '';
        IF existing.rolcanlogin <> (want ->> 'login')::boolean THEN
            attributes := CASE WHEN (want ->> 'login')::boolean THEN ' LOGIN' ELSE ' NOLOGIN' END;
        END IF;
        IF want ->> 'limit' IS NOT NULL AND existing.rolconnlimit <> (want ->> 'limit')::integer
            -- A student of two labs keeps the higher number; in each database the watcher holds them to its own.
            AND NOT ((want ->> 'at_least')::boolean AND existing.rolconnlimit > (want ->> 'limit')::integer) THEN
            attributes := attributes || format(' CONNECTION LIMIT %s', (want ->> 'limit')::integer);
        END IF;
        IF (want ->> 'set_password')::boolean THEN
            attributes := attributes || format(' PASSWORD %L', want ->> 'password');
        END IF;
        IF attributes <> '' THEN
            EXECUTE format('ALTER ROLE %I%s', want ->> 'role', attributes);
        END IF;
    END LOOP;

    -- The groups by which pg_hba.conf knows roles. They have no rights.
    FOR want IN SELECT * FROM jsonb_array_elements(wanted -> 'roles') WHERE value ->> 'access' IS NOT NULL LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = want ->> 'access') THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', want ->> 'access');
            EXECUTE format('COMMENT ON ROLE %I IS %L', want ->> 'access', 'pglab:access');
        END IF;
        wanted := jsonb_insert(wanted, '{memberships,-1}',
            jsonb_build_object('group', want ->> 'access', 'member', want ->> 'role'), true);
    END LOOP;

    FOR want IN SELECT * FROM jsonb_array_elements(wanted -> 'memberships') LOOP
        IF EXISTS (
            SELECT FROM pg_roles
            WHERE rolname IN (want ->> 'group', want ->> 'member')
                AND coalesce(shobj_description(oid, 'pg_authid'), '') NOT LIKE 'pglab:%'
        ) THEN
            RAISE EXCEPTION USING
                ERRCODE = 'PL001',
                MESSAGE = format('the role %I or %I was not made by pglab, which therefore grants no membership', want ->> 'group', want ->> 'member');
        END IF;
        IF NOT EXISTS (
            SELECT FROM pg_auth_members
            WHERE roleid = (SELECT oid FROM pg_roles WHERE rolname = want ->> 'group')
                AND member = (SELECT oid FROM pg_roles WHERE rolname = want ->> 'member')
        ) THEN
            EXECUTE format('GRANT %I TO %I', want ->> 'group', want ->> 'member');
        END IF;
    END LOOP;
END
$do$;
