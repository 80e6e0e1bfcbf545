-- How a student raises a hand from psql: SELECT pglab.help('why'). The server's log carries it to the board, so that it
-- works wherever the log is read, and nothing has to be granted. LOG goes to the log and not to the client.
DROP SCHEMA IF EXISTS pglab CASCADE;
CREATE SCHEMA pglab;
COMMENT ON SCHEMA pglab IS 'SELECT pglab.help(''why'') calls your instructor';
CREATE FUNCTION pglab.help(why pg_catalog.text DEFAULT '') RETURNS pg_catalog.text
LANGUAGE plpgsql SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE LOG USING MESSAGE = left(coalesce(why, ''), 2000), ERRCODE = 'PGHLP';
    RETURN 'Your instructor has been told.';
END
$$;
COMMENT ON FUNCTION pglab.help(pg_catalog.text) IS 'Calls your instructor';
GRANT USAGE ON SCHEMA pglab TO PUBLIC;
