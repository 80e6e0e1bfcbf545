-- One JSON document of everything that pglab_core::snapshot::SchemaSnapshot speaks of: flat lists, one per catalog, with
-- hardly a join. Half of the time that this takes is planning, which joins make long; `assemble.rs` puts the lists
-- together. `document.rs` has a struct for the elements of each.
--
-- Runs under search_path = pg_catalog, pg_temp, so that no name here can be shadowed and every name in an expression
-- comes out with its schema. Nothing that a student defined is executed: expressions are printed, not evaluated.
-- Objects with oid < 16384 were made by initdb. Comments and expressions are cut at 20,000 characters; a database of
-- more than {max_columns} columns and a document of more than {max_bytes} bytes are refused by a document that says so.
WITH
-- What has columns that are spoken of.
relation AS MATERIALIZED (
    SELECT array_agg(oid) AS oids
    FROM pg_class
    WHERE oid >= 16384 AND relkind IN ('r', 'p', 'v', 'm') AND NOT relispartition
),
document AS MATERIALIZED (
    SELECT json_build_object(
        'server_version', current_setting('server_version_num')::int,
        'schemas', (SELECT json_agg(json_build_array(oid::int8, nspname)) FROM pg_namespace),
        -- Indexes and partitions too: constraints and others refer to them.
        'relations', (
            SELECT json_agg(json_build_array(
                oid::int8, relnamespace::int8, relname, relkind, relispartition, relam::int8, relrowsecurity,
                CASE WHEN relkind = 'r' THEN concat_ws(
                    ':', pg_relation_filenode(oid), pg_table_size(oid), pg_stat_get_tuples_inserted(oid),
                    pg_stat_get_tuples_updated(oid), pg_stat_get_tuples_deleted(oid)) END,
                CASE WHEN relkind = 'r' THEN pg_table_size(oid) END))
            FROM pg_class
            WHERE oid >= 16384 AND relkind IN ('r', 'p', 'v', 'm', 'S', 'i', 'I')),
        'children', (SELECT json_agg(json_build_array(inhrelid::int8, inhparent::int8)) FROM pg_inherits WHERE inhrelid >= 16384),
        'comments', (
            SELECT json_agg(json_build_array(objoid::int8, objsubid, left(description, 20000)))
            FROM pg_description
            WHERE objoid >= 16384 AND classoid IN ('pg_class'::regclass, 'pg_proc'::regclass)),
        -- What extensions own ('e'), and sequences that columns own.
        'owned', (
            SELECT json_agg(json_build_array(objid::int8, deptype))
            FROM pg_depend
            WHERE classid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass, 'pg_namespace'::regclass)
              AND objid >= 16384
              AND (deptype = 'e' OR deptype IN ('a', 'i') AND classid = 'pg_class'::regclass
                   AND refclassid = 'pg_class'::regclass AND refobjsubid > 0)),
        'columns', (
            SELECT json_agg(json_build_array(
                attrelid::int8, attnum, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
                attcollation::int8))
            FROM pg_attribute
            WHERE attrelid = ANY ((SELECT oids FROM relation)::oid[]) AND attnum > 0 AND NOT attisdropped),
        'defaults', (
            SELECT json_agg(json_build_array(adrelid::int8, adnum, left(pg_get_expr(adbin, adrelid), 20000)))
            FROM pg_attrdef
            WHERE adrelid >= 16384),
        'constraints', (
            SELECT json_agg(json_build_array(
                n.conrelid::int8, n.contypid::int8, n.conname, n.contype, n.conkey, n.conindid::int8, n.confrelid::int8,
                n.confkey, n.confupdtype, n.confdeltype, n.confmatchtype = 'f', n.condeferrable, n.condeferred,
                CASE n.contype WHEN 'c' THEN left(pg_get_expr(n.conbin, n.conrelid), 20000)
                    WHEN 'x' THEN left(pg_get_constraintdef(n.oid), 20000) END,
                -- The columns of partitions and tables of extensions are not in the list.
                CASE WHEN n.contype = 'f' AND n.confrelid <> ALL ((SELECT oids FROM relation)::oid[]) THEN (
                    SELECT json_agg(json_build_array(a.attnum, a.attname)) FROM pg_attribute a
                    WHERE a.attrelid = n.confrelid AND a.attnum = ANY (n.confkey)) END))
            FROM pg_constraint n
            WHERE (n.conrelid >= 16384 OR n.contypid >= 16384) AND n.conparentid = 0
              AND n.contype IN ('p', 'u', 'f', 'c', 'x')),
        'indexes', (
            SELECT json_agg(json_build_array(
                i.indrelid::int8, i.indexrelid::int8, i.indisunique, i.indnullsnotdistinct, i.indnkeyatts,
                i.indkey::int2[], i.indclass::int8[], i.indcollation::int8[], i.indoption::int2[],
                CASE WHEN NOT i.indisprimary THEN ARRAY(
                    SELECT left(pg_get_indexdef(i.indexrelid, u.n, false), 20000)
                    FROM generate_series(1, i.indnkeyatts::int) u (n) ORDER BY u.n) END,
                left(pg_get_expr(i.indpred, i.indrelid), 20000)))
            FROM pg_index i
            WHERE i.indrelid = ANY ((SELECT oids FROM relation)::oid[]) AND i.indisvalid),
        'methods', (SELECT json_agg(json_build_array(oid::int8, amname)) FROM pg_am),
        'classes', (SELECT json_agg(json_build_array(oid::int8, quote_ident(opcname))) FROM pg_opclass WHERE NOT opcdefault),
        'collations', (
            SELECT json_agg(json_build_array(oid::int8, quote_ident(collname)))
            FROM pg_collation
            WHERE oid = ANY (ARRAY(
                SELECT unnest(indcollation::oid[]) FROM pg_index WHERE indrelid >= 16384))),
        'triggers', (
            SELECT json_agg(json_build_array(
                tgrelid::int8, tgname, tgtype, tgattr::int2[],
                -- Two relations (OLD and NEW) are in the condition, which pg_get_expr does not print.
                CASE WHEN tgqual IS NOT NULL THEN left(pg_get_triggerdef(oid), 40000) END,
                tgfoid::regproc::text, tgenabled <> 'D'))
            FROM pg_trigger
            WHERE NOT tgisinternal),
        'functions', (
            SELECT json_agg(json_build_array(
                oid::int8, pronamespace::int8, proname, prokind, prolang::int8,
                ARRAY(SELECT format_type(u.type, NULL)
                      FROM unnest(coalesce(proallargtypes, proargtypes::oid[])) WITH ORDINALITY u (type, i) ORDER BY u.i),
                proargmodes, left(pg_get_function_result(oid), 20000)))
            FROM pg_proc
            WHERE oid >= 16384),
        'languages', (SELECT json_agg(json_build_array(oid::int8, lanname)) FROM pg_language),
        'sequences', (
            SELECT json_agg(json_build_array(
                seqrelid::int8, format_type(seqtypid, NULL), seqstart, seqincrement, seqmin, seqmax, seqcycle))
            FROM pg_sequence),
        'types', (
            SELECT json_agg(json_build_array(
                oid::int8, typnamespace::int8, typname, typtype,
                CASE WHEN typtype = 'd' THEN format_type(typbasetype, typtypmod) END,
                typnotnull, left(pg_get_expr(typdefaultbin, 0), 20000)))
            FROM pg_type
            WHERE typtype IN ('e', 'd') AND oid >= 16384),
        'labels', (SELECT json_agg(json_build_array(enumtypid::int8, enumlabel) ORDER BY enumsortorder) FROM pg_enum),
        'extensions', (SELECT json_agg(extname ORDER BY extname) FROM pg_extension WHERE extname <> 'plpgsql')
    )::text AS text
)
SELECT CASE
    WHEN (SELECT count(*) FROM (SELECT FROM pg_attribute WHERE attrelid >= 16384 AND attnum > 0 LIMIT {max_columns} + 1) a) > {max_columns}
    THEN '{"too_large":"it has more than {max_columns} columns in tables, views and indexes"}'
    ELSE (SELECT CASE WHEN octet_length(d.text) <= {max_bytes} THEN d.text
                 ELSE '{"too_large":"what its catalog says takes more than {max_bytes} bytes"}' END
          FROM document d)
END
