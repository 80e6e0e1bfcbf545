//! Labs: list, make, show, change, open, close, archive, delete, and their declarative form.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use pglab_control::{Control, lab};
use pglab_core::{
    check::Fact,
    lab::{LabSettings, LabState, MemberRole, Slug, Start, TypeRule},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    example::Example,
    extract::{Acting, Json, Path, Query},
    preparation::Preparation,
    tasks::{Task, tasks},
};

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LabSummary {
    #[schema(value_type = String)]
    pub slug: Slug,
    pub title: String,
    pub state: LabState,
    pub role: LabRole,
    /// Students.
    pub n_members: u64,
    pub created_at: DateTime<Utc>,
    pub may: Vec<String>,
}

/// What the caller is in the lab; an admin who is no member of it is `admin`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LabRole {
    Instructor,
    Assistant,
    Student,
    Admin,
}

impl From<Option<MemberRole>> for LabRole {
    fn from(role: Option<MemberRole>) -> Self {
        match role {
            Some(MemberRole::Instructor) => Self::Instructor,
            Some(MemberRole::Assistant) => Self::Assistant,
            Some(MemberRole::Student) => Self::Student,
            None => Self::Admin,
        }
    }
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LabList {
    pub items: Vec<LabSummary>,
    /// Always null: all labs are on one page.
    pub next: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Lab {
    #[schema(value_type = String)]
    pub slug: Slug,
    pub title: String,
    pub state: LabState,
    pub start: Start,
    pub settings: LabSettings,
    /// The points of all tasks.
    pub max_score: f64,
    /// Students.
    pub n_members: u64,
    pub example: Option<Example>,
    pub preparation: Preparation,
    pub tasks: Vec<Task>,
    /// What the caller may do with the lab as it stands: `view`, `results`, `assist`, `credentials_view`, `edit`,
    /// `roster_import`, `prepare`, `open`, `close`, `archive`, `delete`, `work`.
    pub may: Vec<String>,
    pub created_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<DateTime<Utc>>,
    /// Since when dumps are being written; the lab is `archived` when they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive_wanted_at: Option<DateTime<Utc>>,
    /// While it is being archived: how far that has got.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archiving: Option<ArchiveProgress>,
    /// Why archiving does not get on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

impl From<lab::LabView> for Lab {
    fn from(view: lab::LabView) -> Self {
        let lab = view.lab;
        Self {
            slug: lab.slug,
            title: lab.title,
            state: lab.state,
            start: lab.start,
            settings: lab.settings,
            max_score: view.max_score.as_f64(),
            n_members: view.n_members,
            example: view.example.map(Example::from),
            preparation: view.preparation.into(),
            tasks: tasks(view.tasks),
            may: words(view.may),
            created_at: lab.created_at,
            opened_at: lab.opened_at,
            closed_at: lab.closed_at,
            archived_at: lab.archived_at,
            archive_wanted_at: lab.archive_wanted_at,
            archiving: view.archiving.map(|now| ArchiveProgress {
                n_databases: now.n_databases,
                n_dumped: now.n_dumped,
                n_dropped: now.n_dropped,
            }),
            trouble: lab.trouble,
        }
    }
}

/// First a dump of each database is written, then the databases are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArchiveProgress {
    pub n_databases: u64,
    pub n_dumped: u64,
    pub n_dropped: u64,
}

fn words(may: Vec<&'static str>) -> Vec<String> {
    may.into_iter().map(str::to_owned).collect()
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLab {
    /// 1 to 40 of a-z, 0-9 and "-".
    pub slug: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Start>,
    /// Those that differ from the defaults.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    #[schema(value_type = Object)]
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// Makes it of the challenges of a pack, which then say what students begin with: leave `start` out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pack: Option<LabPack>,
}

/// The pack that a lab is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LabPack {
    pub id: String,
    /// Challenges by their key; all where none are named. They must begin with the same database.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub challenges: Vec<String>,
}

impl From<LabPack> for lab::FromPack {
    fn from(pack: LabPack) -> Self {
        Self {
            id: pack.id,
            challenges: pack.challenges,
        }
    }
}

/// What is left out stays, also among the settings.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LabChange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Start>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub settings: Option<serde_json::Map<String, serde_json::Value>>,
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct Confirmation {
    /// The lab's short name again: deleting destroys its students' databases and results.
    #[serde(default)]
    pub confirm: String,
}

/// The declarative form of a lab, as `lab.yaml` writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// The short name.
    pub lab: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<DefinitionExample>,
    /// An installed pack in place of example and start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pack: Option<LabPack>,
    #[serde(default)]
    pub start: Start,
    #[serde(default)]
    pub types: TypeRule,
    /// Those that differ from the defaults.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    #[schema(value_type = Object)]
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// What differs from the tasks that the example gives by itself, and tasks made by hand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<DefinitionTask>,
    /// The keys of tasks in their order, where it is not the derived one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DefinitionExample {
    /// A file, relative to the definition.
    Dump(String),
    /// A live database. Exported without its password.
    Uri(String),
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DefinitionTask {
    /// The task's key: `table:public.album`, or `own:…` for one made by hand.
    pub task: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drop: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<f64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<DefinitionCheck>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DefinitionCheck {
    /// What the check is about: `column_type:public.album.title`. Not for a check made by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drop: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// All of a check made by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fact: Option<Fact>,
}

impl From<lab::Definition> for Definition {
    fn from(definition: lab::Definition) -> Self {
        Self {
            lab: definition.lab,
            title: definition.title,
            example: definition.example.map(|example| match example {
                lab::ExampleFrom::Dump(name) => DefinitionExample::Dump(name),
                lab::ExampleFrom::Uri(uri) => DefinitionExample::Uri(uri),
            }),
            pack: definition.pack.map(|pack| LabPack {
                id: pack.id,
                challenges: pack.challenges,
            }),
            start: definition.start,
            types: definition.types,
            settings: definition.settings,
            tasks: definition
                .tasks
                .into_iter()
                .map(|task| DefinitionTask {
                    task: task.key,
                    drop: task.drop,
                    title: task.title,
                    explanation: task.explanation,
                    points: task.points.map(pglab_core::task::Points::as_f64),
                    checks: task
                        .checks
                        .into_iter()
                        .map(|check| DefinitionCheck {
                            check: check.key,
                            drop: check.drop,
                            title: check.title,
                            explanation: check.explanation,
                            weight: check.weight,
                            fact: check.fact,
                        })
                        .collect(),
                })
                .collect(),
            order: definition.order,
        }
    }
}

/// The labs that one may see, the newest first.
#[utoipa::path(get, path = "/api/v1/labs", tag = "labs", operation_id = "lab_list",
    responses((status = 200, body = LabList)))]
async fn list(State(control): State<Control>, Acting(actor): Acting) -> Result<axum::Json<LabList>, Problem> {
    let items = lab::list(&control, &actor)
        .await?
        .into_iter()
        .map(|summary| LabSummary {
            slug: summary.lab.slug,
            title: summary.lab.title,
            state: summary.lab.state,
            role: summary.role.into(),
            n_members: summary.n_members,
            created_at: summary.lab.created_at,
            may: words(summary.may),
        });
    Ok(axum::Json(LabList {
        items: items.collect(),
        next: None,
    }))
}

/// Make a lab. Its maker becomes its instructor.
#[utoipa::path(post, path = "/api/v1/labs", tag = "labs", operation_id = "lab_create",
    request_body = NewLab, responses((status = 201, body = Lab)))]
async fn create(
    State(control): State<Control>,
    Acting(actor): Acting,
    Json(body): Json<NewLab>,
) -> Result<(StatusCode, axum::Json<Lab>), Problem> {
    let new = lab::NewLab {
        slug: body.slug,
        title: body.title,
        start: body.start,
        settings: body.settings,
        pack: body.pack.map(Into::into),
    };
    let lab = lab::create(&control, &actor, new).await?;
    Ok((StatusCode::CREATED, axum::Json(lab.into())))
}

/// A lab with its example and its tasks.
#[utoipa::path(get, path = "/api/v1/labs/{lab}", tag = "labs", operation_id = "lab_show",
    params(("lab" = String, Path)), responses((status = 200, body = Lab)))]
async fn show(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<axum::Json<Lab>, Problem> {
    Ok(axum::Json(lab::show(&control, &actor, &lab).await?.into()))
}

/// Change title, start or settings.
#[utoipa::path(patch, path = "/api/v1/labs/{lab}", tag = "labs", operation_id = "lab_update",
    params(("lab" = String, Path)), request_body = LabChange, responses((status = 200, body = Lab)))]
async fn update(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Json(body): Json<LabChange>,
) -> Result<axum::Json<Lab>, Problem> {
    let change = lab::LabChange {
        title: body.title,
        start: body.start,
        settings: body.settings,
    };
    Ok(axum::Json(
        lab::update(&control, &actor, &lab, change).await?.into(),
    ))
}

/// Delete a lab with its students' databases and results.
#[utoipa::path(delete, path = "/api/v1/labs/{lab}", tag = "labs", operation_id = "lab_delete",
    params(("lab" = String, Path), Confirmation), responses((status = 204)))]
async fn delete(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Query(confirmation): Query<Confirmation>,
) -> Result<StatusCode, Problem> {
    lab::delete(&control, &actor, &lab, &confirmation.confirm).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The lab as `lab.yaml` writes it.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/definition", tag = "labs", operation_id = "lab_definition",
    params(("lab" = String, Path)), responses((status = 200, body = Definition)))]
async fn definition(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<axum::Json<Definition>, Problem> {
    Ok(axum::Json(lab::definition(&control, &actor, &lab).await?.into()))
}

/// Let the students in.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/open", tag = "labs", operation_id = "lab_open",
    params(("lab" = String, Path)), responses((status = 200, body = Lab)))]
async fn open(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<axum::Json<Lab>, Problem> {
    Ok(axum::Json(lab::open(&control, &actor, &lab).await?.into()))
}

/// End the students' access; databases and results stay.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/close", tag = "labs", operation_id = "lab_close",
    params(("lab" = String, Path)), responses((status = 200, body = Lab)))]
async fn close(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<axum::Json<Lab>, Problem> {
    Ok(axum::Json(lab::close(&control, &actor, &lab).await?.into()))
}

/// Write a dump of every student's database, then remove the databases. Goes on after the answer.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/archive", tag = "labs", operation_id = "lab_archive",
    params(("lab" = String, Path)), responses((status = 200, body = Lab)))]
async fn archive(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<axum::Json<Lab>, Problem> {
    Ok(axum::Json(lab::archive(&control, &actor, &lab).await?.into()))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, update, delete))
        .routes(routes!(definition))
        .routes(routes!(open))
        .routes(routes!(close))
        .routes(routes!(archive))
}
