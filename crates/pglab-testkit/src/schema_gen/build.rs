//! From a handful of random choices to a schema in which they all make sense. Expressions are written as PostgreSQL
//! prints them, so that the snapshot is close to what introspection would find.

use std::collections::BTreeMap;

use pglab_core::snapshot::{
    Column, DomainType, EnumType, Function, FunctionKind, ObjectName, SchemaSnapshot, Sequence, View,
};

use super::{
    GeneratedSchema,
    spec::Spec,
    table::{build_table, table_name},
};

pub(super) fn build(spec: &Spec) -> GeneratedSchema {
    let mut snapshot = SchemaSnapshot {
        server_version: 150_000,
        ..SchemaSnapshot::default()
    };
    if spec.tables.iter().any(|table| table.in_schema) {
        snapshot.schemas.push("shop".to_owned());
    }
    if spec.has_empty_schema {
        snapshot.schemas.push("vacant".to_owned());
    }
    snapshot.schemas.sort();
    snapshot.enums = (0..spec.n_enums)
        .map(|n| EnumType {
            name: public(format!("mood_number_{n}")),
            labels: ["happy", "so-so", "it's bad"][..=n.min(2)]
                .iter()
                .map(|label| (*label).to_owned())
                .collect(),
        })
        .collect();
    snapshot.domains = spec
        .domains
        .iter()
        .enumerate()
        .map(|(n, (is_text, not_null, check))| DomainType {
            name: public(format!("kind_number_{n}")),
            base_type: if *is_text { "text" } else { "integer" }.to_owned(),
            not_null: *not_null,
            default: None,
            checks: check
                .then(|| {
                    if *is_text {
                        "(length(VALUE) < 100)"
                    } else {
                        "(VALUE > '-100'::integer)"
                    }
                    .to_owned()
                })
                .into_iter()
                .collect(),
        })
        .collect();
    snapshot.sequences = spec
        .sequences
        .iter()
        .enumerate()
        .map(|(n, (increment, cycle))| Sequence {
            name: public(format!("counter_number_{n}")),
            data_type: "bigint".to_owned(),
            start: 5,
            increment: *increment,
            min: 1,
            max: i64::MAX,
            cycle: *cycle,
        })
        .collect();
    snapshot.functions = spec
        .functions
        .iter()
        .enumerate()
        .map(|(n, kind)| function(n, *kind))
        .collect();
    let n_rows: BTreeMap<_, _> = spec
        .tables
        .iter()
        .enumerate()
        .map(|(n, table)| (table_name(n, table), table.n_rows))
        .collect();
    snapshot.tables = spec
        .tables
        .iter()
        .enumerate()
        .map(|(n, table)| build_table(spec, &snapshot, n, table))
        .collect();
    for table in &snapshot.tables {
        for trigger in &table.triggers {
            snapshot.functions.push(Function {
                name: trigger.function.clone(),
                kind: FunctionKind::Function,
                argument_types: String::new(),
                result: Some("trigger".to_owned()),
                language: "plpgsql".to_owned(),
                comment: None,
            });
        }
    }
    let mut view_tables = BTreeMap::new();
    for (n, view) in spec.views.iter().enumerate() {
        let table = &snapshot.tables[view.table % snapshot.tables.len()];
        let name = public(format!("overview_number_{n}"));
        view_tables.insert(name.clone(), table.name.clone());
        snapshot.views.push(View {
            name,
            oid: u32::try_from(n).expect("a few views"),
            materialized: view.materialized,
            columns: table
                .columns
                .iter()
                .take(view.n_columns)
                .map(|column| Column {
                    not_null: false,
                    default: None,
                    auto_number: None,
                    generated: None,
                    ..column.clone()
                })
                .collect(),
            triggers: Vec::new(),
            comment: None,
        });
    }
    GeneratedSchema {
        snapshot,
        n_rows,
        view_tables,
    }
}

fn function(n: usize, kind: u8) -> Function {
    let (kind, argument_types, result) = match kind {
        0 => (FunctionKind::Function, "integer", Some("integer")),
        1 => (FunctionKind::Function, "text, numeric", Some("text")),
        2 => (FunctionKind::Function, "", Some("SETOF integer")),
        _ => (FunctionKind::Procedure, "integer", None),
    };
    Function {
        name: public(format!("compute_number_{n}")),
        kind,
        argument_types: argument_types.to_owned(),
        result: result.map(str::to_owned),
        language: "sql".to_owned(),
        comment: None,
    }
}

pub(super) fn public(name: String) -> ObjectName {
    ObjectName::new("public", name)
}
