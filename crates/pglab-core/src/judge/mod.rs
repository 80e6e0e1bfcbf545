//! Judges a database: what was observed in it against the checks of a lab's tasks. One [`Judge`] is made per lab and
//! used for every database of it; it observes nothing itself.
//!
//! What counts and what does not, beyond what the verdicts say:
//! * Names are as PostgreSQL folded them. Where only the case differs, or a letter or two, the verdict says so.
//! * Constraints count by what they do; their names do not. Key columns are sets, foreign keys sets of pairs.
//! * Expressions are compared by [`crate::expression`].
//! * What is there beyond the example costs nothing, except further columns of a view, which change its result.
//! * A primary key makes its columns unique and not null. A unique constraint and a plain unique index are taken for
//!   one another.
//! * Triggers count by table, time, events, level and condition; the function behind one may have any name.
//! * Any way of numbering a column will do.
//!
//! A check is `not_yet` while what it speaks of, or what it would be part of, is not there at all; it is `failed` when
//! something is there that is not right.

mod constraints;
mod found;
mod indexes;
mod near;
mod routines;
mod rows;
mod tables;
mod triggers;
mod types;
mod views;

use std::collections::{HashMap, HashSet};

use self::found::Found;
use crate::{
    check::{Fact, Verdict, VerdictState},
    id::CheckId,
    lab::TypeRule,
    snapshot::{ExpectedRows, ObjectName, ObservedRows, SchemaSnapshot},
    task::Task,
    types::family,
    words,
};

/// What was found in one database.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observation {
    pub schema: SchemaSnapshot,
    /// For each relation of [`Judge::rows_needed`] that was asked for.
    pub rows: HashMap<ObjectName, ObservedRows>,
}

/// A relation whose content is to be digested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowsNeeded {
    pub name: ObjectName,
    /// The columns that the hash covers, in this order.
    pub columns: Vec<String>,
    /// What the example holds. Hashes of single rows are of use only where `has_hashes` and the digest differs.
    pub expected: crate::snapshot::RowDigest,
    pub has_hashes: bool,
}

/// The checks of a lab, made ready to judge many databases.
#[derive(Debug, Clone)]
pub struct Judge {
    checks: Vec<Prepared>,
    rows: HashMap<ObjectName, ExpectedRows>,
    /// Tables and views that the tasks ask for: these are never taken for a misspelling of another.
    wanted: HashSet<ObjectName>,
    rule: TypeRule,
}

#[derive(Debug, Clone)]
struct Prepared {
    id: CheckId,
    fact: Fact,
    expected: String,
}

/// What a check says, before it becomes a [`Verdict`].
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed(String),
    NotYet(String),
    Error(String),
}

impl Outcome {
    fn from_fault(fault: Option<String>) -> Self {
        fault.map_or(Self::Passed, Self::Failed)
    }
}

impl Judge {
    /// `rows` has what the example holds, for tables and views.
    pub fn new(tasks: &[Task], rows: impl IntoIterator<Item = ExpectedRows>, rule: TypeRule) -> Self {
        let rows: HashMap<_, _> = rows.into_iter().map(|rows| (rows.name.clone(), rows)).collect();
        let checks: Vec<_> = tasks
            .iter()
            .flat_map(|task| &task.checks)
            .map(|check| Prepared {
                id: check.id,
                fact: check.fact.clone(),
                expected: expected(&check.fact, &rows, rule),
            })
            .collect();
        let wanted = checks
            .iter()
            .filter_map(|check| match &check.fact {
                Fact::TableExists { table: name } | Fact::ViewExists { view: name, .. } => Some(name.clone()),
                _ => None,
            })
            .collect();
        Self {
            checks,
            rows,
            wanted,
            rule,
        }
    }

    /// A verdict for every check, in the order of the tasks and their checks.
    pub fn verdicts(&self, observation: &Observation) -> Vec<Verdict> {
        self.verdicts_of(&observation.schema, &observation.rows)
    }

    /// The same for who shares schemas.
    pub fn verdicts_of(
        &self,
        schema: &SchemaSnapshot,
        rows: &HashMap<ObjectName, ObservedRows>,
    ) -> Vec<Verdict> {
        let found = Found::new(schema);
        self.checks
            .iter()
            .map(|check| {
                let (state, said) = match self.outcome(&check.fact, &found, rows) {
                    Outcome::Passed => (VerdictState::Passed, "as expected".to_owned()),
                    Outcome::Failed(found) => (VerdictState::Failed, found),
                    Outcome::NotYet(found) => (VerdictState::NotYet, found),
                    Outcome::Error(found) => (VerdictState::Error, found),
                };
                Verdict {
                    check: check.id,
                    state,
                    expected: check.expected.clone(),
                    found: said,
                }
            })
            .collect()
    }

    /// The relations whose content the checks ask for, each once, in the order of the tasks.
    pub fn rows_needed(&self) -> Vec<RowsNeeded> {
        let mut seen = HashSet::new();
        self.checks
            .iter()
            .filter_map(|check| match &check.fact {
                Fact::Rows { table: name }
                | Fact::RowCount { table: name, .. }
                | Fact::ViewRows { view: name } => Some(name),
                _ => None,
            })
            .filter(|name| seen.insert(*name))
            .filter_map(|name| self.rows.get(name))
            .map(|rows| RowsNeeded {
                name: rows.name.clone(),
                columns: rows.columns.clone(),
                expected: rows.digest,
                has_hashes: rows.hashes.is_some(),
            })
            .collect()
    }

    fn outcome(
        &self,
        fact: &Fact,
        found: &Found<'_>,
        rows_found: &HashMap<ObjectName, ObservedRows>,
    ) -> Outcome {
        let rule = self.rule;
        match fact {
            Fact::SchemaExists { schema } => types::schema(found, schema),
            Fact::TableExists { table } => tables::exists(found, table, &self.wanted),
            Fact::ColumnExists { table, column } => {
                tables::column_exists(found, table, column, |name| self.wants_column(table, name))
            }
            Fact::ColumnType {
                table,
                column,
                data_type,
            } => tables::column_type(found, table, column, data_type, rule),
            Fact::Nullability {
                table,
                column,
                not_null,
            } => tables::nullability(found, table, column, *not_null),
            Fact::Default {
                table,
                column,
                expression,
            } => tables::default(found, table, column, expression),
            Fact::Generated {
                table,
                column,
                expression,
            } => tables::generated(found, table, column, expression),
            Fact::AutoNumber { table, column, .. } => tables::auto_number(found, table, column),
            Fact::TableComment { table, comment } => tables::comment(found, table, None, comment),
            Fact::ColumnComment {
                table,
                column,
                comment,
            } => tables::comment(found, table, Some(column), comment),
            Fact::PrimaryKey { table, columns } => constraints::primary_key(found, table, columns),
            Fact::ForeignKey { table, foreign_key } => constraints::foreign_key(found, table, foreign_key),
            Fact::Unique {
                table,
                columns,
                nulls_not_distinct,
            } => constraints::unique(found, table, columns, *nulls_not_distinct),
            Fact::CheckConstraint { table, expression } => {
                constraints::check(found, table, expression, || {
                    self.checks.iter().filter_map(|check| match &check.fact {
                        Fact::CheckConstraint {
                            table: other,
                            expression,
                        } if other == table => Some(expression.as_str()),
                        _ => None,
                    })
                })
            }
            Fact::Exclusion { table, definition } => constraints::exclusion(found, table, definition),
            Fact::Index { table, index } => indexes::index(found, table, index),
            Fact::Trigger { table, trigger } => triggers::trigger(found, table, trigger),
            Fact::ViewExists {
                view,
                materialized,
                columns,
            } => views::exists(found, view, *materialized, columns, &self.wanted),
            Fact::Function { function } => routines::function(found, function, rule),
            Fact::Sequence { sequence } => routines::sequence(found, sequence, rule),
            Fact::Enum { r#enum } => types::enumeration(found, r#enum),
            Fact::Domain { domain } => types::domain(found, domain, rule),
            Fact::Rows { table } => rows::content(
                rows::table(found, table),
                self.rows.get(table),
                rows_found.get(table),
            ),
            Fact::ViewRows { view } => {
                rows::content(rows::view(found, view), self.rows.get(view), rows_found.get(view))
            }
            Fact::RowCount { table, n_rows } => {
                rows::count(rows::table(found, table), *n_rows, rows_found.get(table))
            }
        }
    }

    fn wants_column(&self, table: &ObjectName, name: &str) -> bool {
        self.checks.iter().any(
            |check| matches!(&check.fact, Fact::ColumnExists { table: other, column } if other == table && column == name),
        )
    }
}

/// Judges one database. Whoever judges several keeps a [`Judge`].
pub fn judge(
    tasks: &[Task],
    rows: &[ExpectedRows],
    observation: &Observation,
    rule: TypeRule,
) -> Vec<Verdict> {
    Judge::new(tasks, rows.iter().cloned(), rule).verdicts(observation)
}

/// Which relations, and which columns of them, must be digested to judge these tasks.
pub fn rows_needed(tasks: &[Task], rows: &[ExpectedRows]) -> Vec<RowsNeeded> {
    Judge::new(tasks, rows.iter().cloned(), TypeRule::Strict).rows_needed()
}

/// What a check expects, in words.
fn expected(fact: &Fact, rows: &HashMap<ObjectName, ExpectedRows>, rule: TypeRule) -> String {
    let mut text = words::fact(fact);
    match fact {
        Fact::ColumnType { data_type, .. } if rule == TypeRule::Lenient => {
            if let Some((family, n_dimensions)) = family(data_type) {
                text.push_str(&format!(
                    " or another {}{}",
                    family.noun(),
                    if n_dimensions > 0 { " array" } else { "" }
                ));
            }
        }
        Fact::Rows { table: name } | Fact::ViewRows { view: name } => {
            if let Some(rows) = rows.get(name) {
                text.push_str(&format!(" ({})", words::count(rows.digest.n_rows, "row")));
            }
        }
        _ => {}
    }
    text
}
