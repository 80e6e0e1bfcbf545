//! Judges the content of tables and views by digest; where single rows were hashed, tells how many are missing and how
//! many are extra.

use std::cmp::Ordering;

use super::{Outcome, found::Found};
use crate::{
    snapshot::{Column, ExpectedRows, ObjectName, ObservedRows},
    words,
};

/// What rows are asked of: its noun and its columns.
pub(super) type Relation<'a> = Result<(&'static str, &'a ObjectName, &'a [Column]), Outcome>;

pub(super) fn table<'a>(found: &Found<'a>, name: &'a ObjectName) -> Relation<'a> {
    found
        .table(name)
        .map(|table| ("table", name, table.columns.as_slice()))
}

pub(super) fn view<'a>(found: &Found<'a>, name: &'a ObjectName) -> Relation<'a> {
    match found.find_view(name) {
        Some(view) => Ok(("view", name, view.columns.as_slice())),
        None => Err(Outcome::NotYet(format!(
            "the view {} is not there yet",
            words::object(name)
        ))),
    }
}

pub(super) fn content(
    relation: Relation<'_>,
    expected: Option<&ExpectedRows>,
    observed: Option<&ObservedRows>,
) -> Outcome {
    let (noun, name, columns) = match relation {
        Ok(relation) => relation,
        Err(outcome) => return outcome,
    };
    let Some(expected) = expected else {
        return Outcome::Error("the example's rows were not read; derive the tasks again".to_owned());
    };
    let (digest, hashes) = match observed {
        Some(ObservedRows::Digest { digest, hashes }) => (digest, hashes),
        Some(ObservedRows::Missing | ObservedRows::Counted { .. }) => {
            return missing(noun, name, columns, &expected.columns);
        }
        Some(ObservedRows::Failed(message)) => return failed(noun, message),
        None => return Outcome::Error("the rows were not read".to_owned()),
    };
    if *digest == expected.digest {
        return Outcome::Passed;
    }
    let (n_expected, n_found) = (expected.digest.n_rows, digest.n_rows);
    // Nothing was put in yet: no mistake to point at. A view is empty while its tables are.
    if n_found == 0 {
        return Outcome::NotYet(format!(
            "the {noun} is still empty ({} expected)",
            words::count(n_expected, "row")
        ));
    }
    let counts = format!("{n_expected} expected, {n_found} found");
    Outcome::Failed(match (&expected.hashes, hashes) {
        (Some(wanted), Some(found)) => match differences(wanted, found) {
            // The digests differ, the hashes do not: they were read at different moments.
            (0, 0) => format!("the rows were changing while they were read ({counts})"),
            (n, 0) => format!("{} {} missing ({counts})", words::count(n, "row"), is(n)),
            (0, n) => format!("{} {} extra ({counts})", words::count(n, "row"), is(n)),
            (missing, extra) => format!(
                "{} {} missing, {extra} {} extra ({counts})",
                words::count(missing, "row"),
                is(missing),
                is(extra)
            ),
        },
        _ if n_expected == n_found => format!(
            "{} expected, {n_found} found, but their content differs",
            words::count(n_expected, "row")
        ),
        _ => format!("{} expected, {n_found} found", words::count(n_expected, "row")),
    })
}

pub(super) fn count(relation: Relation<'_>, n_rows: u64, observed: Option<&ObservedRows>) -> Outcome {
    let (noun, name, _) = match relation {
        Ok(relation) => relation,
        Err(outcome) => return outcome,
    };
    let n_found = match observed {
        Some(ObservedRows::Digest { digest, .. }) => digest.n_rows,
        Some(ObservedRows::Counted { n_rows }) => *n_rows,
        Some(ObservedRows::Missing) => return changing(noun, name),
        Some(ObservedRows::Failed(message)) => return failed(noun, message),
        None => return Outcome::Error("the rows were not read".to_owned()),
    };
    match n_found {
        _ if n_found == n_rows => Outcome::Passed,
        0 => Outcome::NotYet(format!("the {noun} is still empty")),
        _ => Outcome::Failed(words::count(n_found, "row")),
    }
}

fn missing(noun: &str, name: &ObjectName, columns: &[Column], wanted: &[String]) -> Outcome {
    let missing: Vec<_> = wanted
        .iter()
        .filter(|column| !columns.iter().any(|found| found.name == **column))
        .map(|column| words::name(column))
        .collect();
    if missing.is_empty() {
        changing(noun, name)
    } else {
        Outcome::Failed(format!(
            "the rows can't be compared without {}",
            words::clip(&words::list(&missing))
        ))
    }
}

/// It came or changed between the two looks; the next one will see it.
fn changing(noun: &str, name: &ObjectName) -> Outcome {
    Outcome::Error(format!(
        "the {noun} {} was changing while it was read",
        words::object(name)
    ))
}

fn failed(noun: &str, message: &str) -> Outcome {
    Outcome::Error(format!("the {noun} could not be read: {}", words::clip(message)))
}

fn is(n: u64) -> &'static str {
    if n == 1 { "is" } else { "are" }
}

/// How many hashes are only in the first, and how many only in the second of two sorted lists.
fn differences(wanted: &[i64], found: &[i64]) -> (u64, u64) {
    let (mut i, mut j) = (0, 0);
    let (mut missing, mut extra) = (0, 0);
    while i < wanted.len() && j < found.len() {
        match wanted[i].cmp(&found[j]) {
            Ordering::Equal => {
                i += 1;
                j += 1;
            }
            Ordering::Less => {
                i += 1;
                missing += 1;
            }
            Ordering::Greater => {
                j += 1;
                extra += 1;
            }
        }
    }
    (
        missing + (wanted.len() - i) as u64,
        extra + (found.len() - j) as u64,
    )
}
