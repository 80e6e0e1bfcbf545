//! The datasets for a task, made from those of the start by rules: rows without a match, duplicates, NULLs, values at the
//! boundary, ties, few rows, none. The same for the same tables, references and seed. What a constraint does not allow is left
//! out where that is known, and else by who carries it out.

use std::collections::BTreeSet;

use super::{
    Used,
    mutation::{Change, Copied, Fresh, Mutated, Share, Unit, Value},
};
use crate::snapshot::{AutoNumber, Column, ObjectName, SchemaSnapshot, Table};

/// The most changes of one dataset.
pub const MAX_CHANGES: usize = 200;

/// The datasets for these references, those without any change left out. With no reference that could be read, of all tables.
pub fn plan(schema: &SchemaSnapshot, references: &[Used], seed: u64) -> Vec<Mutated> {
    let mut wanted: BTreeSet<&ObjectName> = references.iter().flat_map(|used| &used.tables).collect();
    if wanted.is_empty() {
        wanted = schema.tables.iter().map(|table| &table.name).collect();
    }
    let plan = Plan {
        schema,
        tables: schema
            .tables
            .iter()
            .filter(|table| wanted.contains(&table.name))
            .collect(),
        references,
        seed: std::cell::Cell::new(seed),
    };
    let datasets = [
        (
            "unmatched",
            "rows without a match in other tables",
            plan.unmatched(),
        ),
        ("duplicates", "rows that stand there twice", plan.duplicates()),
        ("nulls", "NULL where a column may have it", plan.nulls()),
        (
            "boundaries",
            "values at and beside the boundary",
            plan.boundaries(),
        ),
        ("ties", "many rows with the same value", plan.ties()),
        ("few", "few rows", plan.few()),
        (
            "leaves",
            "no rows in the tables that refer to others",
            plan.leaves(),
        ),
        ("empty", "no rows at all", plan.empty()),
    ];
    datasets
        .into_iter()
        .map(|(name, sentence, mut changes)| {
            changes.truncate(MAX_CHANGES);
            Mutated {
                name: name.to_owned(),
                sentence: sentence.to_owned(),
                changes,
            }
        })
        .filter(|mutated| !mutated.changes.is_empty())
        .collect()
}

struct Plan<'s> {
    schema: &'s SchemaSnapshot,
    tables: Vec<&'s Table>,
    references: &'s [Used],
    seed: std::cell::Cell<u64>,
}

impl Plan<'_> {
    /// One of so many rows, which one by the seed.
    fn share(&self, every: u32) -> Share {
        // SplitMix64.
        let state = self.seed.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.seed.set(state);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let rest = u32::try_from((mixed ^ (mixed >> 31)) % u64::from(every)).unwrap_or(0);
        Share { every, rest }
    }

    fn set(&self, table: &Table, column: &Column, rows: Share, value: Value) -> Change {
        Change::Set {
            table: table.name.clone(),
            column: column.name.clone(),
            rows,
            value,
        }
    }

    fn unmatched(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for table in &self.tables {
            for key in &table.foreign_keys {
                changes.push(Change::Unmatch {
                    table: table.name.clone(),
                    columns: key.columns.clone(),
                    rows: self.share(3),
                });
                for column in key.columns.iter().filter_map(|name| table.column(name)) {
                    if may_be_null(table, column) {
                        changes.push(self.set(table, column, self.share(3), Value::Null));
                    }
                }
            }
        }
        changes
    }

    fn duplicates(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for table in &self.tables {
            if let Some(columns) = copied(table) {
                changes.push(Change::Duplicate {
                    table: table.name.clone(),
                    rows: self.share(2),
                    columns,
                });
            }
        }
        changes
    }

    fn nulls(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for table in &self.tables {
            for column in table.columns.iter().filter(|column| may_be_null(table, column)) {
                changes.push(self.set(table, column, self.share(3), Value::Null));
            }
        }
        changes
    }

    fn boundaries(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for table in &self.tables {
            for column in table.columns.iter().filter(|column| is_free(table, column)) {
                let values = match Family::of(&column.data_type) {
                    Family::Number => vec![
                        Value::Literal("0".to_owned()),
                        Value::Literal("-1".to_owned()),
                        beyond(1, Unit::Number),
                        beyond(-1, Unit::Number),
                    ],
                    Family::Time => vec![beyond(1, Unit::Day), beyond(-1, Unit::Day)],
                    Family::Text => vec![Value::Literal(String::new())],
                    Family::Other => Vec::new(),
                };
                for value in values {
                    changes.push(self.set(table, column, self.share(12), value));
                }
            }
        }
        // What the references compare with comes last: it is not written over.
        for used in self.references {
            for ((name, column), values) in &used.values {
                let Some(table) = self.tables.iter().find(|table| table.name == *name) else {
                    continue;
                };
                let Some(column) = table.column(column).filter(|column| is_free(table, column)) else {
                    continue;
                };
                for value in values {
                    let unit = match Family::of(&column.data_type) {
                        Family::Number => Some(Unit::Number),
                        Family::Time => Some(Unit::Day),
                        Family::Text | Family::Other => None,
                    };
                    if let Some(unit) = unit {
                        for by in [-1, 1] {
                            let of = value.clone();
                            let beside = Value::Beside { of, by, unit };
                            changes.push(self.set(table, column, self.share(8), beside));
                        }
                    }
                    changes.push(self.set(table, column, self.share(6), Value::Literal(value.clone())));
                }
            }
        }
        let excess = changes.len().saturating_sub(MAX_CHANGES);
        changes.drain(..excess);
        changes
    }

    fn ties(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for table in &self.tables {
            for column in table.columns.iter().filter(|column| is_free(table, column)) {
                if Family::of(&column.data_type) != Family::Other && !is_foreign(table, column) {
                    changes.push(self.set(table, column, self.share(2), Value::OfFirst));
                }
            }
        }
        changes
    }

    fn few(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        // Those that refer to others first.
        for table in self.leaves_first() {
            for rest in 0..2 {
                let first = self.share(3).rest;
                changes.push(Change::Remove {
                    table: table.name.clone(),
                    rows: Share {
                        every: 3,
                        rest: (first + rest) % 3,
                    },
                });
            }
        }
        changes
    }

    fn leaves(&self) -> Vec<Change> {
        let refers: Vec<&&Table> = self
            .tables
            .iter()
            .filter(|table| table.foreign_keys.iter().any(|key| key.ref_table != table.name))
            .collect();
        if refers.is_empty() || refers.len() == self.tables.len() {
            return Vec::new();
        }
        self.emptied(refers.into_iter().map(|table| table.name.clone()).collect())
    }

    fn empty(&self) -> Vec<Change> {
        self.emptied(self.tables.iter().map(|table| table.name.clone()).collect())
    }

    /// With all that refer to them.
    fn emptied(&self, mut tables: Vec<ObjectName>) -> Vec<Change> {
        loop {
            let more = self.schema.tables.iter().find(|table| {
                !tables.contains(&table.name)
                    && table
                        .foreign_keys
                        .iter()
                        .any(|key| tables.contains(&key.ref_table))
            });
            match more {
                Some(table) => tables.push(table.name.clone()),
                None => break,
            }
        }
        if tables.is_empty() {
            return Vec::new();
        }
        vec![Change::Empty { tables }]
    }

    fn leaves_first(&self) -> Vec<&Table> {
        let mut left: Vec<&Table> = self.tables.clone();
        let mut ordered = Vec::new();
        while !left.is_empty() {
            let at = left
                .iter()
                .position(|table| {
                    let refers = |other: &&Table| {
                        other.name != table.name
                            && other.foreign_keys.iter().any(|key| key.ref_table == table.name)
                    };
                    !left.iter().any(refers)
                })
                .unwrap_or(0);
            ordered.push(left.remove(at));
        }
        ordered
    }
}

fn beyond(by: i32, unit: Unit) -> Value {
    Value::Beyond { by, unit }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Number,
    Text,
    Time,
    Other,
}

impl Family {
    /// Of a type as `format_type` prints it.
    fn of(data_type: &str) -> Self {
        let bare = data_type.split('(').next().unwrap_or_default().trim_end();
        match bare {
            "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision" => Self::Number,
            "text" | "character varying" | "character" => Self::Text,
            "date" => Self::Time,
            other if other.starts_with("timestamp") => Self::Time,
            _ => Self::Other,
        }
    }
}

fn is_written(column: &Column) -> bool {
    column.generated.is_none() && column.auto_number != Some(AutoNumber::IdentityAlways)
}

fn in_key(table: &Table, column: &Column) -> bool {
    table
        .primary_key
        .iter()
        .chain(&table.uniques)
        .any(|key| key.columns.contains(&column.name))
        || table
            .indexes
            .iter()
            .any(|index| index.unique && index.keys.contains(&column.name))
}

fn is_foreign(table: &Table, column: &Column) -> bool {
    table
        .foreign_keys
        .iter()
        .any(|key| key.columns.contains(&column.name))
}

fn may_be_null(table: &Table, column: &Column) -> bool {
    let in_primary = table
        .primary_key
        .iter()
        .any(|key| key.columns.contains(&column.name));
    !column.not_null && !in_primary && is_written(column)
}

/// Nothing but a check hinders another value.
fn is_free(table: &Table, column: &Column) -> bool {
    is_written(column) && !in_key(table, column)
}

/// How a row is written once more. `None`: a key forbids it.
fn copied(table: &Table) -> Option<Vec<Copied>> {
    let keys: Vec<_> = table.primary_key.iter().chain(&table.uniques).collect();
    let mut fresh: Vec<(&str, Fresh)> = Vec::new();
    for key in keys {
        // A default makes those new that number themselves.
        let numbered = |name: &String| {
            table
                .column(name)
                .is_some_and(|column| column.auto_number.is_some())
        };
        if key.columns.iter().any(numbered)
            || fresh
                .iter()
                .any(|(name, _)| key.columns.iter().any(|other| other == name))
        {
            continue;
        }
        let column = key
            .columns
            .iter()
            .filter_map(|name| table.column(name))
            .filter(|column| is_written(column) && !is_foreign(table, column))
            .find_map(|column| match Family::of(&column.data_type) {
                Family::Number => Some((column.name.as_str(), Fresh::Number)),
                Family::Text => Some((column.name.as_str(), Fresh::Text)),
                Family::Time | Family::Other => None,
            })?;
        fresh.push(column);
    }
    let columns = table
        .columns
        .iter()
        .filter(|column| is_written(column) && !(in_key(table, column) && column.auto_number.is_some()));
    Some(
        columns
            .map(|column| Copied {
                column: column.name.clone(),
                fresh: fresh
                    .iter()
                    .find(|(name, _)| *name == column.name)
                    .map_or(Fresh::Same, |(_, fresh)| *fresh),
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const TYPES: [&str; 6] = [
        "integer",
        "text",
        "date",
        "numeric(10,2)",
        "boolean",
        "timestamp with time zone",
    ];

    /// A table of so many columns, of which the first is the key, referring to one before it.
    fn table(n: usize, columns: &[(usize, bool)], refers: Option<usize>) -> Table {
        let mut all = vec![json!({ "name": "id", "type": "integer", "not_null": true })];
        for (at, (kind, not_null)) in columns.iter().enumerate() {
            all.push(
                json!({ "name": format!("c{at}"), "type": TYPES[kind % TYPES.len()], "not_null": not_null }),
            );
        }
        let mut foreign = Vec::new();
        if let Some(other) = refers {
            all.push(json!({ "name": "other", "type": "integer", "not_null": false }));
            foreign.push(json!({ "name": "f", "columns": ["other"], "ref_table": { "schema": "public", "name": format!("t{other}") },
                "ref_columns": ["id"], "on_update": "no_action", "on_delete": "no_action" }));
        }
        serde_json::from_value(
            json!({ "name": { "schema": "public", "name": format!("t{n}") }, "columns": all,
            "primary_key": { "name": "k", "columns": ["id"] }, "foreign_keys": foreign }),
        )
        .unwrap()
    }

    fn schemas() -> impl Strategy<Value = SchemaSnapshot> {
        let columns = prop::collection::vec((0..6usize, any::<bool>()), 0..5);
        prop::collection::vec((columns, prop::option::of(0..5usize)), 1..5).prop_map(|tables| {
            SchemaSnapshot {
                tables: tables
                    .iter()
                    .enumerate()
                    .map(|(n, (columns, refers))| table(n, columns, refers.filter(|other| *other < n)))
                    .collect(),
                ..SchemaSnapshot::default()
            }
        })
    }

    proptest! {
        #[test]
        fn a_plan_depends_on_what_it_is_made_of_and_keeps_to_what_is_known(schema in schemas(), seed in any::<u64>(), of in 0..5usize) {
            let mut used = Used::default();
            if let Some(table) = schema.tables.get(of) {
                used.tables.insert(table.name.clone());
                for column in &table.columns {
                    used.values.insert((table.name.clone(), column.name.clone()), ["7".to_owned()].into());
                }
            }
            let made = plan(&schema, std::slice::from_ref(&used), seed);
            prop_assert_eq!(&made, &plan(&schema, std::slice::from_ref(&used), seed));
            let mut names = BTreeSet::new();
            for mutated in &made {
                prop_assert!(names.insert(&mutated.name));
                prop_assert!((1..=MAX_CHANGES).contains(&mutated.changes.len()));
                for change in &mutated.changes {
                    prop_assert!(!change.sentence().is_empty());
                    let share = match change {
                        Change::Set { table, column, rows, value } => {
                            let table = schema.tables.iter().find(|other| other.name == *table).unwrap();
                            let column = table.column(column).unwrap();
                            prop_assert!(column.name != "id", "a key is never set");
                            prop_assert!(*value != Value::Null || !column.not_null);
                            Some(rows)
                        }
                        Change::Duplicate { columns, rows, .. } => {
                            prop_assert!(columns.iter().any(|one| one.column == "id" && one.fresh == Fresh::Number));
                            Some(rows)
                        }
                        Change::Remove { rows, .. } | Change::Unmatch { rows, .. } => Some(rows),
                        Change::Empty { tables } => {
                            for table in &schema.tables {
                                let refers = table.foreign_keys.iter().any(|key| tables.contains(&key.ref_table));
                                prop_assert!(!refers || tables.contains(&table.name), "what refers to them is emptied, too");
                            }
                            None
                        }
                    };
                    prop_assert!(share.is_none_or(|share| share.rest < share.every));
                }
            }
            if !used.tables.is_empty() {
                // What a reference compares with stands in the data, and what is just beside it.
                let boundaries = made.iter().find(|one| one.name == "boundaries");
                let table = &schema.tables[of];
                for column in table.columns.iter().filter(|column| column.name != "id") {
                    let is_set = boundaries.is_some_and(|one| one.changes.iter().any(|change| matches!(change,
                        Change::Set { column: name, value: Value::Literal(text), .. } if *name == column.name && text == "7")));
                    prop_assert!(is_set, "{}", column.name);
                }
            }
        }
    }
}
