//! Single changes to a generated schema: what each is in SQL, what a database looks like afterwards, and which facts of the
//! example no longer hold. The last is said here by naming what is lost, and never by asking the judge.

mod constraints;
mod others;
mod rows;
mod tables;

use std::collections::BTreeSet;

use pglab_core::{
    check::Fact,
    judge::Observation,
    snapshot::{Column, Index, ObjectName, ObservedRows, Table, Trigger},
};

use super::{GeneratedSchema, digest, row_hash, sorted, sql};

/// A change, and what it does.
#[derive(Debug, Clone)]
pub struct Mutation {
    /// For the message of a failing test.
    pub what: String,
    /// `None` where PostgreSQL has no statement for it.
    pub sql: Option<String>,
    pub after: Observation,
    pub lost: Vec<Lost>,
    /// A lenient lab takes no offence.
    pub is_lenient: bool,
}

impl Mutation {
    /// Whether a fact of the unchanged schema no longer holds.
    pub fn breaks(&self, fact: &Fact) -> bool {
        self.lost.iter().any(|lost| lost.covers(fact))
    }
}

/// A part of the schema of which facts speak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lost {
    /// All that is said of a table, its columns, constraints, indexes, triggers and rows.
    Table(ObjectName),
    /// All that is said of a column alone.
    Column(ObjectName, String),
    /// One kind of fact about a column.
    OfColumn(ObjectName, String, &'static str),
    PrimaryKey(ObjectName),
    /// By name.
    ForeignKey(ObjectName, String),
    Unique(ObjectName, Vec<String>),
    /// The check constraint that speaks of a column.
    Check(ObjectName, String),
    /// By name.
    Index(ObjectName, String),
    /// By name.
    Trigger(ObjectName, String),
    Rows(ObjectName),
    RowCount(ObjectName),
    View(ObjectName),
    ViewRows(ObjectName),
    Function(ObjectName),
    Sequence(ObjectName),
    Enum(ObjectName),
    Domain(ObjectName),
    Schema(String),
}

impl Lost {
    fn covers(&self, fact: &Fact) -> bool {
        match self {
            Self::Table(name) => table_of(fact) == Some(name),
            Self::Column(name, column) => table_of(fact) == Some(name) && column_of(fact) == Some(column),
            Self::OfColumn(name, column, kind) => {
                table_of(fact) == Some(name) && column_of(fact) == Some(column) && fact.kind() == *kind
            }
            Self::PrimaryKey(name) => matches!(fact, Fact::PrimaryKey { table, .. } if table == name),
            Self::ForeignKey(name, key) => {
                matches!(fact, Fact::ForeignKey { table, foreign_key } if table == name && foreign_key.name == *key)
            }
            Self::Unique(name, of) => {
                matches!(fact, Fact::Unique { table, columns, .. } if table == name && columns == of)
            }
            Self::Check(name, column) => {
                matches!(fact, Fact::CheckConstraint { table, expression } if table == name && speaks_of(expression, column))
            }
            Self::Index(name, wanted) => {
                matches!(fact, Fact::Index { table, index } if table == name && index.name == *wanted)
            }
            Self::Trigger(name, wanted) => {
                matches!(fact, Fact::Trigger { table, trigger } if table == name && trigger.name == *wanted)
            }
            Self::Rows(name) => matches!(fact, Fact::Rows { table } if table == name),
            Self::RowCount(name) => matches!(fact, Fact::RowCount { table, .. } if table == name),
            Self::View(name) => {
                matches!(fact, Fact::ViewExists { view, .. } | Fact::ViewRows { view } if view == name)
            }
            Self::ViewRows(name) => matches!(fact, Fact::ViewRows { view } if view == name),
            Self::Function(name) => matches!(fact, Fact::Function { function } if function.name == *name),
            Self::Sequence(name) => matches!(fact, Fact::Sequence { sequence } if sequence.name == *name),
            Self::Enum(name) => matches!(fact, Fact::Enum { r#enum } if r#enum.name == *name),
            Self::Domain(name) => matches!(fact, Fact::Domain { domain } if domain.name == *name),
            Self::Schema(name) => matches!(fact, Fact::SchemaExists { schema } if schema == name),
        }
    }
}

fn table_of(fact: &Fact) -> Option<&ObjectName> {
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
        Fact::SchemaExists { .. }
        | Fact::ViewExists { .. }
        | Fact::ViewRows { .. }
        | Fact::Function { .. }
        | Fact::Sequence { .. }
        | Fact::Enum { .. }
        | Fact::Domain { .. } => None,
    }
}

fn column_of(fact: &Fact) -> Option<&String> {
    match fact {
        Fact::ColumnExists { column, .. }
        | Fact::ColumnType { column, .. }
        | Fact::Nullability { column, .. }
        | Fact::Default { column, .. }
        | Fact::Generated { column, .. }
        | Fact::AutoNumber { column, .. }
        | Fact::ColumnComment { column, .. } => Some(column),
        _ => None,
    }
}

/// Whether an expression names a column, as a word of its own.
fn speaks_of(expression: &str, column: &str) -> bool {
    let name = sql::name(column);
    expression.match_indices(&name).any(|(at, _)| {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '"';
        !expression[..at].ends_with(is_word) && !expression[at + name.len()..].starts_with(is_word)
    })
}

/// Every change of the list, wherever the schema has something to change.
pub fn mutations(schema: &GeneratedSchema) -> Vec<Mutation> {
    let mut maker = Maker {
        schema,
        made: Vec::new(),
    };
    for table in &schema.snapshot.tables {
        maker.whole_table(table);
        for column in &table.columns {
            maker.column(table, column);
        }
        maker.constraints(table);
        maker.indexes_and_triggers(table);
        maker.rows(table);
        maker.harmless(table);
    }
    maker.views();
    maker.others();
    maker.made
}

struct Maker<'a> {
    schema: &'a GeneratedSchema,
    made: Vec<Mutation>,
}

impl Maker<'_> {
    fn add(
        &mut self,
        what: String,
        sql: impl Into<Option<String>>,
        lost: Vec<Lost>,
        change: impl FnOnce(&mut Observation),
    ) {
        let mut after = self.schema.observation();
        change(&mut after);
        self.made.push(Mutation {
            what,
            sql: sql.into(),
            after,
            lost,
            is_lenient: false,
        });
    }

    /// The foreign keys, of all tables, that refer to a table.
    fn references_to(&self, name: &ObjectName) -> Vec<(ObjectName, String)> {
        self.schema
            .snapshot
            .tables
            .iter()
            .flat_map(|table| table.foreign_keys.iter().map(move |key| (table, key)))
            .filter(|(_, key)| key.ref_table == *name)
            .map(|(table, key)| (table.name.clone(), key.name.clone()))
            .collect()
    }

    /// The views that show one of the columns of a table; all its views without columns given.
    fn views_of(&self, name: &ObjectName, columns: Option<&BTreeSet<String>>) -> Vec<ObjectName> {
        self.schema
            .snapshot
            .views
            .iter()
            .filter(|view| self.schema.view_tables[&view.name] == *name)
            .filter(|view| {
                columns.is_none_or(|columns| view.columns.iter().any(|column| columns.contains(&column.name)))
            })
            .map(|view| view.name.clone())
            .collect()
    }
}

fn found_table<'a>(after: &'a mut Observation, name: &ObjectName) -> &'a mut Table {
    after
        .schema
        .tables
        .iter_mut()
        .find(|table| table.name == *name)
        .expect("the table that is being changed")
}

fn found<'a>(after: &'a mut Observation, table: &ObjectName, name: &str) -> &'a mut Column {
    found_table(after, table)
        .columns
        .iter_mut()
        .find(|column| column.name == name)
        .expect("the column that is being changed")
}

fn drop_references(after: &mut Observation, references: &[(ObjectName, String)]) {
    for table in &mut after.schema.tables {
        table.foreign_keys.retain(|key| {
            !references
                .iter()
                .any(|(of, name)| *of == table.name && *name == key.name)
        });
    }
}

fn drop_views(after: &mut Observation, views: &[ObjectName]) {
    after.schema.views.retain(|view| !views.contains(&view.name));
    for view in views {
        after.rows.insert(view.clone(), ObservedRows::Missing);
    }
}

/// What is seen of a table's rows when it lacks a column.
fn count_rows(after: &mut Observation, name: &ObjectName) {
    if let Some(rows) = after.rows.get_mut(name)
        && let ObservedRows::Digest { digest, .. } = rows
    {
        *rows = ObservedRows::Counted {
            n_rows: digest.n_rows,
        };
    }
}

/// Gives relations other rows: those for which there is a version.
fn set_rows(after: &mut Observation, relations: &[ObjectName], version: impl Fn(u32) -> Option<u32>) {
    for name in relations {
        let rows = (1..=32).filter_map(|row| version(row).map(|version| row_hash(name, row, version)));
        let hashes = sorted(rows);
        let observed = ObservedRows::Digest {
            digest: digest(&hashes),
            hashes: Some(hashes),
        };
        after.rows.insert(name.clone(), observed);
    }
}

fn uses(index: &Index, columns: &BTreeSet<String>) -> bool {
    let texts = index.keys.iter().chain(&index.predicate);
    columns
        .iter()
        .any(|column| index.include.contains(column) || texts.clone().any(|text| speaks_of(text, column)))
}

fn is_watched(trigger: &Trigger, columns: &BTreeSet<String>) -> bool {
    columns.iter().any(|column| {
        trigger.update_columns.contains(column)
            || trigger
                .condition
                .as_ref()
                .is_some_and(|condition| condition.contains(&format!("new.{} ", sql::name(column))))
    })
}
