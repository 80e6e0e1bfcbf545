//! What tables and views hold, as the digest that the judge compares. The statement that reads a relation depends on the
//! types that it has in the student's database, so it is put together there, and run by `query_to_xml`, the one function
//! of PostgreSQL that takes a statement as text.

use super::array;
use crate::{
    ident::quote_literal,
    snapshot::{ExpectedRows, ObjectName},
};

/// A row of the CTE `digest`: schema `s`, name `n` and the text `v`, which is null where a column is missing.
pub(super) fn digest(expected: &ExpectedRows) -> String {
    // Equal values as equal texts: `1.50` is `1.5`, and a `character(n)` has no padding; also behind domains.
    let value = "CASE (WITH RECURSIVE b (oid, base) AS (SELECT t.oid, t.typbasetype FROM pg_type t WHERE t.oid = a.atttypid \
         UNION ALL SELECT t.oid, t.typbasetype FROM b JOIN pg_type t ON t.oid = b.base) SELECT b.oid FROM b WHERE b.base = 0) \
         WHEN 1700 THEN format('pg_catalog.trim_scale(t.%I)', a.attname) WHEN 1042 THEN format('t.%I::pg_catalog.text', a.attname) \
         ELSE format('t.%I', a.attname) END";
    let statement = "SELECT pg_catalog.concat_ws('','', pg_catalog.count(*), \
         coalesce(pg_catalog.sum((r.h OPERATOR(pg_catalog.&) 2147483647::pg_catalog.int8)::pg_catalog.int4), 0), \
         coalesce(pg_catalog.sum((r.h OPERATOR(pg_catalog.>>) 32::pg_catalog.int4)::pg_catalog.int4), 0)) AS d \
         FROM (SELECT pg_catalog.hashtextextended(ROW(%s)::pg_catalog.text, 0::pg_catalog.int8) AS h FROM %s%I.%I AS t) AS r";
    format!(
        "SELECT rel.s, rel.n, substring(query_to_xml(format('{statement}', x.list, CASE rel.k WHEN 'r' THEN 'ONLY ' ELSE '' END, \
         rel.s, rel.n), false, true, '')::text, '<d>([^<]*)</d>') AS v FROM rel, LATERAL (SELECT count(*) AS n, \
         string_agg({value}, ', ' ORDER BY w.i) AS list FROM unnest({}) WITH ORDINALITY w (name, i) \
         JOIN pg_attribute a ON a.attrelid = rel.oid AND a.attname = w.name AND a.attnum > 0 AND NOT a.attisdropped) x \
         WHERE rel.s = {} AND rel.n = {} AND rel.k IN ('r', 'p', 'v', 'm') AND x.n = {}",
        array(&expected.columns),
        quote_literal(&expected.name.schema),
        quote_literal(&expected.name.name),
        expected.columns.len()
    )
}

fn found(expected: &ExpectedRows) -> String {
    format!(
        "(SELECT v FROM digest WHERE s = {} AND n = {})",
        quote_literal(&expected.name.schema),
        quote_literal(&expected.name.name)
    )
}

pub(super) fn same(expected: &ExpectedRows) -> String {
    let digest = expected.digest;
    format!(
        "{} = '{},{},{}'",
        found(expected),
        digest.n_rows,
        digest.sum_low,
        digest.sum_high
    )
}

/// Needs no column, so that a table that lacks one is counted all the same.
pub(super) fn count(table: &ObjectName, n_rows: u64) -> String {
    format!(
        "(SELECT substring(query_to_xml(format('SELECT pg_catalog.count(*) AS d FROM %s%I.%I', \
         CASE rel.k WHEN 'r' THEN 'ONLY ' ELSE '' END, rel.s, rel.n), false, true, '')::text, '<d>([^<]*)</d>') \
         FROM rel WHERE rel.s = {} AND rel.n = {} AND rel.k IN ('r', 'p')) = '{n_rows}'",
        quote_literal(&table.schema),
        quote_literal(&table.name)
    )
}
