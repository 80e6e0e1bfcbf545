-- What there is to name in a statement, as one JSON document: for completion, the browser of the schema, the diagram.
-- Nothing of PostgreSQL's own, and no object of an extension.
WITH place AS (
    SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n
    WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'pglab')
), relation AS (
    SELECT c.oid, p.nspname, c.relname, c.relkind, c.reltuples
    FROM pg_catalog.pg_class c JOIN place p ON p.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    ORDER BY p.nspname, c.relname LIMIT 500
), tables AS (
    SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'schema', r.nspname, 'name', r.relname,
        'kind', CASE r.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'table' END,
        'estimate', CASE WHEN r.reltuples >= 0 THEN r.reltuples::bigint END,
        'comment', pg_catalog.obj_description(r.oid, 'pg_class'),
        'columns', (
            SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                'name', a.attname,
                'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
                'not_null', a.attnotnull,
                'default', CASE WHEN a.attidentity <> '' THEN 'identity' ELSE pg_catalog.pg_get_expr(d.adbin, d.adrelid) END
            ) ORDER BY a.attnum), '[]')
            FROM pg_catalog.pg_attribute a
            LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped),
        'keys', (
            SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                'kind', CASE k.contype WHEN 'p' THEN 'primary' WHEN 'u' THEN 'unique' ELSE 'foreign' END,
                'name', k.conname,
                'columns', (SELECT pg_catalog.jsonb_agg(a.attname ORDER BY u.n)
                    FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY u (attnum, n)
                    JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum),
                'ref_schema', (SELECT p.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace p ON p.oid = c.relnamespace
                    WHERE c.oid = k.confrelid),
                'ref_table', (SELECT c.relname FROM pg_catalog.pg_class c WHERE c.oid = k.confrelid),
                'ref_columns', (SELECT pg_catalog.jsonb_agg(a.attname ORDER BY u.n)
                    FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY u (attnum, n)
                    JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum)
            ) ORDER BY k.contype = 'p' DESC, k.conname), '[]')
            FROM pg_catalog.pg_constraint k WHERE k.conrelid = r.oid AND k.contype IN ('p', 'u', 'f'))
    ) ORDER BY r.nspname, r.relname) AS doc
    FROM relation r
), functions AS (
    SELECT pg_catalog.jsonb_agg(doc) AS doc FROM (
        SELECT pg_catalog.jsonb_build_object(
            'schema', p.nspname, 'name', f.proname,
            'arguments', pg_catalog.pg_get_function_identity_arguments(f.oid),
            'result', pg_catalog.pg_get_function_result(f.oid)) AS doc
        FROM pg_catalog.pg_proc f JOIN place p ON p.oid = f.pronamespace
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = f.oid AND d.deptype = 'e')
        ORDER BY p.nspname, f.proname LIMIT 200) listed
)
SELECT pg_catalog.jsonb_build_object(
    'search_path', pg_catalog.to_jsonb(pg_catalog.current_schemas(false)),
    'tables', coalesce((SELECT doc FROM tables), '[]'),
    'functions', coalesce((SELECT doc FROM functions), '[]'))
