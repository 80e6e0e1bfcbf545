//! Judges indexes by table, keys in their order, method, predicate, included columns and uniqueness.

use super::{Outcome, found::Found};
use crate::{
    expression,
    snapshot::{Index, Key, ObjectName, Table},
    words,
};

pub(super) fn index(found: &Found<'_>, table: &ObjectName, wanted: &Index) -> Outcome {
    let there = match found.table(table) {
        Ok(there) => there,
        Err(outcome) => return outcome,
    };
    if there.indexes.iter().any(|index| same(index, wanted)) || by_constraint(there, wanted) {
        return Outcome::Passed;
    }
    let nearest = there.indexes.iter().find(|index| {
        same_keys(&index.keys, &wanted.keys)
            || (index.keys.len() == wanted.keys.len()
                && wanted
                    .keys
                    .iter()
                    .all(|key| index.keys.iter().any(|other| expression::same(key, other))))
            || index
                .keys
                .first()
                .zip(wanted.keys.first())
                .is_some_and(|(a, b)| expression::same(a, b))
    });
    match nearest {
        Some(index) => Outcome::Failed(format!("there is {}", words::index(table, index))),
        None => Outcome::NotYet("there is no such index yet".to_owned()),
    }
}

fn same(a: &Index, b: &Index) -> bool {
    a.unique == b.unique
        && a.nulls_not_distinct == b.nulls_not_distinct
        && a.method == b.method
        && same_keys(&a.keys, &b.keys)
        && super::constraints::same_set(&a.include, &b.include)
        && match (&a.predicate, &b.predicate) {
            (None, None) => true,
            (Some(a), Some(b)) => expression::same(a, b),
            _ => false,
        }
}

fn same_keys(a: &[String], b: &[String]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| expression::same(a, b))
}

/// A unique or primary key has an index behind it that does the same as a plain unique one, if its columns are in the
/// same order.
fn by_constraint(table: &Table, wanted: &Index) -> bool {
    unique_columns(wanted).is_some_and(|columns| {
        let same = |key: &Key| {
            !key.deferrable && key.nulls_not_distinct == wanted.nulls_not_distinct && key.columns == columns
        };
        wanted.include.is_empty()
            && (table.uniques.iter().any(same) || table.primary_key.as_ref().is_some_and(same))
    })
}

/// The columns that an index keeps unique as a unique constraint would: no predicate, no expressions. The order of
/// each key (`DESC`) makes no difference to that.
pub(super) fn unique_columns(index: &Index) -> Option<Vec<String>> {
    if !index.unique || index.predicate.is_some() || index.method != "btree" {
        return None;
    }
    index
        .keys
        .iter()
        .map(|key| {
            expression::column_name(
                key.trim_end_matches(" NULLS FIRST")
                    .trim_end_matches(" NULLS LAST")
                    .trim_end_matches(" DESC"),
            )
        })
        .collect()
}
