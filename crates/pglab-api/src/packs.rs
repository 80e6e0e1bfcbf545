//! Packs: list, show, install, update, remove, and out again as an archive.

use axum::{
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use pglab_control::{Control, pack};
use pglab_core::pack::{Limits, PackDiff, Problem as PackProblem};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    extract::{Acting, Path, Query},
};

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Pack {
    pub id: String,
    pub name: String,
    pub version: String,
    pub description: String,
    /// pack.json as it was written.
    #[schema(value_type = Object)]
    pub manifest: serde_json::Value,
    /// All files, unpacked.
    pub size_bytes: u64,
    pub installed_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub challenges: Vec<PackChallenge>,
    /// Labs that were made of it and are not archived: it can't be removed while there are some.
    pub labs: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PackChallenge {
    /// By which an update finds it again.
    pub key: String,
    pub name: String,
    pub challenge_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difficulty: Option<String>,
    pub n_tasks: u64,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PackList {
    pub items: Vec<Pack>,
    /// Always null: all packs are on one page.
    pub next: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PackInstalled {
    pub pack: Pack,
    pub warnings: Vec<PackProblem>,
    /// What an update changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<PackDiff>,
}

/// What would come of an archive that is not installed yet.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PackCheck {
    pub id: String,
    pub name: String,
    pub version: String,
    pub warnings: Vec<PackProblem>,
    /// What differs from the version that is installed; missing where none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<PackDiff>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PackRemoved {
    /// Challenges that stay, because labs were made of them.
    pub n_challenges_kept: u64,
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct UpdateQuery {
    /// Also to an older version.
    #[serde(default)]
    pub allow_downgrade: bool,
}

impl From<pack::PackView> for Pack {
    fn from(view: pack::PackView) -> Self {
        Self {
            id: view.id,
            name: view.name,
            version: view.version,
            description: view.description,
            manifest: view.manifest,
            size_bytes: u64::try_from(view.n_bytes).unwrap_or(0),
            installed_at: view.installed_at,
            updated_at: view.updated_at,
            challenges: view
                .challenges
                .into_iter()
                .map(|challenge| PackChallenge {
                    key: challenge.key,
                    name: challenge.name,
                    challenge_type: challenge.challenge_type,
                    difficulty: challenge.difficulty,
                    n_tasks: challenge.n_tasks as u64,
                })
                .collect(),
            labs: view.labs,
        }
    }
}

impl From<pack::Installed> for PackInstalled {
    fn from(installed: pack::Installed) -> Self {
        Self {
            pack: installed.pack.into(),
            warnings: installed.warnings,
            diff: installed.diff,
        }
    }
}

/// The packs that are installed.
#[utoipa::path(get, path = "/api/v1/packs", tag = "packs", operation_id = "pack_list",
    responses((status = 200, body = PackList)))]
async fn list(
    State(control): State<Control>,
    Acting(actor): Acting,
) -> Result<axum::Json<PackList>, Problem> {
    let items = pack::list(&control, &actor).await?;
    Ok(axum::Json(PackList {
        items: items.into_iter().map(Pack::from).collect(),
        next: None,
    }))
}

/// Install a pack: the zip as it is. All of it, or nothing.
#[utoipa::path(post, path = "/api/v1/packs", tag = "packs", operation_id = "pack_install",
    request_body(content = Vec<u8>, content_type = "application/zip"), responses((status = 201, body = PackInstalled)))]
async fn install(
    State(control): State<Control>,
    Acting(actor): Acting,
    body: Bytes,
) -> Result<(StatusCode, axum::Json<PackInstalled>), Problem> {
    let installed = pack::install(&control, &actor, body.into()).await?;
    Ok((StatusCode::CREATED, axum::Json(installed.into())))
}

/// Put another version of an installed pack in its place: the zip as it is. Labs that were made of it get its tasks; what
/// people earned stays.
#[utoipa::path(put, path = "/api/v1/packs", tag = "packs", operation_id = "pack_update", params(UpdateQuery),
    request_body(content = Vec<u8>, content_type = "application/zip"), responses((status = 200, body = PackInstalled)))]
async fn update(
    State(control): State<Control>,
    Acting(actor): Acting,
    Query(query): Query<UpdateQuery>,
    body: Bytes,
) -> Result<axum::Json<PackInstalled>, Problem> {
    let updated = pack::update(&control, &actor, body.into(), query.allow_downgrade).await?;
    Ok(axum::Json(updated.into()))
}

/// Look at an archive without installing it: all that is wrong with it, and what it would change.
#[utoipa::path(post, path = "/api/v1/packs/check", tag = "packs", operation_id = "pack_check",
    request_body(content = Vec<u8>, content_type = "application/zip"), responses((status = 200, body = PackCheck)))]
async fn check(
    State(control): State<Control>,
    Acting(actor): Acting,
    body: Bytes,
) -> Result<axum::Json<PackCheck>, Problem> {
    let (read, diff) = pack::update_check(&control, &actor, body.into()).await?;
    Ok(axum::Json(PackCheck {
        id: read.manifest.id,
        name: read.manifest.name,
        version: read.manifest.version.to_string(),
        warnings: read.warnings,
        diff,
    }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SaveQuery {
    /// Of the pack to be; the short name of the lab when left out.
    id: Option<String>,
    /// Of the pack to be; 1.0.0 when left out.
    version: Option<String>,
}

/// A lab as a pack, with its answers: tasks as they were derived and edited, the example and what students begin with.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/pack", tag = "packs", operation_id = "pack_save",
    params(("lab" = String, Path), SaveQuery),
    responses((status = 200, body = Vec<u8>, content_type = "application/zip")))]
async fn save(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Query(query): Query<SaveQuery>,
) -> Result<Response, Problem> {
    let (id, version) = (query.id.as_deref(), query.version.as_deref());
    let (name, bytes) = pack::save(&control, &actor, &lab, id, version).await?;
    Ok(zip(&name, bytes))
}

/// One pack with its challenges.
#[utoipa::path(get, path = "/api/v1/packs/{pack}", tag = "packs", operation_id = "pack_show",
    params(("pack" = String, Path)), responses((status = 200, body = Pack)))]
async fn show(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(id): Path<String>,
) -> Result<axum::Json<Pack>, Problem> {
    Ok(axum::Json(pack::show(&control, &actor, &id).await?.into()))
}

/// Take a pack away. What people earned stays.
#[utoipa::path(delete, path = "/api/v1/packs/{pack}", tag = "packs", operation_id = "pack_remove",
    params(("pack" = String, Path)), responses((status = 200, body = PackRemoved)))]
async fn remove(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(id): Path<String>,
) -> Result<axum::Json<PackRemoved>, Problem> {
    let kept = pack::remove(&control, &actor, &id).await?;
    Ok(axum::Json(PackRemoved {
        n_challenges_kept: kept.len() as u64,
    }))
}

/// The pack as a zip again, with its answers.
#[utoipa::path(get, path = "/api/v1/packs/{pack}/archive", tag = "packs", operation_id = "pack_export",
    params(("pack" = String, Path)), responses((status = 200, body = Vec<u8>, content_type = "application/zip")))]
async fn export(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (name, bytes) = pack::export(&control, &actor, &id).await?;
    Ok(zip(&name, bytes))
}

fn zip(name: &str, bytes: Vec<u8>) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

pub fn router() -> OpenApiRouter<Control> {
    let most = usize::try_from(Limits::default().archive_bytes).unwrap_or(usize::MAX);
    let uploads = OpenApiRouter::new()
        .routes(routes!(list, install, update))
        .routes(routes!(check))
        .layer(DefaultBodyLimit::max(most));
    OpenApiRouter::new()
        .merge(uploads)
        .routes(routes!(show, remove))
        .routes(routes!(export))
        .routes(routes!(save))
}
