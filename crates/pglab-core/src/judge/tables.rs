//! Judges tables and their columns: existence, type, nullability, default, generation, comments. Keys and other
//! constraints are in `constraints`.

use std::collections::HashSet;

use super::{Outcome, found::Found, near};
use crate::{expression, lab::TypeRule, snapshot::ObjectName, types, words};

pub(super) fn exists(found: &Found<'_>, table: &ObjectName, wanted: &HashSet<ObjectName>) -> Outcome {
    if found.find_table(table).is_some() {
        return Outcome::Passed;
    }
    if let Some(view) = found.find_view(table) {
        return Outcome::Failed(format!(
            "{} is a {}, not a table",
            words::object(table),
            words::view_noun(view.materialized)
        ));
    }
    let names = found.schema.tables.iter().map(|table| &table.name);
    match near::object("table", table, names.filter(|name| !wanted.contains(name))) {
        Some(sentence) => Outcome::Failed(sentence),
        None => Outcome::NotYet("there is no such table yet".to_owned()),
    }
}

pub(super) fn column_exists(
    found: &Found<'_>,
    table: &ObjectName,
    column: &str,
    is_wanted: impl Fn(&str) -> bool,
) -> Outcome {
    let there = match found.table(table) {
        Ok(there) => there,
        Err(outcome) => return outcome,
    };
    if there.column(column).is_some() {
        return Outcome::Passed;
    }
    let names = there.columns.iter().map(|column| column.name.as_str());
    Outcome::Failed(
        near::part("column", column, names.filter(|name| !is_wanted(name)))
            .unwrap_or_else(|| "there is no such column".to_owned()),
    )
}

pub(super) fn column_type(
    found: &Found<'_>,
    table: &ObjectName,
    column: &str,
    data_type: &str,
    rule: TypeRule,
) -> Outcome {
    match found.column(table, column) {
        Ok((_, there)) if types::accepts(data_type, &there.data_type, rule) => Outcome::Passed,
        Ok((_, there)) => Outcome::Failed(format!(
            "{} is {}",
            words::name(column),
            words::clip(&there.data_type)
        )),
        Err(outcome) => outcome,
    }
}

pub(super) fn nullability(found: &Found<'_>, table: &ObjectName, column: &str, not_null: bool) -> Outcome {
    match found.column(table, column) {
        Ok((there, found)) => {
            let in_key = there
                .primary_key
                .as_ref()
                .is_some_and(|key| key.columns.iter().any(|c| c == column));
            let name = words::name(column);
            match (found.not_null || in_key, not_null) {
                (true, true) | (false, false) => Outcome::Passed,
                (false, true) => Outcome::Failed(format!("{name} may be empty: it lacks NOT NULL")),
                (true, false) if in_key => Outcome::Failed(format!(
                    "{name} must not be empty, because it is in the primary key"
                )),
                (true, false) => Outcome::Failed(format!("{name} must not be empty (NOT NULL)")),
            }
        }
        Err(outcome) => outcome,
    }
}

pub(super) fn default(found: &Found<'_>, table: &ObjectName, column: &str, wanted: &str) -> Outcome {
    match found.column(table, column) {
        Ok((_, there)) => Outcome::from_fault(match (&there.default, there.auto_number) {
            (Some(default), _) if expression::same(wanted, default) => None,
            (Some(default), _) => Some(format!(
                "{} has the default {}",
                words::name(column),
                words::expression(default)
            )),
            (None, Some(how)) => Some(format!(
                "{} numbers itself ({})",
                words::name(column),
                words::auto_number(how)
            )),
            (None, None) => Some(format!("{} has no default", words::name(column))),
        }),
        Err(outcome) => outcome,
    }
}

pub(super) fn generated(found: &Found<'_>, table: &ObjectName, column: &str, wanted: &str) -> Outcome {
    match found.column(table, column) {
        Ok((_, there)) => Outcome::from_fault(match &there.generated {
            Some(generated) if expression::same(wanted, generated) => None,
            Some(generated) => Some(format!(
                "{} is generated as {}",
                words::name(column),
                words::expression(generated)
            )),
            None => Some(format!(
                "{} is an ordinary column, not a generated one",
                words::name(column)
            )),
        }),
        Err(outcome) => outcome,
    }
}

pub(super) fn auto_number(found: &Found<'_>, table: &ObjectName, column: &str) -> Outcome {
    match found.column(table, column) {
        Ok((_, there)) if there.auto_number.is_some() => Outcome::Passed,
        Ok(_) => Outcome::Failed(format!("{} does not number itself", words::name(column))),
        Err(outcome) => outcome,
    }
}

pub(super) fn comment(found: &Found<'_>, table: &ObjectName, column: Option<&str>, wanted: &str) -> Outcome {
    let there = match column {
        Some(column) => found.column(table, column).map(|(_, column)| &column.comment),
        None => found.table(table).map(|table| &table.comment),
    };
    match there {
        Ok(Some(comment)) if comment.trim() == wanted.trim() => Outcome::Passed,
        Ok(Some(comment)) => Outcome::Failed(format!("the comment is \"{}\"", words::clip(comment))),
        Ok(None) => Outcome::Failed("there is no comment".to_owned()),
        Err(outcome) => outcome,
    }
}
