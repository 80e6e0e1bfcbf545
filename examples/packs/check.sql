-- Checks the tasks of one challenge in the database that psql is connected to, with PostgreSQL's own means: EXCEPT ALL
-- both ways for the rows of a query. psql's variable doc holds the challenge's document, dataset the name of what this
-- database holds. Prints a line per finding, for check.sh: KIND, task, number, what was found; separated by tabs.
\set ON_ERROR_STOP 1
\pset tuples_only on
\pset format unaligned
\pset fieldsep '\t'
SET client_min_messages = error;
SET timezone = 'UTC';
SET statement_timeout = '20s';

CREATE FUNCTION pg_temp.bare(sql text) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(sql, ';\s*$', '')
$$;

-- The columns of the outermost ORDER BY, where they are plain ones; enough for the packs that lie here.
CREATE FUNCTION pg_temp.keys(config jsonb) RETURNS text[] LANGUAGE sql AS $$
    SELECT CASE
        WHEN config #> '{contract,order}' IS NOT NULL AND jsonb_typeof(config #> '{contract,order}') = 'array'
            THEN ARRAY(SELECT jsonb_array_elements_text(config #> '{contract,order}'))
        ELSE ARRAY(
            SELECT (regexp_match(trim(key), '^([a-z_]+\.)?([a-z_0-9]+)'))[2]
            FROM regexp_split_to_table(
                (regexp_match(config ->> 'answer', 'ORDER BY ([^()]*?)(\s+LIMIT\M[^()]*)?$'))[1], ',') AS key)
    END
$$;

-- 'same', 'rows', 'order', or the SQLSTATE with which the answer fails.
CREATE FUNCTION pg_temp.difference(reference text, answer text, keys text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
    wanted text[];
    found text[];
    list text;
BEGIN
    EXECUTE format(E'SELECT count(*) FROM (
        (SELECT * FROM (%1$s\n) AS a EXCEPT ALL SELECT * FROM (%2$s\n) AS b) UNION ALL
        (SELECT * FROM (%2$s\n) AS b EXCEPT ALL SELECT * FROM (%1$s\n) AS a)) AS d', reference, answer) INTO n;
    IF n > 0 THEN
        RETURN 'rows';
    END IF;
    IF cardinality(keys) > 0 THEN
        SELECT string_agg(format('q.%I', key), ', ') INTO list FROM unnest(keys) AS key;
        EXECUTE format(E'SELECT array_agg(r ORDER BY n) FROM (SELECT row_number() OVER () AS n, ROW(%s)::text AS r FROM (%s\n) AS q) AS s', list, reference) INTO wanted;
        EXECUTE format(E'SELECT array_agg(r ORDER BY n) FROM (SELECT row_number() OVER () AS n, ROW(%s)::text AS r FROM (%s\n) AS q) AS s', list, answer) INTO found;
        IF wanted IS DISTINCT FROM found THEN
            RETURN 'order';
        END IF;
    END IF;
    RETURN 'same';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;

-- The number of rows, or why there are none.
CREATE FUNCTION pg_temp.rows(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    EXECUTE format(E'SELECT count(*) FROM (%s\n) AS q', sql) INTO n;
    RETURN n;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;

-- 't', 'f', 'null', or why it can't be said.
CREATE FUNCTION pg_temp.holds(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    value boolean;
BEGIN
    EXECUTE format(E'SELECT (%s\n)', expression) INTO value;
    RETURN coalesce(left(value::text, 1), 'null');
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;

-- 't' where one step does what it must, else what it did. What it did stays for the next one.
CREATE FUNCTION pg_temp.behaves(sql text, expect jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
    found jsonb;
BEGIN
    IF expect ? 'rows' THEN
        EXECUTE format(E'SELECT coalesce(jsonb_agg(r), ''[]'') FROM (SELECT (SELECT jsonb_agg(v.value) FROM jsonb_each(to_jsonb(q)) AS v) AS r FROM (%s\n) AS q) AS s', sql)
            INTO found;
        RETURN CASE WHEN found = expect -> 'rows' THEN 't' ELSE found::text END;
    END IF;
    EXECUTE sql;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN CASE
        WHEN expect = '"success"' THEN 't'
        WHEN expect ? 'affected' AND (expect ->> 'affected')::bigint = n THEN 't'
        ELSE n || ' rows' END;
EXCEPTION WHEN OTHERS THEN
    RETURN CASE WHEN SQLSTATE LIKE (expect ->> 'error') || '%' THEN 't' ELSE SQLSTATE || ' ' || SQLERRM END;
END
$$;

-- What each step of a task says; what they all did is rolled back.
CREATE FUNCTION pg_temp.behaviour(steps jsonb) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    step jsonb;
    said text[] := '{}';
BEGIN
    BEGIN
        FOR step IN SELECT jsonb_array_elements(steps) LOOP
            said := said || pg_temp.behaves(pg_temp.bare(step ->> 'sql'), step -> 'expect');
        END LOOP;
        RAISE EXCEPTION USING ERRCODE = 'ZZ001';
    EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
        NULL;
    END;
    RETURN said;
END
$$;

-- 't' where the plan of a query is as the rules say.
CREATE FUNCTION pg_temp.plans(sql text, rules jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
    rule jsonb;
    there boolean;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || sql INTO plan;
    FOR rule IN SELECT jsonb_array_elements(rules) LOOP
        SELECT bool_or(
                (node ->> 'Node Type' = coalesce(rule #>> '{contains,node}', rule #>> '{lacks,node}', node ->> 'Node Type'))
                AND (node ->> 'Relation Name') IS NOT DISTINCT FROM coalesce(rule #>> '{contains,relation}', rule #>> '{lacks,relation}', node ->> 'Relation Name'))
            INTO there FROM jsonb_path_query(plan, '$.**?(exists(@."Node Type"))') AS node;
        IF (rule ? 'contains' AND NOT there) OR (rule ? 'lacks' AND there)
            OR (rule ? 'max_cost' AND (plan #>> '{0,Plan,Total Cost}')::float8 > (rule ->> 'max_cost')::float8) THEN
            RETURN rule::text;
        END IF;
    END LOOP;
    RETURN 't';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;

BEGIN;
CREATE TEMPORARY TABLE task ON COMMIT DROP AS
SELECT component ->> 'id' AS id, component -> 'config' AS config
FROM jsonb_array_elements(:'doc'::jsonb -> 'components') AS component
WHERE component ->> 'type' = 'question';

SELECT 'rows', id, 0, pg_temp.rows(pg_temp.bare(config ->> 'answer')) FROM task WHERE config ->> 'type' = 'query';
SELECT 'wrong', id, n, pg_temp.difference(pg_temp.bare(config ->> 'answer'), pg_temp.bare(wrong ->> 'sql'), pg_temp.keys(config))
FROM task, jsonb_array_elements(config -> 'wrong') WITH ORDINALITY AS w (wrong, n)
WHERE config ->> 'type' = 'query';
SELECT 'assert', id, n, pg_temp.holds(assertion ->> 'sql')
FROM task, jsonb_array_elements(config -> 'assertions') WITH ORDINALITY AS a (assertion, n)
WHERE config ->> 'type' = 'assert';
SELECT 'plan', id, 0, pg_temp.plans(pg_temp.bare(coalesce(config ->> 'query', config ->> 'answer')), config -> 'rules')
FROM task WHERE config ->> 'type' = 'plan';
SELECT 'behaviour', id, n, said
FROM task, unnest(pg_temp.behaviour(config -> 'steps')) WITH ORDINALITY AS s (said, n)
WHERE config ->> 'type' = 'behaviour' ORDER BY id, n;
ROLLBACK;
