//! Changes to keys, rules, indexes and triggers.

use pglab_core::snapshot::{ForeignKey, ForeignKeyAction, Index, ObjectName, Table};

use super::{Lost, Maker, drop_references, found_table, speaks_of};
use crate::schema_gen::sql;

impl Maker<'_> {
    pub(super) fn constraints(&mut self, table: &Table) {
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
                nulls_not_distinct: false,
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

    pub(super) fn indexes_and_triggers(&mut self, table: &Table) {
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
            if index.unique {
                let other = Index {
                    nulls_not_distinct: true,
                    ..index.clone()
                };
                self.add(
                    format!("nulls not distinct in {} of {name:?}", index.name),
                    format!("{drop}; {}", sql::index(name, &other)),
                    lost.clone(),
                    |after| {
                        found_table(after, name).indexes[at] = other;
                    },
                );
            }
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
}
