//! Standings: as JSON, as events, as CSV, and as the feed that CTFtime reads.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use futures::StreamExt;
use pglab_control::{Control, answer};
use pglab_core::{
    id::{MemberId, TaskId},
    spreadsheet::Sheet,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem, events,
    extract::{Acting, Path, Query},
};

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Standings {
    pub lab: String,
    pub title: String,
    /// From then on students see the standings as they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen_at: Option<DateTime<Utc>>,
    /// These are as they are now, whatever is frozen: for the staff.
    pub revealed: bool,
    pub tasks: Vec<StandingsTask>,
    /// In order.
    pub rows: Vec<StandingsRow>,
    pub computed_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StandingsTask {
    #[schema(value_type = String)]
    pub id: TaskId,
    pub title: String,
    pub points: f64,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StandingsRow {
    /// From 1; who has the same points reached at the same time shares a rank.
    pub rank: u64,
    /// Among those of the same section.
    pub section_rank: u64,
    /// Of the member; of a team, of its first member.
    #[schema(value_type = String)]
    pub id: MemberId,
    /// Of a team, its name.
    pub login: String,
    /// Of a team, the names of its members.
    pub name: String,
    /// Logins of the members, where it is a team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    pub points: f64,
    /// The last change of the score, by which ties are broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached_at: Option<DateTime<Utc>>,
    /// In the order in which they were done.
    pub done: Vec<StandingsDone>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StandingsDone {
    #[schema(value_type = String)]
    pub task: TaskId,
    pub points: f64,
    pub at: DateTime<Utc>,
}

impl From<&answer::Standings> for Standings {
    fn from(standings: &answer::Standings) -> Self {
        Self {
            lab: standings.slug.clone(),
            title: standings.title.clone(),
            frozen_at: standings.frozen_at,
            revealed: standings.revealed,
            tasks: standings
                .tasks
                .iter()
                .map(|(id, title, points)| StandingsTask {
                    id: *id,
                    title: title.clone(),
                    points: points.as_f64(),
                })
                .collect(),
            rows: standings.rows.iter().map(StandingsRow::from).collect(),
            computed_at: standings.computed_at,
        }
    }
}

impl From<&answer::Row> for StandingsRow {
    fn from(row: &answer::Row) -> Self {
        Self {
            rank: row.rank as u64,
            section_rank: row.section_rank as u64,
            id: row.member,
            login: row.login.clone(),
            name: row.name.clone(),
            team: row.team.clone(),
            section: row.section.clone(),
            points: row.points.as_f64(),
            reached_at: row.reached_at,
            done: row
                .done
                .iter()
                .map(|(task, points, at)| StandingsDone {
                    task: *task,
                    points: points.as_f64(),
                    at: *at,
                })
                .collect(),
        }
    }
}

/// What is another than in the standings and changes that were sent before. The order is by rank, then by name.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StandingsChange {
    /// In the place of the row of the same id, or new.
    pub rows: Vec<StandingsRow>,
    /// Of whom only the rank is another.
    pub moved: Vec<StandingsMoved>,
    /// The ids of those who are no longer there.
    #[schema(value_type = Vec<String>)]
    pub gone: Vec<MemberId>,
    pub computed_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StandingsMoved {
    #[schema(value_type = String)]
    pub id: MemberId,
    pub rank: u64,
    pub section_rank: u64,
}

impl From<&answer::StandingsChange> for StandingsChange {
    fn from(change: &answer::StandingsChange) -> Self {
        Self {
            rows: change.rows.iter().map(StandingsRow::from).collect(),
            moved: change
                .moved
                .iter()
                .map(|moved| StandingsMoved {
                    id: moved.member,
                    rank: moved.rank as u64,
                    section_rank: moved.section_rank as u64,
                })
                .collect(),
            gone: change.gone.clone(),
            computed_at: change.computed_at,
        }
    }
}

/// One event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only the document of the interface needs it")]
enum StandingsEvent {
    Standings(Standings),
    Changes(StandingsChange),
}

fn made(standings: &answer::Standings) -> events::Made {
    events::Made::once(&standings.text, || Standings::from(standings))
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct StandingsQuery {
    /// For the staff: what students see, frozen and without those who are hidden. For what is shown on a wall.
    #[serde(default)]
    pub as_students: bool,
}

impl StandingsQuery {
    const fn viewer(&self) -> answer::Viewer {
        if self.as_students {
            answer::Viewer::Wall
        } else {
            answer::Viewer::Actor
        }
    }
}

/// Who stands where. Students see it where the lab shows standings.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/standings", tag = "standings", operation_id = "standings_show",
    params(("lab" = String, Path), StandingsQuery), responses((status = 200, body = Standings)))]
async fn show(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Query(query): Query<StandingsQuery>,
) -> Result<axum::Json<events::Made>, Problem> {
    let standings = answer::standings_for(&control, &actor, &lab, query.viewer()).await?;
    Ok(axum::Json(made(&standings)))
}

/// The standings and what changes in them, at most twice a second, as server-sent events: `standings` (all of them, first
/// and whenever more than rows is another), `changes` (a `StandingsChange` of what was sent before).
#[utoipa::path(get, path = "/api/v1/labs/{lab}/standings/events", tag = "standings", operation_id = "standings_events",
    params(("lab" = String, Path), StandingsQuery),
    responses((status = 200, body = StandingsEvent, content_type = "text/event-stream")))]
async fn watch(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Query(query): Query<StandingsQuery>,
) -> Result<Response, Problem> {
    let all = answer::watch(&control, &actor, &lab, query.viewer()).await?;
    Ok(events::stream(all.map(|told| match told {
        answer::Told::Whole(standings) => events::Named::new("standings", made(&standings)),
        answer::Told::Changed(change) => events::Named::new(
            "changes",
            events::Made::once(&change.text, || StandingsChange::from(&*change)),
        ),
    })))
}

/// The standings for a spreadsheet.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/standings.csv", tag = "standings", operation_id = "standings_csv",
    params(("lab" = String, Path), StandingsQuery), responses((status = 200, body = String, content_type = "text/csv")))]
async fn csv(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Query(query): Query<StandingsQuery>,
) -> Result<Response, Problem> {
    let standings = answer::standings_for(&control, &actor, &lab, query.viewer()).await?;
    let mut sheet = Sheet::new(&[
        "rank",
        "section_rank",
        "section",
        "login",
        "name",
        "points",
        "reached_at",
        "tasks_done",
    ]);
    for row in &standings.rows {
        sheet.row([
            row.rank.to_string(),
            row.section_rank.to_string(),
            row.section.clone().unwrap_or_default(),
            row.login.clone(),
            row.name.clone(),
            row.points.as_f64().to_string(),
            row.reached_at.map(|at| at.to_rfc3339()).unwrap_or_default(),
            row.done.len().to_string(),
        ]);
    }
    let text = sheet.finish();
    let mut response = text.into_response();
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    Ok(response)
}

/// As CTFtime reads it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CtftimeFeed {
    pub tasks: Vec<String>,
    pub standings: Vec<CtftimeRow>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CtftimeRow {
    pub pos: u64,
    pub team: String,
    pub score: f64,
    /// By the task's title.
    pub task_stats: std::collections::BTreeMap<String, CtftimeTask>,
    /// Seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_accept: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CtftimeTask {
    pub points: f64,
    /// Seconds since 1970.
    pub time: i64,
}

/// The feed that CTFtime reads.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/standings/ctftime", tag = "standings", operation_id = "standings_ctftime",
    params(("lab" = String, Path), StandingsQuery), responses((status = 200, body = CtftimeFeed)))]
async fn ctftime(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
    Query(query): Query<StandingsQuery>,
) -> Result<axum::Json<CtftimeFeed>, Problem> {
    let standings = answer::standings_for(&control, &actor, &lab, query.viewer()).await?;
    let titles: std::collections::HashMap<TaskId, &str> = standings
        .tasks
        .iter()
        .map(|(id, title, _)| (*id, title.as_str()))
        .collect();
    let rows = standings.rows.iter().map(|row| CtftimeRow {
        pos: row.rank as u64,
        team: row.name.clone(),
        score: row.points.as_f64(),
        task_stats: row
            .done
            .iter()
            .filter_map(|(task, points, at)| {
                let stat = CtftimeTask {
                    points: points.as_f64(),
                    time: at.timestamp(),
                };
                Some(((*titles.get(task)?).to_owned(), stat))
            })
            .collect(),
        last_accept: row.reached_at.map(|at| at.timestamp()),
    });
    Ok(axum::Json(CtftimeFeed {
        standings: rows.collect(),
        tasks: standings
            .tasks
            .iter()
            .map(|(_, title, _)| title.clone())
            .collect(),
    }))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(watch))
        .routes(routes!(csv))
        .routes(routes!(ctftime))
}
