//! The `tasks` of a definition: edits of derived tasks, and tasks made by hand. What the file does not speak of stays.

use anyhow::bail;
use pglab_api::{
    labs::{Definition, DefinitionTask},
    tasks::{CheckChange, NewCheck, NewTask, Task, TaskChange, TaskList, TaskOrder},
};
use pglab_core::derive::HAND_MADE;

use crate::client::Client;

pub(super) async fn apply(client: &Client, slug: &str, definition: &Definition) -> anyhow::Result<()> {
    if definition.tasks.is_empty() && definition.order.is_empty() {
        return Ok(());
    }
    let list: TaskList = client.get(&["labs", slug, "tasks"]).read().await?;
    for wanted in &definition.tasks {
        let found = list.items.iter().find(|task| task.key == wanted.task);
        match (found, wanted.drop) {
            (None, true) => {}
            (Some(task), true) => client.delete(&["labs", slug, "tasks", &task.id]).done().await?,
            (Some(task), false) => change(client, slug, task, wanted).await?,
            (None, false) if wanted.task.starts_with(HAND_MADE) => create(client, slug, wanted).await?,
            (None, false) => bail!(
                "tasks: the example gives no task {:?}; `pglab lab show {slug}` lists the keys",
                wanted.task
            ),
        }
    }
    order(client, slug, definition).await
}

async fn change(client: &Client, slug: &str, task: &Task, wanted: &DefinitionTask) -> anyhow::Result<()> {
    let differs = |wanted: &Option<String>, has: &str| wanted.clone().filter(|wanted| wanted != has);
    let by_hand = task.key.starts_with(HAND_MADE);
    let mut checks = Vec::new();
    for (at, edit) in wanted.checks.iter().enumerate() {
        let found = match &edit.check {
            Some(key) => task.checks.iter().find(|check| check.key == *key),
            // Those made by hand stand in the order of the file.
            None => task.checks.get(at),
        };
        let Some(check) = found else {
            if edit.drop {
                continue;
            }
            bail!(
                "tasks: {} has no check {:?}",
                task.key,
                edit.check.as_deref().unwrap_or("of this number")
            );
        };
        if edit.drop {
            let path = ["labs", slug, "tasks", &task.id, "checks", &check.id];
            client.delete(&path).done().await?;
            continue;
        }
        let change = CheckChange {
            id: check.id.clone(),
            weight: edit.weight.filter(|weight| *weight != check.weight),
            title: differs(&edit.title, &check.title),
            explanation: differs(&edit.explanation, &check.explanation),
        };
        if change.weight.is_some() || change.title.is_some() || change.explanation.is_some() {
            checks.push(change);
        }
    }
    if by_hand && wanted.checks.len() != task.checks.len() {
        bail!(
            "tasks: {} is there with other checks; give the task another key to make it anew",
            task.key
        );
    }
    let change = TaskChange {
        title: differs(&wanted.title, &task.title),
        explanation: differs(&wanted.explanation, &task.explanation),
        points: wanted
            .points
            .filter(|points| (points - task.points).abs() > 0.000_4),
        position: None,
        checks,
    };
    if change.title.is_none()
        && change.explanation.is_none()
        && change.points.is_none()
        && change.checks.is_empty()
    {
        return Ok(());
    }
    let _: Task = client
        .patch(&["labs", slug, "tasks", &task.id])
        .json(&change)
        .read()
        .await?;
    Ok(())
}

async fn create(client: &Client, slug: &str, wanted: &DefinitionTask) -> anyhow::Result<()> {
    let mut checks = Vec::new();
    for check in &wanted.checks {
        let Some(fact) = check.fact.clone() else {
            bail!(
                "tasks: {} is made by hand: each of its checks needs a fact",
                wanted.task
            );
        };
        checks.push(NewCheck {
            title: check.title.clone(),
            explanation: check.explanation.clone(),
            weight: check.weight,
            fact,
        });
    }
    let new = NewTask {
        key: Some(wanted.task.clone()),
        title: wanted.title.clone().unwrap_or_else(|| wanted.task.clone()),
        explanation: wanted.explanation.clone().unwrap_or_default(),
        points: wanted.points.unwrap_or(1.0),
        checks,
    };
    let _: Task = client.post(&["labs", slug, "tasks"]).json(&new).read().await?;
    Ok(())
}

async fn order(client: &Client, slug: &str, definition: &Definition) -> anyhow::Result<()> {
    if definition.order.is_empty() {
        return Ok(());
    }
    let list: TaskList = client.get(&["labs", slug, "tasks"]).read().await?;
    let mut ids = Vec::new();
    for key in &definition.order {
        match list.items.iter().find(|task| task.key == *key) {
            Some(task) => ids.push(task.id.clone()),
            None => bail!("order: there is no task {key:?}; `pglab lab show {slug}` lists the keys"),
        }
    }
    if list.items.iter().map(|task| &task.id).take(ids.len()).eq(&ids) {
        return Ok(());
    }
    let _: TaskList = client
        .put(&["labs", slug, "tasks", "order"])
        .json(&TaskOrder { tasks: ids })
        .read()
        .await?;
    Ok(())
}
