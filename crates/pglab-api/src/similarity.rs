//! Pairs of members whose answers are alike, for the staff of a lab.

use axum::extract::State;
use chrono::{DateTime, Utc};
use pglab_control::{
    Control,
    answer::{self, Similarity},
};
use pglab_core::id::{MemberId, TaskId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Problem,
    extract::{Acting, Path},
};

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SimilarPairList {
    /// The most conspicuous first, at most 200.
    pub items: Vec<SimilarPair>,
    /// Always null.
    pub next: Option<String>,
}

/// Two members. Of each list of two, the first is of the first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SimilarPair {
    pub members: Vec<SimilarMember>,
    /// 10 for each flag of the other, at most 4 for each answer that is alike, at most 1 for each task done in the same minute.
    pub score: f64,
    pub answers: Vec<SimilarAnswer>,
    pub flags: Vec<SharedFlag>,
    /// From three on.
    pub same_minute: Vec<SameMinute>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SimilarMember {
    pub login: String,
    pub name: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SimilarAnswer {
    #[schema(value_type = String)]
    pub task: TaskId,
    pub title: String,
    /// Words and signs that differ; 0: only spaces, comments and capitals do.
    pub distance: u64,
    pub n_tokens: u64,
    /// How many members have this answer.
    pub n_same: u64,
    pub at: Vec<DateTime<Utc>>,
    pub answers: Vec<String>,
}

/// `login` sent the flag that was made for `flag_of`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SharedFlag {
    #[schema(value_type = String)]
    pub task: TaskId,
    pub title: String,
    pub login: String,
    pub flag_of: String,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SameMinute {
    #[schema(value_type = String)]
    pub task: TaskId,
    pub title: String,
    pub at: Vec<DateTime<Utc>>,
}

impl From<Similarity> for SimilarPairList {
    fn from(found: Similarity) -> Self {
        let title = |task: &TaskId| found.titles.get(task).cloned().unwrap_or_default();
        let who = |member: &MemberId| found.people.get(member).cloned().unwrap_or_default();
        let items = found
            .pairs
            .iter()
            .map(|pair| SimilarPair {
                members: pair
                    .members
                    .iter()
                    .map(|member| {
                        let (login, name) = who(member);
                        SimilarMember { login, name }
                    })
                    .collect(),
                score: pair.score,
                answers: pair
                    .answers
                    .iter()
                    .map(|alike| SimilarAnswer {
                        task: alike.task,
                        title: title(&alike.task),
                        distance: alike.distance as u64,
                        n_tokens: alike.n_tokens as u64,
                        n_same: alike.n_same as u64,
                        at: alike.at.to_vec(),
                        answers: alike.sql.to_vec(),
                    })
                    .collect(),
                flags: pair
                    .flags
                    .iter()
                    .map(|flag| SharedFlag {
                        task: flag.task,
                        title: title(&flag.task),
                        login: who(&flag.member).0,
                        flag_of: who(&flag.of).0,
                        at: flag.at,
                    })
                    .collect(),
                same_minute: pair
                    .together
                    .iter()
                    .map(|together| SameMinute {
                        task: together.task,
                        title: title(&together.task),
                        at: together.at.to_vec(),
                    })
                    .collect(),
            })
            .collect();
        Self { items, next: None }
    }
}

/// Pairs of students with answers in common that they hardly came to alone: near-identical SQL, flags of each other, tasks
/// done in the same minute. A reason to talk to them, not a proof.
#[utoipa::path(get, path = "/api/v1/labs/{lab}/similarity", tag = "answers", operation_id = "similarity_show",
    params(("lab" = String, Path)), responses((status = 200, body = SimilarPairList)))]
async fn show(
    State(control): State<Control>,
    Acting(actor): Acting,
    Path(lab): Path<String>,
) -> Result<axum::Json<SimilarPairList>, Problem> {
    Ok(axum::Json(
        answer::similarity(&control, &actor, &lab).await?.into(),
    ))
}

pub fn router() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(show))
}
