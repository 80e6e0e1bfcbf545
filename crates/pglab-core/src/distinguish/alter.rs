//! Changing one place of a query, the n-th of those where people go wrong. The walk stops at that place; which places there are
//! depends on the query alone.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Distinct, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArguments, GroupByExpr, Ident, JoinConstraint, JoinOperator, LimitClause, OrderByExpr,
    OrderByKind, OrderBySort, Query, Select, SetExpr, SetOperator, SetQuantifier, TableFactor, VisitorMut,
    WindowType,
};

use super::syntax::{
    condition, conjuncts, first_argument, is_grouped, is_set, is_test, name_of, number, whole,
};
use crate::snapshot::SchemaSnapshot;

/// What was changed, and which data tell it.
type Altered = (String, &'static str);

pub(super) struct Alter<'s> {
    /// Places to pass over.
    left: usize,
    schema: &'s SchemaSnapshot,
    /// Queries around the one that is walked.
    n_queries: usize,
    /// `EXISTS (…)` and `IN (…)` around it, for which duplicates are nothing.
    n_tests: usize,
    /// `UNION` and the like around it, which take duplicates away themselves.
    n_sets: usize,
    /// Columns that can be NULL, of the tables of each SELECT around.
    nullable: Vec<Vec<String>>,
}

const UNMATCHED: &str = "a row without a match in the other table";
const DUPLICATES: &str = "rows that are alike in all columns of the result";
const BOUNDARY: &str = "a row with exactly this value";
const NULLS: &str = "a row with NULL in this column";
const ONE_OF_TWO: &str = "a row for which one of the two conditions is true and the other is not";

impl<'s> Alter<'s> {
    pub(super) fn new(place: usize, schema: &'s SchemaSnapshot) -> Self {
        Self {
            left: place,
            schema,
            n_queries: 0,
            n_tests: 0,
            n_sets: 0,
            nullable: Vec::new(),
        }
    }

    /// Is this the place?
    fn here(&mut self) -> bool {
        if self.left == 0 {
            return true;
        }
        self.left -= 1;
        false
    }

    fn query(&mut self, query: &mut Query) -> Option<Altered> {
        if let SetExpr::SetOperation {
            op, set_quantifier, ..
        } = &mut *query.body
            && self.here()
        {
            return Some(set_operation(*op, set_quantifier));
        }
        if let Some(LimitClause::LimitOffset {
            limit: Some(limit), ..
        }) = &mut query.limit_clause
            && let Some(n) = whole(limit)
        {
            for (other, more) in [(n + 1, "more"), (n - 1, "less")] {
                if other > 0 && self.here() {
                    *limit = number(other);
                    return Some((
                        format!("LIMIT {other} in place of LIMIT {n}: one row {more}"),
                        "more rows than the limit",
                    ));
                }
            }
        }
        // The order within is nothing where it is not cut.
        let ordered = self.n_queries == 0 || query.limit_clause.is_some() || query.fetch.is_some();
        if let (true, Some(order)) = (ordered, &mut query.order_by)
            && let OrderByKind::Expressions(keys) = &mut order.kind
        {
            return self.order(keys);
        }
        None
    }

    fn order(&mut self, keys: &mut [OrderByExpr]) -> Option<Altered> {
        for key in keys {
            if !self.here() {
                continue;
            }
            let (way, said) = match key.options.sort {
                Some(OrderBySort::Desc) => (None, "ascending in place of descending"),
                _ => (Some(OrderBySort::Desc), "descending in place of ascending"),
            };
            key.options.sort = way;
            return Some((
                format!("by {} {said}", key.expr),
                "rows that differ in this column, at the place where it is cut",
            ));
        }
        None
    }

    fn select(&mut self, select: &mut Select) -> Option<Altered> {
        self.distinct(select)
            .or_else(|| self.joins(select))
            .or_else(|| self.conditions(select))
            .or_else(|| self.groups(select))
    }

    fn distinct(&mut self, select: &mut Select) -> Option<Altered> {
        match &select.distinct {
            Some(Distinct::Distinct) => {
                if self.here() {
                    select.distinct = None;
                    return Some(("without DISTINCT".to_owned(), DUPLICATES));
                }
            }
            Some(Distinct::All | Distinct::On(_)) => {}
            // A grouped result has no duplicates, or none that people think of.
            None if self.n_tests > 0 || self.n_sets > 0 || is_grouped(select) => {}
            None => {
                if self.here() {
                    select.distinct = Some(Distinct::Distinct);
                    return Some(("with DISTINCT".to_owned(), DUPLICATES));
                }
            }
        }
        None
    }

    fn joins(&mut self, select: &mut Select) -> Option<Altered> {
        for join in select.from.iter_mut().flat_map(|table| &mut table.joins) {
            let relation = name_of(&join.relation);
            let others: Vec<(JoinOperator, &str, &str)> = match &join.join_operator {
                JoinOperator::Join(on) | JoinOperator::Inner(on) if *on != JoinConstraint::None => {
                    vec![(JoinOperator::Left(on.clone()), "LEFT JOIN", "JOIN")]
                }
                JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => {
                    vec![(JoinOperator::Join(on.clone()), "JOIN", "LEFT JOIN")]
                }
                JoinOperator::Right(on) | JoinOperator::RightOuter(on) => {
                    vec![(JoinOperator::Join(on.clone()), "JOIN", "RIGHT JOIN")]
                }
                JoinOperator::FullOuter(on) => vec![
                    (JoinOperator::Left(on.clone()), "LEFT JOIN", "FULL JOIN"),
                    (JoinOperator::Right(on.clone()), "RIGHT JOIN", "FULL JOIN"),
                ],
                _ => Vec::new(),
            };
            for (other, is, was) in others {
                if self.here() {
                    join.join_operator = other;
                    return Some((format!("{is} in place of {was} with {relation}"), UNMATCHED));
                }
            }
            if let Some(on) = condition(&mut join.join_operator)
                && conjuncts(on).len() > 1
                && let Some(altered) = self.without_one(on, "the condition of the join lacks")
            {
                return Some(altered);
            }
        }
        None
    }

    fn conditions(&mut self, select: &mut Select) -> Option<Altered> {
        if let Some(condition) = &mut select.selection {
            if conjuncts(condition).len() > 1 {
                if let Some(altered) = self.without_one(condition, "WHERE lacks") {
                    return Some(altered);
                }
            } else if self.here() {
                select.selection = None;
                return Some((
                    "without WHERE".to_owned(),
                    "a row for which the condition is not true",
                ));
            }
        }
        if select.having.is_some() && self.here() {
            select.having = None;
            return Some((
                "without HAVING".to_owned(),
                "a group for which the condition is not true",
            ));
        }
        None
    }

    fn without_one(&mut self, condition: &mut Expr, said: &str) -> Option<Altered> {
        let parts = conjuncts(condition);
        for at in 0..parts.len() {
            if !self.here() {
                continue;
            }
            let lacks = parts[at].to_string();
            let rest = parts.into_iter().enumerate().filter(|(other, _)| *other != at);
            let rest = rest
                .map(|(_, part)| part.clone())
                .reduce(|left, right| Expr::BinaryOp {
                    left: Box::new(left),
                    op: BinaryOperator::And,
                    right: Box::new(right),
                })?;
            *condition = rest;
            return Some((
                format!("{said} {lacks}"),
                "a row for which this condition alone is not true",
            ));
        }
        None
    }

    fn groups(&mut self, select: &mut Select) -> Option<Altered> {
        if let GroupByExpr::Expressions(keys, _) = &mut select.group_by
            && keys.len() > 1
        {
            for at in 0..keys.len() {
                if self.here() {
                    let key = keys.remove(at);
                    return Some((
                        format!("GROUP BY lacks {key}"),
                        "two groups that differ in this column only",
                    ));
                }
            }
        }
        None
    }

    fn expression(&mut self, expr: &mut Expr) -> Option<Altered> {
        match expr {
            Expr::BinaryOp { op, left, right } => {
                let other = match op {
                    BinaryOperator::Lt => BinaryOperator::LtEq,
                    BinaryOperator::LtEq => BinaryOperator::Lt,
                    BinaryOperator::Gt => BinaryOperator::GtEq,
                    BinaryOperator::GtEq => BinaryOperator::Gt,
                    BinaryOperator::And => BinaryOperator::Or,
                    BinaryOperator::Or => BinaryOperator::And,
                    _ => return None,
                };
                if !self.here() {
                    return None;
                }
                let said = format!("{other} in place of {op} between {left} and {right}");
                if matches!(op, BinaryOperator::And | BinaryOperator::Or) {
                    *op = other;
                    *expr = Expr::Nested(Box::new(expr.clone()));
                    return Some((said, ONE_OF_TWO));
                }
                *op = other;
                Some((said, BOUNDARY))
            }
            Expr::InList {
                expr: tested,
                negated,
                ..
            }
            | Expr::InSubquery {
                expr: tested,
                negated,
                ..
            } => {
                if !self.here() {
                    return None;
                }
                *negated = !*negated;
                let (is, was) = if *negated {
                    ("NOT IN", "IN")
                } else {
                    ("IN", "NOT IN")
                };
                Some((
                    format!("{is} in place of {was} for {tested}"),
                    "a row that is in, and one that is not",
                ))
            }
            Expr::Exists { negated, .. } => {
                if !self.here() {
                    return None;
                }
                *negated = !*negated;
                let (is, was) = if *negated {
                    ("NOT EXISTS", "EXISTS")
                } else {
                    ("EXISTS", "NOT EXISTS")
                };
                Some((format!("{is} in place of {was}"), UNMATCHED))
            }
            Expr::Like {
                negated,
                any,
                expr: tested,
                pattern,
                escape_char,
            } => {
                if !self.here() {
                    return None;
                }
                let said = format!("ILIKE in place of LIKE for {tested}");
                *expr = Expr::ILike {
                    negated: *negated,
                    any: *any,
                    expr: tested.clone(),
                    pattern: pattern.clone(),
                    escape_char: escape_char.clone(),
                };
                Some((said, "a row that fits in other capitals only"))
            }
            Expr::Function(_) => self.function(expr),
            _ => None,
        }
    }

    fn function(&mut self, expr: &mut Expr) -> Option<Altered> {
        let Expr::Function(function) = expr else {
            return None;
        };
        if let Some(WindowType::WindowSpec(window)) = &mut function.over
            && let Some(altered) = self.order(&mut window.order_by)
        {
            return Some(altered);
        }
        let name = function.name.to_string().to_lowercase();
        match name.as_str() {
            "coalesce" => {
                let first = first_argument(function)?.clone();
                if !self.here() {
                    return None;
                }
                let said = format!("{first} without coalesce");
                *expr = first;
                Some((said, NULLS))
            }
            "count" => self.count(function),
            _ => None,
        }
    }

    fn count(&mut self, function: &mut Function) -> Option<Altered> {
        let nullable = self.nullable.last().cloned().unwrap_or_default();
        let FunctionArguments::List(list) = &mut function.args else {
            return None;
        };
        let [FunctionArg::Unnamed(argument)] = list.args.as_mut_slice() else {
            return None;
        };
        let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
        match argument {
            FunctionArgExpr::Wildcard => {
                for column in nullable.iter().take(3) {
                    if self.here() {
                        *argument = FunctionArgExpr::Expr(Expr::Identifier(Ident::new(column.as_str())));
                        return Some((format!("count({column}) in place of count(*)"), NULLS));
                    }
                }
            }
            FunctionArgExpr::Expr(counted) => {
                let counted = counted.to_string();
                if self.here() {
                    list.duplicate_treatment = (!distinct).then_some(DuplicateTreatment::Distinct);
                    let (is, was) = if distinct {
                        ("", "DISTINCT ")
                    } else {
                        ("DISTINCT ", "")
                    };
                    return Some((
                        format!("count({is}{counted}) in place of count({was}{counted})"),
                        "a value that stands twice in a group",
                    ));
                }
                if !distinct && self.here() {
                    *argument = FunctionArgExpr::Wildcard;
                    return Some((format!("count(*) in place of count({counted})"), NULLS));
                }
            }
            _ => {}
        }
        None
    }

    /// Columns that can be NULL and have a name that no other table of this SELECT has.
    fn nullable_of(&self, select: &Select) -> Vec<String> {
        let relations = select.from.iter().flat_map(|table| {
            std::iter::once(&table.relation).chain(table.joins.iter().map(|join| &join.relation))
        });
        let tables: Vec<_> = relations
            .filter_map(|relation| match relation {
                TableFactor::Table { name, .. } => name.0.last()?.as_ident(),
                _ => None,
            })
            .filter_map(|name| {
                let name = super::used::folded(name);
                self.schema.tables.iter().find(|table| table.name.name == name)
            })
            .collect();
        let columns = tables.iter().flat_map(|table| &table.columns);
        let n_named = |name: &str| {
            let all = tables.iter().flat_map(|table| &table.columns);
            all.filter(|other| other.name == name).count()
        };
        columns
            .filter(|column| !column.not_null && n_named(&column.name) == 1)
            .map(|column| crate::ident::quote_ident(&column.name))
            .collect()
    }
}

impl VisitorMut for Alter<'_> {
    type Break = Altered;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Altered> {
        let altered = self.query(query);
        self.n_queries += 1;
        self.n_sets += usize::from(is_set(query));
        ended(altered)
    }
    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Altered> {
        self.n_queries -= 1;
        self.n_sets -= usize::from(is_set(query));
        ControlFlow::Continue(())
    }
    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Altered> {
        self.nullable.push(self.nullable_of(select));
        ended(self.select(select))
    }
    fn post_visit_select(&mut self, _: &mut Select) -> ControlFlow<Altered> {
        self.nullable.pop();
        ControlFlow::Continue(())
    }
    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Altered> {
        let altered = self.expression(expr);
        self.n_tests += usize::from(is_test(expr));
        ended(altered)
    }
    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Altered> {
        self.n_tests -= usize::from(is_test(expr));
        ControlFlow::Continue(())
    }
}

fn ended(altered: Option<Altered>) -> ControlFlow<Altered> {
    altered.map_or(ControlFlow::Continue(()), ControlFlow::Break)
}

fn set_operation(op: SetOperator, quantifier: &mut SetQuantifier) -> Altered {
    if *quantifier == SetQuantifier::All {
        *quantifier = SetQuantifier::None;
        (format!("{op} in place of {op} ALL"), DUPLICATES)
    } else {
        *quantifier = SetQuantifier::All;
        (format!("{op} ALL in place of {op}"), DUPLICATES)
    }
}
