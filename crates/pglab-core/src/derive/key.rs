//! Keys: what a task or a check is about, as a text that stays the same when the example is loaded again.

use super::full;
use crate::{check::Fact, expression, snapshot::Index};

/// `table:public.album`, from the first fact of a task.
pub(super) fn task_key(fact: &Fact) -> String {
    match fact {
        Fact::TableExists { table } => format!("table:{}", full(table)),
        Fact::ViewExists { view, .. } => format!("view:{}", full(view)),
        Fact::SchemaExists { schema } => format!("schema:{schema}"),
        fact => fact_key(fact),
    }
}

/// `column_type:public.album.title`: the kind and what it is about, without what is demanded of it. A check whose type
/// changed in the example keeps its key; one for another column has another. Constraints and indexes have no name that
/// counts, so these are about what they say.
pub fn fact_key(fact: &Fact) -> String {
    let kind = fact.kind();
    match fact {
        Fact::SchemaExists { schema } => format!("{kind}:{schema}"),
        Fact::TableExists { table }
        | Fact::PrimaryKey { table, .. }
        | Fact::TableComment { table, .. }
        | Fact::Rows { table }
        | Fact::RowCount { table, .. } => format!("{kind}:{}", full(table)),
        Fact::ViewExists { view, .. } | Fact::ViewRows { view } => format!("{kind}:{}", full(view)),
        Fact::ColumnExists { table, column }
        | Fact::ColumnType { table, column, .. }
        | Fact::Nullability { table, column, .. }
        | Fact::Default { table, column, .. }
        | Fact::Generated { table, column, .. }
        | Fact::AutoNumber { table, column, .. }
        | Fact::ColumnComment { table, column, .. } => format!("{kind}:{}.{column}", full(table)),
        Fact::ForeignKey { table, foreign_key } => {
            let mut pairs: Vec<_> = foreign_key.columns.iter().zip(&foreign_key.ref_columns).collect();
            pairs.sort();
            let (columns, ref_columns): (Vec<_>, Vec<_>) =
                pairs.into_iter().map(|(a, b)| (a.as_str(), b.as_str())).unzip();
            format!(
                "{kind}:{}({})->{}({})",
                full(table),
                columns.join(","),
                full(&foreign_key.ref_table),
                ref_columns.join(",")
            )
        }
        Fact::Unique { table, columns, .. } => {
            let mut columns: Vec<_> = columns.iter().map(String::as_str).collect();
            columns.sort_unstable();
            format!("{kind}:{}({})", full(table), columns.join(","))
        }
        Fact::CheckConstraint { table, expression } => {
            format!("{kind}:{}:{}", full(table), expression::normal_form(expression))
        }
        Fact::Exclusion { table, definition } => {
            format!("{kind}:{}:{}", full(table), expression::normal_form(definition))
        }
        Fact::Index { table, index } => format!("{kind}:{}{}", full(table), index_key(index)),
        Fact::Trigger { table, trigger } => format!("{kind}:{}.{}", full(table), trigger.name),
        Fact::Function { function } => {
            format!("{kind}:{}({})", full(&function.name), function.argument_types)
        }
        Fact::Sequence { sequence } => format!("{kind}:{}", full(&sequence.name)),
        Fact::Enum { r#enum } => format!("{kind}:{}", full(&r#enum.name)),
        Fact::Domain { domain } => format!("{kind}:{}", full(&domain.name)),
    }
}

fn index_key(index: &Index) -> String {
    let mut key = format!("({})", index.keys.join(","));
    if !index.include.is_empty() {
        key.push_str(&format!(" include({})", index.include.join(",")));
    }
    if index.unique {
        key.push_str(" unique");
    }
    if index.nulls_not_distinct {
        key.push_str(" nulls not distinct");
    }
    if index.method != "btree" {
        key.push_str(&format!(" using {}", index.method));
    }
    if let Some(predicate) = &index.predicate {
        key.push_str(&format!(" where {}", expression::normal_form(predicate)));
    }
    key
}
