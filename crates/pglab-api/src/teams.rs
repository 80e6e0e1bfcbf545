//! Teams of a lab: for its instructors, and the one of a student.

use axum::{extract::State, http::StatusCode};
use pglab_control::{Control, team};
use pglab_core::id::TeamId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    extract::{Acting, ClientAddress, Json, Path},
};

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Team {
    pub id: String,
    pub name: String,
    /// Students of the lab join by it.
    pub code: String,
    pub members: Vec<TeamMember>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TeamMember {
    pub login: String,
    pub name: String,
}

impl From<team::Team> for Team {
    fn from(team: team::Team) -> Self {
        Self {
            id: team.id.to_string(),
            name: team.name,
            code: team.code,
            members: team
                .members
                .into_iter()
                .map(|(login, name)| TeamMember { login, name })
                .collect(),
        }
    }
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TeamList {
    pub items: Vec<Team>,
    /// Always null: a lab's teams are on one page.
    pub next: Option<String>,
}

/// The team of one student.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TeamOf {
    /// Null: in none.
    pub team: Option<Team>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTeam {
    pub name: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamAssignment {
    /// The name of the team; null for none.
    pub team: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamJoin {
    /// In any case.
    pub code: String,
}

/// The teams of a lab, by name.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/teams", tag = "class", operation_id = "team_list",
    params(("lab" = String, Path)), responses((status = 200, body = TeamList)))]
async fn list(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<axum::Json<TeamList>, Problem> {
    let teams = team::list(&control, &actor, &lab).await?;
    Ok(axum::Json(TeamList {
        items: teams.into_iter().map(Team::from).collect(),
        next: None,
    }))
}

/// Make a team. Only in a lab with the setting `teams`; else 409.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/teams", tag = "class", operation_id = "team_create",
    params(("lab" = String, Path)), request_body = NewTeam, responses((status = 201, body = Team)))]
async fn create(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Json(body): Json<NewTeam>,
) -> Result<(StatusCode, axum::Json<Team>), Problem> {
    let team = team::create(&control, &actor, &lab, &body.name).await?;
    Ok((StatusCode::CREATED, axum::Json(team.into())))
}

/// Delete a team that nobody is in.
#[utoipa::path(delete, path = "/api/v1/labs/{lab}/teams/{id}", tag = "class", operation_id = "team_delete",
    params(("lab" = String, Path), ("id" = String, Path)), responses((status = 204)))]
async fn delete(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, id)): Path<(String, TeamId)>,
) -> Result<StatusCode, Problem> {
    team::delete(&control, &actor, &lab, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Put a student into a team, or into none. Who has answered or earned something stays where they are: 409.
#[utoipa::path(put, path = "/api/v1/labs/{lab}/members/{login}/team", tag = "class", operation_id = "team_assign",
    params(("lab" = String, Path), ("login" = String, Path)), request_body = TeamAssignment,
    responses((status = 200, body = TeamOf)))]
async fn assign(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path((lab, login)): Path<(String, String)>,
    Json(body): Json<TeamAssignment>,
) -> Result<axum::Json<TeamOf>, Problem> {
    let team = team::assign(&control, &actor, &lab, &login, body.team.as_deref()).await?;
    Ok(axum::Json(TeamOf {
        team: team.map(Team::from),
    }))
}

/// One's own team.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/team", tag = "class", operation_id = "team_own",
    params(("lab" = String, Path)), responses((status = 200, body = TeamOf)))]
async fn own(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<axum::Json<TeamOf>, Problem> {
    let team = team::own(&control, &actor, &lab).await?;
    Ok(axum::Json(TeamOf {
        team: team.map(Team::from),
    }))
}

/// Join a team of a lab that one is a student of, by the team's code.
#[utoipa::path(post, path = "/api/v1/labs/{lab}/team", tag = "class", operation_id = "team_join",
    params(("lab" = String, Path)), request_body = TeamJoin, responses((status = 200, body = TeamOf)))]
async fn join(
    State(control): State<Control>,
    Acting(actor): Acting,
    ClientAddress(address): ClientAddress,
    Path(lab): Path<String>,
    Json(body): Json<TeamJoin>,
) -> Result<axum::Json<TeamOf>, Problem> {
    let team = team::join(&control, &actor, &lab, &body.code, &address).await?;
    Ok(axum::Json(TeamOf {
        team: Some(team.into()),
    }))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(delete))
        .routes(routes!(assign))
        .routes(routes!(own, join))
}
