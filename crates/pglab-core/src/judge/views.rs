//! Judges views: existence, kind and columns. What they return is judged with the rows.

use std::collections::HashSet;

use super::{Outcome, found::Found, near};
use crate::{snapshot::ObjectName, words};

pub(super) fn exists(
    found: &Found<'_>,
    view: &ObjectName,
    materialized: bool,
    columns: &[String],
    wanted: &HashSet<ObjectName>,
) -> Outcome {
    let Some(there) = found.find_view(view) else {
        if found.find_table(view).is_some() {
            return Outcome::Failed(format!("{} is a table, not a view", words::object(view)));
        }
        let names = found.schema.views.iter().map(|view| &view.name);
        return match near::object("view", view, names.filter(|name| !wanted.contains(name))) {
            Some(sentence) => Outcome::Failed(sentence),
            None => Outcome::NotYet("there is no such view yet".to_owned()),
        };
    };
    let mut faults = Vec::new();
    if there.materialized != materialized {
        faults.push(format!("it is a {}", words::view_noun(there.materialized)));
    }
    let missing: Vec<_> = columns
        .iter()
        .filter(|column| !there.columns.iter().any(|found| found.name == **column))
        .map(|column| words::name(column))
        .collect();
    if !missing.is_empty() {
        faults.push(format!("it lacks {}", words::list(&missing)));
    }
    let extra: Vec<_> = there
        .columns
        .iter()
        .filter(|column| !columns.contains(&column.name))
        .map(|column| words::name(&column.name))
        .collect();
    if !extra.is_empty() {
        faults.push(format!("it also has {}", words::clip(&words::list(&extra))));
    }
    Outcome::from_fault((!faults.is_empty()).then(|| words::list(&faults)))
}
