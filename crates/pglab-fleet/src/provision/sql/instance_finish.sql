-- The rights and limits of one student's database, and its mark, in one transaction. Run again it changes nothing, and
-- it does not undo what the watcher did to a database over its quota.
DO $do$
DECLARE
    wanted jsonb := current_setting('pglab.wanted')::jsonb;
    name text := wanted ->> 'database';
    member text := wanted ->> 'member';
    checker text := wanted ->> 'checker';
    setting record;
    over_quota boolean := EXISTS (
        SELECT FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
        WHERE d.datname = name AND s.setrole = 0 AND 'pglab.closed=quota' = ANY (s.setconfig)
    );
BEGIN
    IF (wanted ->> 'fresh')::boolean THEN
        EXECUTE format('COMMENT ON DATABASE %I IS %L', name, wanted ->> 'mark');
        -- A student can keep settings on their role with which no session begins any more. A reset heals that.
        IF EXISTS (SELECT FROM pg_db_role_setting WHERE setrole = (SELECT oid FROM pg_roles WHERE rolname = member)) THEN
            EXECUTE format('ALTER ROLE %I RESET ALL', member);
        END IF;
    END IF;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', name);
    EXECUTE format('GRANT TEMPORARY, CREATE ON DATABASE %I TO %I', name, member);
    IF (wanted ->> 'open')::boolean AND NOT over_quota THEN
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', name, member);
    ELSE
        EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM %I', name, member);
        -- The logins of consoles may what the student may; they are shut out with them.
        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = name AND (usename = member OR usename ~ '^pglab_(con|see)_');
    END IF;
    -- The checker looks also while the student may not.
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', name, checker);
    FOR setting IN
        SELECT * FROM jsonb_each_text(wanted -> 'settings')
    LOOP
        EXECUTE format('ALTER DATABASE %I SET %I = %L', name, setting.key, setting.value);
    END LOOP;
    IF (wanted ->> 'fresh')::boolean THEN
        EXECUTE format('ALTER DATABASE %I ALLOW_CONNECTIONS true CONNECTION LIMIT -1', name);
    END IF;
END
$do$;
