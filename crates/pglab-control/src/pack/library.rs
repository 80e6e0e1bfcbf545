//! The library: every challenge of every installed pack, to be searched and chosen from, and one of them as a student would
//! meet it. Answers are not in it; who wants them exports the pack.

use pglab_core::{
    access::{Actor, Operation},
    cdf::{Challenge, Document, Question},
    task::{Points, TaskKind},
};
use pglab_store::pack::{self as table, InstalledChallenge, InstalledPack};

use crate::{Control, Error};

/// A challenge in short.
#[derive(Debug, Clone, PartialEq)]
pub struct LibraryItem {
    pub pack: String,
    pub pack_name: String,
    pub pack_version: String,
    pub key: String,
    pub name: String,
    pub challenge_type: String,
    pub difficulty: Option<String>,
    pub description: String,
    pub tags: Vec<String>,
    pub n_tasks: usize,
    pub points: Points,
    /// Of its tasks, each once, in the order of the tasks.
    pub kinds: Vec<&'static str>,
    /// Labs that were made of its pack and are not archived.
    pub labs: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    pub item: LibraryItem,
    pub author: String,
    pub license: String,
    /// Minutes.
    pub estimated_time: Option<u32>,
    pub learning_objectives: Vec<String>,
    pub prerequisites: Vec<String>,
    /// What databases begin with, in words; none without a database.
    pub n_hidden_datasets: Option<usize>,
    pub tasks: Vec<PreviewTask>,
}

/// A task as a student meets it, with its hints and what is explained at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewTask {
    pub component: String,
    pub title: String,
    pub text: String,
    pub kind: &'static str,
    pub is_answered: bool,
    pub points: Points,
    pub format: String,
    pub options: Vec<String>,
    pub attempts: Option<u32>,
    /// Text and price.
    pub hints: Vec<(String, Points)>,
    pub explanation: String,
}

/// Pack by pack, in the order of each.
///
/// # Errors
/// Neither an instructor nor an admin.
pub async fn library(control: &Control, actor: &Actor) -> Result<Vec<LibraryItem>, Error> {
    control.authorise(actor, Operation::PackView)?;
    let pool = control.store.pool();
    let mut items = Vec::new();
    for pack in table::all(pool).await? {
        let labs = table::labs_using(pool, &pack.id).await?;
        for row in table::challenges(pool, &pack.id).await? {
            if row.removed_at.is_none() {
                let challenge = read(&row)?;
                items.push(item(&pack, &labs, &challenge));
            }
        }
    }
    Ok(items)
}

/// # Errors
/// Neither an instructor nor an admin; no such challenge.
pub async fn preview(control: &Control, actor: &Actor, id: &str, key: &str) -> Result<Preview, Error> {
    control.authorise(actor, Operation::PackView)?;
    let pool = control.store.pool();
    let missing = || Error::NotFound(format!("challenge {key:?} in a pack {id:?}"));
    let pack = table::by_id(pool, id)
        .await?
        .filter(|pack| pack.removed_at.is_none())
        .ok_or_else(missing)?;
    let row = table::challenges(pool, id)
        .await?
        .into_iter()
        .find(|row| row.key == key && row.removed_at.is_none())
        .ok_or_else(missing)?;
    let labs = table::labs_using(pool, id).await?;
    let challenge = read(&row)?;
    Ok(Preview {
        item: item(&pack, &labs, &challenge),
        n_hidden_datasets: challenge.databases.first().map(|database| database.hidden.len()),
        tasks: challenge.questions.iter().map(task).collect(),
        author: challenge.author,
        license: challenge.license,
        estimated_time: challenge.estimated_time,
        learning_objectives: challenge.learning_objectives,
        prerequisites: challenge.prerequisites,
    })
}

fn read(row: &InstalledChallenge) -> Result<Challenge, Error> {
    let checked = Document::from_value(row.document.clone())
        .map_err(|problem| vec![problem])
        .and_then(|document| document.check());
    checked.map(|checked| checked.challenge).map_err(|problems| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        Error::Conflict(format!(
            "the challenge {:?} of the pack {:?} can't be used by this version of pglab: {first}",
            row.key, row.pack
        ))
    })
}

fn item(pack: &InstalledPack, labs: &[String], challenge: &Challenge) -> LibraryItem {
    let mut kinds: Vec<&'static str> = Vec::new();
    for question in &challenge.questions {
        let kind = question.kind.as_str();
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let name = pack.manifest.get("name").and_then(serde_json::Value::as_str);
    LibraryItem {
        pack: pack.id.clone(),
        pack_name: name.unwrap_or(&pack.id).to_owned(),
        pack_version: pack.version.clone(),
        key: challenge.key.clone(),
        name: challenge.name.clone(),
        challenge_type: challenge.challenge_type.as_str().to_owned(),
        difficulty: challenge
            .difficulty
            .map(|difficulty| difficulty.as_str().to_owned()),
        description: challenge.description.clone(),
        tags: challenge.tags.clone(),
        n_tasks: challenge.questions.len(),
        points: Points(challenge.questions.iter().map(|question| question.points.0).sum()),
        kinds,
        labs: labs.to_vec(),
    }
}

fn task(question: &Question) -> PreviewTask {
    PreviewTask {
        component: question.id.clone(),
        title: question.title.clone(),
        text: question.text.clone(),
        kind: question.kind.as_str(),
        is_answered: question.kind.is_answered(),
        points: question.points,
        format: question.format.clone(),
        options: match &question.kind {
            TaskKind::Choice(choice) => choice.options.clone(),
            TaskKind::Checkboxes(boxes) => boxes.options.clone(),
            _ => Vec::new(),
        },
        attempts: question.attempts,
        hints: question
            .hints
            .iter()
            .map(|hint| (hint.text.clone(), hint.price))
            .collect(),
        explanation: question.explanation.clone(),
    }
}
