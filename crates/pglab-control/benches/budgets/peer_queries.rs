//! The checks of a lab as queries of an SQL exporter: one for each check, as somebody would write them who has nothing
//! else. Each gives 1 where the check passes.

use pglab_core::{
    check::Fact,
    ident::quote_literal,
    snapshot::{ObjectName, RowDigest},
};

/// `regclass`-like text of a relation.
fn relation(name: &ObjectName) -> String {
    format!("to_regclass({})", quote_literal(&name.quoted()))
}

fn attribute(table: &ObjectName, column: &str, holds: &str) -> String {
    format!(
        "SELECT EXISTS (SELECT FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
         WHERE a.attrelid = {} AND a.attname = {} AND NOT a.attisdropped AND {holds})",
        relation(table),
        quote_literal(column)
    )
}

fn constraint(table: &ObjectName, kind: char, columns: &[String], more: &str) -> String {
    let columns: Vec<String> = columns.iter().map(|column| quote_literal(column)).collect();
    format!(
        "SELECT EXISTS (SELECT FROM pg_constraint c WHERE c.conrelid = {} AND c.contype = '{kind}' {more} AND \
         (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)) = \
         (SELECT array_agg(n ORDER BY n) FROM unnest(ARRAY[{}]::text[]) n))",
        relation(table),
        columns.join(", ")
    )
}

/// A query that answers with one boolean.
pub fn query(fact: &Fact, rows: impl Fn(&ObjectName) -> Option<RowDigest>) -> String {
    let text = |text: &str| quote_literal(text);
    match fact {
        Fact::SchemaExists { schema } => {
            format!(
                "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = {})",
                text(schema)
            )
        }
        Fact::TableExists { table } => format!("SELECT {} IS NOT NULL", relation(table)),
        Fact::ColumnExists { table, column } => attribute(table, column, "true"),
        Fact::ColumnType {
            table,
            column,
            data_type,
        } => attribute(
            table,
            column,
            &format!(
                "'public.' || format_type(a.atttypid, a.atttypmod) LIKE '%' || {}",
                text(data_type)
            ),
        ),
        Fact::Nullability {
            table,
            column,
            not_null,
        } => attribute(table, column, &format!("a.attnotnull = {not_null}")),
        Fact::Default {
            table,
            column,
            expression,
        }
        | Fact::Generated {
            table,
            column,
            expression,
        } => attribute(
            table,
            column,
            &format!("pg_get_expr(d.adbin, d.adrelid) = {}", text(expression)),
        ),
        Fact::AutoNumber { table, column, .. } => attribute(
            table,
            column,
            "(a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%')",
        ),
        Fact::PrimaryKey { table, columns } => constraint(table, 'p', columns, ""),
        Fact::Unique { table, columns, .. } => constraint(table, 'u', columns, ""),
        Fact::ForeignKey { table, foreign_key } => constraint(
            table,
            'f',
            &foreign_key.columns,
            &format!("AND c.confrelid = {}", relation(&foreign_key.ref_table)),
        ),
        Fact::CheckConstraint { table, expression } => format!(
            "SELECT EXISTS (SELECT FROM pg_constraint WHERE conrelid = {} AND contype = 'c' AND pg_get_expr(conbin, conrelid) = {})",
            relation(table),
            text(expression)
        ),
        Fact::Exclusion { table, definition } => format!(
            "SELECT EXISTS (SELECT FROM pg_constraint WHERE conrelid = {} AND contype = 'x' AND pg_get_constraintdef(oid) = {})",
            relation(table),
            text(definition)
        ),
        Fact::Index { table, index } => format!(
            "SELECT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = {} AND i.indisunique = {} AND pg_get_indexdef(i.indexrelid) LIKE '%' || {} || '%')",
            relation(table),
            index.unique,
            text(&index.keys.join(", "))
        ),
        Fact::Trigger { table, trigger } => format!(
            "SELECT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = {} AND NOT tgisinternal AND tgfoid = to_regproc({}))",
            relation(table),
            text(&trigger.function.quoted())
        ),
        Fact::ViewExists { view, .. } => format!(
            "SELECT EXISTS (SELECT FROM pg_class WHERE oid = {} AND relkind IN ('v', 'm'))",
            relation(view)
        ),
        Fact::Function { function } => format!(
            "SELECT to_regprocedure({}) IS NOT NULL",
            text(&format!(
                "{}({})",
                function.name.quoted(),
                function.argument_types
            ))
        ),
        Fact::Sequence { sequence } => format!(
            "SELECT EXISTS (SELECT FROM pg_sequence WHERE seqrelid = {} AND seqstart = {} AND seqincrement = {})",
            relation(&sequence.name),
            sequence.start,
            sequence.increment
        ),
        Fact::Enum { r#enum } => format!(
            "SELECT (SELECT array_agg(enumlabel::text ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = to_regtype({})) = {}::text[]",
            text(&r#enum.name.quoted()),
            text(&format!("{{{}}}", r#enum.labels.join(",")))
        ),
        Fact::Domain { domain } => format!(
            "SELECT EXISTS (SELECT FROM pg_type t WHERE t.oid = to_regtype({}) AND format_type(t.typbasetype, t.typtypmod) = {})",
            text(&domain.name.quoted()),
            text(&domain.base_type)
        ),
        Fact::TableComment { table, comment } => format!(
            "SELECT obj_description({}, 'pg_class') = {}",
            relation(table),
            text(comment)
        ),
        Fact::ColumnComment {
            table,
            column,
            comment,
        } => attribute(
            table,
            column,
            &format!("col_description(a.attrelid, a.attnum) = {}", text(comment)),
        ),
        Fact::Rows { table: name } | Fact::ViewRows { view: name } => {
            // The exporter's author would keep the sum of the hashes beside; which sum it is costs the server nothing.
            let n_rows = rows(name).map_or(0, |rows| rows.n_rows);
            format!(
                "SELECT count(*) = {n_rows} AND sum(hashtextextended(t::text, 0)) IS NOT NULL FROM {} t",
                name.quoted()
            )
        }
        Fact::RowCount { table, n_rows } => format!("SELECT count(*) = {n_rows} FROM {}", table.quoted()),
    }
}
