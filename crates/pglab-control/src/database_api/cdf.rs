//! Single documents: checked, taken in, given out, changed. A document that comes alone lives in a pack of pglab's own.

use pglab_core::{
    cdf::{Document, Problem},
    id::ChallengeId,
    pack::diff::ChallengeDiff,
};
use pglab_store::pack::{self as table, ChallengeFilter, ListedChallenge};
use serde_json::Value;

use super::{Caller, Refused, uuid};
use crate::{Control, Error, pack};

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checked {
    pub errors: Vec<Problem>,
    pub warnings: Vec<Problem>,
}

fn read(text: &str) -> Result<Document, Refused> {
    Document::parse(text).map_err(|problem| unfit(vec![problem]))
}

fn unfit(problems: Vec<Problem>) -> Refused {
    Refused::Unfit {
        message: "this is no document that can be used".to_owned(),
        problems: problems
            .into_iter()
            .map(|problem| (problem.path, problem.error))
            .collect(),
    }
}

/// # Errors
/// Not an instructor's token. An invalid document is an answer.
pub fn validate(control: &Control, caller: &Caller, text: &str) -> Result<Checked, Refused> {
    if !caller.sees_content(control) {
        return Err(Error::Forbidden.into());
    }
    Ok(
        match Document::parse(text)
            .map_err(|problem| vec![problem])
            .and_then(|document| document.check())
        {
            Ok(checked) => Checked {
                errors: Vec::new(),
                warnings: checked.warnings,
            },
            Err(errors) => Checked {
                errors,
                warnings: Vec::new(),
            },
        },
    )
}

/// The same document again changes nothing.
///
/// # Errors
/// Not an instructor's token; a document that can't be used; its id is that of another challenge.
pub async fn import(control: &Control, caller: &Caller, text: &str) -> Result<ListedChallenge, Refused> {
    caller.must_manage_content(control)?;
    let document = read(text)?;
    document.check().map_err(unfit)?;
    let id = pack::import_document(control, &caller.actor, document)
        .await
        .map_err(problems)?;
    listed(control, id).await
}

fn problems(error: Error) -> Refused {
    match error {
        Error::Invalid { message, fields } => Refused::Unfit {
            message,
            problems: fields
                .into_iter()
                .map(|field| (field.path, field.message))
                .collect(),
        },
        other => other.into(),
    }
}

async fn listed(control: &Control, id: ChallengeId) -> Result<ListedChallenge, Refused> {
    let missing = || Refused::missing("Challenge not found");
    let row = table::challenge(control.store.pool(), id)
        .await?
        .ok_or_else(missing)?;
    let filter = ChallengeFilter {
        pack: Some(row.pack),
        ..ChallengeFilter::default()
    };
    let (all, _) = table::challenge_list(control.store.pool(), &filter, 1000, 0).await?;
    all.into_iter().find(|one| one.id == id).ok_or_else(missing)
}

/// The document as it was written, with its answers.
///
/// # Errors
/// Not a token that sees answers; no such challenge.
pub async fn export(control: &Control, caller: &Caller, id: &str) -> Result<Value, Refused> {
    let missing = || Refused::missing("Challenge not found");
    if !caller.sees_content(control) {
        return Err(Error::Forbidden.into());
    }
    caller.must_see_answers()?;
    let id: ChallengeId = uuid(id).ok_or_else(missing)?;
    let row = table::challenge(control.store.pool(), id)
        .await?
        .ok_or_else(missing)?;
    Ok(row.document)
}

#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    pub challenge: ListedChallenge,
    /// `None`: nothing.
    pub diff: Option<ChallengeDiff>,
}

/// Puts another document in the place of that of a challenge; labs that were made of it get its tasks.
///
/// # Errors
/// Not an instructor's token; no such challenge; a document that can't be used, or of another challenge.
pub async fn update(control: &Control, caller: &Caller, id: &str, text: &str) -> Result<Changed, Refused> {
    caller.must_manage_content(control)?;
    let missing = || Refused::missing("Challenge not found");
    let id: ChallengeId = uuid(id).ok_or_else(missing)?;
    let document = read(text)?;
    document.check().map_err(unfit)?;
    let diff = match pack::update_document(control, &caller.actor, id, document).await {
        Err(Error::NotFound(_)) => return Err(missing()),
        other => other.map_err(problems)?,
    };
    Ok(Changed {
        challenge: listed(control, id).await?,
        diff,
    })
}
