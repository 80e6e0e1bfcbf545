//! Judges enum types, domains and schemas.

use super::{Outcome, found::Found, near};
use crate::{
    expression,
    lab::TypeRule,
    snapshot::{DomainType, EnumType},
    types, words,
};

pub(super) fn schema(found: &Found<'_>, wanted: &str) -> Outcome {
    if found.has_schema(wanted) {
        return Outcome::Passed;
    }
    match near::part("schema", wanted, found.schema.schemas.iter().map(String::as_str)) {
        Some(sentence) => Outcome::Failed(sentence),
        None => Outcome::NotYet("there is no such schema yet".to_owned()),
    }
}

pub(super) fn enumeration(found: &Found<'_>, wanted: &EnumType) -> Outcome {
    let Some(there) = found.enumeration(&wanted.name) else {
        let names = found.schema.enums.iter().map(|r#enum| &r#enum.name);
        return match near::object("enum type", &wanted.name, names) {
            Some(sentence) => Outcome::Failed(sentence),
            None => Outcome::NotYet("there is no such type yet".to_owned()),
        };
    };
    if there.labels == wanted.labels {
        return Outcome::Passed;
    }
    let missing: Vec<_> = wanted
        .labels
        .iter()
        .filter(|label| !there.labels.contains(label))
        .collect();
    let extra: Vec<_> = there
        .labels
        .iter()
        .filter(|label| !wanted.labels.contains(label))
        .collect();
    Outcome::Failed(match (missing.is_empty(), extra.is_empty()) {
        (true, true) => format!(
            "its values are in another order: {}",
            words::clip(&words::list(&there.labels))
        ),
        (false, true) => format!("it lacks {}", words::clip(&words::list(&missing))),
        (true, false) => format!("it also has {}", words::clip(&words::list(&extra))),
        (false, false) => format!(
            "it lacks {}, and has {}",
            words::clip(&words::list(&missing)),
            words::clip(&words::list(&extra))
        ),
    })
}

pub(super) fn domain(found: &Found<'_>, wanted: &DomainType, rule: TypeRule) -> Outcome {
    let Some(there) = found.domain(&wanted.name) else {
        let names = found.schema.domains.iter().map(|domain| &domain.name);
        return match near::object("domain", &wanted.name, names) {
            Some(sentence) => Outcome::Failed(sentence),
            None => Outcome::NotYet("there is no such domain yet".to_owned()),
        };
    };
    let mut faults = Vec::new();
    if !types::accepts(&wanted.base_type, &there.base_type, rule) {
        faults.push(format!("it is over {}", words::clip(&there.base_type)));
    }
    if there.not_null != wanted.not_null {
        faults.push(
            if there.not_null {
                "it is NOT NULL"
            } else {
                "it lacks NOT NULL"
            }
            .to_owned(),
        );
    }
    match (&there.default, &wanted.default) {
        (None, None) => {}
        (Some(a), Some(b)) if expression::same(a, b) => {}
        (Some(default), _) => faults.push(format!("its default is {}", words::expression(default))),
        (None, Some(_)) => faults.push("it has no default".to_owned()),
    }
    if !same_checks(&there.checks, &wanted.checks) {
        faults.push(if there.checks.is_empty() {
            "it checks nothing".to_owned()
        } else {
            let checks: Vec<_> = there
                .checks
                .iter()
                .map(|check| words::expression(check))
                .collect();
            format!("it checks that {}", words::clip(&words::list(&checks)))
        });
    }
    Outcome::from_fault((!faults.is_empty()).then(|| words::list(&faults)))
}

fn same_checks(a: &[String], b: &[String]) -> bool {
    let forms = |checks: &[String]| {
        let mut forms: Vec<_> = checks
            .iter()
            .map(|check| expression::normal_form(check))
            .collect();
        forms.sort();
        forms
    };
    a == b || forms(a) == forms(b)
}
