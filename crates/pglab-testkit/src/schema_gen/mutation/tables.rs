//! Changes to tables and columns as a whole.

use std::collections::BTreeSet;

use pglab_core::snapshot::{AutoNumber, Column, ObjectName, ObservedRows, Table};

use super::{
    Lost, Maker, count_rows, drop_references, drop_views, found, found_table, is_watched, speaks_of, uses,
};
use crate::schema_gen::sql;

impl Maker<'_> {
    pub(super) fn whole_table(&mut self, table: &Table) {
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

    pub(super) fn column(&mut self, table: &Table, column: &Column) {
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
    pub(super) fn is_used(&self, table: &Table, column: &Column, in_key: bool) -> bool {
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

    pub(super) fn drop_column(&mut self, table: &Table, column: &Column) {
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
        // Rows that lack a column can't be compared, but they can be counted.
        lost.push(Lost::Rows(name.clone()));
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
                count_rows(after, name);
            },
        );
    }
}
