//! Derives tasks and their checks from an example, so that a lab needs no authoring. It decides what is asked and what
//! it is worth; the words are in [`crate::words`] and `explain`, the judging in [`crate::judge`].
//!
//! Left out: extensions, what an empty relation holds (it would be right without any work), constraints and indexes
//! that say the same as another one, and comments unless asked for.

mod again;
mod explain;
mod key;
mod order;

use std::collections::{HashMap, HashSet};

pub use self::{
    again::{HAND_MADE, OF_A_PACK, rederive, without_start},
    key::fact_key,
};
use crate::{
    Clock, Random,
    check::{Check, Fact},
    id::{CheckId, TaskId},
    snapshot::{ExpectedRows, ObjectName, RowDigest, SchemaSnapshot, Table, View},
    task::{Points, Task},
    words,
};

/// What an instructor may choose about the derivation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeriveOptions {
    /// Ask for the comments on tables and columns too.
    pub comments: bool,
}

/// What a whole task is worth, by what it is about.
mod points {
    pub(super) const SCHEMA: u32 = 1;
    pub(super) const SEQUENCE: u32 = 2;
    pub(super) const INDEX: u32 = 2;
    pub(super) const TYPE: u32 = 3;
    pub(super) const VIEW: u32 = 5;
    pub(super) const FUNCTION: u32 = 5;
    pub(super) const TRIGGER: u32 = 5;
    pub(super) const TABLE: u32 = 10;
}

/// The share of a check in its task, relative to the others of the task: what takes more thought weighs more, and
/// content weighs as much as a handful of columns.
pub fn weight(fact: &Fact) -> u32 {
    match fact {
        Fact::TableExists { .. } | Fact::ViewExists { .. } => 2,
        Fact::ColumnExists { .. } | Fact::Nullability { .. } | Fact::Default { .. } => 1,
        Fact::ColumnType { .. } | Fact::Generated { .. } | Fact::AutoNumber { .. } => 2,
        Fact::PrimaryKey { .. } | Fact::ForeignKey { .. } => 4,
        Fact::Unique { .. } | Fact::CheckConstraint { .. } | Fact::Exclusion { .. } => 3,
        Fact::Rows { .. } => 8,
        Fact::RowCount { .. } => 2,
        Fact::ViewRows { .. } => 5,
        Fact::TableComment { .. } | Fact::ColumnComment { .. } => 1,
        // The only checks of their tasks.
        Fact::SchemaExists { .. }
        | Fact::Index { .. }
        | Fact::Trigger { .. }
        | Fact::Function { .. }
        | Fact::Sequence { .. }
        | Fact::Enum { .. }
        | Fact::Domain { .. } => 1,
    }
}

/// The tasks of an example, in the order in which a class can do them: schemas, types, sequences, tables (a table
/// after those that it refers to, as far as there is no cycle), indexes, views, functions, triggers.
///
/// `rows` has the content of its tables and views; those that are missing there get no checks of their content.
pub fn tasks(
    snapshot: &SchemaSnapshot,
    rows: &[ExpectedRows],
    options: DeriveOptions,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Vec<Task> {
    let rows: HashMap<_, _> = rows.iter().map(|rows| (&rows.name, rows.digest)).collect();
    let tables = order::tables(&snapshot.tables);
    let mut maker = Maker {
        tasks: Vec::new(),
        keys: HashSet::new(),
        clock,
        random,
    };
    for schema in sorted(&snapshot.schemas, |schema| (*schema).clone()) {
        let fact = Fact::SchemaExists {
            schema: schema.clone(),
        };
        maker.task(
            format!("Schema {}", words::name(schema)),
            points::SCHEMA,
            vec![fact],
        );
    }
    for r#enum in sorted(&snapshot.enums, |r#enum| r#enum.name.clone()) {
        let fact = Fact::Enum {
            r#enum: r#enum.clone(),
        };
        maker.task(
            format!("Enum type {}", words::object(&r#enum.name)),
            points::TYPE,
            vec![fact],
        );
    }
    for domain in sorted(&snapshot.domains, |domain| domain.name.clone()) {
        let fact = Fact::Domain {
            domain: domain.clone(),
        };
        maker.task(
            format!("Domain {}", words::object(&domain.name)),
            points::TYPE,
            vec![fact],
        );
    }
    for sequence in sorted(&snapshot.sequences, |sequence| sequence.name.clone()) {
        let fact = Fact::Sequence {
            sequence: sequence.clone(),
        };
        maker.task(
            format!("Sequence {}", words::object(&sequence.name)),
            points::SEQUENCE,
            vec![fact],
        );
    }
    for table in &tables {
        let facts = table_facts(table, rows.get(&table.name), options);
        maker.task(
            format!("Table {}", words::object(&table.name)),
            points::TABLE,
            facts,
        );
    }
    for table in &tables {
        for index in &table.indexes {
            let title = format!(
                "Index on {}({})",
                words::object(&table.name),
                words::index_keys(index)
            );
            let fact = Fact::Index {
                table: table.name.clone(),
                index: index.clone(),
            };
            maker.task(title, points::INDEX, vec![fact]);
        }
    }
    // A view can only use what was there before it, so the order of their making is an order of work.
    let views = sorted(&snapshot.views, |view| (view.oid, view.name.clone()));
    for view in &views {
        let noun = if view.materialized {
            "Materialized view"
        } else {
            "View"
        };
        maker.task(
            format!("{noun} {}", words::object(&view.name)),
            points::VIEW,
            view_facts(view, rows.get(&view.name)),
        );
    }
    for function in sorted(&snapshot.functions, |f| {
        (f.name.clone(), f.argument_types.clone())
    }) {
        let title = capitalised(&words::function(function));
        let fact = Fact::Function {
            function: function.clone(),
        };
        maker.task(title, points::FUNCTION, vec![fact]);
    }
    let of_tables = tables.iter().map(|table| (&table.name, &table.triggers));
    let of_views = views.iter().map(|view| (&view.name, &view.triggers));
    for (name, triggers) in of_tables.chain(of_views) {
        for trigger in triggers {
            let title = format!(
                "Trigger {} on {}",
                words::name(&trigger.name),
                words::object(name)
            );
            let fact = Fact::Trigger {
                table: name.clone(),
                trigger: trigger.clone(),
            };
            maker.task(title, points::TRIGGER, vec![fact]);
        }
    }
    maker.tasks
}

fn table_facts(table: &Table, rows: Option<&RowDigest>, options: DeriveOptions) -> Vec<Fact> {
    let name = || table.name.clone();
    let mut facts = vec![Fact::TableExists { table: name() }];
    let key = table.primary_key.as_ref().map_or(&[][..], |key| &key.columns);
    for column in &table.columns {
        let column_name = || column.name.clone();
        facts.push(Fact::ColumnExists {
            table: name(),
            column: column_name(),
        });
        facts.push(Fact::ColumnType {
            table: name(),
            column: column_name(),
            data_type: column.data_type.clone(),
        });
        // A primary key makes its columns not null by itself.
        if !key.contains(&column.name) {
            facts.push(Fact::Nullability {
                table: name(),
                column: column_name(),
                not_null: column.not_null,
            });
        }
        facts.extend(column.default.clone().map(|expression| Fact::Default {
            table: name(),
            column: column_name(),
            expression,
        }));
        facts.extend(column.generated.clone().map(|expression| Fact::Generated {
            table: name(),
            column: column_name(),
            expression,
        }));
        facts.extend(column.auto_number.map(|auto_number| Fact::AutoNumber {
            table: name(),
            column: column_name(),
            auto_number,
        }));
        if options.comments {
            facts.extend(column.comment.clone().map(|comment| Fact::ColumnComment {
                table: name(),
                column: column_name(),
                comment,
            }));
        }
    }
    facts.extend(table.primary_key.as_ref().map(|key| Fact::PrimaryKey {
        table: name(),
        columns: key.columns.clone(),
    }));
    facts.extend(table.foreign_keys.iter().map(|key| Fact::ForeignKey {
        table: name(),
        foreign_key: key.clone(),
    }));
    facts.extend(table.uniques.iter().map(|key| Fact::Unique {
        table: name(),
        columns: key.columns.clone(),
        nulls_not_distinct: key.nulls_not_distinct,
    }));
    facts.extend(table.checks.iter().map(|check| Fact::CheckConstraint {
        table: name(),
        expression: check.expression.clone(),
    }));
    facts.extend(table.exclusions.iter().map(|definition| Fact::Exclusion {
        table: name(),
        definition: definition.clone(),
    }));
    if options.comments {
        facts.extend(table.comment.clone().map(|comment| Fact::TableComment {
            table: name(),
            comment,
        }));
    }
    if let Some(digest) = rows.filter(|digest| digest.n_rows > 0) {
        facts.push(Fact::RowCount {
            table: name(),
            n_rows: digest.n_rows,
        });
        facts.push(Fact::Rows { table: name() });
    }
    facts
}

fn view_facts(view: &View, rows: Option<&RowDigest>) -> Vec<Fact> {
    let mut facts = vec![Fact::ViewExists {
        view: view.name.clone(),
        materialized: view.materialized,
        columns: view.columns.iter().map(|column| column.name.clone()).collect(),
    }];
    if rows.is_some_and(|digest| digest.n_rows > 0) {
        facts.push(Fact::ViewRows {
            view: view.name.clone(),
        });
    }
    facts
}

/// Turns facts into tasks, each fact and each task once.
struct Maker<'a> {
    tasks: Vec<Task>,
    keys: HashSet<String>,
    clock: &'a dyn Clock,
    random: &'a dyn Random,
}

impl Maker<'_> {
    fn task(&mut self, title: String, points: u32, facts: Vec<Fact>) {
        let Some(first) = facts.first() else { return };
        let (key, explanation) = (key::task_key(first), explain::task(first));
        let mut checks = Vec::with_capacity(facts.len());
        for fact in facts {
            if self.keys.insert(fact_key(&fact)) {
                checks.push(Check {
                    id: CheckId::new(self.clock, self.random),
                    title: words::fact(&fact),
                    explanation: explain::fact(&fact),
                    weight: weight(&fact),
                    fact,
                });
            }
        }
        if !checks.is_empty() {
            self.tasks.push(Task {
                id: TaskId::new(self.clock, self.random),
                key,
                title,
                explanation,
                points: Points::from_whole(points),
                checks,
            });
        }
    }
}

fn sorted<T, K: Ord>(items: &[T], key: impl Fn(&T) -> K) -> Vec<&T> {
    let mut items: Vec<_> = items.iter().collect();
    items.sort_by_key(|item| key(item));
    items
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// `public.album`, for keys.
fn full(name: &ObjectName) -> String {
    format!("{}.{}", name.schema, name.name)
}
