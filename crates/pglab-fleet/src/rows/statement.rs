//! The statement that digests one relation. Qualified throughout, operators and casts included, because it runs with a
//! search path that the student can fill.

use std::collections::HashMap;

use pglab_core::{
    ident::quote_ident,
    snapshot::{Column, MAX_HASHED_ROWS, ObjectName, SchemaSnapshot},
};

use super::RowsWanted;
use crate::printed;

/// `None` where the relation is not there, or it is a view without one of the columns. A table without one of them is
/// only counted: what that answers has one column.
pub(super) fn select(rows: &RowsWanted, schema: &SchemaSnapshot) -> Option<String> {
    let table = schema.tables.iter().find(|table| table.name == rows.name);
    let (columns, only) = match table {
        // Rows of tables that inherit from this one are theirs.
        Some(table) => (&table.columns, if table.partitioned { "" } else { "ONLY " }),
        None => (
            &schema.views.iter().find(|view| view.name == rows.name)?.columns,
            "",
        ),
    };
    let domains: HashMap<&ObjectName, &str> = schema
        .domains
        .iter()
        .map(|domain| (&domain.name, domain.base_type.as_str()))
        .collect();
    let relation = rows.name.quoted();
    let values = rows
        .columns
        .iter()
        .map(|name| {
            let column = columns.iter().find(|column| column.name == *name)?;
            Some(value(column, &domains))
        })
        .collect::<Option<Vec<_>>>();
    let Some(values) = values.map(|values| values.join(", ")) else {
        return table.map(|_| format!("SELECT pg_catalog.count(*) FROM {only}{relation} AS t"));
    };
    let hash = format!("pg_catalog.hashtextextended(ROW({values})::pg_catalog.text, 0::pg_catalog.int8)");
    let sums = "pg_catalog.count(*), \
        pg_catalog.sum((r.h OPERATOR(pg_catalog.&) 2147483647::pg_catalog.int8)::pg_catalog.int4), \
        pg_catalog.sum((r.h OPERATOR(pg_catalog.>>) 32::pg_catalog.int4)::pg_catalog.int4)";
    Some(if rows.hashes {
        // One row more than the limit, so that a list that is full can't be taken for a whole one.
        let limit = MAX_HASHED_ROWS + 1;
        format!(
            "SELECT {sums}, pg_catalog.string_agg(pg_catalog.int8send(r.h), ''::pg_catalog.bytea) \
             FILTER (WHERE r.n OPERATOR(pg_catalog.<=) {limit}::pg_catalog.int8) \
             FROM (SELECT {hash} AS h, pg_catalog.row_number() OVER () AS n FROM {only}{relation} AS t) AS r"
        )
    } else {
        format!("SELECT {sums} FROM (SELECT {hash} AS h FROM {only}{relation} AS t) AS r")
    })
}

/// A column, in the form in which equal values are equal texts: `1.50` is `1.5`, and a `character(n)` has no padding.
fn value(column: &Column, domains: &HashMap<&ObjectName, &str>) -> String {
    let name = format!("t.{}", quote_ident(&column.name));
    let mut data_type = column.data_type.as_str();
    // A domain over a domain over … can't be a circle, but what is read may be.
    for _ in 0..32 {
        let Some(base) = printed::name(data_type).and_then(|name| domains.get(&name).copied()) else {
            break;
        };
        data_type = base;
    }
    match data_type.split('(').next() {
        _ if data_type.ends_with(']') => name,
        Some("numeric") => format!("pg_catalog.trim_scale({name})"),
        Some("character" | "bpchar") => format!("{name}::pg_catalog.text"),
        _ => name,
    }
}
