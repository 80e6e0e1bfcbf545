//! Takes the answers out of a document that is to be published: texts, choices and flags become argon2id hashes. What a
//! judge must know in clear (references of queries, regular expressions) can't be hashed, and is told.

use serde_json::{Map, Value, json};

use crate::answer::text::{hashed_form, hashed_set_form};

/// Hashes one answer; fails only where hashing itself does.
pub type HashesAnswers<'h> = dyn FnMut(&str) -> Option<String> + 'h;

/// An answer that stays in clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unhashed {
    /// The component's id.
    pub question: String,
    pub why: &'static str,
}

pub(super) fn hash_answers(
    root: &mut Map<String, Value>,
    hashes: &mut HashesAnswers<'_>,
) -> (usize, Vec<Unhashed>) {
    let mut n_hashed = 0;
    let mut unhashed = Vec::new();
    let components = root.get_mut("components").and_then(Value::as_array_mut);
    for component in components.into_iter().flatten() {
        if component.get("type").and_then(Value::as_str) != Some("question") {
            continue;
        }
        let id = component
            .get("id")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let Some(config) = component.get_mut("config").and_then(Value::as_object_mut) else {
            continue;
        };
        let any_case = config.get("case_sensitive").and_then(Value::as_bool) == Some(false);
        let mut tell = |why| {
            unhashed.push(Unhashed {
                question: id.clone(),
                why,
            });
        };
        match config.get("type").and_then(Value::as_str) {
            Some("checkboxes") => n_hashed += set(config, hashes),
            Some("multiple_choice") => n_hashed += each(config, false, true, hashes, &mut tell),
            Some("text" | "flag") => n_hashed += each(config, any_case, false, hashes, &mut tell),
            Some("query" | "plan") if config.contains_key("answer") => {
                tell("the reference of a query is run, and must be known");
            }
            _ => {}
        }
    }
    (n_hashed, unhashed)
}

/// The text of an option, where the answer is its place.
fn option_text(config: &Map<String, Value>, answer: &Value) -> Option<String> {
    let text = match answer {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        _ => return None,
    };
    let options = config.get("options").and_then(Value::as_array);
    let texts: Vec<String> = options
        .into_iter()
        .flatten()
        .map(|option| option.as_str().map_or_else(|| option.to_string(), str::to_owned))
        .collect();
    if texts.is_empty() || texts.iter().any(|option| option.trim() == text.trim()) {
        return Some(text);
    }
    let place = answer.as_u64().and_then(|place| usize::try_from(place).ok());
    Some(place.and_then(|place| texts.get(place).cloned()).unwrap_or(text))
}

fn set(config: &mut Map<String, Value>, hashes: &mut HashesAnswers<'_>) -> usize {
    let right: Vec<String> = match config.get("answer") {
        Some(Value::Array(answers)) => answers
            .iter()
            .filter_map(|answer| option_text(config, answer))
            .collect(),
        Some(one @ (Value::String(_) | Value::Number(_))) => option_text(config, one).into_iter().collect(),
        _ => return 0,
    };
    match hashes(&hashed_set_form(&right)) {
        Some(hash) => {
            config.insert("answer".to_owned(), json!({ "argon2id": hash }));
            1
        }
        None => 0,
    }
}

fn each(
    config: &mut Map<String, Value>,
    any_case: bool,
    options: bool,
    hashes: &mut HashesAnswers<'_>,
    tell: &mut dyn FnMut(&'static str),
) -> usize {
    let Some(answer) = config.get("answer").cloned() else {
        return 0;
    };
    let mut n_hashed = 0;
    let mut one = |answer: Value| -> Value {
        let text = match &answer {
            Value::Object(map) => {
                if map.contains_key("regex") {
                    tell("a regular expression must be known to be matched");
                }
                return answer;
            }
            Value::String(text) if text.trim() == "{{FLAG}}" => return answer,
            Value::String(_) | Value::Number(_) | Value::Bool(_) if options => option_text(config, &answer),
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Null | Value::Array(_) => None,
        };
        match text.and_then(|text| hashes(&hashed_form(&text, any_case))) {
            Some(hash) => {
                n_hashed += 1;
                json!({ "argon2id": hash })
            }
            None => answer,
        }
    };
    let hashed = match answer {
        Value::Array(answers) => Value::Array(answers.into_iter().map(&mut one).collect()),
        answer => one(answer),
    };
    config.insert("answer".to_owned(), hashed);
    n_hashed
}
