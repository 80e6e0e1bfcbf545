//! Settings and starts as an instructor gives them: what is given is laid over what is there, and must make sense.

use pglab_core::{
    access::Actor,
    ident::Ident,
    lab::{LabSettings, Start},
    person::Role,
};
use serde_json::{Map, Value};

use crate::{Error, FieldProblem};

/// The settings with these keys changed.
///
/// # Errors
/// Unknown keys, values out of range, or extensions that only an admin may allow.
pub(super) fn merged(
    actor: &Actor,
    old: &LabSettings,
    given: Map<String, Value>,
) -> Result<LabSettings, Error> {
    let mut merged = match serde_json::to_value(old) {
        Ok(Value::Object(old)) => old,
        _ => Map::new(),
    };
    let mut problems = Vec::new();
    for (key, value) in given {
        if merged.contains_key(&key) {
            merged.insert(key, value);
        } else {
            problems.push(problem(&key, "there is no such setting".to_owned()));
        }
    }
    // Each on its own, so that a wrong value is told with its place.
    for (key, value) in &merged {
        let alone: Map<String, Value> = [(key.clone(), value.clone())].into_iter().collect();
        if let Err(error) = serde_json::from_value::<LabSettings>(Value::Object(alone)) {
            problems.push(problem(key, error.to_string()));
        }
    }
    if let Ok(settings) = serde_json::from_value::<LabSettings>(Value::Object(merged))
        && problems.is_empty()
    {
        check(&settings, &mut problems);
        if settings.extensions != old.extensions && !is_admin(actor) {
            problems.push(problem(
                "extensions",
                "only an admin may allow extensions that PostgreSQL does not trust".to_owned(),
            ));
        }
        if problems.is_empty() {
            return Ok(settings);
        }
    }
    Err(refused("the settings are not right", problems))
}

fn is_admin(actor: &Actor) -> bool {
    match actor {
        Actor::System => true,
        Actor::Person(person) => person.role == Role::Admin,
        Actor::Stranger => false,
    }
}

fn check(settings: &LabSettings, problems: &mut Vec<FieldProblem>) {
    let mut range = |key: &str, value: u32, least: u32, most: u32| {
        if !(least..=most).contains(&value) {
            problems.push(problem(key, format!("must be between {least} and {most}")));
        }
    };
    range("max_connections", u32::from(settings.max_connections), 1, 1000);
    range("statement_timeout_s", settings.statement_timeout_s, 1, 86_400);
    range(
        "idle_in_transaction_timeout_s",
        settings.idle_in_transaction_timeout_s,
        1,
        86_400,
    );
    range("temp_file_limit_mib", settings.temp_file_limit_mib, 1, 1_048_576);
    range("database_quota_mib", settings.database_quota_mib, 16, 1_048_576);
    for (at, extension) in settings.extensions.iter().enumerate() {
        if let Err(error) = Ident::new(extension.as_str()) {
            problems.push(problem(&format!("extensions[{at}]"), error.to_string()));
        }
    }
}

/// # Errors
/// A list of tables that is empty or has one twice, a name that no table or file can have.
pub(super) fn start(start: Start) -> Result<Start, Error> {
    let mut problems = Vec::new();
    match &start {
        Start::Empty | Start::Schema => {}
        Start::Tables(tables) => {
            if tables.is_empty() {
                problems.push(FieldProblem {
                    path: "start.tables".to_owned(),
                    message: "name at least one table, or start empty".to_owned(),
                });
            }
            for (at, table) in tables.iter().enumerate() {
                let message = if table.trim().is_empty() || table.contains('\0') {
                    "the name of a table must not be empty"
                } else if tables[..at].contains(table) {
                    "is there twice"
                } else {
                    continue;
                };
                problems.push(FieldProblem {
                    path: format!("start.tables[{at}]"),
                    message: message.to_owned(),
                });
            }
        }
        Start::Dump(name) => {
            if name.trim().is_empty() || name.contains('\0') {
                problems.push(FieldProblem {
                    path: "start.dump".to_owned(),
                    message: "name the file that you upload for the start".to_owned(),
                });
            }
        }
    }
    if problems.is_empty() {
        Ok(start)
    } else {
        Err(refused("the start is not right", problems))
    }
}

fn problem(key: &str, message: String) -> FieldProblem {
    FieldProblem {
        path: format!("settings.{key}"),
        message,
    }
}

/// Says the problems in the sentence too, for those who only read that.
fn refused(what: &str, fields: Vec<FieldProblem>) -> Error {
    let list: Vec<String> = fields
        .iter()
        .map(|field| format!("{}: {}", field.path, field.message))
        .collect();
    Error::Invalid {
        message: format!("{what}: {}", list.join("; ")),
        fields,
    }
}
