//! Judges functions and procedures by their signature, and sequences by how they count. What a function does is not
//! judged here: views and triggers that use it show it.

use super::{Outcome, found::Found, near};
use crate::{
    lab::TypeRule,
    snapshot::{Function, Sequence},
    types, words,
};

pub(super) fn function(found: &Found<'_>, wanted: &Function, rule: TypeRule) -> Outcome {
    let named = found.functions(&wanted.name);
    let fits =
        |function: &&&Function| types::accepts_list(&wanted.argument_types, &function.argument_types, rule);
    let mut nearest = None;
    for function in named.iter().filter(fits) {
        if function.kind != wanted.kind {
            nearest = Some(format!(
                "it is {}",
                words::with_article(words::function_kind(function.kind))
            ));
        } else {
            match (&function.result, &wanted.result) {
                (None, None) => return Outcome::Passed,
                (Some(result), Some(wanted)) if types::accepts_list(wanted, result, rule) => {
                    return Outcome::Passed;
                }
                (Some(result), _) => nearest = Some(format!("it returns {}", words::clip(result))),
                (None, Some(_)) => nearest = Some("it returns nothing".to_owned()),
            }
        }
    }
    if let Some(fault) = nearest {
        return Outcome::Failed(fault);
    }
    if !named.is_empty() {
        let there: Vec<_> = named
            .iter()
            .map(|function| words::with_article(&words::function(function)))
            .collect();
        return Outcome::Failed(format!("there is {}", words::clip(&words::list(&there))));
    }
    let names = found.schema.functions.iter().map(|function| &function.name);
    match near::object("function", &wanted.name, names) {
        Some(sentence) => Outcome::Failed(sentence),
        None => Outcome::NotYet(format!(
            "there is no such {} yet",
            words::function_kind(wanted.kind)
        )),
    }
}

pub(super) fn sequence(found: &Found<'_>, wanted: &Sequence, rule: TypeRule) -> Outcome {
    let Some(there) = found.sequence(&wanted.name) else {
        let names = found.schema.sequences.iter().map(|sequence| &sequence.name);
        return match near::object("sequence", &wanted.name, names) {
            Some(sentence) => Outcome::Failed(sentence),
            None => Outcome::NotYet("there is no such sequence yet".to_owned()),
        };
    };
    let mut faults = Vec::new();
    if !types::accepts(&wanted.data_type, &there.data_type, rule) {
        faults.push(format!("its type is {}", words::clip(&there.data_type)));
    }
    // A sequence that goes to the end of its type goes on for as long as another to the end of its own.
    let to_the_end = |sequence: &Sequence, bound: i64| {
        let (min, max) = match sequence.data_type.as_str() {
            "smallint" => (i64::from(i16::MIN), i64::from(i16::MAX)),
            "integer" => (i64::from(i32::MIN), i64::from(i32::MAX)),
            _ => (i64::MIN, i64::MAX),
        };
        bound == min || bound == max
    };
    let differs = |a: i64, b: i64| {
        a != b && !(rule == TypeRule::Lenient && to_the_end(wanted, a) && to_the_end(there, b))
    };
    for (what, wanted, there) in [
        ("it starts at", wanted.start, there.start),
        ("it counts by", wanted.increment, there.increment),
        ("its least value is", wanted.min, there.min),
        ("its greatest value is", wanted.max, there.max),
    ] {
        if differs(wanted, there) {
            faults.push(format!("{what} {there}"));
        }
    }
    if wanted.cycle != there.cycle {
        faults.push(
            if there.cycle {
                "it cycles"
            } else {
                "it does not cycle"
            }
            .to_owned(),
        );
    }
    Outcome::from_fault((!faults.is_empty()).then(|| words::list(&faults)))
}
