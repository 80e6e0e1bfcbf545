//! Judging the answers of a task anew after its author has corrected it: a preview says who would gain and lose, which is then
//! applied as a whole, and can be undone. Tasks that turn by themselves are not of this: they are looked at again anyhow.

mod apply;
mod judging;
mod rows;

use chrono::{DateTime, Utc};
use pglab_core::{
    access::{Actor, Operation},
    id::{AttemptId, MemberId, RejudgingId, TaskId},
    points::rejudge::Outcome,
    task::Points,
};
use pglab_store::{
    answer::{self as table, Question},
    audit,
    lab::Lab,
    rejudging::{self as kept, Rejudging as Kept},
    team,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Control, Error, lab};

pub use apply::{apply, undo};
pub use pglab_store::rejudging::State;

/// The most answers of one task that are judged anew.
const MAX_ATTEMPTS: usize = 20_000;

#[derive(Debug, Clone, PartialEq)]
pub struct Rejudging {
    pub id: RejudgingId,
    pub task: TaskId,
    pub state: State,
    pub made_at: DateTime<Utc>,
    /// Their login.
    pub made_by: Option<String>,
    pub applied_at: Option<DateTime<Utc>>,
    pub undone_at: Option<DateTime<Utc>>,
    pub found: Found,
}

/// What judging anew would change, or has changed once it is applied.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Found {
    pub n_attempts: usize,
    /// These stay as they are: the databases of who sent them are not there now.
    pub n_left: usize,
    /// The members' databases were judged as they are now, and not as they were when they were sent in.
    pub as_of_now: bool,
    pub members: Vec<MemberFound>,
    pub attempts: Vec<AttemptFound>,
}

/// A member for whom something changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberFound {
    pub login: String,
    /// What the task earned. `None`: it is not done.
    pub before: Option<Points>,
    pub after: Option<Points>,
    pub before_at: Option<DateTime<Utc>>,
    pub after_at: Option<DateTime<Utc>>,
    /// So many attempts more count, or less.
    pub n_counted: i32,
}

/// An attempt of which something else is said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptFound {
    pub id: AttemptId,
    pub login: String,
    pub at: DateTime<Utc>,
    pub before: Outcome,
    pub after: Outcome,
    pub message: String,
}

/// An attempt as it was read and what is said of it now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Judged {
    attempt: AttemptId,
    old: Outcome,
    new: Outcome,
    /// Where it is another than before.
    verdict: Option<Value>,
    flag_of: Option<MemberId>,
}

/// Judges all answers to a task anew, and writes down what would change. Nothing of any member's is changed.
///
/// # Errors
/// Not an instructor of the lab; no such task, or one that turns by itself; the lab has teams; the task can't be judged; the
/// server does not answer.
pub async fn preview(control: &Control, actor: &Actor, slug: &str, task: TaskId) -> Result<Rejudging, Error> {
    let (lab, _) = of_author(control, actor, slug, task).await?;
    if !team::places(control.store.pool(), lab.id).await?.is_empty() {
        return Err(Error::Conflict(
            "students of this lab are in teams, and what a team earned can't be judged anew".to_owned(),
        ));
    }
    let made_at = control.now();
    let record = kept::record_now(control.store.pool(), lab.id, task).await?;
    // After the record: where the task changes in between, its mark is no longer that of the record, and nothing is applied.
    let (_, question) = of_author(control, actor, slug, task).await?;
    if record.attempts.len() > MAX_ATTEMPTS {
        return Err(Error::Conflict(format!(
            "this task has {} answers, more than the {MAX_ATTEMPTS} that are judged anew",
            record.attempts.len()
        )));
    }
    let (judged, n_left) = judging::judged(control, &lab, &question, &record).await?;
    let (_, mut found) = rows::plan(&record, &judged, &question, task, made_at);
    found.n_left = n_left;
    let new = Kept {
        id: RejudgingId::new(&*control.clock, &*control.random),
        task,
        state: State::Preview,
        made_at,
        made_by: None,
        mark: record.mark.clone(),
        judged: serde_json::to_value(&judged).map_err(Error::internal)?,
        found: serde_json::to_value(&found).map_err(Error::internal)?,
        applied_at: None,
        undone_at: None,
    };
    let made_by = match actor {
        Actor::Person(person) => Some(person.id),
        Actor::Stranger | Actor::System => None,
    };
    let mut tx = control.store.begin().await?;
    kept::insert(&mut tx, &new, made_by).await?;
    let detail = json!({ "task": task, "rejudging": new.id });
    let entry = audit::Entry::new(made_at, actor, "rejudging_preview", lab.slug.as_str()).detail(detail);
    audit::insert(&mut tx, entry).await?;
    control.store.commit(tx).await?;
    of_id(control, task, new.id).await
}

/// The latest first.
///
/// # Errors
/// Not an instructor of the lab; no such task.
pub async fn list(
    control: &Control,
    actor: &Actor,
    slug: &str,
    task: TaskId,
) -> Result<Vec<Rejudging>, Error> {
    of_author(control, actor, slug, task).await?;
    let all = kept::of_task(control.store.pool(), task).await?;
    all.into_iter().map(view).collect()
}

/// # Errors
/// Not an instructor of the lab; no such task or rejudging.
pub async fn show(
    control: &Control,
    actor: &Actor,
    slug: &str,
    task: TaskId,
    id: RejudgingId,
) -> Result<Rejudging, Error> {
    of_author(control, actor, slug, task).await?;
    of_id(control, task, id).await
}

/// The lab and the task, for who may judge it anew.
async fn of_author(
    control: &Control,
    actor: &Actor,
    slug: &str,
    task: TaskId,
) -> Result<(Lab, Question), Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    let question = table::question(control.store.pool(), lab.id, task, None)
        .await?
        .ok_or_else(|| Error::NotFound(format!("task {task} that is answered in this lab")))?;
    if question.content.is_state() {
        return Err(Error::Conflict(
            "this task turns by itself: pglab looks at the databases again when a check changes, and there is nothing to judge anew"
                .to_owned(),
        ));
    }
    Ok((lab, question))
}

async fn of_id(control: &Control, task: TaskId, id: RejudgingId) -> Result<Rejudging, Error> {
    let found = kept::by_id(control.store.pool(), task, id).await?;
    view(found.ok_or_else(|| missing(id))?)
}

fn missing(id: RejudgingId) -> Error {
    Error::NotFound(format!(
        "rejudging {id} of this task; a new preview takes the place of the one before"
    ))
}

fn view(kept: Kept) -> Result<Rejudging, Error> {
    Ok(Rejudging {
        id: kept.id,
        task: kept.task,
        state: kept.state,
        made_at: kept.made_at,
        made_by: kept.made_by,
        applied_at: kept.applied_at,
        undone_at: kept.undone_at,
        found: serde_json::from_value(kept.found).map_err(Error::internal)?,
    })
}
