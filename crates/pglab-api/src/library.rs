//! The library of challenges, one of them as a student would meet it, and which of them a lab is made of.

use axum::extract::State;
use pglab_control::{Control, lab, pack};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    answers::Hint,
    extract::{Acting, Json, Path},
};

/// A challenge of an installed pack, in short.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LibraryChallenge {
    pub pack: String,
    pub pack_name: String,
    pub pack_version: String,
    /// By which it is found in its pack.
    pub key: String,
    pub name: String,
    pub challenge_type: String,
    /// `EASY`, `MEDIUM`, `HARD`, `EXPERT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difficulty: Option<String>,
    pub description: String,
    pub tags: Vec<String>,
    pub n_tasks: u64,
    pub points: f64,
    /// Of its tasks, each once.
    pub kinds: Vec<String>,
    /// Labs that were made of its pack and are not archived.
    pub labs: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LibraryChallengeList {
    pub items: Vec<LibraryChallenge>,
    /// Always null: all challenges are on one page.
    pub next: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChallengePreview {
    #[serde(flatten)]
    pub challenge: LibraryChallenge,
    pub author: String,
    pub license: String,
    /// Minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_time: Option<u32>,
    pub learning_objectives: Vec<String>,
    /// Keys or names of challenges.
    pub prerequisites: Vec<String>,
    /// On how many datasets besides the start queries are judged; missing where there is no database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_hidden_datasets: Option<u64>,
    pub tasks: Vec<PreviewTask>,
}

/// A task as a student meets it, with all hints and what is explained at the end; without its answer.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PreviewTask {
    /// The id of its component.
    pub component: String,
    pub title: String,
    pub text: String,
    pub kind: String,
    pub is_answered: bool,
    pub points: f64,
    pub format: String,
    pub options: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    pub hints: Vec<Hint>,
    pub explanation: String,
}

/// The challenges of a lab's pack.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LabChallenges {
    pub pack: String,
    pub pack_version: String,
    /// Keys, in the order of the lab.
    pub chosen: Vec<String>,
    /// Keys that could be chosen too: those that begin with the same database.
    pub others: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChosenChallenges {
    /// Keys: these and no others, in this order.
    pub challenges: Vec<String>,
}

impl From<pack::LibraryItem> for LibraryChallenge {
    fn from(item: pack::LibraryItem) -> Self {
        Self {
            pack: item.pack,
            pack_name: item.pack_name,
            pack_version: item.pack_version,
            key: item.key,
            name: item.name,
            challenge_type: item.challenge_type,
            difficulty: item.difficulty,
            description: item.description,
            tags: item.tags,
            n_tasks: item.n_tasks as u64,
            points: item.points.as_f64(),
            kinds: item.kinds.into_iter().map(str::to_owned).collect(),
            labs: item.labs,
        }
    }
}

impl From<pack::PreviewTask> for PreviewTask {
    fn from(task: pack::PreviewTask) -> Self {
        Self {
            component: task.component,
            title: task.title,
            text: task.text,
            kind: task.kind.to_owned(),
            is_answered: task.is_answered,
            points: task.points.as_f64(),
            format: task.format,
            options: task.options,
            attempts: task.attempts,
            hints: (0..)
                .zip(task.hints)
                .map(|(number, (text, price))| Hint {
                    number,
                    text,
                    price: price.as_f64(),
                })
                .collect(),
            explanation: task.explanation,
        }
    }
}

impl From<pack::Preview> for ChallengePreview {
    fn from(preview: pack::Preview) -> Self {
        Self {
            challenge: preview.item.into(),
            author: preview.author,
            license: preview.license,
            estimated_time: preview.estimated_time,
            learning_objectives: preview.learning_objectives,
            prerequisites: preview.prerequisites,
            n_hidden_datasets: preview.n_hidden_datasets.map(|n| n as u64),
            tasks: preview.tasks.into_iter().map(PreviewTask::from).collect(),
        }
    }
}

impl From<lab::LabChallenges> for LabChallenges {
    fn from(challenges: lab::LabChallenges) -> Self {
        Self {
            pack: challenges.pack,
            pack_version: challenges.pack_version,
            chosen: challenges.chosen,
            others: challenges.others,
        }
    }
}

/// Every challenge of every installed pack.
#[utoipa::path(get, path = "/api/v1/challenges", tag = "packs", operation_id = "challenge_list",
    responses((status = 200, body = LibraryChallengeList)))]
async fn list(
    State(control): State<Control>,
    Acting(actor): Acting,
) -> Result<axum::Json<LibraryChallengeList>, Problem> {
    let items = pack::library(&control, &actor).await?;
    Ok(axum::Json(LibraryChallengeList {
        items: items.into_iter().map(LibraryChallenge::from).collect(),
        next: None,
    }))
}

/// A challenge with its tasks as students meet them.
#[utoipa::path(get, path = "/api/v1/packs/{pack}/challenges/{challenge}", tag = "packs",
    operation_id = "challenge_show", params(("pack" = String, Path), ("challenge" = String, Path)),
    responses((status = 200, body = ChallengePreview)))]
async fn show(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((id, key)): Path<(String, String)>,
) -> Result<axum::Json<ChallengePreview>, Problem> {
    let preview = pack::preview(&control, &actor, &id, &key).await?;
    Ok(axum::Json(preview.into()))
}

/// Which challenges a lab of a pack is made of.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/challenges", tag = "labs", operation_id = "lab_challenges_show",
    params(("lab" = String, Path)), responses((status = 200, body = LabChallenges)))]
async fn of_lab(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(slug): Path<String>,
) -> Result<axum::Json<LabChallenges>, Problem> {
    let challenges = lab::challenges(&control, &actor, &slug).await?;
    Ok(axum::Json(challenges.into()))
}

/// Choose the challenges of a lab of a pack, and put them into an order. What people earned stays.
#[utoipa::path(put, path = "/api/v1/labs/{lab}/challenges", tag = "labs", operation_id = "lab_challenges_set",
    params(("lab" = String, Path)), request_body = ChosenChallenges, responses((status = 200, body = LabChallenges)))]
async fn set_of_lab(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(slug): Path<String>,
    Json(body): Json<ChosenChallenges>,
) -> Result<axum::Json<LabChallenges>, Problem> {
    let challenges = lab::set_challenges(&control, &actor, &slug, &body.challenges).await?;
    Ok(axum::Json(challenges.into()))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(of_lab, set_of_lab))
}
