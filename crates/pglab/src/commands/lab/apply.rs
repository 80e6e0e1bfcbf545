//! `pglab lab apply`: makes a lab as its file says, and touches nothing that is so already.

use pglab_api::{
    example::{Example, ExampleSource, ExampleState},
    labs::{DefinitionExample, Lab, LabChange, NewLab},
};
use pglab_core::lab::{LabSettings, Start};
use serde_json::{Map, Value, json};

use super::{example, tasks};
use crate::{
    client::{Client, Problem},
    lab_file::{LabFile, wanted_settings},
    output::tell,
};

/// Gives the slug.
pub(super) async fn apply(client: &Client, file: LabFile) -> anyhow::Result<String> {
    let definition = &file.definition;
    let slug = definition.lab.clone();
    let wanted = wanted_settings(definition)?;
    let lab = match look(client, &slug).await? {
        Some(lab) => lab,
        None => {
            let new = NewLab {
                slug: slug.clone(),
                title: definition.title.clone(),
                start: Some(definition.start.clone()).filter(|_| definition.pack.is_none()),
                settings: differing(&LabSettings::default(), &wanted)?,
                pack: definition.pack.clone(),
            };
            client.post(&["labs"]).json(&new).read().await?
        }
    };
    let mut wait = false;
    // Before the start itself, which needs it.
    if let (Start::Dump(name), Some(path)) = (&definition.start, &file.start_dump) {
        let hash = example::hash(path).await?;
        let has = lab
            .example
            .as_ref()
            .and_then(|example| example.start_dump.as_ref());
        if has.is_none_or(|has| has.sha256 != hash || has.name != *name) {
            example::upload(client, &slug, "start-dump", name, path).await?;
            wait = true;
        }
    }
    let change = LabChange {
        title: (lab.title != definition.title).then(|| definition.title.clone()),
        start: (definition.pack.is_none() && lab.start != definition.start).then(|| definition.start.clone()),
        settings: Some(differing(&lab.settings, &wanted)?).filter(|changed| !changed.is_empty()),
    };
    if change.title.is_some() || change.start.is_some() || change.settings.is_some() {
        wait = true;
        let _: Lab = client.patch(&["labs", &slug]).json(&change).read().await?;
    }
    let had = lab.example;
    match (&definition.example, &file.dump) {
        (Some(DefinitionExample::Dump(name)), Some(path)) => {
            let hash = example::hash(path).await?;
            if had.as_ref().is_none_or(|had| !has_dump(had, name, &hash)) {
                example::upload(client, &slug, "example", name, path).await?;
                wait = true;
            }
        }
        (Some(DefinitionExample::Uri(uri)), _) if had.as_ref().is_none_or(|had| !has_uri(had, uri)) => {
            let _: Example = client
                .put(&["labs", &slug, "example"])
                .json(&json!({ "uri": uri }))
                .read()
                .await?;
            wait = true;
        }
        _ => {}
    }
    if definition.example.is_some() || had.is_some() {
        let example = example::wait(client, &slug).await?;
        if wait {
            for warning in &example.warnings {
                let line = warning.line.map(|line| format!(":{line}")).unwrap_or_default();
                let file = warning.file.as_ref().unwrap_or(&example.name);
                tell(&format!("{file}{line}: {}", warning.message));
            }
        }
    }
    tasks::apply(client, &slug, definition).await?;
    Ok(slug)
}

async fn look(client: &Client, slug: &str) -> anyhow::Result<Option<Lab>> {
    match client.get(&["labs", slug]).read().await {
        Ok(lab) => Ok(Some(lab)),
        Err(error) => match error.downcast_ref::<Problem>() {
            Some(problem) if problem.status == 404 => Ok(None),
            _ => Err(error),
        },
    }
}

fn has_dump(had: &Example, name: &str, hash: &str) -> bool {
    had.source == ExampleSource::Dump
        && had.state != ExampleState::Failed
        && had.name == name
        && had.sha256.as_deref() == Some(hash)
}

/// The server tells a URI without its password.
fn has_uri(had: &Example, uri: &str) -> bool {
    had.source == ExampleSource::Uri
        && had.state != ExampleState::Failed
        && had.name == pglab_core::uri::without_password(uri.trim())
}

/// The settings that are not as they should be, with the values that they should have.
fn differing(has: &LabSettings, wanted: &LabSettings) -> anyhow::Result<Map<String, Value>> {
    let object = |settings: &LabSettings| -> anyhow::Result<Map<String, Value>> {
        Ok(serde_json::from_value(serde_json::to_value(settings)?)?)
    };
    let has = object(has)?;
    Ok(object(wanted)?
        .into_iter()
        .filter(|(key, value)| has.get(key) != Some(value))
        .collect())
}
