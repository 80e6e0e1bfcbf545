//! Challenges as front ends list and show them: who teaches sees all, students those of their labs.

use chrono::{DateTime, Utc};
use pglab_core::cdf::{ChallengeType, Document};
use pglab_store::pack::{self, ChallengeFilter, ListedChallenge};
use serde_json::Value;

use super::{Caller, QuestionRow, Refused, question, uuid};
use crate::Control;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListWanted {
    pub challenge_type: Option<String>,
    pub difficulty: Option<String>,
    pub pack: Option<String>,
    pub search: Option<String>,
    pub limit: Option<i64>,
    pub offset: Option<i64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ChallengeList {
    pub challenges: Vec<ListedChallenge>,
    pub total: i64,
}

/// Challenges of one page, where nobody says how many.
const PAGE: i64 = 100;
/// All of them.
const MOST: i64 = 1000;

/// # Errors
/// A difficulty that there is not; limits that make no sense.
pub async fn list(control: &Control, caller: &Caller, wanted: ListWanted) -> Result<ChallengeList, Refused> {
    let limit = wanted.limit.unwrap_or(PAGE);
    if !(0..=MOST).contains(&limit) {
        return Err(Refused::bad("limit must be from 0 to 1000"));
    }
    let offset = wanted.offset.unwrap_or(0);
    if offset < 0 {
        return Err(Refused::bad("offset must not be below 0"));
    }
    if let Some(difficulty) = &wanted.difficulty
        && !["EASY", "MEDIUM", "HARD", "EXPERT"].contains(&difficulty.as_str())
    {
        return Err(Refused::bad("difficulty must be EASY, MEDIUM, HARD or EXPERT"));
    }
    let filter = ChallengeFilter {
        challenge_type: wanted
            .challenge_type
            .map(|text| ChallengeType::parse(&text).as_str().to_owned()),
        difficulty: wanted.difficulty,
        pack: wanted.pack,
        search: wanted.search,
        of_student: (!caller.sees_content(control)).then(|| (caller.person.id.uuid(), control.now())),
    };
    let (challenges, total) = pack::challenge_list(control.store.pool(), &filter, limit, offset).await?;
    Ok(ChallengeList { challenges, total })
}

#[derive(Debug, Clone, PartialEq)]
pub struct AppRow {
    pub id: String,
    pub challenge: String,
    pub app: String,
    pub title: String,
    pub icon: String,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub screen: String,
    pub is_disabled: bool,
    pub is_favourite: bool,
    pub desktop_shortcut: bool,
    pub launch_on_startup: bool,
    pub additional_config: Value,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ChallengeDetails {
    pub id: String,
    pub name: String,
    pub description: String,
    pub challenge_type: String,
    pub questions: Vec<QuestionRow>,
    pub apps: Vec<AppRow>,
}

/// # Errors
/// No such challenge, or one that the caller does not meet.
pub async fn details(control: &Control, caller: &Caller, id: &str) -> Result<ChallengeDetails, Refused> {
    let missing = || Refused::missing("Challenge not found");
    let id = uuid(id).ok_or_else(missing)?;
    let row = question::met(control, caller, id).await?.ok_or_else(missing)?;
    let checked = Document::from_value(row.document.clone()).map(|document| document.check());
    let apps = match checked {
        Ok(Ok(checked)) => checked.challenge.apps,
        _ => Vec::new(),
    };
    let description = row
        .document
        .pointer("/metadata/description")
        .and_then(Value::as_str);
    Ok(ChallengeDetails {
        id: row.id.to_string(),
        description: description.unwrap_or_default().to_owned(),
        questions: question::questions(caller, &row),
        apps: apps
            .into_iter()
            .map(|app| AppRow {
                id: format!("{}:{}", row.id, app.id),
                challenge: row.id.to_string(),
                app: app.id,
                title: app.title,
                icon: app.icon,
                width: app.width,
                height: app.height,
                screen: app.screen,
                is_disabled: app.disabled,
                is_favourite: app.favourite,
                desktop_shortcut: app.desktop_shortcut,
                launch_on_startup: app.launch_on_startup,
                additional_config: app.additional_config,
                created_at: row.created_at,
                updated_at: row.updated_at,
            })
            .collect(),
        name: row.name,
        challenge_type: row.challenge_type,
    })
}
