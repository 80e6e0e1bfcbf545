-- The rows of the catalogs that a snapshot is made of, as they are: one plain statement per catalog, in the order of
-- `lists.rs`. A new session plans these twice as fast as one statement that joins them. Every list has `xmin`, so that
-- all lists together are also the fingerprint of the schema: see docs/decisions/0014-fingerprint-of-a-schema.md.
--
-- Runs under search_path = pg_catalog, pg_temp, so that no name here can be shadowed. Functions are left out, and
-- constants quoted, because a session that looks for the first time pays for each operator and function that it must
-- choose among others. Objects with oid < 16384 were made by initdb.
SELECT xmin, oid, nspname FROM pg_namespace;
SELECT xmin, oid, relnamespace, relname, relkind, relispartition, relam, relrowsecurity, relfilenode FROM pg_class WHERE oid >= '16384';
SELECT xmin, attrelid, attnum, attname, atttypid, atttypmod, attnotnull, attidentity, attgenerated, attcollation FROM pg_attribute WHERE attrelid >= '16384' AND attnum > '0' AND NOT attisdropped LIMIT {limit};
SELECT xmin, oid, typnamespace, typname, typtype, typnotnull, typbasetype, typtypmod, typdefaultbin IS NOT NULL FROM pg_type WHERE oid >= '16384';
SELECT xmin, oid, conrelid, contypid, conname, contype, conkey, conindid, confrelid, confkey, confupdtype, confdeltype, confmatchtype, condeferrable, condeferred, conparentid FROM pg_constraint WHERE oid >= '16384';
SELECT xmin, indexrelid, indrelid, indisunique, indnullsnotdistinct, indnkeyatts, indkey, indclass, indcollation, indoption, indisvalid FROM pg_index WHERE indexrelid >= '16384';
SELECT xmin, oid, pronamespace, proname, prokind, prolang FROM pg_proc WHERE oid >= '16384';
SELECT xmin, oid, adrelid FROM pg_attrdef;
SELECT xmin, oid, tgrelid, tgname, tgtype, tgattr, tgenabled FROM pg_trigger WHERE NOT tgisinternal;
SELECT xmin, seqrelid, seqtypid, seqstart, seqincrement, seqmin, seqmax, seqcycle FROM pg_sequence;
SELECT xmin, enumtypid, enumlabel, enumsortorder FROM pg_enum;
SELECT xmin, objoid, classoid FROM pg_description WHERE objoid >= '16384';
SELECT xmin, inhrelid, inhparent FROM pg_inherits;
SELECT xmin, oid, extname FROM pg_extension;
SELECT xmin, classid, objid, refclassid, refobjid, refobjsubid, deptype FROM pg_depend WHERE objid >= '16384'
