-- The steps that change rights and settings. A database or role that went away meanwhile is left at that.
DO $do$
DECLARE
    step jsonb;
    name text;
    role text;
BEGIN
    FOR step IN SELECT * FROM jsonb_array_elements(current_setting('pglab.wanted')::jsonb -> 'steps') LOOP
        name := step ->> 'database';
        role := step ->> 'role';
        BEGIN
            CASE step ->> 'step'
                WHEN 'read_only' THEN
                    EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', name);
                    BEGIN
                        EXECUTE format('ALTER DATABASE %I SET pglab.over_quota = %L', name, step ->> 'bytes');
                    EXCEPTION WHEN insufficient_privilege THEN
                        -- Only a superuser may keep settings of ours. The first step is taken all the same.
                        NULL;
                    END;
                WHEN 'writable' THEN
                    EXECUTE format('ALTER DATABASE %I RESET default_transaction_read_only', name);
                    BEGIN
                        EXECUTE format('ALTER DATABASE %I RESET pglab.over_quota', name);
                    EXCEPTION WHEN insufficient_privilege THEN
                        NULL;
                    END;
                WHEN 'close' THEN
                    EXECUTE format('ALTER DATABASE %I SET pglab.closed = %L', name, 'quota');
                    EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM %I', name, role);
                WHEN 'reopen' THEN
                    EXECUTE format('ALTER DATABASE %I RESET default_transaction_read_only', name);
                    EXECUTE format('ALTER DATABASE %I RESET pglab.over_quota', name);
                    EXECUTE format('ALTER DATABASE %I RESET pglab.closed', name);
                    IF (step ->> 'open')::boolean THEN
                        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', name, role);
                    END IF;
                WHEN 'revoke' THEN
                    EXECUTE format('REVOKE %I FROM %I', role, step ->> 'from');
                ELSE NULL;
            END CASE;
        EXCEPTION WHEN SQLSTATE '3D000' OR undefined_object THEN
            NULL;
        END;
    END LOOP;
END
$do$;
