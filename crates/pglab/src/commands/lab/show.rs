//! `pglab lab show`: a lab with its tasks. The JSON is an interface that scripts rely on.

use pglab_api::labs::Lab;
use serde::Serialize;

use crate::{
    client::Client,
    output::{say, table},
};

#[derive(Serialize)]
struct ShownLab<'a> {
    slug: &'a str,
    title: &'a str,
    state: &'a str,
    max_score: f64,
    tasks: Vec<ShownTask<'a>>,
}

#[derive(Serialize)]
struct ShownTask<'a> {
    id: &'a str,
    title: &'a str,
    points: f64,
    checks: Vec<ShownCheck<'a>>,
}

#[derive(Serialize)]
struct ShownCheck<'a> {
    id: &'a str,
    kind: &'a str,
    title: &'a str,
    weight: u32,
}

pub(super) async fn show(client: &Client, slug: &str, as_json: bool) -> anyhow::Result<()> {
    let lab: Lab = client.get(&["labs", slug]).read().await?;
    if as_json {
        say(&serde_json::to_string(&shown(&lab))?);
        return Ok(());
    }
    say(&format!(
        "{} — {} ({}, {} points, {} students)",
        lab.slug,
        lab.title,
        lab.state.as_str(),
        lab.max_score,
        lab.n_members
    ));
    match &lab.example {
        None => say("It has no example yet."),
        Some(example) => say(&format!("Example: {}", super::example::sentence(example))),
    }
    if !lab.tasks.is_empty() {
        say("");
        let rows = lab
            .tasks
            .iter()
            .map(|task| {
                vec![
                    task.points.to_string(),
                    task.checks.len().to_string(),
                    task.title.clone(),
                    task.key.clone(),
                ]
            })
            .collect();
        table(&["POINTS", "CHECKS", "TASK", "KEY"], rows);
    }
    Ok(())
}

fn shown(lab: &Lab) -> ShownLab<'_> {
    ShownLab {
        slug: lab.slug.as_str(),
        title: &lab.title,
        state: lab.state.as_str(),
        max_score: lab.max_score,
        tasks: lab
            .tasks
            .iter()
            .map(|task| ShownTask {
                id: &task.id,
                title: &task.title,
                points: task.points,
                checks: task
                    .checks
                    .iter()
                    .map(|check| ShownCheck {
                        id: &check.id,
                        kind: &check.kind,
                        title: &check.title,
                        weight: check.weight,
                    })
                    .collect(),
            })
            .collect(),
    }
}
