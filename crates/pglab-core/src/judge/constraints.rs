//! Judges constraints by what they do. Their names, and the order of columns in a key, count for nothing.

use super::{Outcome, found::Found, indexes};
use crate::{
    expression,
    snapshot::{ForeignKey, ForeignKeyAction, ObjectName},
    words,
};

pub(super) fn primary_key(found: &Found<'_>, table: &ObjectName, columns: &[String]) -> Outcome {
    let there = match found.table(table) {
        Ok(there) => there,
        Err(outcome) => return outcome,
    };
    Outcome::from_fault(match &there.primary_key {
        Some(key) if same_set(&key.columns, columns) => None,
        Some(key) => Some(format!("the primary key is {}", words::columns(&key.columns))),
        None => Some(format!(
            "{} has no primary key{}",
            words::object(table),
            if there.uniques.iter().any(|key| same_set(&key.columns, columns)) {
                format!("; {} is only unique", words::columns(columns))
            } else {
                String::new()
            }
        )),
    })
}

pub(super) fn unique(
    found: &Found<'_>,
    table: &ObjectName,
    columns: &[String],
    nulls_not_distinct: bool,
) -> Outcome {
    let there = match found.table(table) {
        Ok(there) => there,
        Err(outcome) => return outcome,
    };
    let by_constraint = there.uniques.iter().find(|key| same_set(&key.columns, columns));
    let passes = there
        .primary_key
        .as_ref()
        .is_some_and(|key| same_set(&key.columns, columns))
        || there
            .uniques
            .iter()
            .any(|key| key.nulls_not_distinct == nulls_not_distinct && same_set(&key.columns, columns))
        || there.indexes.iter().any(|index| {
            index.nulls_not_distinct == nulls_not_distinct
                && indexes::unique_columns(index).is_some_and(|found| same_set(&found, columns))
        });
    if passes {
        return Outcome::Passed;
    }
    Outcome::Failed(match by_constraint {
        Some(_) if nulls_not_distinct => {
            format!(
                "{} is unique, but allows many empty values",
                words::columns(columns)
            )
        }
        Some(_) => format!("{} is unique, but also for empty values", words::columns(columns)),
        None => {
            let others: Vec<_> = there
                .uniques
                .iter()
                .map(|key| words::columns(&key.columns))
                .collect();
            if others.is_empty() {
                format!("{} is not unique", words::columns(columns))
            } else {
                format!(
                    "{} is not unique; {} is",
                    words::columns(columns),
                    words::clip(&words::list(&others))
                )
            }
        }
    })
}

pub(super) fn foreign_key(found: &Found<'_>, table: &ObjectName, wanted: &ForeignKey) -> Outcome {
    let there = match found.table(table) {
        Ok(there) => there,
        Err(outcome) => return outcome,
    };
    let same_pairs = |key: &&ForeignKey| key.ref_table == wanted.ref_table && same_pairs(key, wanted);
    let mut nearest = None;
    for key in there.foreign_keys.iter().filter(same_pairs) {
        match difference(key, wanted) {
            None => return Outcome::Passed,
            Some(fault) => nearest = Some(fault),
        }
    }
    if let Some(fault) = nearest {
        return Outcome::Failed(format!("the foreign key is there, but {fault}"));
    }
    if let Some(other) = there
        .foreign_keys
        .iter()
        .find(|key| same_set(&key.columns, &wanted.columns))
    {
        return Outcome::Failed(format!(
            "{} refers to {}{}",
            words::columns(&other.columns),
            words::object(&other.ref_table),
            words::columns(&other.ref_columns)
        ));
    }
    if found.find_table(&wanted.ref_table).is_none() {
        return Outcome::NotYet(format!(
            "the table {}, to which it refers, is not there yet",
            words::object(&wanted.ref_table)
        ));
    }
    Outcome::Failed(format!("{} has no foreign key", words::columns(&wanted.columns)))
}

/// What differs between two foreign keys over the same columns.
fn difference(found: &ForeignKey, wanted: &ForeignKey) -> Option<String> {
    let action = |when: &str, found: ForeignKeyAction, wanted: ForeignKeyAction| {
        (found != wanted).then(|| format!("ON {when} is {} instead of {}", found.sql(), wanted.sql()))
    };
    let timing = |key: &ForeignKey| match (key.deferrable, key.initially_deferred) {
        (false, _) => "NOT DEFERRABLE",
        (true, false) => "DEFERRABLE INITIALLY IMMEDIATE",
        (true, true) => "DEFERRABLE INITIALLY DEFERRED",
    };
    let faults: Vec<String> = [
        action("UPDATE", found.on_update, wanted.on_update),
        action("DELETE", found.on_delete, wanted.on_delete),
        (found.match_full != wanted.match_full).then(|| {
            if wanted.match_full {
                "it lacks MATCH FULL".to_owned()
            } else {
                "it has MATCH FULL".to_owned()
            }
        }),
        (timing(found) != timing(wanted))
            .then(|| format!("it is {} instead of {}", timing(found), timing(wanted))),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!faults.is_empty()).then(|| words::list(&faults))
}

/// `others` gives the expressions that the lab asks for on this table: these are no near misses.
pub(super) fn check<'a, I>(
    found: &Found<'_>,
    table: &ObjectName,
    wanted: &str,
    others: impl Fn() -> I,
) -> Outcome
where
    I: Iterator<Item = &'a str>,
{
    let there = match found.table(table) {
        Ok(there) => there,
        Err(outcome) => return outcome,
    };
    if there.checks.iter().any(|check| check.expression == wanted) {
        return Outcome::Passed;
    }
    let form = expression::normal_form(wanted);
    if there
        .checks
        .iter()
        .any(|check| expression::normal_form(&check.expression) == form)
    {
        return Outcome::Passed;
    }
    let strange: Vec<_> = there
        .checks
        .iter()
        .filter(|check| !others().any(|other| expression::same(other, &check.expression)))
        .map(|check| words::expression(&check.expression))
        .collect();
    Outcome::Failed(if strange.is_empty() {
        format!("{} does not check that", words::object(table))
    } else {
        format!(
            "{} checks that {}",
            words::object(table),
            words::clip(&words::list(&strange))
        )
    })
}

pub(super) fn exclusion(found: &Found<'_>, table: &ObjectName, wanted: &str) -> Outcome {
    let there = match found.table(table) {
        Ok(there) => there,
        Err(outcome) => return outcome,
    };
    if there
        .exclusions
        .iter()
        .any(|exclusion| expression::same(wanted, exclusion))
    {
        return Outcome::Passed;
    }
    Outcome::Failed(if there.exclusions.is_empty() {
        format!("{} has no exclusion constraint", words::object(table))
    } else {
        format!(
            "{} has the rule {}",
            words::object(table),
            words::clip(&words::list(&there.exclusions))
        )
    })
}

/// Equal as sets; neither names a column twice.
pub(super) fn same_set(a: &[String], b: &[String]) -> bool {
    a.len() == b.len() && a.iter().all(|column| b.contains(column))
}

fn same_pairs(a: &ForeignKey, b: &ForeignKey) -> bool {
    let pairs = |key: &ForeignKey| -> Vec<(String, String)> {
        let mut pairs: Vec<_> = key
            .columns
            .iter()
            .cloned()
            .zip(key.ref_columns.iter().cloned())
            .collect();
        pairs.sort();
        pairs
    };
    (a.columns == b.columns && a.ref_columns == b.ref_columns)
        || (a.columns.len() == b.columns.len() && pairs(a) == pairs(b))
}
