//! What is said of an answer, by its kind: the SQL is run here, and judged by the functions of `pglab_core::answer`.

use pglab_core::{
    answer::{
        AnswerHashes, MAX_QUERY_BYTES, Outcome, behaviour, flag as core_flag, plan,
        rows::Ready,
        text::{judge_checkboxes, judge_choice, judge_text},
    },
    check::VerdictState,
    id::MemberId,
    ident::Ident,
    instance::InstanceState,
    task::{
        TaskKind,
        kind::{Contract, PlanTask, QueryTask},
    },
};
use pglab_fleet::answer::{AnswerSession, Fault};
use pglab_identity::password;
use pglab_store::{instance, lab::Lab, standing};

use super::{
    datasets::{self, as_member, as_reference},
    flag, mutated,
    submit::Given,
    verdict::{Part, SqlProblem, Verdict},
};
use crate::{Control, Error};

/// The largest dataset whose rows are shown although it is hidden, in rows of the reference's result.
const SMALL_DATASET: usize = 20;

/// What came of judging.
#[derive(Debug)]
pub(super) enum Said {
    Verdict(Box<Verdict>),
    /// Nothing that could be judged: it does not count.
    Unfit(String),
    /// The member's database is not there now; nothing is said of the answer.
    NotReady(String),
}

impl From<Verdict> for Said {
    fn from(verdict: Verdict) -> Self {
        Self::Verdict(Box::new(verdict))
    }
}

/// Who answers: a member, or the staff who tries.
#[derive(Debug, Clone, Copy)]
pub(super) enum Who {
    Member(MemberId),
    Staff,
}

/// Does judging need a server?
pub(super) fn runs_sql(kind: &TaskKind) -> bool {
    matches!(
        kind,
        TaskKind::Query(_) | TaskKind::Assert(_) | TaskKind::Behaviour(_) | TaskKind::Plan(_)
    )
}

struct Hashes;

impl AnswerHashes for Hashes {
    fn fits(&self, answer: &str, argon2id: &str) -> bool {
        password::verify(answer, argon2id).unwrap_or(false)
    }
}

pub(super) async fn judge(
    control: &Control,
    lab: &Lab,
    who: Who,
    kind: &TaskKind,
    given: &Given,
) -> Result<Said, Error> {
    match kind {
        TaskKind::State(_) => Ok(Said::Unfit(
            "this task turns by itself when your database is as it should be".to_owned(),
        )),
        TaskKind::Text(_) | TaskKind::Choice(_) | TaskKind::Checkboxes(_) | TaskKind::Flag(_) => {
            in_memory(control, lab, who, kind.clone(), given.clone()).await
        }
        TaskKind::Query(task) => {
            let sql = match sql_of(given) {
                Ok(sql) => sql,
                Err(unfit) => return Ok(unfit),
            };
            let said = rows(
                control,
                lab,
                who,
                sql,
                &task.reference,
                &task.contract,
                &task.datasets,
            )
            .await?;
            match said {
                Said::Verdict(verdict) if verdict.right && is_mutated(control, lab, task).await? => {
                    on_mutated(control, lab, who, sql, task, verdict).await
                }
                said => Ok(said),
            }
        }
        TaskKind::Plan(task) => judge_plan(control, lab, who, task, given).await,
        TaskKind::Assert(task) => {
            let session = match own_session(control, lab, who).await? {
                Ok(session) => session,
                Err(unfit) => return Ok(unfit),
            };
            let mut parts = Vec::new();
            for assertion in &task.assertions {
                let said = match session.value(&assertion.sql).await {
                    Ok(value) => behaviour::judge_assertion(&assertion.title, Ok(value.as_deref())),
                    Err(Fault::Away(error)) => return Err(error.into()),
                    Err(fault) => behaviour::judge_assertion(&assertion.title, Err(&fault.to_string())),
                };
                parts.push(part(&assertion.title, said));
            }
            Ok(Said::from(Verdict::of_parts(parts)))
        }
        TaskKind::Behaviour(task) => {
            let session = match own_session(control, lab, who).await? {
                Ok(session) => session,
                Err(unfit) => return Ok(unfit),
            };
            let statements: Vec<&str> = task.steps.iter().map(|step| step.sql.as_str()).collect();
            let outcomes = match session.behave(&statements).await {
                Ok(outcomes) => outcomes,
                Err(Fault::Away(error)) => return Err(error.into()),
                Err(fault) => {
                    return Ok(Said::from(Verdict::plain(false, &format!("Not yet: {fault}."))));
                }
            };
            let mut parts = Vec::new();
            for (step, outcome) in task.steps.iter().zip(&outcomes) {
                let said = behaviour::judge(&step.expect, outcome);
                // A preparation is told only where it fails.
                if step.weight > 0 || said.state != VerdictState::Passed {
                    let title = if step.title.is_empty() {
                        "a preparation"
                    } else {
                        &step.title
                    };
                    parts.push(part(title, said));
                }
            }
            Ok(Said::from(Verdict::of_parts(parts)))
        }
    }
}

fn part(title: &str, said: behaviour::Said) -> Part {
    Part {
        title: title.to_owned(),
        passed: said.state == VerdictState::Passed,
        expected: said.expected,
        found: said.found,
    }
}

fn sql_of(given: &Given) -> Result<&str, Said> {
    let Given::Text(sql) = given else {
        return Err(Said::Unfit("send a query as the answer".to_owned()));
    };
    let sql = sql.trim().trim_end_matches(';').trim_end();
    if sql.is_empty() {
        Err(Said::Unfit("the answer is empty".to_owned()))
    } else if sql.len() > MAX_QUERY_BYTES {
        Err(Said::Unfit(format!(
            "the answer is longer than {} KiB",
            MAX_QUERY_BYTES >> 10
        )))
    } else {
        Ok(sql)
    }
}

async fn in_memory(
    control: &Control,
    lab: &Lab,
    who: Who,
    kind: TaskKind,
    given: Given,
) -> Result<Said, Error> {
    let own = match (&kind, who) {
        (TaskKind::Flag(task), Who::Member(member)) => {
            flag::name(task).map(|name| flag::of_member(control, lab.id, member, name))
        }
        _ => None,
    };
    // A hash takes tens of milliseconds.
    let outcome = tokio::task::spawn_blocking(move || {
        let hashes = &Hashes;
        match (&kind, &given) {
            (TaskKind::Text(task), Given::Text(text)) => judge_text(task, text, hashes),
            (TaskKind::Choice(task), Given::Text(text)) => judge_choice(task, text, hashes),
            (TaskKind::Flag(task), Given::Text(text)) => core_flag::judge(task, text, own.as_deref(), hashes),
            (TaskKind::Checkboxes(task), Given::Set(set)) => judge_checkboxes(task, set, hashes),
            (TaskKind::Checkboxes(_), _) => {
                Outcome::Unfit("send the options that you ticked, as a list".to_owned())
            }
            _ => Outcome::Unfit("send the answer as a text".to_owned()),
        }
    })
    .await
    .map_err(Error::internal)?;
    Ok(match outcome {
        Outcome::Right => Said::from(Verdict::plain(true, "Right.")),
        Outcome::Wrong => Said::from(Verdict::plain(false, "That is not it.")),
        Outcome::Unfit(why) => Said::Unfit(why),
    })
}

/// A session where the member's own work is; for the staff, in a copy of the start.
async fn own_session(control: &Control, lab: &Lab, who: Who) -> Result<Result<AnswerSession, Said>, Error> {
    match who {
        Who::Staff => {
            let datasets = datasets::ready(control, lab, &[]).await?;
            match datasets.first() {
                Some(start) => Ok(Ok(as_reference(control, lab, &start.database).await?)),
                None => Ok(Err(Said::Unfit("this lab has no databases".to_owned()))),
            }
        }
        Who::Member(member) => match instance_of(control, member).await? {
            Ok(instance) => {
                let database = instance.database.clone();
                Ok(Ok(as_member(control, lab, &instance, &database).await?))
            }
            Err(unfit) => Ok(Err(unfit)),
        },
    }
}

async fn instance_of(control: &Control, member: MemberId) -> Result<Result<instance::Instance, Said>, Error> {
    let instance = instance::by_member(control.store.pool(), member).await?;
    Ok(instance
        .filter(|instance| instance.state == InstanceState::Active)
        .ok_or_else(|| Said::NotReady("your database is not ready yet; try again in a moment".to_owned())))
}

async fn session_in(
    control: &Control,
    lab: &Lab,
    who: Who,
    database: &Ident,
) -> Result<Result<AnswerSession, Said>, Error> {
    match who {
        Who::Staff => Ok(Ok(as_reference(control, lab, database).await?)),
        Who::Member(member) => match instance_of(control, member).await? {
            Ok(instance) => Ok(Ok(as_member(control, lab, &instance, database).await?)),
            Err(unfit) => Ok(Err(unfit)),
        },
    }
}

/// Compares what a query returns with what the reference returns, on the start and on each hidden dataset.
async fn rows(
    control: &Control,
    lab: &Lab,
    who: Who,
    sql: &str,
    reference: &str,
    contract: &Contract,
    wanted: &[String],
) -> Result<Said, Error> {
    let mut said = Verdict::plain(true, "Right.");
    for dataset in datasets::ready(control, lab, wanted).await? {
        let expected = datasets::reference(control, lab, &dataset.database, reference).await?;
        let ready = Ready::new(contract, reference, &expected.columns).map_err(|error| {
            Error::Conflict(format!(
                "this task can't be judged, its author must look at it: {error}"
            ))
        })?;
        let session = match session_in(control, lab, who, &dataset.database).await? {
            Ok(session) => session,
            Err(unfit) => return Ok(unfit),
        };
        let found = match session.query(sql).await {
            Ok(found) => found,
            Err(Fault::Away(error)) => return Err(error.into()),
            Err(fault) => return Ok(Said::from(failed(fault, dataset.hidden))),
        };
        let show = !dataset.hidden || (dataset.show_rows && expected.rows.len() <= SMALL_DATASET);
        let (words, expected_rows) = (ready.in_words(&expected.columns), expected.clone());
        let verdict = tokio::task::spawn_blocking(move || {
            let comparison = ready.compare(&expected_rows, &found);
            Verdict::of_rows(&comparison, &expected_rows, show, words)
        })
        .await
        .map_err(Error::internal)?;
        if !verdict.right {
            return Ok(Said::from(verdict));
        }
        if !dataset.hidden {
            said = verdict;
        }
    }
    Ok(Said::from(said))
}

/// Is the task judged on mutated data, too?
async fn is_mutated(control: &Control, lab: &Lab, task: &QueryTask) -> Result<bool, Error> {
    Ok(task.mutations || standing::rules(control.store.pool(), lab.id).await?.mutations)
}

/// What was right on the start and the hidden datasets, on the mutated ones.
async fn on_mutated(
    control: &Control,
    lab: &Lab,
    who: Who,
    sql: &str,
    task: &QueryTask,
    right: Box<Verdict>,
) -> Result<Said, Error> {
    let planned = mutated::ready(control, lab).await?;
    if mutated::unfit(&task.reference, &planned.schema).is_some() {
        return Ok(Said::Verdict(right));
    }
    for (database, _) in &planned.datasets {
        let Some(expected) = mutated::reference(control, lab, database, &task.reference).await? else {
            continue;
        };
        let Ok(ready) = Ready::new(&task.contract, &task.reference, &expected.columns) else {
            continue;
        };
        let session = match session_in(control, lab, who, database).await? {
            Ok(session) => session,
            Err(unfit) => return Ok(unfit),
        };
        let found = match session.query(sql).await {
            Ok(found) => found,
            Err(Fault::Away(error)) => return Err(error.into()),
            Err(fault) => return Ok(Said::from(failed(fault, true))),
        };
        let verdict = tokio::task::spawn_blocking(move || {
            let comparison = ready.compare(&expected, &found);
            Verdict::of_rows(&comparison, &expected, false, ready.in_words(&expected.columns))
        })
        .await
        .map_err(Error::internal)?;
        if !verdict.right {
            return Ok(Said::from(verdict));
        }
    }
    Ok(Said::Verdict(right))
}

/// A message of PostgreSQL may quote values: of hidden data only the SQLSTATE is told.
fn failed(fault: Fault, hidden: bool) -> Verdict {
    match fault {
        Fault::Refused {
            sqlstate,
            message,
            hint,
            position,
        } if !hidden => Verdict {
            error: Some(SqlProblem {
                sqlstate,
                message: message.clone(),
                hint,
                position,
            }),
            ..Verdict::plain(false, &format!("PostgreSQL refuses this: {message}"))
        },
        Fault::Refused { sqlstate, .. } => Verdict::plain(
            false,
            &format!("Right on the data that you see, but on other data it fails with SQLSTATE {sqlstate}."),
        ),
        fault => Verdict::plain(false, &format!("Not yet: {fault}.")),
    }
}

async fn judge_plan(
    control: &Control,
    lab: &Lab,
    who: Who,
    task: &PlanTask,
    given: &Given,
) -> Result<Said, Error> {
    let sql = match (&task.query, sql_of(given)) {
        (Some(query), _) => query.as_str(),
        (None, Ok(sql)) => sql,
        (None, Err(unfit)) => return Ok(unfit),
    };
    if let (None, Some(reference)) = (&task.query, &task.reference) {
        match rows(control, lab, who, sql, reference, &task.contract, &task.datasets).await? {
            Said::Verdict(verdict) if verdict.right => {}
            other => return Ok(other),
        }
    }
    let session = match own_session(control, lab, who).await? {
        Ok(session) => session,
        Err(unfit) => return Ok(unfit),
    };
    let explained = match session.explain(sql).await {
        Ok(explained) => explained,
        Err(Fault::Away(error)) => return Err(error.into()),
        Err(fault) => return Ok(Said::from(failed(fault, false))),
    };
    let parts = plan::judge(&task.rules, &explained)
        .into_iter()
        .map(|finding| Part {
            title: finding.expected.clone(),
            passed: finding.holds,
            expected: finding.expected,
            found: finding.found,
        })
        .collect();
    Ok(Said::from(Verdict::of_parts(parts)))
}
