//! Rows as clients of the Database API know them: every column of the thing, under the names of the original.

use chrono::{DateTime, Utc};
use pglab_control::database_api as api;
use pglab_core::task::Points;
use serde::Serialize;
use serde_json::{Number, Value};
use utoipa::ToSchema;

/// Whole points as whole numbers.
pub(super) fn number(points: Points) -> Number {
    if points.0 % 1000 == 0 {
        (points.0 / 1000).into()
    } else {
        Number::from_f64(points.as_f64()).unwrap_or_else(|| 0.into())
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PointsRow {
    pub id: String,
    /// All that the person earned and was given in the group.
    #[schema(value_type = f64)]
    pub points: Number,
    #[serde(rename = "userId")]
    pub user_id: String,
    #[serde(rename = "groupId")]
    pub group_id: String,
    #[serde(rename = "createdAt")]
    pub created_at: DateTime<Utc>,
    #[serde(rename = "updatedAt")]
    pub updated_at: DateTime<Utc>,
}

impl From<api::MemberPoints> for PointsRow {
    fn from(row: api::MemberPoints) -> Self {
        Self {
            id: row.member.to_string(),
            points: number(row.points),
            user_id: row.person.to_string(),
            group_id: row.lab.to_string(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CompetitionRow {
    pub id: String,
    pub name: String,
    pub description: String,
    /// No answers before.
    pub start_date: Option<DateTime<Utc>>,
    pub end_date: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<api::Competition> for CompetitionRow {
    fn from(row: api::Competition) -> Self {
        Self {
            id: row.id.to_string(),
            name: row.name,
            description: row.description,
            start_date: row.rules.opens_at,
            end_date: row.rules.due_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupChallengeRow {
    pub id: String,
    #[schema(value_type = f64)]
    pub points: Number,
    pub challenge_id: String,
    pub group_id: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<api::GroupChallenge> for GroupChallengeRow {
    fn from(row: api::GroupChallenge) -> Self {
        Self {
            id: row.id.to_string(),
            points: number(row.points),
            challenge_id: row.challenge.to_string(),
            group_id: row.lab.to_string(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuestionCompletionRow {
    pub id: String,
    pub question_id: String,
    pub user_id: String,
    pub group_challenge_id: String,
    pub completed_at: DateTime<Utc>,
    #[schema(value_type = f64)]
    pub points_earned: Number,
}

impl From<api::CompletionRow> for QuestionCompletionRow {
    fn from(row: api::CompletionRow) -> Self {
        Self {
            id: row.id,
            question_id: row.question,
            user_id: row.user.to_string(),
            group_challenge_id: row.group_challenge.to_string(),
            completed_at: row.at,
            points_earned: number(row.points),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct QuestionRow {
    pub id: String,
    #[serde(rename = "challengeId")]
    pub challenge_id: String,
    pub content: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[schema(value_type = f64)]
    pub points: Number,
    /// Only for a service with the scope `answers`.
    pub answer: Value,
    /// From 1.
    pub order: u64,
    pub title: String,
    pub format: String,
    pub hint: Option<String>,
    pub required: bool,
    pub cdf_question_id: String,
    /// The component of the document, without what tells the answer where that is not to be seen.
    #[schema(value_type = Object)]
    pub cdf_payload: Value,
    #[serde(rename = "createdAt")]
    pub created_at: DateTime<Utc>,
    #[serde(rename = "updatedAt")]
    pub updated_at: DateTime<Utc>,
}

impl From<api::QuestionRow> for QuestionRow {
    fn from(row: api::QuestionRow) -> Self {
        Self {
            id: row.id,
            challenge_id: row.challenge,
            content: row.content,
            kind: row.kind,
            points: number(row.points),
            answer: row.answer.unwrap_or(Value::Null),
            order: row.order as u64,
            title: row.title,
            format: row.format,
            hint: row.hint,
            required: row.is_required,
            cdf_question_id: row.component,
            cdf_payload: row.payload,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AppConfigRow {
    pub id: String,
    #[serde(rename = "challengeId")]
    pub challenge_id: String,
    #[serde(rename = "appId")]
    pub app_id: String,
    pub title: String,
    pub icon: String,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub screen: String,
    pub disabled: bool,
    pub favourite: bool,
    pub desktop_shortcut: bool,
    pub launch_on_startup: bool,
    /// Whatever the document says.
    pub additional_config: Value,
    #[serde(rename = "createdAt")]
    pub created_at: DateTime<Utc>,
    #[serde(rename = "updatedAt")]
    pub updated_at: DateTime<Utc>,
}

impl From<api::AppRow> for AppConfigRow {
    fn from(row: api::AppRow) -> Self {
        Self {
            id: row.id,
            challenge_id: row.challenge,
            app_id: row.app,
            title: row.title,
            icon: row.icon,
            width: row.width,
            height: row.height,
            screen: row.screen,
            disabled: row.is_disabled,
            favourite: row.is_favourite,
            desktop_shortcut: row.desktop_shortcut,
            launch_on_startup: row.launch_on_startup,
            additional_config: row.additional_config,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ChallengeRow {
    pub id: String,
    pub name: String,
    pub description: String,
    pub pack_id: String,
    pub pack_name: String,
    pub pack_version: String,
    pub challenge_type_id: String,
    pub challenge_type_name: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<api::ListedChallenge> for ChallengeRow {
    fn from(row: api::ListedChallenge) -> Self {
        Self {
            id: row.id.to_string(),
            name: row.name,
            description: row.description,
            pack_id: row.pack,
            pack_name: row.pack_name,
            pack_version: row.pack_version,
            // Types have no table of their own: the word is the id.
            challenge_type_id: row.challenge_type.clone(),
            challenge_type_name: row.challenge_type,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
