//! `pglab pack show` and `pack diff`, for people and as JSON.

use pglab_core::{
    cdf::Question,
    pack::{Pack, PackDiff},
};
use serde_json::json;

use super::counted;
use crate::output::{printable, say, table};

pub(super) fn show(pack: &Pack, as_json: bool) -> anyhow::Result<()> {
    let manifest = &pack.manifest;
    if as_json {
        let challenges: Vec<_> = pack
            .challenges
            .iter()
            .map(|one| {
                let challenge = &one.challenge;
                json!({
                    "key": challenge.key,
                    "name": challenge.name,
                    "file": one.path,
                    "challenge_type": challenge.challenge_type.as_str(),
                    "difficulty": challenge.difficulty,
                    "databases": challenge.databases,
                    "tasks": challenge.questions.iter().map(task).collect::<Vec<_>>(),
                })
            })
            .collect();
        let mut shown = manifest.value().clone();
        shown.insert("challenges".to_owned(), challenges.into());
        shown.insert(
            "files".to_owned(),
            pack.files
                .iter()
                .map(|(path, bytes)| json!({"path": path, "bytes": bytes.len()}))
                .collect(),
        );
        say(&serde_json::to_string(&shown)?);
        return Ok(());
    }
    say(&printable(&format!(
        "{} {}: {}",
        manifest.id, manifest.version, manifest.name
    )));
    for (key, value) in [
        ("description", &manifest.description),
        ("author", &manifest.author),
        ("license", &manifest.license),
        ("website", &manifest.website),
        ("tags", &manifest.tags.join(", ")),
    ] {
        if !value.is_empty() {
            say(&printable(&format!("  {key}: {value}")));
        }
    }
    for (id, constraint) in &manifest.dependencies {
        say(&printable(&format!("  needs {id} {constraint}")));
    }
    for one in &pack.challenges {
        let challenge = &one.challenge;
        say("");
        say(&printable(&format!(
            "{}: {} ({}, {}, {})",
            challenge.key,
            challenge.name,
            challenge.challenge_type,
            challenge
                .difficulty
                .map_or("no difficulty", |difficulty| difficulty.as_str()),
            counted(challenge.questions.len(), "task"),
        )));
        let rows = challenge.questions.iter().map(|question| {
            vec![
                format!("  {}", printable(&question.id)),
                question.kind.as_str().to_owned(),
                question.points.as_f64().to_string(),
                printable(title(question)),
            ]
        });
        table(&["  TASK", "KIND", "POINTS", "TITLE"], rows.collect());
    }
    Ok(())
}

fn title(question: &Question) -> &str {
    if question.title.is_empty() {
        question.text.lines().next().unwrap_or_default()
    } else {
        &question.title
    }
}

fn task(question: &Question) -> serde_json::Value {
    json!({
        "id": question.id,
        "kind": question.kind.as_str(),
        "title": title(question),
        "points": question.points.as_f64(),
        "database": question.database,
    })
}

pub(super) fn show_diff(diff: &PackDiff, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        say(&serde_json::to_string(diff)?);
        return Ok(());
    }
    if diff.is_empty() {
        say("the same");
        return Ok(());
    }
    let line = |text: String| say(&printable(&text));
    line(format!("version {} → {}", diff.old_version, diff.new_version));
    if !diff.manifest.is_empty() {
        line(format!("~ pack.json: {}", diff.manifest.join(", ")));
    }
    for (sign, keys) in [("+", &diff.added), ("-", &diff.removed)] {
        for key in keys {
            line(format!("{sign} challenge {key}"));
        }
    }
    for challenge in &diff.changed {
        line(format!("~ challenge {}", challenge.key));
        for (sign, ids) in [
            ("+", &challenge.tasks_added),
            ("-", &challenge.tasks_removed),
            ("~", &challenge.tasks_changed),
        ] {
            for id in ids {
                line(format!("    {sign} task {id}"));
            }
        }
        if challenge.rest_changed {
            line("    ~ metadata, databases or other components".to_owned());
        }
    }
    for (sign, paths) in [
        ("+", &diff.files_added),
        ("-", &diff.files_removed),
        ("~", &diff.files_changed),
    ] {
        for path in paths {
            line(format!("{sign} {path}"));
        }
    }
    Ok(())
}
