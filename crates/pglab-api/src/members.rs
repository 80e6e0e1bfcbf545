//! Members of a lab: list, move, remove, reset, a new password.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use pglab_control::{Control, member};
use pglab_core::lab::MemberRole;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    extract::{Acting, Json, Path},
    kit::Kit,
};

#[derive(Debug, Serialize, ToSchema)]
pub struct Member {
    pub login: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seat: Option<String>,
    pub role: MemberRole,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<DateTime<Utc>>,
    /// Null before there is anything of a database.
    pub instance: Option<MemberInstance>,
    pub password: PasswordState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hand: Option<RaisedHand>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MemberInstance {
    /// `queued`, `creating`, `active`, `terminating`, `terminated`, `error`
    pub state: String,
    /// Why it waits, for people.
    pub sentence: String,
    pub database: String,
}

/// Where the password came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PasswordState {
    /// Still the initial one, which can be shown.
    Initial,
    /// The initial one, which a claim link showed to its owner.
    Claimed,
    Changed,
}

impl From<member::PasswordKind> for PasswordState {
    fn from(kind: member::PasswordKind) -> Self {
        match kind {
            member::PasswordKind::Initial => Self::Initial,
            member::PasswordKind::Claimed => Self::Claimed,
            member::PasswordKind::Changed => Self::Changed,
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RaisedHand {
    pub raised_at: DateTime<Utc>,
    pub why: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MemberList {
    pub items: Vec<Member>,
    /// Always null: a class is on one page.
    pub next: Option<String>,
}

impl From<member::Listed> for Member {
    fn from(listed: member::Listed) -> Self {
        let of = listed.member;
        Self {
            login: of.login.into(),
            name: of.name,
            email: of.email,
            section: of.section,
            seat: of.seat,
            role: of.role,
            removed_at: of.removed_at,
            instance: listed.instance.map(|instance| MemberInstance {
                state: instance.state.name().to_owned(),
                sentence: instance.state.sentence(),
                database: instance.database.into(),
            }),
            password: listed.password.map_or(PasswordState::Changed, Into::into),
            hand: listed.hand.map(|hand| RaisedHand {
                raised_at: hand.raised_at,
                why: hand.why,
            }),
        }
    }
}

/// What is left out stays; an empty text clears.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberChange {
    pub section: Option<String>,
    pub seat: Option<String>,
    pub role: Option<MemberRole>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// Keep the old database under another name. Not for students.
    #[serde(default)]
    pub keep_snapshot: bool,
    /// The member's login once more: their work is lost.
    pub confirm: String,
}

#[derive(Serialize, ToSchema)]
struct NewPassword {
    password: String,
}

/// Everybody who is or was in the lab.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/members", tag = "class", operation_id = "member_list",
    params(("lab" = String, Path)), responses((status = 200, body = MemberList)))]
async fn list(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<axum::Json<MemberList>, Problem> {
    let listed = member::list(&control, &actor, &lab).await?;
    Ok(axum::Json(MemberList {
        items: listed.into_iter().map(Member::from).collect(),
        next: None,
    }))
}

/// Change a member's section, seat or role.
#[utoipa::path(patch, path = "/api/v1/labs/{lab}/members/{login}", tag = "class", operation_id = "member_update",
    params(("lab" = String, Path), ("login" = String, Path)), request_body = MemberChange,
    responses((status = 200, body = Member)))]
async fn update(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, login)): Path<(String, String)>,
    Json(body): Json<MemberChange>,
) -> Result<axum::Json<Member>, Problem> {
    let change = member::MemberChange {
        section: body.section,
        seat: body.seat,
        role: body.role,
    };
    let listed = member::update(&control, &actor, &lab, &login, change).await?;
    Ok(axum::Json(listed.into()))
}

/// Close a member's access; their database stays until the lab is archived.
#[utoipa::path(delete, path = "/api/v1/labs/{lab}/members/{login}", tag = "class", operation_id = "member_remove",
    params(("lab" = String, Path), ("login" = String, Path)), responses((status = 204)))]
async fn remove(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, login)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    member::remove(&control, &actor, &lab, &login).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a member a fresh copy of the start.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/members/{login}/reset", tag = "class", operation_id = "member_reset",
    params(("lab" = String, Path), ("login" = String, Path)), request_body = Reset, responses((status = 202)))]
async fn reset(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, login)): Path<(String, String)>,
    Json(body): Json<Reset>,
) -> Result<StatusCode, Problem> {
    member::reset(&control, &actor, &lab, &login, body.keep_snapshot, &body.confirm).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Give a member a new initial password, in the place of whatever they have.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/members/{login}/password", tag = "class",
    operation_id = "member_password", params(("lab" = String, Path), ("login" = String, Path)),
    responses((status = 200, body = NewPassword)))]
async fn password(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, login)): Path<(String, String)>,
) -> Result<axum::Json<NewPassword>, Problem> {
    let password = member::renew(&control, &actor, &lab, &login).await?;
    Ok(axum::Json(NewPassword { password }))
}

/// Everything that a member needs to connect.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/members/{login}/kit", tag = "class", operation_id = "member_kit",
    params(("lab" = String, Path), ("login" = String, Path)), responses((status = 200, body = Kit)))]
async fn kit(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, login)): Path<(String, String)>,
) -> Result<axum::Json<Kit>, Problem> {
    let kit = pglab_control::kit::of_member(&control, &actor, &lab, &login).await?;
    Ok(axum::Json(kit.into()))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(update, remove))
        .routes(routes!(reset))
        .routes(routes!(password))
        .routes(routes!(kit))
}
