//! The little of JSON Schema that our OpenAPI document uses: does an answer fit, and what would a plausible request be?

use serde_json::{Map, Value, json};

/// The document that the router was made with.
pub(crate) struct Document(pub(crate) Value);

impl Document {
    pub(crate) fn load() -> Self {
        Self(serde_json::to_value(pglab_api::document()).unwrap())
    }

    /// All operations: method in capitals, path as in the document, and the operation.
    pub(crate) fn operations(&self) -> Vec<(String, String, &Value)> {
        let mut all = Vec::new();
        for (path, item) in self.0["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                if ["get", "post", "put", "patch", "delete"].contains(&method.as_str()) {
                    all.push((method.to_uppercase(), path.clone(), operation));
                }
            }
        }
        all
    }

    /// The operation that answers this request, if the document has it.
    pub(crate) fn operation(&self, method: &str, uri: &str) -> Option<&Value> {
        let path = uri.split('?').next().unwrap_or_default();
        let segments: Vec<&str> = path.split('/').collect();
        let fits = |template: &str| {
            let parts: Vec<&str> = template.split('/').collect();
            parts.len() == segments.len()
                && parts
                    .iter()
                    .zip(&segments)
                    .all(|(part, segment)| part == segment || part.starts_with('{'))
        };
        let operations = self.operations();
        // A path without parameters goes before one with.
        let mut fitting: Vec<_> = operations
            .into_iter()
            .filter(|(m, template, _)| m == method && fits(template))
            .collect();
        fitting.sort_by_key(|(_, template, _)| template.matches('{').count());
        fitting.first().map(|(_, _, operation)| *operation)
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.resolve(self.0.pointer(&reference[1..]).unwrap()),
            None => schema,
        }
    }

    /// What does not fit, with where it is.
    pub(crate) fn misfits(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        self.compare(schema, value, "", &mut found);
        found
    }

    fn compare(&self, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
        let schema = self.resolve(schema);
        for key in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[key].as_array()
                && !choices
                    .iter()
                    .any(|choice| self.misfits(choice, value).is_empty())
            {
                found.push(format!("{at}: none of the choices fits {value}"));
            }
        }
        if let Some(names) = schema["enum"].as_array()
            && !names.contains(value)
        {
            found.push(format!("{at}: {value} is none of {names:?}"));
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        // Whole numbers are numbers too.
        let fits = types.contains(&kind) || (kind == "integer" && types.contains(&"number"));
        if !types.is_empty() && !fits {
            found.push(format!("{at}: {value} is not {types:?}"));
        }
        if let Some(items) = value.as_array() {
            for (n, item) in items.iter().enumerate() {
                self.compare(&schema["items"], item, &format!("{at}[{n}]"), found);
            }
        }
        if let Some(object) = value.as_object() {
            let (properties, required) = self.members(schema);
            for name in required.iter().filter(|name| !object.contains_key(*name)) {
                found.push(format!("{at}: {name} is missing"));
            }
            for (name, value) in object {
                match properties.get(name) {
                    Some(property) => self.compare(property, value, &format!("{at}.{name}"), found),
                    None if properties.is_empty() => {}
                    None => found.push(format!("{at}: the document does not know {name}")),
                }
            }
        }
    }

    /// The properties of an object, also of one that is put together, and the names of those that it must have.
    fn members<'a>(&'a self, schema: &'a Value) -> (Map<String, Value>, Vec<String>) {
        let schema = self.resolve(schema);
        let mut properties = schema["properties"].as_object().cloned().unwrap_or_default();
        let names = schema["required"].as_array().into_iter().flatten();
        let mut required: Vec<String> = names
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect();
        for part in schema["allOf"].as_array().into_iter().flatten() {
            let (more, also) = self.members(part);
            properties.extend(more);
            required.extend(also);
        }
        (properties, required)
    }

    /// A value that fits: with what is required, and nothing else.
    pub(crate) fn plausible(&self, schema: &Value) -> Value {
        let schema = self.resolve(schema);
        for given in ["example", "default", "const"] {
            if let Some(value) = schema.get(given) {
                return value.clone();
            }
        }
        for key in ["oneOf", "anyOf", "enum"] {
            if let Some(first) = schema[key].as_array().and_then(|choices| choices.first()) {
                return if key == "enum" {
                    first.clone()
                } else {
                    self.plausible(first)
                };
            }
        }
        let kind = match &schema["type"] {
            Value::Array(many) => many.first().and_then(Value::as_str),
            one => one.as_str(),
        };
        match (kind, schema["format"].as_str()) {
            (Some("string"), Some("uuid")) => json!("01900000-0000-7000-8000-000000000000"),
            (Some("string"), Some("date-time")) => json!("2026-03-02T09:00:00Z"),
            (Some("string"), _) => json!("x1"),
            (Some("integer" | "number"), _) => schema.get("minimum").cloned().unwrap_or(json!(1)),
            (Some("boolean"), _) => json!(true),
            (Some("array"), _) => json!([]),
            (Some("null"), _) => Value::Null,
            _ => {
                let (properties, required) = self.members(schema);
                let members = required
                    .into_iter()
                    .map(|name| {
                        let value = self.plausible(&properties[&name]);
                        (name, value)
                    })
                    .collect();
                Value::Object(members)
            }
        }
    }
}
