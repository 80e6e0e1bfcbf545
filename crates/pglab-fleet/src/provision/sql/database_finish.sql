-- Marks a database that was just made, takes from everybody what PostgreSQL gives to everybody, and opens it. Until
-- here nobody could connect to it.
DO $do$
DECLARE
    wanted jsonb := current_setting('pglab.wanted')::jsonb;
    name text := wanted ->> 'database';
BEGIN
    EXECUTE format('COMMENT ON DATABASE %I IS %L', name, wanted ->> 'mark');
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', name);
    EXECUTE format('ALTER DATABASE %I ALLOW_CONNECTIONS true CONNECTION LIMIT -1', name);
END
$do$;
