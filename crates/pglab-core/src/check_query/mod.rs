//! Checks as SQL, for SQL exporters that know nothing of pglab: one query per task that gives a row per check. The
//! judge stays the authority; where a query can't say the same as it, there is none, or one that is stricter (see
//! `docs/guide/monitoring.md`).
//!
//! For a session with `search_path = pg_catalog, pg_temp`, as the checkers' have it: expressions are printed with every
//! other name qualified. Only content checks of views execute anything of the student's.

mod catalog;
mod constraint;
mod content;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    check::{Check, Fact},
    derive::fact_key,
    ident::quote_literal,
    lab::TypeRule,
    snapshot::{ExpectedRows, ObjectName},
    task::Task,
};

/// What an example holds, by relation.
pub type Rows<'a> = BTreeMap<&'a ObjectName, &'a ExpectedRows>;

/// A task's checks as one query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskQuery {
    /// The task's key.
    pub task: String,
    /// Gives `task`, `check`, `passed` (1 or 0) and `points`: a row per check, whose points are null, and where all
    /// checks of the task are in it, one row with an empty check whose `passed` is null.
    pub sql: String,
    /// The same without the row of the points.
    pub sql_without_points: String,
    /// The keys of the checks that it has.
    pub checks: Vec<String>,
    /// The keys of the checks that can't be asked in SQL.
    pub left_out: Vec<String>,
}

/// The query of a task; `None` when none of its checks can be asked in SQL.
pub fn task_query(task: &Task, rows: &Rows<'_>, rule: TypeRule) -> Option<TaskQuery> {
    let mut left_out = Vec::new();
    let mut parts: Vec<(String, &Check, String)> = Vec::new();
    for check in &task.checks {
        // Two checks made by hand may be about the same.
        let key = fact_key(&check.fact);
        let key = match parts.iter().filter(|(known, ..)| *known == key).count() {
            0 => key,
            n => format!("{key} {}", n + 1),
        };
        match expression(&check.fact, rows, rule) {
            Some(expression) => parts.push((key, check, expression)),
            None => left_out.push(key),
        }
    }
    if parts.is_empty() {
        return None;
    }
    let name = quote_literal(&task.key);
    let facts: Vec<&Fact> = parts.iter().map(|(_, check, _)| &check.fact).collect();
    let values: Vec<String> = parts
        .iter()
        .map(|(key, check, expression)| format!("({}, {}, {expression})", quote_literal(key), check.weight))
        .collect();
    let with = format!(
        "{}, checked AS MATERIALIZED (SELECT c.k, c.w, coalesce(c.p, false) AS p FROM (VALUES\n{}\n) AS c (k, w, p))",
        with(&facts, rows),
        values.join(",\n")
    );
    let each = format!("SELECT {name}::text AS task, k::text AS check, p::int::float8 AS passed");
    let total: i64 = task.checks.iter().map(|check| i64::from(check.weight)).sum();
    let sql_without_points = format!("{with}\n{each} FROM checked");
    let sql = if left_out.is_empty() && total > 0 {
        format!(
            "{with}\n{each}, NULL::float8 AS points FROM checked\nUNION ALL SELECT {name}, '', NULL, \
             ({} * coalesce(sum(w) FILTER (WHERE p), 0) / {total})::bigint::float8 / 1000 FROM checked",
            task.points.0
        )
    } else {
        format!("{with}\n{each}, NULL::float8 AS points FROM checked")
    };
    Some(TaskQuery {
        task: task.key.clone(),
        sql,
        sql_without_points,
        checks: parts.into_iter().map(|(key, ..)| key).collect(),
        left_out,
    })
}

/// A query that gives one boolean for one fact; `None` where that can't be asked in SQL.
pub fn query(fact: &Fact, rows: &Rows<'_>, rule: TypeRule) -> Option<String> {
    let expression = expression(fact, rows, rule)?;
    Some(format!(
        "{}\nSELECT coalesce({expression}, false)",
        with(&[fact], rows)
    ))
}

/// What the expressions of these facts refer to: `rel`, the relations that they name, and `digest`, what is in them.
fn with(facts: &[&Fact], rows: &Rows<'_>) -> String {
    let named: BTreeSet<&ObjectName> = facts.iter().filter_map(|fact| relation_of(fact)).collect();
    let names: BTreeSet<String> = named.iter().map(|name| quote_literal(&name.name)).collect();
    let names = if names.is_empty() {
        "''".to_owned()
    } else {
        names.into_iter().collect::<Vec<_>>().join(", ")
    };
    let mut with = format!(
        "WITH rel AS MATERIALIZED (SELECT n.nspname AS s, c.relname AS n, c.relkind AS k, c.oid FROM pg_class c \
         JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT c.relispartition AND c.relname IN ({names}))"
    );
    let read: BTreeSet<&ObjectName> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Rows { table: name } | Fact::ViewRows { view: name } => Some(name),
            _ => None,
        })
        .collect();
    let read: Vec<String> = read
        .into_iter()
        .filter_map(|name| rows.get(name))
        .map(|expected| content::digest(expected))
        .collect();
    if !read.is_empty() {
        with.push_str(&format!(
            ",\ndigest AS MATERIALIZED (\n{})",
            read.join("\nUNION ALL ")
        ));
    }
    with
}

/// The relation whose catalog row an expression looks up in `rel`.
fn relation_of(fact: &Fact) -> Option<&ObjectName> {
    match fact {
        Fact::TableExists { table }
        | Fact::ColumnExists { table, .. }
        | Fact::ColumnType { table, .. }
        | Fact::Nullability { table, .. }
        | Fact::Default { table, .. }
        | Fact::Generated { table, .. }
        | Fact::AutoNumber { table, .. }
        | Fact::PrimaryKey { table, .. }
        | Fact::ForeignKey { table, .. }
        | Fact::Unique { table, .. }
        | Fact::CheckConstraint { table, .. }
        | Fact::Exclusion { table, .. }
        | Fact::Index { table, .. }
        | Fact::Trigger { table, .. }
        | Fact::TableComment { table, .. }
        | Fact::ColumnComment { table, .. }
        | Fact::Rows { table }
        | Fact::RowCount { table, .. } => Some(table),
        Fact::ViewExists { view, .. } | Fact::ViewRows { view } => Some(view),
        Fact::Sequence { sequence } => Some(&sequence.name),
        Fact::SchemaExists { .. } | Fact::Function { .. } | Fact::Enum { .. } | Fact::Domain { .. } => None,
    }
}

/// A boolean over `rel` and `digest`.
fn expression(fact: &Fact, rows: &Rows<'_>, rule: TypeRule) -> Option<String> {
    let exactly = |types: &[&str]| {
        rule == TypeRule::Strict
            || types
                .iter()
                .all(|data_type| crate::types::family(data_type).is_none())
    };
    Some(match fact {
        Fact::SchemaExists { schema } => catalog::schema(schema),
        Fact::TableExists { table } => catalog::table(table),
        Fact::ColumnExists { table, column } => catalog::column(table, column, "true"),
        Fact::ColumnType {
            table,
            column,
            data_type,
        } => {
            if !exactly(&[data_type]) {
                return None;
            }
            let holds = format!(
                "format_type(a.atttypid, a.atttypmod) = {}",
                quote_literal(data_type)
            );
            catalog::column(table, column, &holds)
        }
        Fact::Nullability {
            table,
            column,
            not_null,
        } => catalog::column(table, column, &format!("a.attnotnull = {not_null}")),
        Fact::Default {
            table,
            column,
            expression,
        } => catalog::default(table, column, expression),
        Fact::Generated {
            table,
            column,
            expression,
        } => catalog::generated(table, column, expression),
        Fact::AutoNumber { table, column, .. } => catalog::auto_number(table, column),
        Fact::TableComment { table, comment } => catalog::comment(table, None, comment),
        Fact::ColumnComment {
            table,
            column,
            comment,
        } => catalog::comment(table, Some(column), comment),
        Fact::PrimaryKey { table, columns } => constraint::primary_key(table, columns),
        Fact::Unique {
            table,
            columns,
            nulls_not_distinct,
        } => constraint::unique(table, columns, *nulls_not_distinct),
        Fact::ForeignKey { table, foreign_key } => constraint::foreign_key(table, foreign_key),
        Fact::CheckConstraint { table, expression } => constraint::check(table, expression),
        Fact::Exclusion { table, definition } => constraint::exclusion(table, definition),
        Fact::Index { table, index } => constraint::index(table, index),
        Fact::Trigger { table, trigger } => catalog::trigger(table, trigger),
        Fact::ViewExists {
            view,
            materialized,
            columns,
        } => catalog::view(view, *materialized, columns),
        Fact::Function { function } => {
            if rule == TypeRule::Lenient {
                return None;
            }
            catalog::function(function)
        }
        Fact::Sequence { sequence } => {
            if rule == TypeRule::Lenient {
                return None;
            }
            catalog::sequence(sequence)
        }
        Fact::Enum { r#enum } => catalog::enumeration(r#enum),
        Fact::Domain { domain } => {
            if !exactly(&[&domain.base_type]) {
                return None;
            }
            catalog::domain(domain)
        }
        Fact::Rows { table: name } | Fact::ViewRows { view: name } => content::same(rows.get(name)?),
        Fact::RowCount { table, n_rows } => content::count(table, *n_rows),
    })
}

/// The oid of a relation of one of these kinds, or null.
fn relation(name: &ObjectName, kinds: &str) -> String {
    let kinds: Vec<String> = kinds.chars().map(|kind| format!("'{kind}'")).collect();
    format!(
        "(SELECT oid FROM rel WHERE s = {} AND n = {} AND k IN ({}))",
        quote_literal(&name.schema),
        quote_literal(&name.name),
        kinds.join(", ")
    )
}

fn table_oid(name: &ObjectName) -> String {
    relation(name, "rp")
}

/// `ARRAY['a', 'b']::text[]`
fn array(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quote_literal(text)).collect();
    format!("ARRAY[{}]::text[]", texts.join(", "))
}

/// The same in the order of bytes, which is PostgreSQL's for names.
fn sorted_array(texts: &[String]) -> String {
    let mut texts = texts.to_vec();
    texts.sort();
    array(&texts)
}
