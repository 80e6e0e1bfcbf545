//! From a handful of random choices to a schema in which they all make sense. Expressions are written as PostgreSQL
//! prints them, so that the snapshot is close to what introspection would find.

use std::collections::BTreeMap;

use pglab_core::snapshot::{
    AutoNumber, CheckConstraint, Column, DomainType, EnumType, ForeignKey, ForeignKeyAction, Function,
    FunctionKind, Index, Key, ObjectName, SchemaSnapshot, Sequence, Table, Trigger, View,
};
use proptest::{collection::vec, prelude::*};

use super::GeneratedSchema;

#[derive(Debug, Clone)]
pub(super) struct Spec {
    tables: Vec<TableSpec>,
    views: Vec<ViewSpec>,
    n_enums: usize,
    domains: Vec<(bool, bool, bool)>,
    sequences: Vec<(i64, bool)>,
    functions: Vec<u8>,
    has_empty_schema: bool,
}

#[derive(Debug, Clone)]
struct TableSpec {
    odd_name: bool,
    in_schema: bool,
    key: u8,
    columns: Vec<ColumnSpec>,
    references: Vec<ReferenceSpec>,
    n_rows: u32,
    trigger: Option<(bool, bool, bool, bool)>,
    compound_unique: bool,
}

#[derive(Debug, Clone)]
struct ColumnSpec {
    data_type: u8,
    odd_name: bool,
    not_null: bool,
    default: bool,
    check: bool,
    /// Unique constraint, or one of several kinds of index, or nothing.
    index: u8,
    generated: bool,
}

#[derive(Debug, Clone)]
struct ReferenceSpec {
    target: usize,
    on_update: u8,
    on_delete: u8,
    deferred: bool,
    not_null: bool,
}

#[derive(Debug, Clone)]
struct ViewSpec {
    table: usize,
    n_columns: usize,
    materialized: bool,
}

pub(super) fn specs() -> impl Strategy<Value = Spec> {
    let column = (
        0..12_u8,
        prop::bool::weighted(0.15),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        0..8_u8,
        prop::bool::weighted(0.2),
    )
        .prop_map(
            |(data_type, odd_name, not_null, default, check, index, generated)| ColumnSpec {
                data_type,
                odd_name,
                not_null,
                default,
                check,
                index,
                generated,
            },
        );
    let reference = (
        0..5_usize,
        0..5_u8,
        0..5_u8,
        prop::bool::weighted(0.2),
        any::<bool>(),
    )
        .prop_map(
            |(target, on_update, on_delete, deferred, not_null)| ReferenceSpec {
                target,
                on_update,
                on_delete,
                deferred,
                not_null,
            },
        );
    let table = (
        prop::bool::weighted(0.15),
        prop::bool::weighted(0.2),
        0..6_u8,
        vec(column, 0..6),
        vec(reference, 0..3),
        0..6_u32,
        proptest::option::weighted(0.3, any::<(bool, bool, bool, bool)>()),
        prop::bool::weighted(0.3),
    )
        .prop_map(
            |(odd_name, in_schema, key, columns, references, n_rows, trigger, compound_unique)| TableSpec {
                odd_name,
                in_schema,
                key,
                columns,
                references,
                n_rows,
                trigger,
                compound_unique,
            },
        );
    let view =
        (0..5_usize, 1..5_usize, prop::bool::weighted(0.3)).prop_map(|(table, n_columns, materialized)| {
            ViewSpec {
                table,
                n_columns,
                materialized,
            }
        });
    (
        vec(table, 1..6),
        vec(view, 0..4),
        0..3_usize,
        vec(any::<(bool, bool, bool)>(), 0..3),
        vec((1..10_i64, any::<bool>()), 0..3),
        vec(0..4_u8, 0..3),
        any::<bool>(),
    )
        .prop_map(
            |(tables, views, n_enums, domains, sequences, functions, has_empty_schema)| Spec {
                tables,
                views,
                n_enums,
                domains,
                sequences,
                functions,
                has_empty_schema,
            },
        )
}

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

fn build_table(spec: &Spec, snapshot: &SchemaSnapshot, n: usize, table: &TableSpec) -> Table {
    let name = table_name(n, table);
    let mut columns = Vec::new();
    let key_columns: Vec<String> = key_columns(table);
    for (at, key_column) in key_columns.iter().enumerate() {
        let auto_number = match table.key {
            0 => Some(AutoNumber::Serial),
            1 => Some(AutoNumber::IdentityAlways),
            2 => Some(AutoNumber::IdentityByDefault),
            _ => None,
        };
        columns.push(Column {
            auto_number: auto_number.filter(|_| at == 0),
            ..column(key_column.clone(), "integer", true)
        });
    }
    let mut built = Table {
        name: name.clone(),
        oid: 0,
        columns,
        primary_key: (!key_columns.is_empty()).then(|| key(format!("t{n}_pkey"), key_columns)),
        uniques: Vec::new(),
        foreign_keys: Vec::new(),
        checks: Vec::new(),
        exclusions: Vec::new(),
        indexes: Vec::new(),
        triggers: Vec::new(),
        partitioned: false,
        row_security: false,
        comment: None,
        change_mark: String::new(),
        bytes: 0,
    };
    for (at, wanted) in table.columns.iter().enumerate() {
        add_column(&mut built, snapshot, n, at, wanted);
    }
    for (at, reference) in table.references.iter().enumerate() {
        let target_at = reference.target % spec.tables.len();
        let target = &spec.tables[target_at];
        let ref_columns = self::key_columns(target);
        if ref_columns.is_empty() {
            continue;
        }
        let names: Vec<String> = (0..ref_columns.len())
            .map(|part| format!("ref_{at}_part_{part}"))
            .collect();
        for ref_column in &names {
            // Without rows to refer to, there is nothing to put in.
            let not_null = reference.not_null && target.n_rows > 0;
            built
                .columns
                .push(column(ref_column.clone(), "integer", not_null));
        }
        built.foreign_keys.push(ForeignKey {
            name: format!("t{n}_r{at}_fkey"),
            columns: names,
            ref_table: table_name(target_at, target),
            ref_columns,
            on_update: action(reference.on_update),
            on_delete: action(reference.on_delete),
            match_full: false,
            deferrable: reference.deferred,
            initially_deferred: reference.deferred,
        });
    }
    if table.compound_unique {
        let plain: Vec<String> = built
            .columns
            .iter()
            .filter(|column| column.generated.is_none() && column.name.contains("field"))
            .map(|column| column.name.clone())
            .take(2)
            .collect();
        // With a column that is different in each row, so is the pair.
        let differs = plain
            .iter()
            .any(|name| built.column(name).is_some_and(is_different_in_each_row));
        if plain.len() == 2 && differs {
            built.uniques.push(key(format!("t{n}_pair_key"), plain));
        }
    }
    if let Some((before, on_delete, of_column, condition)) = table.trigger {
        let watched = built
            .columns
            .iter()
            .find(|column| column.generated.is_none())
            .map(|column| column.name.clone());
        let mut events = vec!["UPDATE".to_owned()];
        if on_delete {
            events.insert(0, "DELETE".to_owned());
        }
        if let Some(watched) = watched {
            built.triggers.push(Trigger {
                name: format!("t{n}_watch"),
                timing: if before { "BEFORE" } else { "AFTER" }.to_owned(),
                // The condition speaks of NEW, which a deletion does not have.
                condition: (condition && !on_delete)
                    .then(|| format!("(new.{} IS NOT NULL)", super::sql::name(&watched))),
                events,
                update_columns: if of_column { vec![watched] } else { Vec::new() },
                for_each_row: true,
                function: public(format!("watch_number_{n}")),
                enabled: true,
            });
        }
    }
    built
}

fn add_column(table: &mut Table, snapshot: &SchemaSnapshot, n: usize, at: usize, wanted: &ColumnSpec) {
    let name = if wanted.odd_name {
        format!("Field \"{at}\" ä")
    } else {
        format!("field_{at}")
    };
    let data_type = match wanted.data_type {
        0 => "integer".to_owned(),
        1 => "bigint".to_owned(),
        2 => "smallint".to_owned(),
        3 => "text".to_owned(),
        4 => "character varying(40)".to_owned(),
        5 => "numeric(10,2)".to_owned(),
        6 => "boolean".to_owned(),
        7 => "date".to_owned(),
        8 => "timestamp without time zone".to_owned(),
        9 => "timestamp with time zone".to_owned(),
        10 => snapshot
            .enums
            .first()
            .map_or("text".to_owned(), |found| dotted(&found.name)),
        _ => snapshot
            .domains
            .first()
            .map_or("integer".to_owned(), |found| dotted(&found.name)),
    };
    let quoted = super::sql::name(&name);
    let mut built = column(name.clone(), &data_type, wanted.not_null);
    if wanted.default {
        built.default = match data_type.as_str() {
            "integer" | "bigint" | "smallint" => Some("7".to_owned()),
            "text" => Some("'x'::text".to_owned()),
            "character varying(40)" => Some("'x'::character varying".to_owned()),
            "numeric(10,2)" => Some("1.5".to_owned()),
            "boolean" => Some("true".to_owned()),
            "date" => Some("CURRENT_DATE".to_owned()),
            "timestamp with time zone" => Some("now()".to_owned()),
            _ => None,
        };
    }
    if wanted.check {
        let expression = match data_type.as_str() {
            "integer" | "bigint" | "smallint" => Some(format!("({quoted} > '-100'::integer)")),
            "numeric(10,2)" => Some(format!("({quoted} >= (0)::numeric)")),
            "text" => Some(format!("(length({quoted}) < 100)")),
            "character varying(40)" => Some(format!("(length(({quoted})::text) < 100)")),
            _ => None,
        };
        table.checks.extend(expression.map(|expression| CheckConstraint {
            name: format!("t{n}_c{at}_check"),
            expression,
        }));
    }
    let different = is_different_in_each_row(&built);
    let index = |keys: &str, unique: bool, predicate: Option<String>| Index {
        name: format!("t{n}_c{at}_idx"),
        method: "btree".to_owned(),
        keys: vec![keys.to_owned()],
        include: Vec::new(),
        unique,
        predicate,
    };
    match wanted.index {
        0 if different => table
            .uniques
            .push(key(format!("t{n}_c{at}_key"), vec![name.clone()])),
        1 => table.indexes.push(index(&quoted, false, None)),
        2 => table.indexes.push(index(&format!("{quoted} DESC"), false, None)),
        3 if different => table.indexes.push(index(&quoted, true, None)),
        4 => table
            .indexes
            .push(index(&quoted, false, Some(format!("({quoted} IS NOT NULL)")))),
        5 if data_type == "text" => table
            .indexes
            .push(index(&format!("lower({quoted})"), false, None)),
        6 if data_type == "integer" => table.indexes.push(Index {
            method: "hash".to_owned(),
            ..index(&quoted, false, None)
        }),
        _ => {}
    }
    let is_base = wanted.generated && data_type == "integer";
    table.columns.push(built);
    if is_base {
        table.columns.push(Column {
            generated: Some(format!("({quoted} + 1)")),
            ..column(format!("computed_{at}"), "integer", false)
        });
    }
}

/// Whether rows never share a value, so that it can be unique.
fn is_different_in_each_row(column: &Column) -> bool {
    !(column.data_type == "boolean" || column.data_type.starts_with("public.mood"))
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

fn table_name(n: usize, table: &TableSpec) -> ObjectName {
    let schema = if table.in_schema { "shop" } else { "public" };
    let name = if table.odd_name {
        format!("Thing \"No {n}\"")
    } else {
        format!("things_of_kind_{n}")
    };
    ObjectName::new(schema, name)
}

fn key_columns(table: &TableSpec) -> Vec<String> {
    match table.key {
        4 => vec!["part_a".to_owned(), "part_b".to_owned()],
        5 => Vec::new(),
        _ => vec!["id".to_owned()],
    }
}

fn action(choice: u8) -> ForeignKeyAction {
    match choice {
        0 => ForeignKeyAction::NoAction,
        1 => ForeignKeyAction::Restrict,
        2 => ForeignKeyAction::Cascade,
        3 => ForeignKeyAction::SetNull,
        _ => ForeignKeyAction::SetDefault,
    }
}

fn column(name: String, data_type: &str, not_null: bool) -> Column {
    Column {
        name,
        data_type: data_type.to_owned(),
        not_null,
        default: None,
        auto_number: None,
        generated: None,
        comment: None,
    }
}

fn key(name: String, columns: Vec<String>) -> Key {
    Key {
        name,
        columns,
        deferrable: false,
        nulls_not_distinct: false,
    }
}

fn public(name: String) -> ObjectName {
    ObjectName::new("public", name)
}

fn dotted(name: &ObjectName) -> String {
    format!("{}.{}", name.schema, name.name)
}
