CREATE TABLE t (n integer);
INSERT INTO t VALUES (1), (2);
CREATE FUNCTION raising() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RAISE 'looked at'; END $$;
CREATE FUNCTION deep() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RETURN deep() + 1; END $$;
CREATE VIEW zero AS SELECT n / 0 AS n FROM t;
CREATE VIEW raising AS SELECT raising() AS n;
CREATE VIEW deep AS SELECT deep() AS n;
CREATE VIEW sleepy AS SELECT n FROM t, pg_sleep(1000);
CREATE FUNCTION once() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
    IF current_setting('transaction_read_only')::boolean THEN RAISE 'looked at'; END IF; RETURN true; END $$;
CREATE DOMAIN guarded_number AS integer CHECK (once());
CREATE TABLE guarded (n guarded_number DEFAULT raising());
INSERT INTO guarded VALUES (1);
CREATE TABLE public.pg_class (oid oid, relname name);
INSERT INTO public.pg_class VALUES (1, 'x');
CREATE FUNCTION same(name, name) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'shadowed'; END $$;
CREATE OPERATOR public.= (LEFTARG = name, RIGHTARG = name, FUNCTION = same);
CREATE FUNCTION public.format_type(oid, integer) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'shadowed'; END $$;
CREATE FUNCTION public.count() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'shadowed'; END $$;
CREATE TABLE """; DROP TABLE t; --" ("a'b" integer);
CREATE TABLE "two
lines" ("c
d" text);
DO $$ BEGIN EXECUTE format('COMMENT ON TABLE t IS %L', repeat('x', 5000000)); END $$;
