//! Reads a document into a [`Challenge`], and tells all that is wrong with it at once.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    MAX_COMPONENTS, Problem,
    challenge::{App, Challenge, ChallengeType, Checked, Database, Difficulty, Texts},
    database, question,
    reader::{Node, Object, Sink},
    variables,
};

pub(super) fn check(root: &Map<String, Value>) -> Result<Checked, Vec<Problem>> {
    let sink = Sink::default();
    let challenge = read(&Object::root(root, &sink));
    let mut errors_of = sink.into_problems();
    match challenge {
        Some(challenge) if errors_of.0.is_empty() => Ok(Checked {
            challenge,
            warnings: std::mem::take(&mut errors_of.1),
        }),
        _ => Err(errors_of.0),
    }
}

fn read(root: &Object<'_>) -> Option<Challenge> {
    let metadata = root.required("metadata").and_then(|node| node.object());
    let components = root.required("components").and_then(|node| node.list());
    root.get("typeConfig").map(|node| node.object());
    let variables = root.get("variables").and_then(|node| node.object());
    for template in root.list("templates") {
        if let Some(template) = template.object() {
            for key in ["name", "path", "destination"] {
                template.required(key).map(|node| node.name().is_some());
            }
        }
    }
    let own = variables.map(|object| object.map);
    warn_of_variables(&Value::Object(root.map.clone()), "", own, root.sink());
    let metadata = metadata?;
    let mut challenge = read_metadata(&metadata);
    let components = components?;
    if components.is_empty() {
        root.sink()
            .error("components", "must hold at least one component");
    }
    if components.len() > MAX_COMPONENTS {
        root.sink().error(
            "components",
            format!("holds more than {MAX_COMPONENTS} components"),
        );
        return None;
    }
    read_components(&components, challenge.as_mut());
    challenge
}

fn read_metadata(metadata: &Object<'_>) -> Option<Challenge> {
    let name = metadata.required("name").and_then(|node| node.name());
    let version = metadata.required("version").and_then(|node| node.scalar());
    let challenge_type = metadata.required("challenge_type").and_then(|node| node.name());
    let id = metadata.get("id").and_then(|node| node.name());
    let difficulty = metadata.get("difficulty").and_then(|node| {
        let found = Difficulty::parse(node.text()?);
        if found.is_none() {
            node.error("must be beginner, intermediate, advanced or expert");
        }
        found
    });
    let estimated_time = metadata
        .get("estimated_time")
        .and_then(|node| node.whole(0, u64::from(u32::MAX)))
        .and_then(|minutes| u32::try_from(minutes).ok());
    let name = name?;
    if id.is_none() {
        metadata.warn("has no id: the challenge is found again by its name only");
    }
    Some(Challenge {
        key: id.map_or_else(|| key_of_name(name), str::to_owned),
        name: name.to_owned(),
        version: version?,
        challenge_type: ChallengeType::parse(challenge_type?),
        description: metadata.text("description"),
        difficulty,
        estimated_time,
        learning_objectives: metadata.texts("learning_objectives"),
        pack_id: metadata
            .get("pack_id")
            .and_then(|node| node.text())
            .map(str::to_owned),
        author: metadata.text("author"),
        license: metadata.text("license"),
        tags: metadata.texts("tags"),
        prerequisites: metadata.texts("prerequisites"),
        databases: Vec::new(),
        questions: Vec::new(),
        apps: Vec::new(),
        containers: Vec::new(),
        config_maps: Vec::new(),
        secrets: Vec::new(),
    })
}

/// `The Harbour's Log` is `the-harbour-s-log`.
pub(super) fn key_of_name(name: &str) -> String {
    let mut key = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_alphanumeric() {
            key.push(c);
        } else if !key.ends_with('-') && !key.is_empty() {
            key.push('-');
        }
    }
    key.trim_end_matches('-').to_owned()
}

/// `challenge` is none where the metadata can't be read: the components are looked at all the same.
fn read_components(components: &[Node<'_>], challenge: Option<&mut Challenge>) {
    let mut ids = BTreeSet::new();
    let mut read: Vec<(String, &str, Object<'_>)> = Vec::new();
    for component in components {
        let Some(component) = component.object() else {
            continue;
        };
        let kind = component.required("type").and_then(|node| node.name());
        let id = component.required("id").and_then(|node| node.name());
        let config = component.required("config").and_then(|node| node.object());
        if let Some(id) = id
            && !ids.insert(id.to_owned())
        {
            component.error(format!("another component has the id {id:?} already"));
        }
        if let (Some(kind), Some(id), Some(config)) = (kind, id, config) {
            read.push((id.to_owned(), kind, config));
        }
    }
    let databases: Vec<Database> = read
        .iter()
        .filter(|(_, kind, _)| *kind == "database")
        .filter_map(|(id, _, config)| database::database(id, config))
        .collect();
    let mut questions = Vec::new();
    let mut apps = Vec::new();
    let mut containers = Vec::new();
    let mut config_maps = Vec::new();
    let mut secrets = Vec::new();
    for (id, kind, config) in &read {
        match *kind {
            "question" => questions.extend(question::question(id, questions.len(), config, &databases)),
            "webosApp" => apps.extend(app(id, config)),
            "container" => {
                container(config);
                containers.push(id.clone());
            }
            "configMap" => config_maps.extend(texts(id, config)),
            "secret" => secrets.extend(texts(id, config)),
            "database" => {}
            other => config.warn(format!("pglab does not know components of type {other:?}")),
        }
    }
    question::sort(&mut questions, &read);
    if let Some(challenge) = challenge {
        challenge.databases = databases;
        challenge.questions = questions;
        challenge.apps = apps;
        challenge.containers = containers;
        challenge.config_maps = config_maps;
        challenge.secrets = secrets;
    }
}

fn app(id: &str, config: &Object<'_>) -> Option<App> {
    let app_type = config.required("app_type").and_then(|node| node.name());
    let size = |key: &str| -> Option<u32> {
        let position = config.get("position").and_then(|node| node.object());
        let node = config
            .get(key)
            .or_else(|| position.as_ref().and_then(|position| position.get(key)))?;
        node.number().map(|number| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "clamped; a size in pixels"
            )]
            let pixels = number.clamp(0.0, 100_000.0) as u32;
            pixels
        })
    };
    let (width, height) = (size("width"), size("height"));
    let title = config.text("title");
    Some(App {
        id: id.to_owned(),
        app_type: app_type?.to_owned(),
        title: if title.is_empty() { id.to_owned() } else { title },
        icon: config.text("icon"),
        url: config.text("url"),
        width,
        height,
        screen: config
            .get("screen")
            .and_then(|node| node.scalar())
            .unwrap_or_default(),
        disabled: config.flag("disabled", false),
        favourite: config.flag("favourite", false),
        desktop_shortcut: config.flag("desktop_shortcut", false),
        launch_on_startup: config.flag("launch_on_startup", false),
        additional_config: config
            .map
            .get("additional_config")
            .cloned()
            .unwrap_or(Value::Null),
    })
}

/// pglab runs no containers itself: only what an instance manager would stumble over is looked at.
fn container(config: &Object<'_>) {
    config.required("image").map(|node| node.name().is_some());
    config.texts("command");
    config.texts("args");
    config.get("env").map(|node| node.object().is_some());
    for port in config.list("ports") {
        if let Some(port) = port.object() {
            port.required("containerPort").map(|node| node.whole(1, 65535));
            port.get("hostPort").map(|node| node.whole(1, 65535));
            if let Some(node) = port.get("protocol")
                && let Some(protocol) = node.text()
                && !["TCP", "UDP"].contains(&protocol.to_uppercase().as_str())
            {
                node.error("must be TCP or UDP");
            }
        }
    }
    for volume in config.list("volumes") {
        if let Some(volume) = volume.object() {
            volume.required("name").map(|node| node.name().is_some());
            volume.required("mountPath").map(|node| node.name().is_some());
        }
    }
}

fn texts(id: &str, config: &Object<'_>) -> Option<Texts> {
    let data = config.required("data")?.object()?;
    let data = data
        .map
        .keys()
        .filter_map(|key| Some((key.clone(), data.get(key)?.text()?.to_owned())))
        .collect();
    Some(Texts {
        id: id.to_owned(),
        data,
    })
}

/// Any text may use a variable.
fn warn_of_variables(value: &Value, path: &str, own: Option<&Map<String, Value>>, sink: &Sink) {
    match value {
        Value::String(text) => {
            for name in variables::names(text) {
                if !variables::KNOWN.contains(&name) && own.is_none_or(|own| !own.contains_key(name)) {
                    sink.warn(
                        path,
                        format!("the variable {{{{{name}}}}} is unknown and stays as it is"),
                    );
                }
            }
        }
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                warn_of_variables(value, &format!("{path}[{at}]"), own, sink);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                warn_of_variables(value, &path, own, sink);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
