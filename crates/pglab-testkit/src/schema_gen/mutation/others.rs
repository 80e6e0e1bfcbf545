//! Changes to views, functions, sequences and types.

use pglab_core::snapshot::ObservedRows;

use super::{Lost, Maker, drop_views};
use crate::schema_gen::sql;

impl Maker<'_> {
    pub(super) fn views(&mut self) {
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

    pub(super) fn others(&mut self) {
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
