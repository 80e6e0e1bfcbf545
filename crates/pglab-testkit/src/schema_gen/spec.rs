//! The handful of random choices that a schema is made from. Whether they make sense together is not asked here: `build`
//! sees to that.

use proptest::{collection::vec, prelude::*};

#[derive(Debug, Clone)]
pub(super) struct Spec {
    pub(super) tables: Vec<TableSpec>,
    pub(super) views: Vec<ViewSpec>,
    pub(super) n_enums: usize,
    pub(super) domains: Vec<(bool, bool, bool)>,
    pub(super) sequences: Vec<(i64, bool)>,
    pub(super) functions: Vec<u8>,
    pub(super) has_empty_schema: bool,
}

#[derive(Debug, Clone)]
pub(super) struct TableSpec {
    pub(super) odd_name: bool,
    pub(super) in_schema: bool,
    pub(super) key: u8,
    pub(super) columns: Vec<ColumnSpec>,
    pub(super) references: Vec<ReferenceSpec>,
    pub(super) n_rows: u32,
    pub(super) trigger: Option<(bool, bool, bool, bool)>,
    pub(super) compound_unique: bool,
}

#[derive(Debug, Clone)]
pub(super) struct ColumnSpec {
    pub(super) data_type: u8,
    pub(super) odd_name: bool,
    pub(super) not_null: bool,
    pub(super) default: bool,
    pub(super) check: bool,
    /// Unique constraint, or one of several kinds of index, or nothing.
    pub(super) index: u8,
    pub(super) generated: bool,
}

#[derive(Debug, Clone)]
pub(super) struct ReferenceSpec {
    pub(super) target: usize,
    pub(super) on_update: u8,
    pub(super) on_delete: u8,
    pub(super) deferred: bool,
    pub(super) not_null: bool,
}

#[derive(Debug, Clone)]
pub(super) struct ViewSpec {
    pub(super) table: usize,
    pub(super) n_columns: usize,
    pub(super) materialized: bool,
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
