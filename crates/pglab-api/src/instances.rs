//! Challenges that members run as pods: one's own, and those of a lab for its staff.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use pglab_control::{Control, pods};
use pglab_core::{
    id::{ChallengeId, InstanceId},
    pods::PodState,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    extract::{Acting, Path},
};

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InstanceStateName {
    Queued,
    Creating,
    Active,
    Terminating,
    Terminated,
    Error,
}

impl From<&PodState> for InstanceStateName {
    fn from(state: &PodState) -> Self {
        match state {
            PodState::Queued { .. } => Self::Queued,
            PodState::Creating { .. } => Self::Creating,
            PodState::Active { .. } => Self::Active,
            PodState::Terminating { .. } => Self::Terminating,
            PodState::Terminated { .. } => Self::Terminated,
            PodState::Error { .. } => Self::Error,
        }
    }
}

/// One run of a challenge by a member.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChallengeInstance {
    pub id: String,
    pub challenge_id: String,
    pub challenge: String,
    pub login: String,
    pub state: InstanceStateName,
    /// Why it is so, and what it waits for.
    pub why: String,
    /// When something is done about it at the latest, while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<DateTime<Utc>>,
    /// What the instance manager last said that pglab could do nothing with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// Where it is reached, while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal_url: Option<String>,
    pub created_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
    /// It is ended then, unless it is extended.
    pub expires_at: DateTime<Utc>,
}

impl From<pods::ChallengeInstance> for ChallengeInstance {
    fn from(instance: pods::ChallengeInstance) -> Self {
        let runs = matches!(instance.state, PodState::Active { .. });
        Self {
            id: instance.id.to_string(),
            challenge_id: instance.challenge.to_string(),
            challenge: instance.challenge_name,
            login: instance.login.as_str().to_owned(),
            state: InstanceStateName::from(&instance.state),
            why: instance.state.sentence(),
            deadline: instance.state.deadline(),
            remark: instance.remark,
            url: instance.addresses.first().filter(|_| runs).map(str::to_owned),
            terminal_url: instance.addresses.terminal.filter(|_| runs),
            created_at: instance.created_at,
            changed_at: instance.changed_at,
            expires_at: instance.expires_at,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ChallengeInstanceList {
    pub items: Vec<ChallengeInstance>,
    pub next: Option<String>,
}

/// A challenge that runs as a pod.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnChallenge {
    pub id: String,
    /// By which its tasks name it.
    pub key: String,
    pub name: String,
    /// In the words of the definition format: `container`, `web`, …
    pub challenge_type: String,
    /// The newest; left out where it was never started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<ChallengeInstance>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OwnChallengeList {
    pub items: Vec<OwnChallenge>,
    pub next: Option<String>,
}

/// A move of an instance.
#[derive(Debug, Serialize, ToSchema)]
pub struct InstanceMove {
    pub at: DateTime<Utc>,
    pub event: String,
    pub state: InstanceStateName,
    pub why: String,
    /// Who did it; left out for pglab itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct InstanceHistory {
    pub items: Vec<InstanceMove>,
    pub next: Option<String>,
}

/// What the instance manager tells at this moment, in its own words.
#[derive(Debug, Serialize, ToSchema)]
pub struct PodStatus {
    /// It knows a pod of this instance.
    pub known: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uptime: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
struct InstanceFlag {
    flag: String,
}

/// One's own challenges that run as pods, in the order of the lab.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/me/challenges", tag = "challenges", operation_id = "challenge_list_own",
    params(("lab" = String, Path)), responses((status = 200, body = OwnChallengeList)))]
async fn own(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<axum::Json<OwnChallengeList>, Problem> {
    let own = pods::own(&control, &actor, &lab).await?;
    let items = own.into_iter().map(|challenge| OwnChallenge {
        id: challenge.id.to_string(),
        key: challenge.key,
        name: challenge.name,
        challenge_type: challenge.challenge_type,
        instance: challenge.instance.map(ChallengeInstance::from),
    });
    Ok(axum::Json(OwnChallengeList {
        items: items.collect(),
        next: None,
    }))
}

/// Start a challenge for oneself. It is queued, and runs some seconds later.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/me/challenges/{challenge}", tag = "challenges",
    operation_id = "challenge_start", params(("lab" = String, Path), ("challenge" = String, Path)),
    responses((status = 202, body = ChallengeInstance)))]
async fn start(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, challenge)): Path<(String, ChallengeId)>,
) -> Result<(StatusCode, axum::Json<ChallengeInstance>), Problem> {
    let instance = pods::start(&control, &actor, &lab, challenge).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(instance.into())))
}

/// What members run or ran in a lab, the newest first, for its staff. At most 1,000.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/instances", tag = "challenges", operation_id = "instance_list",
    params(("lab" = String, Path)), responses((status = 200, body = ChallengeInstanceList)))]
async fn list(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<axum::Json<ChallengeInstanceList>, Problem> {
    let instances = pods::list(&control, &actor, &lab).await?;
    Ok(axum::Json(ChallengeInstanceList {
        items: instances.into_iter().map(ChallengeInstance::from).collect(),
        next: None,
    }))
}

/// One instance: one's own, or any of the lab for its staff.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/instances/{id}", tag = "challenges", operation_id = "instance_show",
    params(("lab" = String, Path), ("id" = String, Path)), responses((status = 200, body = ChallengeInstance)))]
async fn show(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, id)): Path<(String, InstanceId)>,
) -> Result<axum::Json<ChallengeInstance>, Problem> {
    let instance = pods::show(&control, &actor, &lab, id).await?;
    Ok(axum::Json(instance.into()))
}

/// End an instance. Ending one that is ended is fine.
#[utoipa::path(delete, path = "/api/v1/labs/{lab}/instances/{id}", tag = "challenges", operation_id = "instance_end",
    params(("lab" = String, Path), ("id" = String, Path)), responses((status = 202, body = ChallengeInstance)))]
async fn end(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, id)): Path<(String, InstanceId)>,
) -> Result<(StatusCode, axum::Json<ChallengeInstance>), Problem> {
    let instance = pods::end(&control, &actor, &lab, id).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(instance.into())))
}

/// Try at once again what failed.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/instances/{id}/retry", tag = "challenges",
    operation_id = "instance_retry", params(("lab" = String, Path), ("id" = String, Path)),
    responses((status = 202, body = ChallengeInstance)))]
async fn retry(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, id)): Path<(String, InstanceId)>,
) -> Result<(StatusCode, axum::Json<ChallengeInstance>), Problem> {
    let instance = pods::retry(&control, &actor, &lab, id).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(instance.into())))
}

/// Give an instance its whole time once more, from now on.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/instances/{id}/extend", tag = "challenges",
    operation_id = "instance_extend", params(("lab" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = ChallengeInstance)))]
async fn extend(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, id)): Path<(String, InstanceId)>,
) -> Result<axum::Json<ChallengeInstance>, Problem> {
    let instance = pods::extend(&control, &actor, &lab, id).await?;
    Ok(axum::Json(instance.into()))
}

/// Every move of an instance, the oldest first.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/instances/{id}/history", tag = "challenges",
    operation_id = "instance_history", params(("lab" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = InstanceHistory)))]
async fn history(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, id)): Path<(String, InstanceId)>,
) -> Result<axum::Json<InstanceHistory>, Problem> {
    let moves = pods::history(&control, &actor, &lab, id).await?;
    let items = moves.into_iter().map(|moved| InstanceMove {
        at: moved.at,
        event: moved.event,
        state: InstanceStateName::from(&moved.state),
        why: moved.state.sentence(),
        login: moved.login,
    });
    Ok(axum::Json(InstanceHistory {
        items: items.collect(),
        next: None,
    }))
}

/// What the instance manager tells of the pod at this moment, for the lab's staff.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/instances/{id}/pod", tag = "challenges",
    operation_id = "instance_pod", params(("lab" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = PodStatus)))]
async fn pod(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, id)): Path<(String, InstanceId)>,
) -> Result<axum::Json<PodStatus>, Problem> {
    let details = pods::status(&control, &actor, &lab, id).await?;
    let known = details.is_some();
    let (status, uptime, node, ip, created_at) = details.map_or((None, None, None, None, None), |told| {
        (
            Some(told.status),
            told.uptime,
            told.node,
            told.ip,
            told.created_at,
        )
    });
    Ok(axum::Json(PodStatus {
        known,
        status,
        uptime,
        node,
        ip,
        created_at,
    }))
}

/// The flag that is planted in an instance, for the lab's instructors. It is written to the audit.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/instances/{id}/flag", tag = "challenges",
    operation_id = "instance_flag", params(("lab" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = InstanceFlag)))]
async fn flag(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, id)): Path<(String, InstanceId)>,
) -> Result<axum::Json<InstanceFlag>, Problem> {
    let flag = pods::secret(&control, &actor, &lab, id).await?;
    Ok(axum::Json(InstanceFlag { flag }))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(own))
        .routes(routes!(start))
        .routes(routes!(list))
        .routes(routes!(show, end))
        .routes(routes!(retry))
        .routes(routes!(extend))
        .routes(routes!(history))
        .routes(routes!(pod))
        .routes(routes!(flag))
}
