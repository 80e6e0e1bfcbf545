//! A task that somebody writes by hand, from facts.

use std::collections::HashMap;

use pglab_core::{
    access::Actor,
    check::{Check, Fact},
    derive::{HAND_MADE, weight},
    id::{CheckId, TaskId},
    task::{Points, Task},
    words,
};
use pglab_store::{example_rows, task::KeptTask};
use serde_json::json;

use super::{
    PlacedTask,
    change::{check_weight, points},
    edit::Edit,
};
use crate::{
    Control, Error,
    lab::title::{text, title},
};

#[derive(Debug, Clone)]
pub struct NewTask {
    /// To find it again when a definition is applied twice; made up when there is none.
    pub key: Option<String>,
    pub title: String,
    pub explanation: String,
    pub points: f64,
    pub checks: Vec<NewCheck>,
}

#[derive(Debug, Clone)]
pub struct NewCheck {
    /// What the fact says, when there is none.
    pub title: Option<String>,
    pub explanation: Option<String>,
    /// As for a derived check, when there is none.
    pub weight: Option<u32>,
    pub fact: Fact,
}

/// Behind the others.
///
/// # Errors
/// Not an instructor of the lab; no checks; the key is there already; rows are asked for that the example does not
/// have.
pub async fn create(control: &Control, actor: &Actor, slug: &str, new: NewTask) -> Result<PlacedTask, Error> {
    let mut edit = Edit::begin(control, actor, slug).await?;
    let id = TaskId::new(&*control.clock, &*control.random);
    let key = match &new.key {
        Some(key) => {
            let key = title("key", key)?;
            if !key.starts_with(HAND_MADE) || key.len() == HAND_MADE.len() {
                return Err(Error::invalid(
                    "key",
                    format!("the key of a task made by hand starts with {HAND_MADE:?}"),
                ));
            }
            key
        }
        None => format!("{HAND_MADE}{id}"),
    };
    if edit.tasks.iter().any(|kept| kept.task.key == key) {
        return Err(Error::Conflict(format!(
            "there is a task with the key {key:?} already"
        )));
    }
    if new.checks.is_empty() {
        return Err(Error::invalid("checks", "a task needs at least one check"));
    }
    let rows = example_rows::of_lab(&mut *edit.tx, edit.lab.id).await?;
    let mut checks = Vec::new();
    for (at, check) in new.checks.into_iter().enumerate() {
        let path = format!("checks[{at}]");
        if let Fact::Rows { table: name } | Fact::ViewRows { view: name } = &check.fact
            && !rows.iter().any(|rows| rows.name == *name)
        {
            return Err(Error::invalid(
                &path,
                format!("the example holds no rows of {}", words::object(name)),
            ));
        }
        checks.push(Check {
            id: CheckId::new(&*control.clock, &*control.random),
            title: match check.title {
                Some(given) => title(&format!("{path}.title"), &given)?,
                None => words::fact(&check.fact),
            },
            explanation: text(
                &format!("{path}.explanation"),
                &check.explanation.unwrap_or_default(),
            )?,
            weight: match check.weight {
                Some(weight) => check_weight(&format!("{path}.weight"), weight)?,
                None => weight(&check.fact),
            },
            fact: check.fact,
        });
    }
    let task = Task {
        id,
        key,
        title: title("title", &new.title)?,
        explanation: text("explanation", &new.explanation)?,
        points: points("points", new.points)?,
        checks,
    };
    let position = edit.live().count();
    edit.tasks.push(KeptTask {
        task: task.clone(),
        dropped_at: None,
        dropped_checks: HashMap::new(),
        is_answered: false,
    });
    let detail = json!({ "key": task.key, "title": task.title, "points": task.points });
    edit.finish(control, actor, "task_create", detail).await?;
    Ok(PlacedTask { position, task })
}

/// The points of tests and definitions are whole or have at most three decimals.
pub(super) fn thousandths(points: f64) -> Points {
    #[expect(clippy::cast_possible_truncation, reason = "checked to be below 10 million")]
    let thousandths = (points * 1000.0).round() as i64;
    Points(thousandths)
}
