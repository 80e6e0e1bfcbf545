//! What one look into the catalog tells: schemas, tables, columns, views, functions, sequences, types, triggers,
//! comments. Each gives a boolean, or null for false.

use super::{array, relation, sorted_array, table_oid};
use crate::{
    ident::quote_literal,
    snapshot::{DomainType, EnumType, Function, FunctionKind, ObjectName, Sequence, Trigger},
};

pub(super) fn schema(schema: &str) -> String {
    match schema {
        "public" => "true".to_owned(),
        other => format!(
            "EXISTS (SELECT FROM pg_namespace WHERE nspname = {})",
            quote_literal(other)
        ),
    }
}

pub(super) fn table(table: &ObjectName) -> String {
    format!("{} IS NOT NULL", table_oid(table))
}

/// `holds` speaks of the attribute `a`.
pub(super) fn column(table: &ObjectName, column: &str, holds: &str) -> String {
    format!(
        "EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = {} AND a.attname = {} AND a.attnum > 0 AND NOT a.attisdropped AND {holds})",
        table_oid(table),
        quote_literal(column)
    )
}

/// What stands behind `DEFAULT` or `GENERATED ALWAYS AS` of the attribute `a`.
const EXPRESSION: &str = "(SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum)";

pub(super) fn default(table: &ObjectName, name: &str, expression: &str) -> String {
    let holds = format!(
        "a.attgenerated = '' AND a.attidentity = '' AND {EXPRESSION} = {}",
        quote_literal(expression)
    );
    column(table, name, &holds)
}

pub(super) fn generated(table: &ObjectName, name: &str, expression: &str) -> String {
    let holds = format!(
        "a.attgenerated <> '' AND {EXPRESSION} = {}",
        quote_literal(expression)
    );
    column(table, name, &holds)
}

pub(super) fn auto_number(table: &ObjectName, name: &str) -> String {
    let holds = format!(
        "a.attgenerated = '' AND (a.attidentity <> '' OR ltrim({EXPRESSION}, '(') ~ '^nextval\\(.*::regclass\\)($|\\)::|::)')"
    );
    column(table, name, &holds)
}

pub(super) fn comment(table: &ObjectName, column: Option<&str>, comment: &str) -> String {
    let found = match column {
        None => format!("obj_description({}, 'pg_class')", table_oid(table)),
        Some(column) => format!(
            "(SELECT col_description(a.attrelid, a.attnum) FROM pg_attribute a WHERE a.attrelid = {} AND a.attname = {} AND NOT a.attisdropped)",
            table_oid(table),
            quote_literal(column)
        ),
    };
    format!(
        "btrim({found}, E' \\t\\n\\r\\x0b\\x0c') = {}",
        quote_literal(comment.trim())
    )
}

pub(super) fn view(view: &ObjectName, materialized: bool, columns: &[String]) -> String {
    format!(
        "(SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute a WHERE a.attrelid = {} AND a.attnum > 0 AND NOT a.attisdropped) = {}",
        relation(view, if materialized { "m" } else { "v" }),
        sorted_array(columns)
    )
}

pub(super) fn trigger(table: &ObjectName, trigger: &Trigger) -> String {
    let mut bits = i32::from(trigger.for_each_row);
    bits |= match trigger.timing.as_str() {
        "BEFORE" => 2,
        "INSTEAD OF" => 64,
        _ => 0,
    };
    for event in &trigger.events {
        bits |= match event.as_str() {
            "INSERT" => 4,
            "DELETE" => 8,
            "UPDATE" => 16,
            _ => 32,
        };
    }
    let condition = match &trigger.condition {
        None => "g.tgqual IS NULL".to_owned(),
        Some(condition) => format!(
            "substring(pg_get_triggerdef(g.oid), ' WHEN \\((.*)\\) EXECUTE ') = {}",
            quote_literal(condition)
        ),
    };
    format!(
        "EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = {} AND NOT g.tgisinternal AND g.tgtype & 127 = {bits} AND (g.tgenabled <> 'D') = {} \
         AND ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = g.tgrelid AND a.attnum = ANY (g.tgattr) ORDER BY a.attname) = {} AND {condition})",
        relation(table, "rpvm"),
        trigger.enabled,
        sorted_array(&trigger.update_columns)
    )
}

pub(super) fn function(function: &Function) -> String {
    let kind = match function.kind {
        FunctionKind::Function => 'f',
        FunctionKind::Procedure => 'p',
        FunctionKind::Aggregate => 'a',
        FunctionKind::Window => 'w',
    };
    let result = match &function.result {
        None => "p.prokind = 'p'".to_owned(),
        Some(result) => format!("pg_get_function_result(p.oid) = {}", quote_literal(result)),
    };
    format!(
        "EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = {} AND p.proname = {} AND p.prokind = '{kind}' \
         AND {result} AND coalesce((SELECT string_agg(CASE u.m WHEN 'o' THEN 'OUT ' WHEN 'b' THEN 'INOUT ' WHEN 'v' THEN 'VARIADIC ' ELSE '' END \
         || format_type(u.t, NULL), ', ' ORDER BY u.i) FROM (SELECT x.t, x.i, p.proargmodes[x.i] AS m FROM \
         unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY x (t, i)) u WHERE u.m IS DISTINCT FROM 't'), '') = {})",
        quote_literal(&function.name.schema),
        quote_literal(&function.name.name),
        quote_literal(&function.argument_types)
    )
}

pub(super) fn sequence(sequence: &Sequence) -> String {
    format!(
        "EXISTS (SELECT FROM pg_sequence q WHERE q.seqrelid = {} AND format_type(q.seqtypid, NULL) = {} AND q.seqstart = {} AND q.seqincrement = {} \
         AND q.seqmin = {} AND q.seqmax = {} AND q.seqcycle = {} AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass \
         AND d.objid = q.seqrelid AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')))",
        relation(&sequence.name, "S"),
        quote_literal(&sequence.data_type),
        sequence.start,
        sequence.increment,
        integer(sequence.min),
        integer(sequence.max),
        sequence.cycle
    )
}

/// A literal that may be the least of all.
fn integer(value: i64) -> String {
    format!("'{value}'::int8")
}

/// A type by its name and kind, `t`.
fn type_where(name: &ObjectName, kind: char) -> String {
    format!(
        "FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = {} AND t.typname = {} AND t.typtype = '{kind}'",
        quote_literal(&name.schema),
        quote_literal(&name.name)
    )
}

pub(super) fn enumeration(wanted: &EnumType) -> String {
    format!(
        "(SELECT ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder) = {} {})",
        array(&wanted.labels),
        type_where(&wanted.name, 'e')
    )
}

pub(super) fn domain(wanted: &DomainType) -> String {
    let default = wanted
        .default
        .as_ref()
        .map_or_else(|| "NULL".to_owned(), |default| quote_literal(default));
    format!(
        "EXISTS (SELECT {} AND format_type(t.typbasetype, t.typtypmod) = {} AND t.typnotnull = {} AND pg_get_expr(t.typdefaultbin, 0) IS NOT DISTINCT FROM {default} \
         AND ARRAY(SELECT pg_get_expr(c.conbin, 0) FROM pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c' ORDER BY pg_get_expr(c.conbin, 0) COLLATE \"C\") = {})",
        type_where(&wanted.name, 'd'),
        quote_literal(&wanted.base_type),
        wanted.not_null,
        sorted_array(&wanted.checks)
    )
}
