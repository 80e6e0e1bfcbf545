//! What a reference speaks of: tables, and the values that it compares columns with. As far as its text tells; a column whose
//! table is not said is looked for in all tables of the query.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use sqlparser::ast::{
    BinaryOperator, Expr, Fetch, Ident, LimitClause, ObjectName as Name, Statement, TableFactor, Value,
    Visit, Visitor,
};

use super::{NotRead, on_large_stack, read};
use crate::snapshot::{ObjectName, SchemaSnapshot, Table};

/// The most values of one column.
const MAX_VALUES: usize = 6;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Used {
    pub tables: BTreeSet<ObjectName>,
    /// What columns are compared with, as text.
    pub values: BTreeMap<(ObjectName, String), BTreeSet<String>>,
    /// Which rows the reference returns is not decided by the data alone where rows tie: it takes the first of some order.
    pub takes_first: bool,
}

/// # Errors
/// The reference can't be read.
pub fn used(reference: &str, schema: &SchemaSnapshot) -> Result<Used, NotRead> {
    on_large_stack(|| {
        let statement = read(reference)?;
        let mut walk = Walk {
            schema,
            aliases: BTreeMap::new(),
            compared: Vec::new(),
            used: Used::default(),
            n_queries: 0,
        };
        let _: ControlFlow<()> = statement.visit(&mut walk);
        Ok(walk.finished())
    })
}

/// Where a reference ends by taking the first rows of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cut {
    /// It takes all.
    None,
    /// The same with the rows that tie with the last one: where it returns no more, which rows the reference returns is decided.
    Ties(String),
    /// Which rows it returns can't be told.
    Open,
}

/// # Errors
/// The reference can't be read.
pub fn cut(reference: &str) -> Result<Cut, NotRead> {
    on_large_stack(|| cut_of(reference))
}

fn cut_of(reference: &str) -> Result<Cut, NotRead> {
    let Statement::Query(mut query) = read(reference)? else {
        return Err(NotRead::NoQuery);
    };
    let quantity = match (query.limit_clause.take(), query.fetch.take()) {
        (None, None) => return Ok(Cut::None),
        (
            Some(LimitClause::LimitOffset {
                limit: Some(limit),
                offset: None,
                ..
            }),
            None,
        ) => limit,
        (None, Some(fetch)) if fetch.with_ties => return Ok(Cut::None),
        (None, Some(fetch)) if !fetch.percent => match fetch.quantity {
            Some(quantity) => quantity,
            None => return Ok(Cut::Open),
        },
        _ => return Ok(Cut::Open),
    };
    if query.order_by.is_none() {
        return Ok(Cut::Open);
    }
    query.fetch = Some(Fetch {
        with_ties: true,
        percent: false,
        quantity: Some(quantity),
    });
    Ok(Cut::Ties(query.to_string()))
}

/// As PostgreSQL folds it.
pub(super) fn folded(name: &Ident) -> String {
    if name.quote_style.is_some() {
        name.value.clone()
    } else {
        name.value.to_lowercase()
    }
}

struct Walk<'s> {
    schema: &'s SchemaSnapshot,
    aliases: BTreeMap<String, ObjectName>,
    /// Qualifier, column, value.
    compared: Vec<(Option<String>, String, String)>,
    used: Used,
    n_queries: usize,
}

impl Walk<'_> {
    fn table(&self, name: &Name) -> Option<&Table> {
        let parts: Vec<String> = name
            .0
            .iter()
            .filter_map(|part| part.as_ident())
            .map(folded)
            .collect();
        let (schema, name) = match parts.as_slice() {
            [name] => (None, name),
            [schema, name] => (Some(schema), name),
            _ => return None,
        };
        self.schema.tables.iter().find(|table| {
            table.name.name == *name && schema.is_none_or(|schema| table.name.schema == *schema)
        })
    }

    fn compare(&mut self, column: &Expr, values: &[&Expr]) {
        let Some((qualifier, column)) = column_of(column) else {
            return;
        };
        for value in values.iter().filter_map(|value| literal(value)) {
            self.compared.push((qualifier.clone(), column.clone(), value));
        }
    }

    fn finished(mut self) -> Used {
        for (qualifier, column, value) in std::mem::take(&mut self.compared) {
            let tables: Vec<ObjectName> = match &qualifier {
                Some(qualifier) => self.aliases.get(qualifier).cloned().into_iter().collect(),
                None => self.used.tables.iter().cloned().collect(),
            };
            for table in tables {
                let has = self
                    .schema
                    .tables
                    .iter()
                    .any(|other| other.name == table && other.column(&column).is_some());
                if has {
                    let values = self.used.values.entry((table, column.clone())).or_default();
                    if values.len() < MAX_VALUES {
                        values.insert(value.clone());
                    }
                }
            }
        }
        self.used
    }
}

impl Visitor for Walk<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &sqlparser::ast::Query) -> ControlFlow<()> {
        // The outermost is looked at where it is run: whether it cuts through a tie can be asked.
        let cuts = query.limit_clause.is_some() || query.fetch.is_some();
        self.used.takes_first |= cuts && self.n_queries > 0;
        self.n_queries += 1;
        ControlFlow::Continue(())
    }
    fn post_visit_query(&mut self, _: &sqlparser::ast::Query) -> ControlFlow<()> {
        self.n_queries -= 1;
        ControlFlow::Continue(())
    }
    fn pre_visit_select(&mut self, select: &sqlparser::ast::Select) -> ControlFlow<()> {
        self.used.takes_first |= matches!(select.distinct, Some(sqlparser::ast::Distinct::On(_)));
        ControlFlow::Continue(())
    }
    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name, alias, .. } = factor
            && let Some(table) = self.table(name)
        {
            let table = table.name.clone();
            let called = alias
                .as_ref()
                .map_or_else(|| table.name.clone(), |alias| folded(&alias.name));
            self.aliases.insert(called, table.clone());
            self.used.tables.insert(table);
        }
        ControlFlow::Continue(())
    }
    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::BinaryOp { left, op, right } if is_comparison(op) => {
                self.compare(left, &[right]);
                self.compare(right, &[left]);
            }
            Expr::Between { expr, low, high, .. } => self.compare(expr, &[low, high]),
            Expr::InList { expr, list, .. } => self.compare(expr, &list.iter().collect::<Vec<_>>()),
            Expr::Function(function) => {
                let name = function.name.to_string().to_lowercase();
                self.used.takes_first |= TAKES_FIRST.contains(&name.as_str());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// What these return depends on the order of rows that tie, or on more than the data.
const TAKES_FIRST: [&str; 17] = [
    "row_number",
    "ntile",
    "first_value",
    "last_value",
    "nth_value",
    "lag",
    "lead",
    "array_agg",
    "string_agg",
    "json_agg",
    "jsonb_agg",
    "json_object_agg",
    "jsonb_object_agg",
    "random",
    "gen_random_uuid",
    "clock_timestamp",
    "now",
];

fn is_comparison(op: &BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq
            | BinaryOperator::Eq
            | BinaryOperator::NotEq
    )
}

fn column_of(expr: &Expr) -> Option<(Option<String>, String)> {
    match expr {
        Expr::Identifier(name) => Some((None, folded(name))),
        Expr::CompoundIdentifier(parts) => {
            let (column, before) = parts.split_last()?;
            Some((before.last().map(folded), folded(column)))
        }
        Expr::Nested(inner) => column_of(inner),
        _ => None,
    }
}

fn literal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(value) => text(&value.value),
        Expr::TypedString(typed) => text(&typed.value.value),
        Expr::Cast { expr, .. } | Expr::Nested(expr) => literal(expr),
        Expr::UnaryOp { expr, op } if op.to_string() == "-" => Some(format!("-{}", literal(expr)?)),
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Number(text, _) | Value::SingleQuotedString(text) => Some(text.clone()),
        _ => None,
    }
}
