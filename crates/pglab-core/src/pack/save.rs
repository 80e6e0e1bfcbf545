//! A lab as a pack: its tasks, as they were derived and edited, become questions of documents that can be installed anywhere.
//! What belongs to a class (members, points, settings, rules) is no part of it.

use serde_json::{Map, Value, json};

use super::{Files, Manifest, Pack, PackPath, Problem, assemble};
use crate::{
    cdf::Document,
    lab::Start,
    task::{Points, Task},
};

/// What is saved.
#[derive(Debug, Clone)]
pub struct Saved<'a> {
    /// Of the pack to be.
    pub id: &'a str,
    pub name: &'a str,
    pub version: &'a str,
    /// Those that students meet, in their order.
    pub tasks: Vec<SavedTask<'a>>,
    pub from: From<'a>,
}

#[derive(Debug, Clone, Copy)]
pub struct SavedTask<'a> {
    pub task: &'a Task,
    /// Key of the challenge and id of the component that it was made from.
    pub of: Option<(&'a str, &'a str)>,
}

/// What the lab was made of.
#[derive(Debug, Clone)]
pub enum From<'a> {
    /// An uploaded example, what students begin with, and the dump where that is one of its own.
    Example {
        example: Option<&'a [u8]>,
        start: &'a Start,
        start_dump: Option<&'a [u8]>,
    },
    /// Challenges of a pack.
    Pack(&'a Pack),
}

/// The files of the pack; the same lab always gives the same.
///
/// # Errors
/// What of it no pack can hold: there is no task, or a document gets too long.
pub fn save(saved: &Saved<'_>) -> Result<Pack, Vec<Problem>> {
    let mut files = Files::new();
    let mut documents: Vec<(String, Value)> = Vec::new();
    let mut database = None;
    match &saved.from {
        From::Example {
            example,
            start,
            start_dump,
        } => database = Some(own_database(&mut files, *example, start, *start_dump)?),
        From::Pack(pack) => {
            for one in &pack.challenges {
                let key = one.challenge.key.as_str();
                if let Some(document) = edited(&one.document, key, &saved.tasks) {
                    for name in one.challenge.files() {
                        if let (Ok(path), Some(bytes)) = (PackPath::parse(name), pack.file(name)) {
                            files.insert(path, bytes.to_vec());
                        }
                    }
                    let path = one.path.as_str();
                    documents.push((
                        path.strip_prefix("challenges/").unwrap_or(path).to_owned(),
                        document,
                    ));
                }
                database = database.or_else(|| {
                    components(&one.document)
                        .find(|one| is_of(one, "database"))
                        .cloned()
                });
            }
        }
    }
    let others: Vec<(usize, &Task)> = (1..)
        .zip(&saved.tasks)
        .filter(|(_, task)| task.of.is_none())
        .map(|(order, task)| (order, task.task))
        .collect();
    if !others.is_empty() {
        // The pack's own documents keep their keys.
        let mut key = saved.id.to_owned();
        while documents
            .iter()
            .any(|(_, document)| document["metadata"]["id"] == key.as_str())
        {
            key.push_str("-own");
        }
        documents.push((
            format!("{key}.json"),
            own_document(&key, saved, database, &others),
        ));
    }
    let manifest = json!({
        "id": saved.id,
        "name": saved.name,
        "version": saved.version,
        "challenges": documents.iter().map(|(path, _)| path).collect::<Vec<_>>(),
    });
    let mut put = |name: &str, bytes: Vec<u8>| -> Result<(), Vec<Problem>> {
        let path = PackPath::parse(name).map_err(|error| vec![Problem::of_file(name, error.to_string())])?;
        files.insert(path, bytes);
        Ok(())
    };
    put("pack.json", manifest.to_string().into_bytes())?;
    for (path, document) in documents {
        let document = Document::from_value(document)
            .map_err(|problem| vec![Problem::of_file(path.as_str(), problem.to_string())])?;
        put(&format!("challenges/{path}"), document.to_text().into_bytes())?;
    }
    assemble(files)
}

fn components(document: &Document) -> impl Iterator<Item = &Value> {
    document
        .value()
        .get("components")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn is_of(component: &Value, kind: &str) -> bool {
    component["type"] == kind
}

/// The document with its questions as the lab has them. `None`: the lab has none of them.
fn edited(document: &Document, key: &str, tasks: &[SavedTask<'_>]) -> Option<Value> {
    let mut value = document.clone().into_value();
    let mut n_questions = 0;
    let components = value["components"].as_array_mut()?;
    components.retain_mut(|component| {
        if !is_of(component, "question") {
            return true;
        }
        let id = component["id"].as_str().map(str::to_owned);
        let found = (1..).zip(tasks).find(|(_, task)| {
            task.of
                .is_some_and(|(of, own)| of == key && Some(own) == id.as_deref())
        });
        let (Some((order, task)), Some(config)) = (found, component["config"].as_object_mut()) else {
            return false;
        };
        n_questions += 1;
        edit(config, task.task, order);
        true
    });
    (n_questions > 0).then_some(value)
}

/// What an instructor changed; the rest stays as it was written.
fn edit(config: &mut Map<String, Value>, task: &Task, order: usize) {
    let written = |key: &str| {
        config
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let text = [written("text"), written("prompt")].concat();
    let title = Some(written("title")).filter(|title| !title.is_empty());
    if title.unwrap_or_else(|| crate::words::clip(&text)) != task.title {
        config.insert("title".to_owned(), json!(task.title));
    }
    if text != words(task) {
        config.remove("prompt");
        config.insert("text".to_owned(), json!(words(task)));
    }
    let points = config.get("points").and_then(Value::as_f64);
    if points.is_none_or(|points| (points - task.points.as_f64()).abs() > 1e-9) {
        config.insert("points".to_owned(), number(task.points));
    }
    config.insert("order".to_owned(), json!(order));
    if config.get("type").is_some_and(|kind| kind == "state") {
        // What was derived for this class is written out, as it was edited.
        config.remove("derived");
        config.insert("checks".to_owned(), checks(task));
    }
}

/// A question needs a text.
fn words(task: &Task) -> &str {
    if task.explanation.trim().is_empty() {
        &task.title
    } else {
        &task.explanation
    }
}

/// Whole where it is.
fn number(points: Points) -> Value {
    if points.0 % 1000 == 0 {
        json!(points.0 / 1000)
    } else {
        json!(points.as_f64())
    }
}

fn checks(task: &Task) -> Value {
    task.checks
        .iter()
        .map(|check| {
            json!({
                "title": check.title,
                "explanation": check.explanation,
                "weight": check.weight,
                "fact": check.fact,
            })
        })
        .collect()
}

fn own_document(key: &str, saved: &Saved<'_>, database: Option<Value>, tasks: &[(usize, &Task)]) -> Value {
    let questions = tasks.iter().map(|(order, task)| {
        let mut config = Map::new();
        config.insert("type".to_owned(), json!("state"));
        edit(&mut config, task, *order);
        json!({ "type": "question", "id": task.key, "config": config })
    });
    json!({
        "metadata": {
            "id": key,
            "name": saved.name,
            "version": saved.version,
            "challenge_type": "sql-lab",
            "pack_id": saved.id,
        },
        "components": database.into_iter().chain(questions).collect::<Vec<_>>(),
    })
}

/// The component `database` of a lab that was made from an example, and its files.
fn own_database(
    files: &mut Files,
    example: Option<&[u8]>,
    start: &Start,
    start_dump: Option<&[u8]>,
) -> Result<Value, Vec<Problem>> {
    let mut keep = |name: &str, bytes: &[u8]| -> Result<String, Vec<Problem>> {
        // What pg_dump writes in its own format is no text.
        let end = if std::str::from_utf8(bytes).is_ok() {
            "sql"
        } else {
            "dump"
        };
        let name = format!("shared_resources/{name}.{end}");
        let path = PackPath::parse(&name)
            .map_err(|error| vec![Problem::of_file(name.as_str(), error.to_string())])?;
        files.insert(path, bytes.to_vec());
        Ok(name)
    };
    let mut config = Map::new();
    if let Some(bytes) = example {
        config.insert("example".to_owned(), json!(keep("example", bytes)?));
    }
    let start = match (start, start_dump) {
        (Start::Dump(_), Some(bytes)) => json!({ "dump": keep("start", bytes)? }),
        (Start::Tables(tables), _) => json!({ "tables": tables }),
        (Start::Schema, _) => json!("schema"),
        (Start::Empty | Start::Dump(_), _) => json!("empty"),
    };
    config.insert("start".to_owned(), start);
    Ok(json!({ "type": "database", "id": "db", "config": config }))
}

/// May these be a pack's?
///
/// # Errors
/// Which may not, and why.
pub fn named(id: &str, version: &str) -> Result<(), Vec<crate::cdf::Problem>> {
    let manifest = json!({ "id": id, "name": "x", "version": version, "challenges": ["x.json"] });
    Manifest::parse(&manifest.to_string()).map(|_| ())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        check::{Check, Fact},
        snapshot::ObjectName,
        task::TaskKind,
    };

    fn task(key: &str, title: &str, points: i64) -> Task {
        let table = ObjectName::new("public", "ship");
        Task {
            id: Uuid::from_u128(1).into(),
            key: key.to_owned(),
            title: title.to_owned(),
            explanation: format!("Make {title}."),
            points: Points(points),
            checks: vec![Check {
                id: Uuid::from_u128(2).into(),
                title: "It is there".to_owned(),
                explanation: String::new(),
                weight: 3,
                fact: Fact::TableExists { table },
            }],
        }
    }

    fn saved<'a>(tasks: &'a [Task], from: From<'a>) -> Saved<'a> {
        Saved {
            id: "night",
            name: "The night",
            version: "1.2.0",
            tasks: tasks.iter().map(|task| SavedTask { task, of: None }).collect(),
            from,
        }
    }

    #[test]
    fn derived_tasks_become_questions_of_type_state() {
        let tasks = [
            task("table:public.ship", "the ships", 2500),
            task("hand:1", "more", 1000),
        ];
        let start = Start::Tables(vec!["port".to_owned()]);
        let from = From::Example {
            example: Some(b"CREATE TABLE port ();"),
            start: &start,
            start_dump: None,
        };
        let pack = save(&saved(&tasks, from)).unwrap();
        assert_eq!(pack.warnings, []);
        let challenge = &pack.challenges[0].challenge;
        assert_eq!((challenge.key.as_str(), challenge.databases.len()), ("night", 1));
        assert_eq!(challenge.databases[0].start, start);
        assert_eq!(challenge.questions.len(), 2);
        for (question, task) in challenge.questions.iter().zip(&tasks) {
            let TaskKind::State(state) = &question.kind else {
                panic!("a question of type state")
            };
            assert_eq!(
                (&question.title, &question.text, question.points),
                (&task.title, &task.explanation, task.points)
            );
            assert_eq!(
                (state.checks[0].weight, &state.checks[0].fact),
                (3, &task.checks[0].fact)
            );
        }
        // The same again.
        assert_eq!(assemble(pack.to_files()).unwrap(), pack);
    }

    #[test]
    fn of_a_pack_what_was_edited_is_laid_over_what_was_written() {
        let written = json!({
            "metadata": {"id": "a", "name": "A", "version": "1", "challenge_type": "sql-lab", "mood": "dark"},
            "components": [
                {"type": "database", "id": "db", "config": {"start": {"dump": "shared_resources/s.sql"}}},
                {"type": "question", "id": "one", "config": {"type": "text", "prompt": "old", "answer": "x", "colour": 7}},
                {"type": "question", "id": "two", "config": {"type": "text", "text": "dropped", "answer": "x"}},
            ],
        });
        let files = [
            (
                "pack.json",
                json!({"id": "p", "name": "P", "version": "1.0.0", "challenges": ["a.json"]}).to_string(),
            ),
            ("a.json", written.to_string()),
            ("shared_resources/s.sql", "SELECT 1;".to_owned()),
            ("shared_resources/unused.sql", "SELECT 2;".to_owned()),
        ];
        let files = files
            .into_iter()
            .map(|(path, text)| (PackPath::parse(path).unwrap(), text.into_bytes()))
            .collect();
        let pack = assemble(files).unwrap();
        let mut one = task("pack:a/one", "edited", 1000);
        one.checks.clear();
        let own = task("hand:1", "more", 1000);
        let mut lab = saved(&[], From::Pack(&pack));
        lab.tasks = vec![
            SavedTask { task: &own, of: None },
            SavedTask {
                task: &one,
                of: Some(("a", "one")),
            },
        ];
        let again = save(&lab).unwrap();
        assert_eq!(again.files.len(), 1);
        let keys: Vec<&str> = again
            .challenges
            .iter()
            .map(|one| one.challenge.key.as_str())
            .collect();
        assert_eq!(keys, ["a", "night"]);
        let document = again.challenges[0].document.value();
        assert_eq!(document["metadata"]["mood"], "dark");
        let config = &document["components"][1]["config"];
        assert_eq!(
            (&config["title"], &config["text"], &config["colour"]),
            (&json!("edited"), &json!("Make edited."), &json!(7))
        );
        assert_eq!(config.get("prompt"), None);
        assert_eq!(again.challenges[0].challenge.questions.len(), 1);
        // Both begin with the same database, as the challenges of a lab must.
        assert_eq!(
            again.challenges[0].challenge.databases,
            again.challenges[1].challenge.databases
        );
    }

    #[test]
    fn names_are_looked_at_before_anything_is_saved() {
        assert_eq!(named("night-2", "1.0.0"), Ok(()));
        assert!(named("Night", "1.0.0").is_err() && named("night", "one").is_err());
    }
}
