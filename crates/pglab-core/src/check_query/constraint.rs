//! Keys, foreign keys, checks, exclusions and indexes by what they do. Expressions are compared as PostgreSQL prints
//! them, which is stricter than the judge.

use super::{array, sorted_array, table_oid};
use crate::{
    expression,
    ident::quote_literal,
    snapshot::{ForeignKey, ForeignKeyAction, Index, ObjectName},
};

/// The columns of the constraint `c`, sorted.
const KEY: &str = "ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) ORDER BY a.attname)";
/// The columns of the index `i`, without those that it only includes.
const INDEX_COLUMNS: &str = "ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]) ORDER BY a.attname)";
/// NULLS NOT DISTINCT came with PostgreSQL 15: older ones have no such column.
const NULLS_NOT_DISTINCT: &str = "coalesce((SELECT (to_jsonb(x) ->> 'indnullsnotdistinct')::boolean FROM pg_index x WHERE x.indexrelid = c.conindid), false)";
/// The same of the index `i`.
const INDEX_NULLS_NOT_DISTINCT: &str = "coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false)";
/// The index `i` is not behind a constraint.
const OWN_INDEX: &str = "i.indisvalid AND NOT EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = i.indexrelid AND o.conrelid = i.indrelid AND o.contype IN ('p', 'u', 'x'))";

/// `holds` speaks of the constraint `c`.
fn constraint(table: &ObjectName, kinds: &str, holds: &str) -> String {
    format!(
        "EXISTS (SELECT FROM pg_constraint c WHERE c.conrelid = {} AND c.contype IN ({kinds}) AND c.conparentid = 0 AND {holds})",
        table_oid(table)
    )
}

pub(super) fn primary_key(table: &ObjectName, columns: &[String]) -> String {
    constraint(table, "'p'", &format!("{KEY} = {}", sorted_array(columns)))
}

pub(super) fn unique(table: &ObjectName, columns: &[String], nulls_not_distinct: bool) -> String {
    let columns = sorted_array(columns);
    let by_constraint = constraint(
        table,
        "'p', 'u'",
        &format!("{KEY} = {columns} AND (c.contype = 'p' OR {NULLS_NOT_DISTINCT} = {nulls_not_distinct})"),
    );
    format!(
        "({by_constraint} OR EXISTS (SELECT FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam \
         WHERE i.indrelid = {} AND {OWN_INDEX} AND i.indisunique AND i.indpred IS NULL AND m.amname = 'btree' \
         AND {INDEX_NULLS_NOT_DISTINCT} = {nulls_not_distinct} \
         AND 0 <> ALL ((i.indkey::int2[])[0:i.indnkeyatts - 1]) AND {INDEX_COLUMNS} = {columns}))",
        table_oid(table)
    )
}

pub(super) fn foreign_key(table: &ObjectName, wanted: &ForeignKey) -> String {
    let action = |action: ForeignKeyAction| match action {
        ForeignKeyAction::NoAction => 'a',
        ForeignKeyAction::Restrict => 'r',
        ForeignKeyAction::Cascade => 'c',
        ForeignKeyAction::SetNull => 'n',
        ForeignKeyAction::SetDefault => 'd',
    };
    let mut pairs: Vec<_> = wanted.columns.iter().zip(&wanted.ref_columns).collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(column, other)| format!("[{}, {}]", quote_literal(column), quote_literal(other)))
        .collect();
    let holds = format!(
        "(c.confmatchtype = 'f') = {} AND c.confupdtype = '{}' AND c.confdeltype = '{}' AND c.condeferrable = {} AND c.condeferred = {} \
         AND EXISTS (SELECT FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace WHERE r.oid = c.confrelid AND n.nspname = {} AND r.relname = {}) \
         AND (SELECT array_agg(ARRAY[a.attname::text, b.attname::text] ORDER BY a.attname, b.attname) FROM unnest(c.conkey, c.confkey) AS p (x, y) \
         JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = p.x JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = p.y) = ARRAY[{}]::text[]",
        wanted.match_full,
        action(wanted.on_update),
        action(wanted.on_delete),
        wanted.deferrable,
        wanted.deferrable && wanted.initially_deferred,
        quote_literal(&wanted.ref_table.schema),
        quote_literal(&wanted.ref_table.name),
        pairs.join(", ")
    );
    constraint(table, "'f'", &holds)
}

pub(super) fn check(table: &ObjectName, wanted: &str) -> String {
    let holds = format!("pg_get_expr(c.conbin, c.conrelid) = {}", quote_literal(wanted));
    constraint(table, "'c'", &holds)
}

pub(super) fn exclusion(table: &ObjectName, wanted: &str) -> String {
    let holds = format!("pg_get_constraintdef(c.oid) = {}", quote_literal(wanted));
    constraint(table, "'x'", &holds)
}

pub(super) fn index(table: &ObjectName, wanted: &Index) -> String {
    let predicate = wanted
        .predicate
        .as_ref()
        .map_or_else(|| "NULL".to_owned(), |predicate| quote_literal(predicate));
    let by_index = format!(
        "EXISTS (SELECT FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam \
         WHERE i.indrelid = {} AND {OWN_INDEX} AND i.indisunique = {} AND {INDEX_NULLS_NOT_DISTINCT} = {} AND m.amname = {} \
         AND pg_get_expr(i.indpred, i.indrelid) IS NOT DISTINCT FROM {predicate} \
         AND ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[i.indnkeyatts:]) ORDER BY a.attname) = {} \
         AND ARRAY(SELECT pg_get_indexdef(i.indexrelid, u.n, false) \
         || coalesce((SELECT ' COLLATE ' || quote_ident(l.collname) FROM pg_attribute a JOIN pg_collation l ON l.oid = i.indcollation[u.n - 1] \
         WHERE a.attrelid = i.indrelid AND a.attnum = i.indkey[u.n - 1] AND a.attcollation <> i.indcollation[u.n - 1]), '') \
         || coalesce((SELECT ' ' || quote_ident(o.opcname) FROM pg_opclass o WHERE o.oid = i.indclass[u.n - 1] AND NOT o.opcdefault), '') \
         || CASE i.indoption[u.n - 1] & 3 WHEN 1 THEN ' DESC NULLS LAST' WHEN 2 THEN ' NULLS FIRST' WHEN 3 THEN ' DESC' ELSE '' END \
         FROM generate_series(1, i.indnkeyatts::int) u (n) ORDER BY u.n) = {})",
        table_oid(table),
        wanted.unique,
        wanted.nulls_not_distinct,
        quote_literal(&wanted.method),
        sorted_array(&wanted.include),
        array(&wanted.keys)
    );
    match plain_columns(wanted) {
        None => by_index,
        // A key in the same order has an index behind it that does the same.
        Some(columns) => {
            let holds = format!(
                "NOT c.condeferrable AND {NULLS_NOT_DISTINCT} = {} AND ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY k (n, i) \
                 JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.n ORDER BY k.i) = {}",
                wanted.nulls_not_distinct,
                array(&columns)
            );
            format!("({by_index} OR {})", constraint(table, "'p', 'u'", &holds))
        }
    }
}

/// The columns of an index that a key could stand for.
fn plain_columns(index: &Index) -> Option<Vec<String>> {
    if !index.unique || index.predicate.is_some() || index.method != "btree" || !index.include.is_empty() {
        return None;
    }
    index
        .keys
        .iter()
        .map(|key| {
            expression::column_name(
                key.trim_end_matches(" NULLS FIRST")
                    .trim_end_matches(" NULLS LAST")
                    .trim_end_matches(" DESC"),
            )
        })
        .collect()
}
