//! The report to the author of a query task: which plausible wrong queries their data tell from the reference, by which dataset,
//! and which none does. Each is run as an answer of the staff is; nothing is counted.

use std::{sync::Arc, time::Duration};

use pglab_core::{
    access::{Actor, Operation},
    answer::rows::{Ready, RowSet},
    distinguish::{self, Wrong},
    id::TaskId,
    ident::Ident,
    task::{TaskKind, kind::QueryTask},
};
use pglab_fleet::answer::{AnswerSession, Fault};
use pglab_store::{answer as table, lab::Lab};
use tokio::time::Instant;

use super::{
    datasets::{self, as_reference},
    mutated,
    submit::session,
};
use crate::{Control, Error, lab};

/// What was not run by then is told as such.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub task: TaskId,
    pub title: String,
    /// Answers are judged on mutated data, too.
    pub mutations: bool,
    /// Why this task is not judged on mutated data, whatever is switched on.
    pub no_mutations: Option<String>,
    pub datasets: Vec<DatasetTold>,
    /// Why no wrong queries were made of the reference.
    pub not_read: Option<String>,
    /// Wrong queries that no dataset tells from the reference.
    pub missed: Vec<Missed>,
    pub told: Vec<Told>,
    /// Made, but refused by PostgreSQL on the start already: nobody would send them.
    pub n_refused: usize,
    /// Not run, because it took too long.
    pub n_left: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetTold {
    pub name: String,
    /// What it is.
    pub about: String,
    /// Answers are judged on it.
    pub judged_on: bool,
    /// What was done to the start to make it.
    pub changes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    pub sql: String,
    pub changed: String,
    /// Which data would tell it.
    pub suggestion: String,
    /// The mutated dataset that would, where mutations are off.
    pub told_by_mutation: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub sql: String,
    pub changed: String,
    /// The first dataset that does.
    pub dataset: String,
}

/// One dataset with what the reference returns there.
struct Place {
    name: String,
    database: Ident,
    judged_on: bool,
    ready: Arc<Ready>,
    expected: Arc<RowSet>,
    session: Option<AnswerSession>,
}

/// # Errors
/// Not an instructor of the lab; no such task, or it asks for no query; the databases are not ready, or the reference fails.
pub async fn report(control: &Control, actor: &Actor, slug: &str, task: TaskId) -> Result<Report, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    let question = table::question(control.store.pool(), lab.id, task, None)
        .await?
        .ok_or_else(|| Error::NotFound(format!("task {task} that is answered in this lab")))?;
    let TaskKind::Query(query) = &question.content.kind else {
        return Err(Error::Conflict(
            "this task asks for no query: there is nothing to tell apart".to_owned(),
        ));
    };
    let mutations = query.mutations || question.rules.mutations;
    let _session = session(control, &question.content.kind).await?;
    let planned = mutated::ready(control, &lab).await?;
    let no_mutations = mutated::unfit(&query.reference, &planned.schema);
    let (mut places, datasets) =
        places(control, &lab, query, mutations, &planned, no_mutations.is_none()).await?;
    let (derived, not_read) = match distinguish::wrong(&query.reference, &planned.schema) {
        Ok(derived) => (derived, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    let mut report = Report {
        task,
        title: question.title.clone(),
        mutations,
        no_mutations,
        datasets,
        not_read,
        missed: Vec::new(),
        told: Vec::new(),
        n_refused: 0,
        n_left: 0,
    };
    let until = Instant::now() + PATIENCE;
    for wrong in written(query).chain(derived) {
        if Instant::now() > until {
            report.n_left += 1;
            continue;
        }
        one(control, &lab, &mut places, wrong, &mut report).await?;
    }
    Ok(report)
}

/// Those that the author wrote down.
fn written(query: &QueryTask) -> impl Iterator<Item = Wrong> {
    query.wrong.iter().map(|wrong| Wrong {
        sql: wrong.sql.clone(),
        changed: if wrong.because.is_empty() {
            "written down as wrong".to_owned()
        } else {
            format!("written down as wrong: {}", wrong.because)
        },
        suggestion: "data on which this answer is wrong".to_owned(),
    })
}

async fn places(
    control: &Control,
    lab: &Lab,
    query: &QueryTask,
    mutations: bool,
    planned: &mutated::Planned,
    fit: bool,
) -> Result<(Vec<Place>, Vec<DatasetTold>), Error> {
    let mut places = Vec::new();
    let mut told = Vec::new();
    let ready = |expected: &RowSet| Ready::new(&query.contract, &query.reference, &expected.columns);
    for dataset in datasets::ready(control, lab, &query.datasets).await? {
        let expected = datasets::reference(control, lab, &dataset.database, &query.reference).await?;
        let ready = ready(&expected).map_err(|error| {
            Error::Conflict(format!(
                "this task can't be judged, its author must look at it: {error}"
            ))
        })?;
        let name = if dataset.hidden {
            dataset.name.clone()
        } else {
            "start".to_owned()
        };
        told.push(DatasetTold {
            name: name.clone(),
            about: if dataset.hidden {
                "a hidden dataset"
            } else {
                "what students see"
            }
            .to_owned(),
            judged_on: true,
            changes: Vec::new(),
        });
        places.push(Place {
            name,
            database: dataset.database,
            judged_on: true,
            ready: Arc::new(ready),
            expected,
            session: None,
        });
    }
    for (database, mutated) in planned.datasets.iter().filter(|_| fit) {
        let expected = mutated::reference(control, lab, database, &query.reference).await?;
        let usable = expected.and_then(|expected| Some((ready(&expected).ok()?, expected)));
        told.push(DatasetTold {
            name: format!("mutated {}", mutated.name),
            about: match usable {
                Some(_) => mutated.sentence.clone(),
                None => format!(
                    "{}; the reference fails on it, or cuts through rows that tie",
                    mutated.sentence
                ),
            },
            judged_on: mutations && usable.is_some(),
            changes: mutated
                .changes
                .iter()
                .map(distinguish::Change::sentence)
                .collect(),
        });
        if let Some((ready, expected)) = usable {
            places.push(Place {
                name: format!("mutated {}", mutated.name),
                database: database.clone(),
                judged_on: mutations,
                ready: Arc::new(ready),
                expected,
                session: None,
            });
        }
    }
    Ok((places, told))
}

async fn one(
    control: &Control,
    lab: &Lab,
    places: &mut [Place],
    wrong: Wrong,
    report: &mut Report,
) -> Result<(), Error> {
    let mut told_by_mutation = None;
    for (n, place) in places.iter_mut().enumerate() {
        let is_told = match run(control, lab, place, &wrong.sql).await? {
            Some(is_equal) => !is_equal,
            None if n == 0 => {
                report.n_refused += 1;
                return Ok(());
            }
            None => true,
        };
        if is_told && place.judged_on {
            report.told.push(Told {
                sql: wrong.sql,
                changed: wrong.changed,
                dataset: place.name.clone(),
            });
            return Ok(());
        }
        if is_told {
            told_by_mutation = Some(place.name.clone());
            break;
        }
    }
    report.missed.push(Missed {
        sql: wrong.sql,
        changed: wrong.changed,
        suggestion: wrong.suggestion,
        told_by_mutation,
    });
    Ok(())
}

/// Does it return there what the reference returns? `None`: it returns nothing.
async fn run(control: &Control, lab: &Lab, place: &mut Place, sql: &str) -> Result<Option<bool>, Error> {
    let session = match place.session.take() {
        Some(session) => session,
        None => as_reference(control, lab, &place.database).await?,
    };
    let found = match session.query(sql).await {
        Ok(found) => found,
        Err(Fault::Away(error)) => return Err(error.into()),
        Err(Fault::Refused { .. } | Fault::NoResult) => {
            place.session = Some(session);
            return Ok(None);
        }
        // Its session was ended.
        Err(Fault::TooMuch(_) | Fault::OutOfTime(_)) => return Ok(None),
    };
    place.session = Some(session);
    let (ready, expected) = (place.ready.clone(), place.expected.clone());
    let is_equal = tokio::task::spawn_blocking(move || ready.compare(&expected, &found).is_equal())
        .await
        .map_err(Error::internal)?;
    Ok(Some(is_equal))
}
