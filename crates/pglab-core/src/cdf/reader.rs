//! Walks through JSON, knowing at each step where it is, and collects what is wrong. A key with null is a key that is
//! not there.

use std::cell::RefCell;

use serde_json::{Map, Value};

use super::Problem;

/// Where problems are collected.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    errors: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
}

impl Sink {
    pub(crate) fn error(&self, path: &str, error: impl Into<String>) {
        self.errors.borrow_mut().push(Problem {
            path: path.to_owned(),
            error: error.into(),
        });
    }
    pub(crate) fn warn(&self, path: &str, error: impl Into<String>) {
        self.warnings.borrow_mut().push(Problem {
            path: path.to_owned(),
            error: error.into(),
        });
    }
    /// Errors and warnings.
    pub(crate) fn into_problems(self) -> (Vec<Problem>, Vec<Problem>) {
        (self.errors.into_inner(), self.warnings.into_inner())
    }
}

/// A value at its place.
#[derive(Debug, Clone)]
pub(crate) struct Node<'a> {
    pub value: &'a Value,
    pub path: String,
    sink: &'a Sink,
}

impl<'a> Node<'a> {
    pub(crate) fn error(&self, error: impl Into<String>) {
        self.sink.error(&self.path, error);
    }
    pub(crate) fn warn(&self, error: impl Into<String>) {
        self.sink.warn(&self.path, error);
    }

    pub(crate) fn object(&self) -> Option<Object<'a>> {
        match self.value {
            Value::Object(map) => Some(Object {
                map,
                path: self.path.clone(),
                sink: self.sink,
            }),
            _ => self.wrong("an object"),
        }
    }
    pub(crate) fn list(&self) -> Option<Vec<Node<'a>>> {
        match self.value {
            Value::Array(values) => Some(
                values
                    .iter()
                    .enumerate()
                    .map(|(at, value)| Node {
                        value,
                        path: format!("{}[{at}]", self.path),
                        sink: self.sink,
                    })
                    .collect(),
            ),
            _ => self.wrong("a list"),
        }
    }
    pub(crate) fn text(&self) -> Option<&'a str> {
        match self.value {
            Value::String(text) => Some(text),
            _ => self.wrong("a text"),
        }
    }
    /// A text that is not blank.
    pub(crate) fn name(&self) -> Option<&'a str> {
        let text = self.text()?;
        if text.trim().is_empty() {
            self.error("must not be empty");
            return None;
        }
        Some(text)
    }
    pub(crate) fn bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(*value),
            _ => self.wrong("true or false"),
        }
    }
    pub(crate) fn number(&self) -> Option<f64> {
        match self.value.as_f64() {
            Some(number) => Some(number),
            None => self.wrong("a number"),
        }
    }
    pub(crate) fn whole(&self, from: u64, to: u64) -> Option<u64> {
        // 5.0 is written where 5 is meant.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "only whole numbers within the range of exact doubles are taken"
        )]
        let number = self.value.as_u64().or_else(|| {
            let number = self.value.as_f64()?;
            (number.fract() == 0.0 && (0.0..9e15).contains(&number)).then_some(number as u64)
        });
        match number {
            Some(number) if (from..=to).contains(&number) => Some(number),
            _ => {
                self.error(format!("must be a whole number from {from} to {to}"));
                None
            }
        }
    }
    /// A text, or a number or truth value in its place.
    pub(crate) fn scalar(&self) -> Option<String> {
        match self.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(value) => Some(value.to_string()),
            _ => self.wrong("a text or a number"),
        }
    }
    /// A list of texts, or one text in place of a list of one.
    pub(crate) fn texts(&self) -> Option<Vec<String>> {
        if let Value::String(text) = self.value {
            return Some(vec![text.clone()]);
        }
        let items = self.list()?;
        items
            .iter()
            .map(|item| item.text().map(str::to_owned))
            .collect::<Vec<_>>()
            .into_iter()
            .collect()
    }

    fn wrong<T>(&self, wanted: &str) -> Option<T> {
        let found = match self.value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        self.error(format!("must be {wanted}, and is {found}"));
        None
    }
}

/// An object at its place.
#[derive(Debug, Clone)]
pub(crate) struct Object<'a> {
    pub map: &'a Map<String, Value>,
    pub path: String,
    sink: &'a Sink,
}

impl<'a> Object<'a> {
    pub(crate) fn root(map: &'a Map<String, Value>, sink: &'a Sink) -> Self {
        Self {
            map,
            path: String::new(),
            sink,
        }
    }
    pub(crate) fn sink(&self) -> &'a Sink {
        self.sink
    }
    pub(crate) fn error(&self, error: impl Into<String>) {
        self.sink.error(&self.path, error);
    }
    pub(crate) fn warn(&self, error: impl Into<String>) {
        self.sink.warn(&self.path, error);
    }
    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }
    pub(crate) fn get(&self, key: &str) -> Option<Node<'a>> {
        let value = self.map.get(key).filter(|value| !value.is_null())?;
        Some(Node {
            value,
            path: self.path_of(key),
            sink: self.sink,
        })
    }
    pub(crate) fn required(&self, key: &str) -> Option<Node<'a>> {
        let node = self.get(key);
        if node.is_none() {
            self.sink.error(&self.path_of(key), "is missing");
        }
        node
    }
    /// An optional text; empty where there is none.
    pub(crate) fn text(&self, key: &str) -> String {
        self.get(key)
            .and_then(|node| node.text())
            .unwrap_or_default()
            .to_owned()
    }
    pub(crate) fn texts(&self, key: &str) -> Vec<String> {
        self.get(key).and_then(|node| node.texts()).unwrap_or_default()
    }
    pub(crate) fn flag(&self, key: &str, default: bool) -> bool {
        self.get(key).and_then(|node| node.bool()).unwrap_or(default)
    }
    /// The nodes of an optional list.
    pub(crate) fn list(&self, key: &str) -> Vec<Node<'a>> {
        self.get(key).and_then(|node| node.list()).unwrap_or_default()
    }
}
