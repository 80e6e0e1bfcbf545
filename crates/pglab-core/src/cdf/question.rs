//! A `question` component: a task, read into what it asks for and how it is judged.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    challenge::Database,
    database::database_of,
    reader::{Node, Object},
    sql,
};
use crate::{
    answer::text::whole_regex,
    points::Pricing,
    task::{
        Points,
        kind::{Accepted, CheckboxesTask, ChoiceTask, FlagTask, RightSet, TaskKind, TextTask},
    },
};

/// What a question is worth whose document does not say.
const DEFAULT_POINTS: u32 = 10;

#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The component's id: by this the task is found again when its pack is updated.
    pub id: String,
    /// The `order` of the document; several may clash.
    pub order: Option<f64>,
    /// Among the questions of the document, from 0.
    pub position: usize,
    pub title: String,
    /// What is asked.
    pub text: String,
    pub points: Points,
    pub hints: Vec<Hint>,
    /// Shown when the task is done.
    pub explanation: String,
    pub format: String,
    pub required: bool,
    pub pricing: Pricing,
    /// How often one member may answer. None: as often as they like.
    pub attempts: Option<u32>,
    /// How long one must wait after a wrong answer. Seconds.
    pub cooldown_s: u32,
    /// The component whose database the task is about.
    pub database: Option<String>,
    pub kind: TaskKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    pub text: String,
    /// Taken off what the task earns.
    pub price: Points,
}

pub(super) fn question(
    id: &str,
    position: usize,
    config: &Object<'_>,
    databases: &[Database],
) -> Option<Question> {
    let text = match (config.get("text"), config.get("prompt")) {
        (Some(node), _) | (None, Some(node)) => node.name(),
        (None, None) => config.required("text").and_then(|node| node.name()),
    };
    let points = config
        .get("points")
        .map_or(Some(Points::from_whole(DEFAULT_POINTS)), |node| points(&node));
    let order = config.get("order").and_then(|node| node.number());
    let hints = hints(config);
    let title = config.text("title");
    let kind_node = config.required("type")?;
    let database = database_of(config, databases);
    let kind = match kind_node.name()? {
        "text" => accepted(config).map(|accepted| TaskKind::Text(TextTask { accepted })),
        "flag" => accepted(config).map(|accepted| TaskKind::Flag(FlagTask { accepted })),
        "multiple_choice" => choice(config).map(TaskKind::Choice),
        "checkboxes" => checkboxes(config).map(TaskKind::Checkboxes),
        "state" => sql::state(config).map(TaskKind::State),
        "query" => sql::query(config, database).map(TaskKind::Query),
        "assert" => sql::assert(config).map(TaskKind::Assert),
        "behaviour" => sql::behaviour(config).map(TaskKind::Behaviour),
        "plan" => sql::plan(config, database).map(TaskKind::Plan),
        other => {
            kind_node.error(format!(
                "{other:?} is no type of question: use text, multiple_choice, checkboxes, flag, state, query, assert, behaviour or plan"
            ));
            None
        }
    };
    if let Some(kind) = &kind {
        let wants_database = matches!(
            kind,
            TaskKind::State(_)
                | TaskKind::Query(_)
                | TaskKind::Assert(_)
                | TaskKind::Behaviour(_)
                | TaskKind::Plan(_)
        );
        if wants_database && database.is_none() && config.get("database").is_none() {
            config.error(if databases.is_empty() {
                "the challenge has no component of type database that this question could be about"
            } else {
                "names no database, and the challenge has several: add \"database\" with the id of one"
            });
        }
    }
    Some(Question {
        id: id.to_owned(),
        order,
        position,
        title,
        text: text?.to_owned(),
        points: points?,
        hints,
        explanation: config.text("explanation"),
        format: config.text("format"),
        required: config.flag("required", false),
        pricing: pricing(config),
        attempts: whole(config, "attempts").filter(|attempts| *attempts > 0),
        cooldown_s: whole(config, "cooldown").unwrap_or(0),
        database: database.map(|database| database.id.clone()),
        kind: kind?,
    })
}

/// By `order`, those without by their place; where two clash, the one that stands first in the document.
pub(super) fn sort(questions: &mut [Question], read: &[(String, &str, Object<'_>)]) {
    for (at, question) in questions.iter().enumerate() {
        let clashes =
            question.order.is_some() && questions[..at].iter().any(|other| other.order == question.order);
        let config = read
            .iter()
            .find(|(id, kind, _)| *id == question.id && *kind == "question");
        if clashes && let Some((_, _, config)) = config {
            config.warn("another question has the same order: they stand as in the document");
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "at most 1,000 questions")]
    let key = |question: &Question| question.order.unwrap_or((question.position + 1) as f64);
    questions.sort_by(|a, b| key(a).total_cmp(&key(b)).then(a.position.cmp(&b.position)));
}

fn points(node: &Node<'_>) -> Option<Points> {
    let number = node.number()?;
    if !(0.0..=1_000_000.0).contains(&number) {
        node.error("must be from 0 to 1000000");
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most a thousand million")]
    let thousandths = (number * 1000.0).round() as i64;
    Some(Points(thousandths))
}

fn whole(config: &Object<'_>, key: &str) -> Option<u32> {
    let number = config.get(key)?.whole(0, u64::from(u32::MAX))?;
    u32::try_from(number).ok()
}

/// `pricing`: an object with `function` (`linear` or `logarithmic`), `decay` and `minimum`.
fn pricing(config: &Object<'_>) -> Pricing {
    let Some(object) = config.get("pricing").and_then(|node| node.object()) else {
        return Pricing::Fixed;
    };
    let floor = object
        .get("minimum")
        .and_then(|node| points(&node))
        .unwrap_or(Points(0));
    let decay = object.required("decay");
    let Some(function) = object.required("function") else {
        return Pricing::Fixed;
    };
    match function.text() {
        Some("linear") => {
            let step = decay.and_then(|node| points(&node)).unwrap_or(Points(0));
            Pricing::Linear { step, floor }
        }
        Some("logarithmic") => {
            let completions = decay.and_then(|node| node.whole(1, 1_000_000)).unwrap_or(1);
            Pricing::Logarithmic {
                completions: u32::try_from(completions).unwrap_or(1),
                floor,
            }
        }
        Some(_) => {
            function.error("must be linear or logarithmic");
            Pricing::Fixed
        }
        None => Pricing::Fixed,
    }
}

/// `hint`: a text. `hints`: texts, or objects with `text` (some write `content`) and `cost`.
fn hints(config: &Object<'_>) -> Vec<Hint> {
    let free = |text: &str| Hint {
        text: text.to_owned(),
        price: Points(0),
    };
    let first = config
        .get("hint")
        .and_then(|node| node.text())
        .filter(|text| !text.trim().is_empty());
    let mut hints: Vec<Hint> = first.into_iter().map(free).collect();
    for node in config.list("hints") {
        if let Value::String(text) = node.value {
            hints.push(free(text));
            continue;
        }
        let Some(hint) = node.object() else { continue };
        let text = hint.get("content").or_else(|| hint.required("text"));
        let price = hint.get("cost").map_or(Some(Points(0)), |node| points(&node));
        if let (Some(text), Some(price)) = (text.and_then(|node| node.text()), price) {
            hints.push(Hint {
                text: text.to_owned(),
                price,
            });
        }
    }
    hints
}

/// `answer`: one, or a list of them.
fn answers<'a>(config: &Object<'a>) -> Option<Vec<Node<'a>>> {
    let answer = config.required("answer")?;
    let answers = match answer.value {
        Value::Array(_) => answer.list()?,
        _ => vec![answer.clone()],
    };
    if answers.is_empty() {
        answer.error("must hold at least one answer");
        return None;
    }
    Some(answers)
}

fn accepted(config: &Object<'_>) -> Option<Vec<Accepted>> {
    let any_case = !config.flag("case_sensitive", true);
    answers(config)?
        .iter()
        .map(|answer| one_accepted(answer, any_case))
        .collect::<Vec<_>>()
        .into_iter()
        .collect()
}

/// A text or number as it is; or an object with `regex`, `argon2id` or `member`.
fn one_accepted(answer: &Node<'_>, any_case: bool) -> Option<Accepted> {
    let Value::Object(map) = answer.value else {
        let text = answer.scalar()?;
        if text.trim().is_empty() {
            answer.error("must not be empty");
            return None;
        }
        return Some(match text.trim() {
            // The member's own flag, as challenges of this format say it.
            "{{FLAG}}" => Accepted::Member("flag".to_owned()),
            _ if any_case => Accepted::AnyCase(text),
            _ => Accepted::Exact(text),
        });
    };
    let object = answer.object()?;
    match map.keys().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["regex"] => {
            let node = object.required("regex")?;
            let pattern = node.name()?;
            let pattern = if any_case {
                format!("(?i:{pattern})")
            } else {
                pattern.to_owned()
            };
            match whole_regex(&pattern) {
                Ok(_) => Some(Accepted::Regex(pattern)),
                Err(error) => {
                    node.error(format!("this regular expression can't be used: {error}"));
                    None
                }
            }
        }
        ["argon2id"] => Some(Accepted::Hashed {
            argon2id: hash(&object.required("argon2id")?)?,
            any_case,
        }),
        ["member"] => Some(Accepted::Member(object.required("member")?.name()?.to_owned())),
        _ => {
            answer.error("must be a text, a number, or an object with one of regex, argon2id and member");
            None
        }
    }
}

fn hash(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    if !text.starts_with("$argon2id$") {
        node.error("must be an argon2id hash, which begins with $argon2id$");
        return None;
    }
    Some(text.to_owned())
}

fn options(config: &Object<'_>) -> Option<Vec<String>> {
    let node = config.required("options")?;
    let options: Vec<String> = node.list()?.iter().filter_map(Node::scalar).collect();
    let mut seen: Vec<&str> = options.iter().map(|option| option.trim()).collect();
    seen.sort_unstable();
    seen.dedup();
    if seen.len() != options.len() {
        node.error("holds an option twice");
    }
    if options.len() < 2 {
        node.error("must hold at least two options");
        return None;
    }
    Some(options)
}

/// The option that an answer names: by its text, or, for a number that is no text of one, by its place from 0.
fn option_named(answer: &Node<'_>, options: &[String]) -> Option<String> {
    let text = answer.scalar()?;
    if let Some(option) = options.iter().find(|option| option.trim() == text.trim()) {
        return Some(option.clone());
    }
    if let (Value::Number(_), Ok(place)) = (answer.value, text.parse::<usize>())
        && let Some(option) = options.get(place)
    {
        answer.warn(format!("taken as the place of an option, from 0: {option:?}"));
        return Some(option.clone());
    }
    answer.error("is none of the options");
    None
}

fn choice(config: &Object<'_>) -> Option<ChoiceTask> {
    let options = options(config)?;
    let accepted: Vec<Option<Accepted>> = answers(config)?
        .iter()
        .map(|answer| match answer.value {
            Value::Object(_) => one_accepted(answer, false),
            _ => option_named(answer, &options).map(Accepted::Exact),
        })
        .collect();
    let accepted = accepted.into_iter().collect::<Option<_>>()?;
    Some(ChoiceTask { options, accepted })
}

fn checkboxes(config: &Object<'_>) -> Option<CheckboxesTask> {
    let options = options(config)?;
    let answer = config.required("answer")?;
    let answer = if let Value::Object(_) = answer.value {
        let object = answer.object()?;
        RightSet::Hashed {
            argon2id: hash(&object.required("argon2id")?)?,
        }
    } else {
        let right: Vec<Option<String>> = answers(config)?
            .iter()
            .map(|answer| option_named(answer, &options))
            .collect();
        RightSet::Options(right.into_iter().collect::<Option<_>>()?)
    };
    Some(CheckboxesTask { options, answer })
}
