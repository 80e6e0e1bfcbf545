//! The statement that digests one relation. Qualified throughout, operators and casts included, because it runs with a
//! search path that the student can fill.

use std::collections::HashMap;

use pglab_core::{
    ident::quote_ident,
    snapshot::{Column, MAX_HASHED_ROWS, SchemaSnapshot},
};

use super::RowsWanted;

/// `None` where the relation or one of the columns is not there.
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
    let domains: HashMap<(&str, &str), &str> = schema
        .domains
        .iter()
        .map(|domain| {
            let name = (domain.name.schema.as_str(), domain.name.name.as_str());
            (name, domain.base_type.as_str())
        })
        .collect();
    let values = rows
        .columns
        .iter()
        .map(|name| {
            let column = columns.iter().find(|column| column.name == *name)?;
            Some(value(column, &domains))
        })
        .collect::<Option<Vec<_>>>()?
        .join(", ");
    let relation = rows.name.quoted();
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
fn value(column: &Column, domains: &HashMap<(&str, &str), &str>) -> String {
    let name = format!("t.{}", quote_ident(&column.name));
    let mut data_type = column.data_type.as_str();
    // A domain over a domain over … can't be a circle, but what is read may be.
    for _ in 0..32 {
        let Some(base) = type_name(data_type)
            .and_then(|(schema, name)| domains.get(&(schema.as_str(), name.as_str())).copied())
        else {
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

/// Schema and name of a type that `format_type` printed with its schema, and without modifiers.
fn type_name(printed: &str) -> Option<(String, String)> {
    let (schema, rest) = part(printed)?;
    let (name, rest) = part(rest.strip_prefix('.')?)?;
    rest.is_empty().then_some((schema, name))
}

/// A name at the beginning, quoted or not, and what follows.
fn part(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
            .unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let mut name = String::new();
    let mut rest = quoted;
    loop {
        let (before, after) = rest.split_once('"')?;
        name.push_str(before);
        match after.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((name, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_types() {
        let name = |schema: &str, name: &str| Some((schema.to_owned(), name.to_owned()));
        assert_eq!(type_name("public.price"), name("public", "price"));
        assert_eq!(type_name("\"My \"\"S\".\"a.b\""), name("My \"S", "a.b"));
        assert_eq!(type_name("numeric(10,2)"), None);
        assert_eq!(type_name("public.price[]"), None);
        assert_eq!(type_name("\"open"), None);
    }
}
