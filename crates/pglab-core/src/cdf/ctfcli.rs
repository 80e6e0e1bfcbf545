//! Reads ctfcli's `challenge.yml` (its specification 0.1) into a document. Reading YAML and copying files is not done
//! here: the parsed value comes in.

use serde_json::{Map, Value, json};

use super::{
    Document, Problem,
    read::key_of_name,
    reader::{Node, Object, Sink},
};

/// A challenge made from a `challenge.yml`.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// For the file's name.
    pub key: String,
    pub document: Document,
    /// Files beside the `challenge.yml` that belong to it, as written there.
    pub files: Vec<String>,
    pub warnings: Vec<Problem>,
}

/// What of the specification has a place in a document. The rest is kept under `metadata.ctfcli`.
const UNDERSTOOD: [&str; 15] = [
    "name",
    "author",
    "description",
    "value",
    "attempts",
    "flags",
    "tags",
    "topics",
    "hints",
    "files",
    "image",
    "requirements",
    "category",
    "connection_info",
    "extra",
];

/// # Errors
/// No challenge of this format: a name or a value is missing, or something is of another kind.
pub fn import(parsed: &Value) -> Result<Imported, Vec<Problem>> {
    let sink = Sink::default();
    let imported = match parsed {
        Value::Object(map) => read(&Object::root(map, &sink)),
        _ => {
            sink.error("", "a challenge.yml holds keys and values");
            None
        }
    };
    let (errors, warnings) = sink.into_problems();
    match imported {
        Some(imported) if errors.is_empty() => Ok(Imported { warnings, ..imported }),
        _ => Err(errors),
    }
}

fn read(yml: &Object<'_>) -> Option<Imported> {
    let name = yml.required("name").and_then(|node| node.name());
    if let Some(version) = yml.get("version").and_then(|node| node.scalar())
        && version != "0.1"
    {
        yml.sink().warn("version", format!("{version} is read as 0.1"));
    }
    let extra = yml.get("extra").and_then(|node| node.object());
    let value = yml
        .get("value")
        .or_else(|| extra.as_ref().and_then(|extra| extra.get("initial")));
    if value.is_none() {
        yml.required("value");
    }
    let description = yml.text("description");
    let mut text = description.clone();
    if let Some(connection) = yml.get("connection_info").and_then(|node| node.scalar()) {
        text = format!("{text}\n\n{connection}");
    }
    let mut question = Map::new();
    question.insert("type".to_owned(), json!("flag"));
    question.insert("points".to_owned(), value?.value.clone());
    if let Some(attempts) = yml.get("attempts") {
        question.insert("attempts".to_owned(), attempts.value.clone());
    }
    if let Some(pricing) = pricing(extra.as_ref()) {
        question.insert("pricing".to_owned(), pricing);
    }
    let hints: Vec<Value> = yml.list("hints").iter().filter_map(hint).collect();
    if !hints.is_empty() {
        question.insert("hints".to_owned(), Value::Array(hints));
    }
    flags(yml, &mut question);
    let name = name?;
    let text = if text.trim().is_empty() { name } else { text.trim() };
    question.insert("text".to_owned(), json!(text));

    let mut components = vec![json!({"type": "question", "id": "flag", "config": question})];
    let image = yml.get("image").and_then(|node| node.text());
    match image {
        Some("." | "") | None => {}
        Some(image) if image.starts_with("./") || image.starts_with("__") => {}
        Some(image) => {
            components.push(json!({"type": "container", "id": "container", "config": {"image": image}}))
        }
    }
    if image.is_some() && components.len() == 1 {
        yml.sink()
            .warn("image", "is built from a Dockerfile, which a pack does not carry");
    }
    let key = key_of_name(name);
    let document = json!({
        "metadata": metadata(yml, &key, name, &description, components.len() > 1),
        "components": components,
    });
    Some(Imported {
        key,
        document: Document::from_value(document).ok()?,
        files: yml.texts("files"),
        warnings: Vec::new(),
    })
}

fn metadata(yml: &Object<'_>, key: &str, name: &str, description: &str, container: bool) -> Value {
    let mut tags = Vec::new();
    for tag in yml
        .list("tags")
        .iter()
        .chain(&yml.list("topics"))
        .filter_map(Node::scalar)
    {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    let category = yml.get("category").and_then(|node| node.scalar());
    if let Some(category) = category.filter(|category| !tags.contains(category)) {
        tags.insert(0, category);
    }
    let mut metadata = Map::new();
    metadata.insert("id".to_owned(), json!(key));
    metadata.insert("name".to_owned(), json!(name));
    metadata.insert("version".to_owned(), json!("1.0.0"));
    metadata.insert(
        "challenge_type".to_owned(),
        json!(if container { "container" } else { "sql-lab" }),
    );
    if !description.is_empty() {
        metadata.insert("description".to_owned(), json!(description));
    }
    if let Some(author) = yml.get("author").and_then(|node| node.scalar()) {
        metadata.insert("author".to_owned(), json!(author));
    }
    if !tags.is_empty() {
        metadata.insert("tags".to_owned(), json!(tags));
    }
    let (requirements, kept) = requirements(yml);
    if !requirements.is_empty() {
        metadata.insert("prerequisites".to_owned(), json!(requirements));
    }
    let mut rest: Map<String, Value> = yml
        .map
        .iter()
        .filter(|(key, value)| !UNDERSTOOD.contains(&key.as_str()) && !value.is_null())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    rest.extend(kept.map(|kept| ("requirements".to_owned(), kept)));
    if !rest.is_empty() {
        metadata.insert("ctfcli".to_owned(), Value::Object(rest));
    }
    Value::Object(metadata)
}

/// Names; a number means an id in somebody's CTFd, which says nothing here.
fn requirements(yml: &Object<'_>) -> (Vec<String>, Option<Value>) {
    let Some(node) = yml.get("requirements") else {
        return (Vec::new(), None);
    };
    let list = match node.value {
        Value::Object(_) => node.object().map(|object| object.list("prerequisites")),
        _ => node.list(),
    };
    let mut names = Vec::new();
    let mut kept = None;
    for item in list.unwrap_or_default() {
        match item.value {
            Value::String(name) => names.push(key_of_name(name)),
            _ => {
                item.warn("is the number of a challenge in another program: it is kept and not understood");
                kept = Some(node.value.clone());
            }
        }
    }
    (names, kept)
}

fn hint(node: &Node<'_>) -> Option<Value> {
    if let Value::String(text) = node.value {
        return Some(json!(text));
    }
    let hint = node.object()?;
    let text = hint.required("content")?.text()?;
    Some(match hint.get("cost") {
        Some(cost) => json!({"text": text, "cost": cost.value}),
        None => json!({"text": text}),
    })
}

/// Texts, and objects with `type` (`static`, `regex`), `content` and `data` (`case_insensitive`).
fn flags(yml: &Object<'_>, question: &mut Map<String, Value>) {
    let list = yml.list("flags");
    if list.is_empty() {
        yml.error("has no flags: nothing could be answered");
        return;
    }
    let mut read: Vec<(bool, bool, String)> = Vec::new();
    for node in &list {
        if !node.value.is_object() {
            read.extend(node.scalar().map(|text| (false, false, text)));
            continue;
        }
        let Some(flag) = node.object() else { continue };
        let Some(content) = flag.required("content").and_then(|node| node.scalar()) else {
            continue;
        };
        let any_case = flag
            .get("data")
            .is_some_and(|node| node.value.as_str() == Some("case_insensitive"));
        match flag.get("type").map_or(Some("static"), |node| node.text()) {
            Some("static") => read.push((false, any_case, content)),
            Some("regex") => read.push((true, any_case, content)),
            Some(other) => node.error(format!(
                "flags of type {other:?} can't be judged: use static or regex"
            )),
            None => {}
        }
    }
    let all_any_case = read.iter().all(|(_, any_case, _)| *any_case);
    let answers: Vec<Value> = read
        .into_iter()
        .map(
            |(regex, any_case, content)| match (regex, any_case && !all_any_case) {
                (false, false) => json!(content),
                (false, true) => json!({"regex": format!("(?i:{})", regex::escape(&content))}),
                (true, false) => json!({"regex": braces_escaped(&content)}),
                (true, true) => json!({"regex": format!("(?i:{})", braces_escaped(&content))}),
            },
        )
        .collect();
    if all_any_case {
        question.insert("case_sensitive".to_owned(), json!(false));
    }
    question.insert("answer".to_owned(), Value::Array(answers));
}

/// Python, for which these expressions were written, takes a brace that begins no count as itself: `flag{[0-9]+}`.
fn braces_escaped(pattern: &str) -> String {
    let mut escaped = String::with_capacity(pattern.len() + 4);
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            '\\' => 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
            '{' => match count_length(rest) {
                Some(length) => length,
                None => {
                    escaped.push('\\');
                    1
                }
            },
            '}' => {
                escaped.push('\\');
                1
            }
            c => c.len_utf8(),
        };
        escaped.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    escaped
}

/// The length of `{2}`, `{2,}` or `{2,5}` at the beginning, in bytes.
fn count_length(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('{')?.split_once('}')?.0;
    let (from, to) = inside.split_once(',').unwrap_or((inside, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    (!from.is_empty() && digits(from) && digits(to)).then_some(inside.len() + 2)
}

/// Of the type `dynamic`: `extra` with `initial`, `decay`, `minimum` and perhaps `function`.
fn pricing(extra: Option<&Object<'_>>) -> Option<Value> {
    let extra = extra?;
    let decay = extra.get("decay")?;
    let function = extra
        .get("function")
        .and_then(|node| node.text())
        .unwrap_or("logarithmic");
    if function == "static" {
        return None;
    }
    let minimum = extra.get("minimum").map_or(json!(0), |node| node.value.clone());
    Some(json!({"function": function, "decay": decay.value, "minimum": minimum}))
}
