-- The steps that cancel and end. After the others, so that who comes back at once finds the new rights and settings.
DO $do$
DECLARE
    step jsonb;
BEGIN
    FOR step IN SELECT * FROM jsonb_array_elements(current_setting('pglab.wanted')::jsonb -> 'steps') LOOP
        CASE step ->> 'step'
            WHEN 'cancel' THEN
                PERFORM pg_cancel_backend(pid) FROM pg_stat_activity
                WHERE pid = (step ->> 'pid')::integer
                    AND (extract(epoch FROM backend_start) * 1000000)::bigint = (step ->> 'began')::bigint;
            WHEN 'terminate' THEN
                PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE pid = (step ->> 'pid')::integer
                    AND (extract(epoch FROM backend_start) * 1000000)::bigint = (step ->> 'began')::bigint;
            WHEN 'read_only', 'close' THEN
                PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = step ->> 'database' AND (usename = step ->> 'role' OR usename ~ '^pglab_(con|see)_');
            WHEN 'revoke' THEN
                PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE usename = step ->> 'from' AND datid IS NOT NULL
                    AND NOT has_database_privilege(usesysid, datid, 'CONNECT');
            ELSE NULL;
        END CASE;
    END LOOP;
END
$do$;
