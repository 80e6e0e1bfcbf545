//! Changes to rows, and changes that must cost nothing.

use std::collections::BTreeSet;

use pglab_core::snapshot::{Column, ObjectName, Table};

use super::{Lost, Maker, found_table, set_rows, speaks_of};
use crate::schema_gen::sql;

impl Maker<'_> {
    pub(super) fn rows(&mut self, table: &Table) {
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
    pub(super) fn live(&self, mut views: Vec<ObjectName>) -> Vec<ObjectName> {
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
    pub(super) fn harmless(&mut self, table: &Table) {
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
}
