//! Judges triggers by table, time, events, level and condition. The function that one calls has a task of its own.

use super::{Outcome, found::Found};
use crate::{
    expression,
    snapshot::{ObjectName, Trigger},
    words,
};

pub(super) fn trigger(found: &Found<'_>, table: &ObjectName, wanted: &Trigger) -> Outcome {
    let Some(triggers) = found.triggers(table) else {
        return Outcome::NotYet(format!("{} is not there yet", words::object(table)));
    };
    let same: Vec<_> = triggers.iter().filter(|trigger| same(trigger, wanted)).collect();
    if same.iter().any(|trigger| trigger.enabled == wanted.enabled) {
        return Outcome::Passed;
    }
    if let Some(trigger) = same.first() {
        return Outcome::Failed(format!(
            "the trigger {} is {}",
            words::name(&trigger.name),
            if trigger.enabled { "enabled" } else { "disabled" }
        ));
    }
    let nearest = triggers
        .iter()
        .find(|trigger| trigger.name == wanted.name)
        .or_else(|| {
            triggers
                .iter()
                .find(|trigger| trigger.events.iter().any(|e| wanted.events.contains(e)))
        });
    match nearest {
        Some(trigger) => Outcome::Failed(format!(
            "the trigger {} is {}",
            words::name(&trigger.name),
            words::trigger(trigger)
        )),
        None => Outcome::NotYet("there is no such trigger yet".to_owned()),
    }
}

fn same(a: &Trigger, b: &Trigger) -> bool {
    a.timing == b.timing
        && a.events == b.events
        && a.update_columns == b.update_columns
        && a.for_each_row == b.for_each_row
        && match (&a.condition, &b.condition) {
            (None, None) => true,
            (Some(a), Some(b)) => expression::same(a, b),
            _ => false,
        }
}
