//! Single changes to a generated schema: what each is in SQL, what a database looks like afterwards, and which facts of the
//! example no longer hold. The last is said here by naming what is lost, and never by asking the judge.

use std::collections::BTreeSet;

use pglab_core::{
    check::Fact,
    judge::Observation,
    snapshot::{AutoNumber, Column, ForeignKey, ForeignKeyAction, Index, ObjectName, ObservedRows, Table},
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

    fn whole_table(&mut self, table: &Table) {
        let name = &table.name;
        let references = self.references_to(name);
        let lost_references = references
            .iter()
            .map(|(table, key)| Lost::ForeignKey(table.clone(), key.clone()));
        let views = self.views_of(name, None);
        let mut lost = vec![Lost::Table(name.clone())];
        lost.extend(lost_references);
        let renamed = lost.clone();
        lost.extend(views.iter().cloned().map(Lost::View));
        self.add(
            format!("drop table {name:?}"),
            format!("DROP TABLE {} CASCADE", name.quoted()),
            lost,
            |after| {
                after.schema.tables.retain(|table| table.name != *name);
                drop_references(after, &references);
                drop_views(after, &views);
                after.rows.insert(name.clone(), ObservedRows::Missing);
            },
        );
        let new = ObjectName::new(&name.schema, "another_name_altogether");
        self.add(
            format!("rename table {name:?}"),
            format!("ALTER TABLE {} RENAME TO {}", name.quoted(), new.name),
            renamed,
            |after| {
                for table in &mut after.schema.tables {
                    for key in &mut table.foreign_keys {
                        if key.ref_table == *name {
                            key.ref_table = new.clone();
                        }
                    }
                    if table.name == *name {
                        table.name = new.clone();
                    }
                }
                after.rows.insert(name.clone(), ObservedRows::Missing);
            },
        );
    }

    fn column(&mut self, table: &Table, column: &Column) {
        self.drop_column(table, column);
        let name = &table.name;
        let alter = format!(
            "ALTER TABLE {} ALTER COLUMN {}",
            name.quoted(),
            sql::name(&column.name)
        );
        let in_key = table
            .primary_key
            .as_ref()
            .is_some_and(|key| key.columns.contains(&column.name));
        let is_reference = table
            .foreign_keys
            .iter()
            .any(|key| key.columns.contains(&column.name));
        let lost = |kind| vec![Lost::OfColumn(name.clone(), column.name.clone(), kind)];
        if !in_key && column.auto_number.is_none() {
            if column.not_null {
                self.add(
                    format!("drop not null of {name:?}.{}", column.name),
                    format!("{alter} DROP NOT NULL"),
                    lost("nullability"),
                    |after| found(after, name, &column.name).not_null = false,
                );
            } else if !is_reference {
                self.add(
                    format!("set not null of {name:?}.{}", column.name),
                    format!("{alter} SET NOT NULL"),
                    lost("nullability"),
                    |after| found(after, name, &column.name).not_null = true,
                );
            }
        }
        if column.default.is_some() {
            self.add(
                format!("drop default of {name:?}.{}", column.name),
                format!("{alter} DROP DEFAULT"),
                lost("default"),
                |after| found(after, name, &column.name).default = None,
            );
        }
        if column.default.as_deref() == Some("7") {
            self.add(
                format!("change default of {name:?}.{}", column.name),
                format!("{alter} SET DEFAULT 8"),
                lost("default"),
                |after| found(after, name, &column.name).default = Some("8".to_owned()),
            );
        }
        if let Some(how) = column.auto_number {
            let what = if how == AutoNumber::Serial {
                "DEFAULT"
            } else {
                "IDENTITY"
            };
            self.add(
                format!("drop auto number of {name:?}.{}", column.name),
                format!("{alter} DROP {what}"),
                lost("auto_number"),
                |after| found(after, name, &column.name).auto_number = None,
            );
            self.add(
                format!("another auto number of {name:?}.{}", column.name),
                None,
                Vec::new(),
                |after| {
                    found(after, name, &column.name).auto_number = Some(match how {
                        AutoNumber::Serial => AutoNumber::IdentityAlways,
                        _ => AutoNumber::Serial,
                    });
                },
            );
        }
        if let Some(generated) = &column.generated {
            self.add(
                format!("drop generation of {name:?}.{}", column.name),
                format!("{alter} DROP EXPRESSION"),
                lost("generated"),
                |after| found(after, name, &column.name).generated = None,
            );
            self.add(
                format!("change generation of {name:?}.{}", column.name),
                None,
                lost("generated"),
                |after| found(after, name, &column.name).generated = Some(generated.replace("+ 1", "+ 2")),
            );
        }
        let new_type = match column.data_type.as_str() {
            "integer" => "bigint",
            "smallint" => "integer",
            "text" => "character varying(500)",
            "character varying(40)" => "character varying(41)",
            "numeric(10,2)" => "numeric(12,2)",
            _ => return,
        };
        if !is_reference && !self.is_used(table, column, in_key) {
            self.add(
                format!("change type of {name:?}.{}", column.name),
                format!("{alter} TYPE {new_type}"),
                lost("column_type"),
                |after| found(after, name, &column.name).data_type = new_type.to_owned(),
            );
            if let Some(mutation) = self.made.last_mut() {
                mutation.is_lenient = true;
            }
        }
    }

    /// Whether PostgreSQL refuses to change the type of a column, or prints something else anew when it does.
    fn is_used(&self, table: &Table, column: &Column, in_key: bool) -> bool {
        let name = &column.name;
        let set = BTreeSet::from([name.clone()]);
        column.default.is_some()
            || column.auto_number.is_some()
            || column.generated.is_some()
            || (in_key && !self.references_to(&table.name).is_empty())
            || !self.views_of(&table.name, Some(&set)).is_empty()
            || table
                .checks
                .iter()
                .any(|check| speaks_of(&check.expression, name))
            || table.triggers.iter().any(|trigger| is_watched(trigger, &set))
            || table.columns.iter().any(|other| {
                other
                    .generated
                    .as_ref()
                    .is_some_and(|generated| speaks_of(generated, name))
            })
            || table.indexes.iter().any(|index| {
                index.predicate.is_some() && uses(index, &set)
                    || index.keys.iter().any(|key| key.contains('('))
            })
    }

    fn drop_column(&mut self, table: &Table, column: &Column) {
        let name = &table.name;
        // What is computed from it goes with it.
        let mut gone = BTreeSet::from([column.name.clone()]);
        gone.extend(
            table
                .columns
                .iter()
                .filter(|other| {
                    other
                        .generated
                        .as_ref()
                        .is_some_and(|generated| speaks_of(generated, &column.name))
                })
                .map(|other| other.name.clone()),
        );
        let is_gone = |columns: &[String]| columns.iter().any(|column| gone.contains(column));
        let mut lost: Vec<_> = gone
            .iter()
            .map(|column| Lost::Column(name.clone(), column.clone()))
            .collect();
        let mut references = Vec::new();
        if let Some(key) = &table.primary_key
            && is_gone(&key.columns)
        {
            lost.push(Lost::PrimaryKey(name.clone()));
            references = self.references_to(name);
        }
        for key in table.foreign_keys.iter().filter(|key| is_gone(&key.columns)) {
            references.push((name.clone(), key.name.clone()));
        }
        lost.extend(
            references
                .iter()
                .map(|(table, key)| Lost::ForeignKey(table.clone(), key.clone())),
        );
        for key in table.uniques.iter().filter(|key| is_gone(&key.columns)) {
            lost.push(Lost::Unique(name.clone(), key.columns.clone()));
        }
        let checks: Vec<_> = gone
            .iter()
            .map(|column| Lost::Check(name.clone(), column.clone()))
            .collect();
        lost.extend(checks);
        for index in table.indexes.iter().filter(|index| uses(index, &gone)) {
            lost.push(Lost::Index(name.clone(), index.name.clone()));
        }
        for trigger in table.triggers.iter().filter(|trigger| is_watched(trigger, &gone)) {
            lost.push(Lost::Trigger(name.clone(), trigger.name.clone()));
        }
        // Rows that lack a column can't be compared or counted.
        lost.push(Lost::Rows(name.clone()));
        lost.push(Lost::RowCount(name.clone()));
        let views = self.views_of(name, Some(&gone));
        lost.extend(views.iter().cloned().map(Lost::View));
        self.add(
            format!("drop column {name:?}.{}", column.name),
            format!(
                "ALTER TABLE {} DROP COLUMN {} CASCADE",
                name.quoted(),
                sql::name(&column.name)
            ),
            lost,
            |after| {
                let table = found_table(after, name);
                table.columns.retain(|column| !gone.contains(&column.name));
                if table
                    .primary_key
                    .as_ref()
                    .is_some_and(|key| is_gone(&key.columns))
                {
                    table.primary_key = None;
                }
                table.uniques.retain(|key| !is_gone(&key.columns));
                table
                    .checks
                    .retain(|check| !gone.iter().any(|column| speaks_of(&check.expression, column)));
                table.indexes.retain(|index| !uses(index, &gone));
                table.triggers.retain(|trigger| !is_watched(trigger, &gone));
                drop_references(after, &references);
                drop_views(after, &views);
                after.rows.insert(name.clone(), ObservedRows::Missing);
            },
        );
    }

    fn constraints(&mut self, table: &Table) {
        let name = &table.name;
        let drop = |constraint: &str| {
            format!(
                "ALTER TABLE {} DROP CONSTRAINT {} CASCADE",
                name.quoted(),
                sql::name(constraint)
            )
        };
        if let Some(key) = &table.primary_key {
            let references = self.references_to(name);
            let mut lost = vec![Lost::PrimaryKey(name.clone())];
            lost.extend(
                references
                    .iter()
                    .map(|(table, key)| Lost::ForeignKey(table.clone(), key.clone())),
            );
            self.add(
                format!("drop primary key of {name:?}"),
                drop(&key.name),
                lost,
                |after| {
                    found_table(after, name).primary_key = None;
                    drop_references(after, &references);
                },
            );
        }
        for (at, key) in table.foreign_keys.iter().enumerate() {
            let lost = vec![Lost::ForeignKey(name.clone(), key.name.clone())];
            self.add(
                format!("drop {} of {name:?}", key.name),
                drop(&key.name),
                lost.clone(),
                |after| {
                    found_table(after, name).foreign_keys.remove(at);
                },
            );
            let other = ForeignKey {
                on_delete: match key.on_delete {
                    ForeignKeyAction::Cascade => ForeignKeyAction::Restrict,
                    _ => ForeignKeyAction::Cascade,
                },
                ..key.clone()
            };
            let statements = format!("{}; {}", drop(&key.name), sql::foreign_key(name, &other));
            self.add(
                format!("other action of {} of {name:?}", key.name),
                statements,
                lost,
                |after| {
                    found_table(after, name).foreign_keys[at] = other;
                },
            );
        }
        for (at, key) in table.uniques.iter().enumerate() {
            let lost = vec![Lost::Unique(name.clone(), key.columns.clone())];
            self.add(
                format!("drop {} of {name:?}", key.name),
                drop(&key.name),
                lost,
                |after| {
                    found_table(after, name).uniques.remove(at);
                },
            );
            let index = Index {
                name: "instead".to_owned(),
                method: "btree".to_owned(),
                keys: key.columns.iter().map(|column| sql::name(column)).collect(),
                include: Vec::new(),
                unique: true,
                predicate: None,
            };
            let statements = format!("{}; {}", drop(&key.name), sql::index(name, &index));
            self.add(
                format!("index instead of {} of {name:?}", key.name),
                statements,
                Vec::new(),
                |after| {
                    let table = found_table(after, name);
                    table.uniques.remove(at);
                    table.indexes.push(index);
                },
            );
        }
        for (at, check) in table.checks.iter().enumerate() {
            let lost: Vec<_> = table
                .columns
                .iter()
                .filter(|column| speaks_of(&check.expression, &column.name))
                .map(|column| Lost::Check(name.clone(), column.name.clone()))
                .collect();
            self.add(
                format!("drop {} of {name:?}", check.name),
                drop(&check.name),
                lost.clone(),
                |after| {
                    found_table(after, name).checks.remove(at);
                },
            );
            let other = check
                .expression
                .replace("100", "101")
                .replace("(0)", "'-1'::integer");
            let statements = format!(
                "{}; ALTER TABLE {} ADD CONSTRAINT another_rule CHECK ({other})",
                drop(&check.name),
                name.quoted()
            );
            self.add(
                format!("change {} of {name:?}", check.name),
                statements,
                lost,
                |after| {
                    found_table(after, name).checks[at].expression = other;
                },
            );
        }
    }

    fn indexes_and_triggers(&mut self, table: &Table) {
        let name = &table.name;
        for (at, index) in table.indexes.iter().enumerate() {
            let lost = vec![Lost::Index(name.clone(), index.name.clone())];
            let drop = format!(
                "DROP INDEX {}",
                ObjectName::new(&name.schema, &index.name).quoted()
            );
            self.add(
                format!("drop {} of {name:?}", index.name),
                drop.clone(),
                lost.clone(),
                |after| {
                    found_table(after, name).indexes.remove(at);
                },
            );
            let mut other = index.clone();
            match (index.predicate.is_some(), index.unique) {
                (true, _) => other.predicate = None,
                (false, true) => other.unique = false,
                (false, false) if index.method == "btree" && index.keys[0].ends_with(" DESC") => {
                    other.keys[0] = index.keys[0].replace(" DESC", "");
                }
                (false, false) if index.method == "hash" => other.method = "btree".to_owned(),
                (false, false) => other.keys[0] = format!("{} DESC", index.keys[0]),
            }
            let statements = format!("{drop}; {}", sql::index(name, &other));
            self.add(
                format!("change {} of {name:?}", index.name),
                statements,
                lost,
                |after| {
                    found_table(after, name).indexes[at] = other;
                },
            );
        }
        for (at, trigger) in table.triggers.iter().enumerate() {
            let lost = vec![Lost::Trigger(name.clone(), trigger.name.clone())];
            let of_table = format!("{} ON {}", sql::name(&trigger.name), name.quoted());
            self.add(
                format!("drop {} of {name:?}", trigger.name),
                format!("DROP TRIGGER {of_table}"),
                lost.clone(),
                |after| {
                    found_table(after, name).triggers.remove(at);
                },
            );
            let mut other = trigger.clone();
            other.timing = if trigger.timing == "BEFORE" {
                "AFTER"
            } else {
                "BEFORE"
            }
            .to_owned();
            let statements = format!("DROP TRIGGER {of_table}; {}", sql::trigger(name, &other));
            self.add(
                format!("other time of {} of {name:?}", trigger.name),
                statements,
                lost.clone(),
                |after| {
                    found_table(after, name).triggers[at] = other;
                },
            );
            self.add(
                format!("disable {} of {name:?}", trigger.name),
                format!(
                    "ALTER TABLE {} DISABLE TRIGGER {}",
                    name.quoted(),
                    sql::name(&trigger.name)
                ),
                lost,
                |after| found_table(after, name).triggers[at].enabled = false,
            );
            self.add(
                format!("rename {} of {name:?}", trigger.name),
                format!("ALTER TRIGGER {of_table} RENAME TO quite_another"),
                Vec::new(),
                |after| found_table(after, name).triggers[at].name = "quite_another".to_owned(),
            );
        }
    }

    fn rows(&mut self, table: &Table) {
        let name = &table.name;
        let n_rows = self.schema.n_rows[name];
        let changed = table.columns.iter().find_map(|column| {
            let value = match column.data_type.as_str() {
                "integer" | "bigint" | "smallint" => "77",
                "text" | "character varying(40)" => "'changed'",
                "numeric(10,2)" => "77.25",
                _ => return None,
            };
            let is_plain = column.generated.is_none() && column.name.to_lowercase().starts_with("field");
            is_plain.then_some((column, value))
        });
        if let Some((column, value)) = changed
            && n_rows > 0
        {
            let mut columns = BTreeSet::from([column.name.clone()]);
            columns.extend(
                table
                    .columns
                    .iter()
                    .filter(|other| {
                        other
                            .generated
                            .as_ref()
                            .is_some_and(|text| speaks_of(text, &column.name))
                    })
                    .map(|other| other.name.clone()),
            );
            let mut relations = self.live(self.views_of(name, Some(&columns)));
            let mut lost = vec![Lost::Rows(name.clone())];
            lost.extend(relations.iter().cloned().map(Lost::ViewRows));
            relations.push(name.clone());
            self.add(
                format!("change a row of {name:?}"),
                format!(
                    "UPDATE {t} SET {} = {value} WHERE ctid = (SELECT min(ctid) FROM {t})",
                    sql::name(&column.name),
                    t = name.quoted()
                ),
                lost,
                |after| {
                    set_rows(after, &relations, |row| {
                        (row <= n_rows).then_some(u32::from(row == 1))
                    })
                },
            );
        }
        let mut relations = self.live(self.views_of(name, None));
        let mut lost = vec![Lost::Rows(name.clone()), Lost::RowCount(name.clone())];
        lost.extend(relations.iter().cloned().map(Lost::ViewRows));
        relations.push(name.clone());
        if n_rows > 0 && self.references_to(name).is_empty() {
            self.add(
                format!("delete a row of {name:?}"),
                format!(
                    "DELETE FROM {t} WHERE ctid = (SELECT max(ctid) FROM {t})",
                    t = name.quoted()
                ),
                lost.clone(),
                |after| set_rows(after, &relations, |row| (row < n_rows).then_some(0)),
            );
        }
        self.add(
            format!("insert a row into {name:?}"),
            sql::insert(self.schema, table, n_rows + 1, n_rows + 1),
            lost,
            |after| set_rows(after, &relations, |row| (row <= n_rows + 1).then_some(0)),
        );
    }

    /// Those of the views that show a change of their table at once.
    fn live(&self, mut views: Vec<ObjectName>) -> Vec<ObjectName> {
        views.retain(|name| {
            self.schema
                .snapshot
                .views
                .iter()
                .any(|view| view.name == *name && !view.materialized)
        });
        views
    }

    /// Changes that must cost nothing.
    fn harmless(&mut self, table: &Table) {
        let name = &table.name;
        let alter = format!("ALTER TABLE {}", name.quoted());
        self.add(
            format!("reorder columns of {name:?}"),
            None,
            Vec::new(),
            |after| {
                found_table(after, name).columns.reverse();
            },
        );
        self.add(
            format!("reorder all keys of {name:?}"),
            None,
            Vec::new(),
            |after| {
                let table = found_table(after, name);
                for key in table.primary_key.iter_mut().chain(&mut table.uniques) {
                    key.columns.reverse();
                }
                for key in &mut table.foreign_keys {
                    key.columns.reverse();
                    key.ref_columns.reverse();
                }
                table.uniques.reverse();
                table.foreign_keys.reverse();
                table.indexes.reverse();
            },
        );
        self.add(
            format!("add a column to {name:?}"),
            format!("{alter} ADD COLUMN remark_of_mine text"),
            Vec::new(),
            |after| {
                found_table(after, name).columns.push(Column {
                    name: "remark_of_mine".to_owned(),
                    data_type: "text".to_owned(),
                    not_null: false,
                    default: None,
                    auto_number: None,
                    generated: None,
                    comment: None,
                });
            },
        );
        let constraints: Vec<String> = table
            .primary_key
            .iter()
            .chain(&table.uniques)
            .map(|key| key.name.clone())
            .chain(table.foreign_keys.iter().map(|key| key.name.clone()))
            .chain(table.checks.iter().map(|check| check.name.clone()))
            .collect();
        let statements: Vec<_> = constraints
            .iter()
            .enumerate()
            .map(|(n, constraint)| {
                format!(
                    "{alter} RENAME CONSTRAINT {} TO called_{n}_otherwise",
                    sql::name(constraint)
                )
            })
            .collect();
        if !statements.is_empty() {
            self.add(
                format!("rename all constraints of {name:?}"),
                statements.join("; "),
                Vec::new(),
                |after| {
                    let table = found_table(after, name);
                    let names = table
                        .primary_key
                        .iter_mut()
                        .chain(&mut table.uniques)
                        .map(|key| &mut key.name)
                        .chain(table.foreign_keys.iter_mut().map(|key| &mut key.name))
                        .chain(table.checks.iter_mut().map(|check| &mut check.name));
                    for (n, name) in names.enumerate() {
                        *name = format!("called_{n}_otherwise");
                    }
                },
            );
        }
        if let Some(index) = table.indexes.first() {
            self.add(
                format!("rename {} of {name:?}", index.name),
                format!(
                    "ALTER INDEX {} RENAME TO quite_another",
                    ObjectName::new(&name.schema, &index.name).quoted()
                ),
                Vec::new(),
                |after| found_table(after, name).indexes[0].name = "quite_another".to_owned(),
            );
        }
    }

    fn views(&mut self) {
        for view in &self.schema.snapshot.views {
            let name = &view.name;
            let noun = if view.materialized {
                "MATERIALIZED VIEW"
            } else {
                "VIEW"
            };
            let drop = format!("DROP {noun} {}", name.quoted());
            let lost = vec![Lost::View(name.clone())];
            self.add(
                format!("drop view {name:?}"),
                drop.clone(),
                lost.clone(),
                |after| {
                    drop_views(after, std::slice::from_ref(name));
                },
            );
            let n_columns = view.columns.len();
            if n_columns > 1 {
                let statements = format!("{drop}; {}", sql::view(self.schema, view, n_columns - 1));
                self.add(format!("narrow view {name:?}"), statements, lost, |after| {
                    for view in after.schema.views.iter_mut().filter(|view| view.name == *name) {
                        view.columns.pop();
                    }
                    after.rows.insert(name.clone(), ObservedRows::Missing);
                });
            }
        }
    }

    fn others(&mut self) {
        let snapshot = &self.schema.snapshot;
        for (at, function) in snapshot.functions.iter().enumerate() {
            let name = &function.name;
            let mut lost = vec![Lost::Function(name.clone())];
            let noun = if function.result.is_some() {
                "FUNCTION"
            } else {
                "PROCEDURE"
            };
            let callers: Vec<_> = snapshot
                .tables
                .iter()
                .flat_map(|table| table.triggers.iter().map(move |trigger| (&table.name, trigger)))
                .filter(|(_, trigger)| trigger.function == *name)
                .collect();
            lost.extend(
                callers
                    .iter()
                    .map(|(table, trigger)| Lost::Trigger((*table).clone(), trigger.name.clone())),
            );
            self.add(
                format!("drop {name:?}"),
                format!(
                    "DROP {noun} {}({}) CASCADE",
                    name.quoted(),
                    function.argument_types
                ),
                lost,
                |after| {
                    after.schema.functions.remove(at);
                    for table in &mut after.schema.tables {
                        table.triggers.retain(|trigger| trigger.function != *name);
                    }
                },
            );
        }
        for (at, sequence) in snapshot.sequences.iter().enumerate() {
            let name = &sequence.name;
            let lost = vec![Lost::Sequence(name.clone())];
            self.add(
                format!("drop {name:?}"),
                format!("DROP SEQUENCE {}", name.quoted()),
                lost.clone(),
                |after| {
                    after.schema.sequences.remove(at);
                },
            );
            self.add(
                format!("other steps of {name:?}"),
                format!("ALTER SEQUENCE {} INCREMENT 11", name.quoted()),
                lost,
                |after| after.schema.sequences[at].increment = 11,
            );
        }
        for (at, r#enum) in snapshot.enums.iter().enumerate() {
            let name = &r#enum.name;
            let lost = vec![Lost::Enum(name.clone())];
            self.add(
                format!("add a label to {name:?}"),
                format!("ALTER TYPE {} ADD VALUE 'no longer sure'", name.quoted()),
                lost.clone(),
                |after| after.schema.enums[at].labels.push("no longer sure".to_owned()),
            );
            self.add(format!("remove a label of {name:?}"), None, lost, |after| {
                after.schema.enums[at].labels.pop();
            });
        }
        for (at, domain) in snapshot.domains.iter().enumerate() {
            let name = &domain.name;
            let lost = vec![Lost::Domain(name.clone())];
            let alter = format!("ALTER DOMAIN {}", name.quoted());
            let verb = if domain.not_null { "DROP" } else { "SET" };
            self.add(
                format!("{verb} not null of {name:?}"),
                format!("{alter} {verb} NOT NULL"),
                lost.clone(),
                |after| after.schema.domains[at].not_null = !domain.not_null,
            );
            if !domain.checks.is_empty() {
                self.add(
                    format!("drop check of {name:?}"),
                    format!("{alter} DROP CONSTRAINT rule_0"),
                    lost,
                    |after| after.schema.domains[at].checks.clear(),
                );
            }
        }
        if snapshot.schemas.iter().any(|schema| schema == "vacant") {
            self.add(
                "drop schema vacant".to_owned(),
                "DROP SCHEMA vacant".to_owned(),
                vec![Lost::Schema("vacant".to_owned())],
                |after| after.schema.schemas.retain(|schema| schema != "vacant"),
            );
        }
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

fn is_watched(trigger: &pglab_core::snapshot::Trigger, columns: &BTreeSet<String>) -> bool {
    columns.iter().any(|column| {
        trigger.update_columns.contains(column)
            || trigger
                .condition
                .as_ref()
                .is_some_and(|condition| condition.contains(&format!("new.{} ", sql::name(column))))
    })
}
