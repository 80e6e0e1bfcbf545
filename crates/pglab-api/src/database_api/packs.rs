//! Packs: uploaded as files of forms, listed, taken away.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, State},
    http::{HeaderMap, StatusCode},
};
use chrono::{DateTime, Utc};
use pglab_control::{Control, database_api as api};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{Body, Calling, Path, Query, body_refused},
    refusal::Refusal,
    rows::ChallengeRow,
};

/// A form with the archive in its field `file`.
#[derive(Debug, ToSchema)]
pub struct PackForm {
    /// The .zip.
    #[expect(dead_code, reason = "what the document tells of the form")]
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// The archive of such a form.
#[derive(Debug)]
struct Archive(Vec<u8>);

impl FromRequest<Control> for Archive {
    type Rejection = Refusal;
    async fn from_request(request: Request, control: &Control) -> Result<Self, Refusal> {
        let kind = request.headers().get("content-type");
        let boundary = kind
            .and_then(|kind| kind.to_str().ok())
            .and_then(|kind| multer::parse_boundary(kind).ok());
        let Some(boundary) = boundary else {
            let text =
                "send a form: Content-Type: multipart/form-data, with the archive in its field \"file\"";
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
        };
        let bytes = Bytes::from_request(request, control)
            .await
            .map_err(|rejection| body_refused(rejection.status()))?;
        let body = futures::stream::iter([Ok::<_, std::convert::Infallible>(bytes)]);
        let mut form = multer::Multipart::new(body, boundary);
        let unfit = |error: multer::Error| Refusal::bad(format!("the form can't be read: {error}"));
        while let Some(field) = form.next_field().await.map_err(unfit)? {
            if field.name() == Some("file") {
                return Ok(Self(field.bytes().await.map_err(unfit)?.into()));
            }
        }
        Err(Refusal::bad(
            "file is required: the form has no field of this name",
        ))
    }
}

fn uploader(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    headers
        .get("x-uploader-user-id")
        .map(|value| value.to_str())
        .transpose()
        .map_err(|_| Refusal::bad("X-Uploader-User-Id is no id"))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PackUploaded {
    /// `success`.
    pub status: &'static str,
    pub message: String,
    pub installed_count: u64,
    pub skipped_count: u64,
    pub skipped_details: Vec<SkippedChallenge>,
    #[serde(rename = "packId")]
    pub pack_id: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SkippedChallenge {
    pub path: String,
    pub reason: String,
}

impl From<api::Uploaded> for PackUploaded {
    fn from(done: api::Uploaded) -> Self {
        let challenges = |n: usize| if n == 1 { "challenge" } else { "challenges" };
        let (installed, skipped) = (done.n_installed, done.skipped.len());
        Self {
            status: "success",
            message: format!(
                "{installed} {} installed, {skipped} skipped",
                challenges(installed)
            ),
            installed_count: installed as u64,
            skipped_count: skipped as u64,
            skipped_details: done
                .skipped
                .into_iter()
                .map(|one| SkippedChallenge {
                    path: one.path,
                    reason: one.reason,
                })
                .collect(),
            pack_id: done.pack,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PackUpdateQuery {
    /// Also to an older version.
    #[serde(default)]
    allow_downgrade: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PackUpdated {
    /// `success`.
    pub status: &'static str,
    #[serde(rename = "packId")]
    pub pack_id: String,
    pub version: String,
    pub challenges: Counts,
    pub tasks: Counts,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PackUpdateCounts)]
pub struct Counts {
    pub added: u64,
    pub changed: u64,
    pub removed: u64,
}

impl From<[usize; 3]> for Counts {
    fn from([added, changed, removed]: [usize; 3]) -> Self {
        Self {
            added: added as u64,
            changed: changed as u64,
            removed: removed as u64,
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UninstallPack {
    pack_id: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PackUninstalled {
    #[serde(rename = "packId")]
    pub pack_id: String,
    /// Ids of challenges that stay, because somebody works or worked with them.
    pub challenges_kept: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ChallengePack {
    pub id: String,
    pub name: String,
    pub version: String,
    pub description: String,
    pub author: String,
    pub license: String,
    pub website: String,
    pub tags: Vec<String>,
    pub prerequisites: Vec<String>,
    /// Versions of other packs that it needs.
    #[schema(value_type = Object)]
    pub dependencies: Value,
    pub installed_date: DateTime<Utc>,
    pub challenges: Vec<ChallengeRow>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ChallengePackList {
    pub packs: Vec<ChallengePack>,
}

impl From<api::PackDetails> for ChallengePack {
    fn from(details: api::PackDetails) -> Self {
        let manifest = &details.pack.manifest;
        let text = |key: &str| {
            manifest
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let list = |key: &str| {
            let list = manifest.get(key).and_then(Value::as_array);
            list.into_iter()
                .flatten()
                .filter_map(|one| one.as_str().map(str::to_owned))
                .collect()
        };
        Self {
            author: text("author"),
            license: text("license"),
            website: text("website"),
            tags: list("tags"),
            prerequisites: list("prerequisites"),
            dependencies: manifest
                .get("dependencies")
                .cloned()
                .unwrap_or_else(|| Value::Object(serde_json::Map::new())),
            id: details.pack.id,
            name: details.pack.name,
            version: details.pack.version,
            description: details.pack.description,
            installed_date: details.pack.installed_at,
            challenges: details.challenges.into_iter().map(ChallengeRow::from).collect(),
        }
    }
}

/// Install a pack; one that is installed already is skipped.
#[utoipa::path(post, path = "/packs/upload", tag = "packs", operation_id = "pack_upload",
    params(("X-Uploader-User-Id" = Option<String>, Header, description = "For whom it is uploaded")),
    request_body(content = PackForm, content_type = "multipart/form-data"),
    responses((status = 200, body = PackUploaded)))]
async fn upload(
    Calling(caller): Calling,
    State(control): State<Control>,
    headers: HeaderMap,
    Archive(bytes): Archive,
) -> Result<axum::Json<PackUploaded>, Refusal> {
    let done = api::pack_upload(&control, &caller, uploader(&headers)?, bytes).await?;
    Ok(axum::Json(done.into()))
}

/// Install a pack that is not installed yet.
#[utoipa::path(post, path = "/challenge-pack/install", tag = "packs", operation_id = "pack_install",
    params(("X-Uploader-User-Id" = Option<String>, Header, description = "For whom it is uploaded")),
    request_body(content = PackForm, content_type = "multipart/form-data"),
    responses((status = 200, body = PackUploaded)))]
async fn install(
    Calling(caller): Calling,
    State(control): State<Control>,
    headers: HeaderMap,
    Archive(bytes): Archive,
) -> Result<axum::Json<PackUploaded>, Refusal> {
    let done = api::pack_install(&control, &caller, uploader(&headers)?, bytes).await?;
    Ok(axum::Json(done.into()))
}

/// Put another version of a pack in its place. What people earned stays.
#[utoipa::path(post, path = "/challenge-pack/update", tag = "packs", operation_id = "pack_update",
    params(PackUpdateQuery, ("X-Uploader-User-Id" = Option<String>, Header, description = "For whom it is uploaded")),
    request_body(content = PackForm, content_type = "multipart/form-data"),
    responses((status = 200, body = PackUpdated)))]
async fn update(
    Calling(caller): Calling,
    State(control): State<Control>,
    Query(query): Query<PackUpdateQuery>,
    headers: HeaderMap,
    Archive(bytes): Archive,
) -> Result<axum::Json<PackUpdated>, Refusal> {
    let uploader = uploader(&headers)?;
    let done = api::pack_update(&control, &caller, uploader, bytes, query.allow_downgrade).await?;
    Ok(axum::Json(PackUpdated {
        status: "success",
        pack_id: done.pack,
        version: done.version,
        challenges: done.challenges.into(),
        tasks: done.tasks.into(),
    }))
}

/// Take a pack away. Challenges that somebody works with stay, and all that people earned.
#[utoipa::path(post, path = "/challenge-pack/uninstall", tag = "packs", operation_id = "pack_uninstall",
    request_body = UninstallPack, responses((status = 200, body = PackUninstalled)))]
async fn uninstall(
    Calling(caller): Calling,
    State(control): State<Control>,
    Body(body): Body<UninstallPack>,
) -> Result<axum::Json<PackUninstalled>, Refusal> {
    let kept = api::pack_uninstall(&control, &caller, &body.pack_id).await?;
    Ok(axum::Json(PackUninstalled {
        pack_id: body.pack_id,
        challenges_kept: kept.into_iter().map(|id| id.to_string()).collect(),
    }))
}

/// The packs that are installed.
#[utoipa::path(get, path = "/challenge-pack/list", tag = "packs", operation_id = "pack_list",
    responses((status = 200, body = ChallengePackList)))]
async fn list(
    Calling(caller): Calling,
    State(control): State<Control>,
) -> Result<axum::Json<ChallengePackList>, Refusal> {
    let packs = api::pack_list(&control, &caller).await?;
    Ok(axum::Json(ChallengePackList {
        packs: packs.into_iter().map(ChallengePack::from).collect(),
    }))
}

/// One pack with its challenges.
#[utoipa::path(get, path = "/challenge-pack/details/{pack_id}", tag = "packs", operation_id = "pack_details",
    params(("pack_id" = String, Path)), responses((status = 200, body = ChallengePack)))]
async fn details(
    Calling(caller): Calling,
    State(control): State<Control>,
    Path(id): Path<String>,
) -> Result<axum::Json<ChallengePack>, Refusal> {
    Ok(axum::Json(
        api::pack_details(&control, &caller, &id).await?.into(),
    ))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(upload))
        .routes(routes!(install))
        .routes(routes!(update))
        .routes(routes!(uninstall))
        .routes(routes!(list))
        .routes(routes!(details))
}
