//! Questions as front ends know them: a task of a challenge, the same in every lab; and answers to it in one lab, judged
//! here.

use chrono::{DateTime, Utc};
use pglab_core::{
    access::{ActingPerson, Actor},
    cdf::{Document, Question},
    id::{AttemptId, PersonId, TaskId},
    lab::MemberRole,
    task::Points,
};
use pglab_store::{
    competition::{self as table, LabChallenge, MemberPoints},
    lab::Lab,
    member::Member,
    pack::{self, InstalledChallenge},
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Caller, Refused, group_challenge, question_id, question_parts, student};
use crate::{
    Control, Error,
    answer::{self, Given},
};

/// Keys of a question that say nothing of its answer.
const HARMLESS: [&str; 9] = [
    "type", "text", "prompt", "title", "options", "points", "order", "format", "required",
];

#[derive(Debug, Clone, PartialEq)]
pub struct QuestionRow {
    pub id: String,
    pub challenge: String,
    pub content: String,
    pub kind: String,
    pub points: Points,
    /// Only for a token that sees answers.
    pub answer: Option<Value>,
    /// From 1.
    pub order: usize,
    pub title: String,
    pub format: String,
    pub hint: Option<String>,
    pub is_required: bool,
    pub component: String,
    /// The component as the document has it; without all that tells the answer, where answers are not to be seen.
    pub payload: Value,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

fn no_question() -> Refused {
    Refused::missing("Question not found")
}

/// # Errors
/// No such question, or of a challenge that the caller does not meet.
pub async fn details(control: &Control, caller: &Caller, id: &str) -> Result<QuestionRow, Refused> {
    let (challenge, component) = question_parts(id).ok_or_else(no_question)?;
    let row = met(control, caller, challenge).await?.ok_or_else(no_question)?;
    questions(caller, &row)
        .into_iter()
        .find(|question| question.component == component)
        .ok_or_else(no_question)
}

/// A challenge, where the caller may see its questions: who teaches all, students those of labs that have begun.
pub(super) async fn met(
    control: &Control,
    caller: &Caller,
    id: pglab_core::id::ChallengeId,
) -> Result<Option<InstalledChallenge>, Refused> {
    let pool = control.store.pool();
    let Some(row) = pack::challenge(pool, id).await? else {
        return Ok(None);
    };
    let person = caller.person.id.uuid();
    let seen = caller.sees_content(control) || pack::is_met_by(pool, id, person, control.now()).await?;
    Ok(Some(row).filter(|_| seen))
}

/// In the order in which they are shown.
pub(super) fn questions(caller: &Caller, row: &InstalledChallenge) -> Vec<QuestionRow> {
    let checked = Document::from_value(row.document.clone()).map(|document| document.check());
    let Ok(Ok(checked)) = checked else {
        return Vec::new();
    };
    (1..)
        .zip(&checked.challenge.questions)
        .map(|(order, question)| question_row(caller, row, question, order))
        .collect()
}

fn question_row(caller: &Caller, row: &InstalledChallenge, question: &Question, order: usize) -> QuestionRow {
    let components = row.document.get("components").and_then(Value::as_array);
    let component = components
        .into_iter()
        .flatten()
        .find(|one| one.get("id").and_then(Value::as_str) == Some(&question.id))
        .cloned()
        .unwrap_or_default();
    let config = component.get("config").and_then(Value::as_object);
    let word = |key: &str| config.and_then(|config| config.get(key)).and_then(Value::as_str);
    let payload = if caller.sees_answers {
        component.clone()
    } else {
        let harmless: Map<String, Value> = config
            .into_iter()
            .flatten()
            .filter(|(key, _)| HARMLESS.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        json!({ "type": "question", "id": question.id, "config": harmless })
    };
    QuestionRow {
        id: question_id(row.id, &question.id),
        challenge: row.id.to_string(),
        content: question.text.clone(),
        kind: word("type").unwrap_or(question.kind.as_str()).to_owned(),
        points: question.points,
        answer: config
            .and_then(|config| config.get("answer").or_else(|| config.get("reference")))
            .filter(|_| caller.sees_answers)
            .cloned(),
        order,
        title: question.title.clone(),
        format: question.format.clone(),
        // What costs something is taken in the lab.
        hint: question
            .hints
            .first()
            .filter(|hint| hint.price.0 == 0)
            .map(|hint| hint.text.clone()),
        is_required: question.required,
        component: question.id.clone(),
        payload,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct NewAttempt {
    pub user_id: String,
    pub question_id: String,
    pub group_challenge_id: String,
    pub answer: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub struct AttemptRow {
    pub id: AttemptId,
    pub question: String,
    pub user: PersonId,
    pub group_challenge: Uuid,
    pub at: DateTime<Utc>,
    pub answer: Value,
    pub is_correct: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CompletionRow {
    pub id: String,
    pub question: String,
    pub user: PersonId,
    pub group_challenge: Uuid,
    pub at: DateTime<Utc>,
    pub points: Points,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Attempted {
    pub is_correct: bool,
    pub attempt: AttemptRow,
    pub completion: Option<CompletionRow>,
    pub attempts_left: Option<u32>,
}

/// What a question became in a lab, and for whom it is asked.
struct Asked {
    lab: Lab,
    group_challenge: LabChallenge,
    student: Member,
    task: TaskId,
}

async fn asked(
    control: &Control,
    caller: &Caller,
    user: &str,
    question: &str,
    group_challenge_id: &str,
) -> Result<Asked, Refused> {
    let (lab, group_challenge) = group_challenge(control, caller, group_challenge_id).await?;
    let student = student(control, caller, &lab, user).await?;
    let (challenge, component) = question_parts(question).ok_or_else(no_question)?;
    if challenge != group_challenge.challenge {
        return Err(no_question());
    }
    let task = table::task(control.store.pool(), lab.id, challenge, component)
        .await?
        .ok_or_else(no_question)?;
    Ok(Asked {
        lab,
        group_challenge,
        student,
        task,
    })
}

/// Judges an answer of the student, counts it and prices it.
///
/// # Errors
/// Nobody and nothing of the kind; nothing that could be judged; done already; no more attempts; too fast.
pub async fn attempt(control: &Control, caller: &Caller, new: NewAttempt) -> Result<Attempted, Refused> {
    let given = given(&new.answer)?;
    let asked = asked(
        control,
        caller,
        &new.user_id,
        &new.question_id,
        &new.group_challenge_id,
    )
    .await?;
    let student = Actor::Person(ActingPerson {
        id: asked.student.person,
        login: asked.student.login.clone(),
        role: asked.student.person_role,
        must_change_password: false,
        read_only: false,
    });
    let at = control.now();
    let answered = match answer::submit(control, &student, asked.lab.slug.as_str(), asked.task, given).await {
        Err(Error::Done(_)) => return Err(Refused::done()),
        other => other?,
    };
    let (Some(id), MemberRole::Student) = (answered.attempt, asked.student.role) else {
        return Err(Refused::Forbidden(
            "User is not a member of this group".to_owned(),
        ));
    };
    Ok(Attempted {
        is_correct: answered.verdict.right,
        attempt: AttemptRow {
            id,
            question: new.question_id.clone(),
            user: asked.student.person,
            group_challenge: asked.group_challenge.id,
            at,
            answer: new.answer,
            is_correct: answered.verdict.right,
        },
        completion: answered.earned.map(|points| CompletionRow {
            id: format!("{}:{}", asked.student.id, asked.task),
            question: new.question_id,
            user: asked.student.person,
            group_challenge: asked.group_challenge.id,
            at,
            points,
        }),
        attempts_left: answered.attempts_left,
    })
}

fn given(answer: &Value) -> Result<Given, Refused> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let unfit = || Refused::bad("answer must be a text, a number, or a list of these");
    match answer {
        Value::Null => Ok(Given::Nothing),
        Value::Array(list) => Ok(Given::Set(
            list.iter().map(text).collect::<Option<_>>().ok_or_else(unfit)?,
        )),
        other => text(other).map(Given::Text).ok_or_else(unfit),
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Completed {
    pub completion: CompletionRow,
    pub points: MemberPoints,
}

/// The service vouches that the answer was right; what it earns is decided here.
///
/// # Errors
/// No service; nobody and nothing of the kind; a task that pglab judges by itself; done already; no answers are taken.
pub async fn complete(
    control: &Control,
    caller: &Caller,
    user: &str,
    question: &str,
    group_challenge_id: &str,
) -> Result<Completed, Refused> {
    if !caller.is_service {
        return Err(Refused::Forbidden(
            "only a service vouches for answers; send the answer to /question/attempt".to_owned(),
        ));
    }
    let asked = asked(control, caller, user, question, group_challenge_id).await?;
    let vouched = answer::vouch(control, &caller.actor, &asked.lab, asked.student.id, asked.task)
        .await?
        .ok_or_else(Refused::done)?;
    let points = table::points(control.store.pool(), asked.student.id)
        .await?
        .ok_or_else(|| Refused::missing("User not found"))?;
    Ok(Completed {
        completion: CompletionRow {
            id: format!("{}:{}", asked.student.id, asked.task),
            question: question.to_owned(),
            user: asked.student.person,
            group_challenge: asked.group_challenge.id,
            at: vouched.at,
            points: vouched.points,
        },
        points,
    })
}

/// What the student completed of a challenge, the first first.
///
/// # Errors
/// Nobody and nothing of the kind, or somebody else's.
pub async fn completed(
    control: &Control,
    caller: &Caller,
    user: &str,
    group_challenge_id: &str,
) -> Result<Vec<CompletionRow>, Refused> {
    let (lab, found) = group_challenge(control, caller, group_challenge_id).await?;
    let student = student(control, caller, &lab, user).await?;
    let done = table::completed(control.store.pool(), student.id, found.challenge).await?;
    Ok(done
        .into_iter()
        .map(|one| CompletionRow {
            id: format!("{}:{}", student.id, one.task),
            question: question_id(found.challenge, &one.component),
            user: student.person,
            group_challenge: found.id,
            at: one.at,
            points: one.points,
        })
        .collect())
}
