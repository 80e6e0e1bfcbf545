-- One JSON document of everything that pglab_core::snapshot::SchemaSnapshot speaks of, as flat lists: `document.rs` has
-- a struct for the elements of each and puts them together.
--
-- Runs under search_path = pg_catalog, pg_temp, so that no name here can be shadowed and every name in an expression
-- comes out with its schema. Nothing that a student defined is executed: expressions are printed, not evaluated.
-- Objects with oid < 16384 were made by initdb. What an extension owns (pg_depend 'e') is left out, and so is the schema
-- pglab. Comments and expressions are cut at 20,000 characters; a database of more than {max_columns} columns and a
-- document of more than {max_bytes} bytes are refused by a document that says so.
WITH
space AS MATERIALIZED (
    SELECT oid, nspname
    FROM pg_namespace
    WHERE left(nspname::text, 3) <> 'pg_' AND nspname NOT IN ('information_schema', 'pglab')
),
relation AS MATERIALIZED (
    SELECT c.oid, s.nspname, c.relname, c.relkind, c.relrowsecurity
    FROM pg_class c
    JOIN space s ON s.oid = c.relnamespace
    WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND NOT c.relispartition
      AND NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
),
document AS MATERIALIZED (
    SELECT json_build_object(
        'server_version', current_setting('server_version_num')::int,
        'schemas', (
            SELECT json_agg(s.nspname)
            FROM space s
            WHERE s.oid >= 16384 AND NOT EXISTS (
                SELECT FROM pg_depend d
                WHERE d.classid = 'pg_namespace'::regclass AND d.objid = s.oid AND d.deptype = 'e')),
        'relations', (
            SELECT json_agg(json_build_array(
                r.oid::int8, r.nspname, r.relname, r.relkind, r.relrowsecurity,
                left((SELECT d.description FROM pg_description d
                      WHERE d.objoid = r.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0), 20000),
                z.mark, z.bytes))
            FROM relation r
            LEFT JOIN LATERAL (
                SELECT concat_ws(':', pg_relation_filenode(r.oid), pg_table_size(r.oid), pg_stat_get_tuples_inserted(r.oid),
                           pg_stat_get_tuples_updated(r.oid), pg_stat_get_tuples_deleted(r.oid)) AS mark,
                       pg_table_size(r.oid) AS bytes
                WHERE r.relkind = 'r'
                UNION ALL
                -- Rows of a partitioned table are in its leaves.
                SELECT string_agg(concat_ws(':', pg_relation_filenode(l.relid), pg_table_size(l.relid),
                           pg_stat_get_tuples_inserted(l.relid), pg_stat_get_tuples_updated(l.relid),
                           pg_stat_get_tuples_deleted(l.relid)), ' ' ORDER BY l.relid),
                       sum(pg_table_size(l.relid))::int8
                FROM pg_partition_tree(r.oid) l
                WHERE l.isleaf
                HAVING r.relkind = 'p'
            ) z ON r.relkind IN ('r', 'p')
            WHERE r.relkind <> 'S'),
        'columns', (
            SELECT json_agg(json_build_array(
                a.attrelid::int8, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
                a.attgenerated,
                CASE WHEN a.atthasdef THEN (
                    SELECT left(pg_get_expr(f.adbin, f.adrelid), 20000) FROM pg_attrdef f
                    WHERE f.adrelid = a.attrelid AND f.adnum = a.attnum) END,
                left(d.description, 20000)) ORDER BY a.attrelid, a.attnum)
            FROM relation r
            JOIN pg_attribute a ON a.attrelid = r.oid
            LEFT JOIN pg_description d
                ON d.objoid = a.attrelid AND d.classoid = 'pg_class'::regclass AND d.objsubid = a.attnum
            WHERE r.relkind <> 'S' AND a.attnum > 0 AND NOT a.attisdropped),
        'constraints', (
            SELECT json_agg(json_build_array(
                n.conrelid::int8, n.conname, n.contype, n.conkey, n.conindid::int8, n.confrelid::int8, n.confkey,
                n.confupdtype, n.confdeltype, n.confmatchtype = 'f', n.condeferrable, n.condeferred,
                CASE n.contype WHEN 'c' THEN left(pg_get_expr(n.conbin, n.conrelid), 20000)
                    WHEN 'x' THEN left(pg_get_constraintdef(n.oid), 20000) END))
            FROM pg_constraint n
            WHERE n.conrelid >= 16384 AND n.conparentid = 0 AND n.contype IN ('p', 'u', 'f', 'c', 'x')),
        -- What foreign keys refer to and is not among the relations: partitions, tables of extensions.
        'foreign', (
            SELECT json_agg(json_build_array(
                c.oid::int8, s.nspname, c.relname,
                (SELECT json_agg(json_build_array(a.attnum, a.attname)) FROM pg_attribute a
                 WHERE a.attrelid = c.oid AND a.attnum > 0)))
            FROM pg_class c
            JOIN pg_namespace s ON s.oid = c.relnamespace
            WHERE c.oid IN (SELECT n.confrelid FROM pg_constraint n WHERE n.conrelid >= 16384 AND n.contype = 'f'
                            EXCEPT SELECT r.oid FROM relation r)),
        'indexes', (
            SELECT json_agg(json_build_array(
                i.indrelid::int8, i.indexrelid::int8, c.relname, m.amname, i.indisunique, i.indnullsnotdistinct,
                i.indnkeyatts, i.indkey::int2[],
                CASE WHEN NOT i.indisprimary THEN ARRAY(
                    SELECT left(pg_get_indexdef(i.indexrelid, u.n::int, false), 20000)
                        || coalesce((SELECT ' COLLATE ' || quote_ident(l.collname) FROM pg_collation l, pg_attribute a
                                     WHERE l.oid = i.indcollation[u.n - 1] AND a.attrelid = i.indrelid
                                       AND a.attnum = i.indkey[u.n - 1] AND a.attcollation <> l.oid), '')
                        || CASE WHEN o.opcdefault THEN '' ELSE ' ' || quote_ident(o.opcname) END
                        || CASE i.indoption[u.n - 1] & 3 WHEN 1 THEN ' DESC NULLS LAST' WHEN 2 THEN ' NULLS FIRST'
                           WHEN 3 THEN ' DESC' ELSE '' END
                    FROM unnest(i.indclass::oid[]) WITH ORDINALITY u (opclass, n)
                    JOIN pg_opclass o ON o.oid = u.opclass
                    ORDER BY u.n) END,
                left(pg_get_expr(i.indpred, i.indrelid), 20000)))
            FROM pg_index i
            JOIN pg_class c ON c.oid = i.indexrelid
            JOIN pg_am m ON m.oid = c.relam
            WHERE i.indrelid >= 16384 AND i.indisvalid),
        'triggers', (
            SELECT json_agg(json_build_array(
                t.tgrelid::int8, t.tgname, t.tgtype, t.tgattr::int2[],
                -- Two relations (OLD and NEW) are in the condition, which pg_get_expr does not print.
                CASE WHEN t.tgqual IS NOT NULL THEN left(pg_get_triggerdef(t.oid), 40000) END,
                s.nspname, p.proname, t.tgenabled <> 'D'))
            FROM pg_trigger t
            JOIN pg_proc p ON p.oid = t.tgfoid
            JOIN pg_namespace s ON s.oid = p.pronamespace
            WHERE NOT t.tgisinternal),
        'functions', (
            SELECT json_agg(json_build_array(
                s.nspname, p.proname, p.prokind, l.lanname,
                ARRAY(SELECT format_type(u.type, NULL)
                      FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY u (type, i) ORDER BY u.i),
                p.proargmodes,
                left(pg_get_function_result(p.oid), 20000),
                left((SELECT d.description FROM pg_description d
                      WHERE d.objoid = p.oid AND d.classoid = 'pg_proc'::regclass AND d.objsubid = 0), 20000)))
            FROM pg_proc p
            JOIN space s ON s.oid = p.pronamespace
            JOIN pg_language l ON l.oid = p.prolang
            WHERE p.oid >= 16384 AND NOT EXISTS (
                SELECT FROM pg_depend d
                WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')),
        'sequences', (
            SELECT json_agg(json_build_array(
                r.nspname, r.relname, format_type(q.seqtypid, NULL), q.seqstart, q.seqincrement, q.seqmin, q.seqmax,
                q.seqcycle))
            FROM relation r
            JOIN pg_sequence q ON q.seqrelid = r.oid
            WHERE r.relkind = 'S' AND NOT EXISTS (
                SELECT FROM pg_depend d
                WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype IN ('a', 'i')
                  AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0)),
        'types', (
            SELECT json_agg(json_build_array(
                s.nspname, y.typname, y.typtype,
                CASE WHEN y.typtype = 'e' THEN
                    ARRAY(SELECT e.enumlabel FROM pg_enum e WHERE e.enumtypid = y.oid ORDER BY e.enumsortorder) END,
                CASE WHEN y.typtype = 'd' THEN format_type(y.typbasetype, y.typtypmod) END,
                y.typnotnull,
                left(pg_get_expr(y.typdefaultbin, 0), 20000),
                CASE WHEN y.typtype = 'd' THEN
                    ARRAY(SELECT left(pg_get_expr(n.conbin, 0), 20000) FROM pg_constraint n
                          WHERE n.contypid = y.oid AND n.contype = 'c') END))
            FROM pg_type y
            JOIN space s ON s.oid = y.typnamespace
            WHERE y.typtype IN ('e', 'd') AND y.oid >= 16384 AND NOT EXISTS (
                SELECT FROM pg_depend d
                WHERE d.classid = 'pg_type'::regclass AND d.objid = y.oid AND d.deptype = 'e')),
        'extensions', (SELECT json_agg(x.extname ORDER BY x.extname) FROM pg_extension x WHERE x.extname <> 'plpgsql')
    )::text AS text
)
SELECT CASE
    WHEN (SELECT count(*) FROM (SELECT FROM pg_attribute WHERE attrelid >= 16384 AND attnum > 0 LIMIT {max_columns} + 1) a) > {max_columns}
    THEN '{"too_large":"it has more than {max_columns} columns in tables, views and indexes"}'
    ELSE (SELECT CASE WHEN octet_length(d.text) <= {max_bytes} THEN d.text
                 ELSE '{"too_large":"what its catalog says takes more than {max_bytes} bytes"}' END
          FROM document d)
END
