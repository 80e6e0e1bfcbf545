//! The activity log: written by operations in their own transaction, read by who runs labs. The words stand in
//! `pglab_core::activity`; the log decides nothing.

use chrono::{DateTime, Utc};
use futures::Stream;
use pglab_core::{
    access::{Actor, Operation},
    activity::{Event, Severity},
    lab::MemberRole,
    person::Role,
};
pub use pglab_store::activity::{Entry, NewActivity};
use pglab_store::{
    Tx,
    activity::{self as table, Filter},
    membership,
};

use crate::{Control, Error, lab};

/// Entries of one page.
const PAGE: i64 = 100;
/// How often somebody who watches is told what is new.
const PACE: std::time::Duration = std::time::Duration::from_secs(1);
/// Transactions end in another order than they began: what is younger than this may still appear among the others.
const UNSETTLED: chrono::TimeDelta = chrono::TimeDelta::seconds(30);

/// Writes what happened, in the transaction in which it happens.
///
/// # Errors
/// Our own database refused.
pub async fn record(tx: &mut Tx, new: &NewActivity) -> Result<(), Error> {
    table::insert(tx, new).await?;
    Ok(())
}

/// What is to be listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// With commas between; empty means all.
    pub events: String,
    pub severities: String,
    pub login: Option<String>,
    /// The short name of a lab.
    pub lab: Option<String>,
    pub since: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
    /// Older than the entry of this id.
    pub before: Option<i64>,
}

/// The newest first, and whether there are more. An admin sees everything, an instructor what happened in their own labs.
///
/// # Errors
/// Neither an instructor nor an admin; not of the staff of the lab that is asked for.
pub async fn list(control: &Control, actor: &Actor, wanted: Wanted) -> Result<(Vec<Entry>, bool), Error> {
    let filter = admitted(control, actor, wanted).await?;
    let mut entries = table::list(control.store.pool(), &filter, PAGE + 1).await?;
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = entries.len() > page;
    entries.truncate(page);
    Ok((entries, more))
}

/// What happens in a lab from now on, as it is written. Ends when our own database does not answer.
///
/// # Errors
/// As [`list`].
pub async fn watch(
    control: &Control,
    actor: &Actor,
    slug: &str,
) -> Result<impl Stream<Item = Entry> + Send + 'static, Error> {
    use futures::StreamExt;
    let wanted = Wanted {
        lab: Some(slug.to_owned()),
        ..Wanted::default()
    };
    let filter = admitted(control, actor, wanted).await?;
    let control = control.clone();
    let began = control.now();
    let state = (control, filter, Vec::<(i64, DateTime<Utc>)>::new(), began);
    let batches = futures::stream::unfold(state, |(control, filter, mut told, began)| async move {
        let since = (control.now() - UNSETTLED).max(began);
        let wanted = Filter {
            since: Some(filter.since.map_or(since, |given| given.max(since))),
            ..filter.clone()
        };
        let mut new = table::list(control.store.pool(), &wanted, PAGE).await.ok()?;
        new.retain(|entry| told.iter().all(|(id, _)| *id != entry.id));
        new.reverse();
        told.retain(|(_, at)| *at >= since);
        told.extend(new.iter().map(|entry| (entry.id, entry.at)));
        if new.is_empty() {
            tokio::time::sleep(PACE).await;
        }
        Some((futures::stream::iter(new), (control, filter, told, began)))
    });
    Ok(batches.flatten())
}

async fn admitted(control: &Control, actor: &Actor, wanted: Wanted) -> Result<Filter, Error> {
    let labs = match &wanted.lab {
        Some(slug) => {
            let (lab, place) = lab::find(control, actor, slug).await?;
            control.authorise(actor, Operation::LabView(place))?;
            Some(vec![lab.id])
        }
        None => {
            control.authorise(actor, Operation::ActivityView)?;
            match actor {
                Actor::Person(person) if person.role != Role::Admin => Some(
                    membership::all_of_person(control.store.pool(), person.id)
                        .await?
                        .into_iter()
                        .filter(|place| place.role != MemberRole::Student)
                        .map(|place| place.lab)
                        .collect(),
                ),
                _ => None,
            }
        }
    };
    Ok(Filter {
        events: words("event", &wanted.events, Event::parse)?,
        severities: words("severity", &wanted.severities, Severity::parse)?,
        login: wanted.login,
        labs,
        since: wanted.since,
        until: wanted.until,
        before: wanted.before,
        after: None,
    })
}

fn words<T>(path: &str, text: &str, parse: fn(&str) -> Option<T>) -> Result<Vec<T>, Error> {
    text.split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(|word| parse(word).ok_or_else(|| Error::invalid(path, format!("there is no {path} {word:?}"))))
        .collect()
}
