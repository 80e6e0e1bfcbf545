//! The standings of a lab as a feed: for all who watch the same they are computed once, compared once with those before,
//! and made into text once. It begins with the first viewer and ends after the last.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures::Stream;
use pglab_core::{
    access::Actor,
    id::{LabId, MemberId},
};
use serde_json::value::RawValue;
use tokio::sync::broadcast;

use super::{
    Row, Standings, Viewer,
    standings::{admitted, current},
};
use crate::{Control, Error};

/// Viewers hear of changes at most so often.
const PACE: Duration = Duration::from_millis(500);
/// A viewer who is further behind gets the whole again.
const BEHIND: usize = 16;

/// What a viewer is told.
#[derive(Debug, Clone)]
pub enum Told {
    Whole(Arc<Standings>),
    /// Of what was told before.
    Changed(Arc<StandingsChange>),
}

/// From one look to the next, where only rows are others.
#[derive(Debug)]
pub struct StandingsChange {
    /// New, or with other points, tasks or names.
    pub rows: Vec<Row>,
    /// Those of whom only the rank is another.
    pub moved: Vec<Moved>,
    /// Those who are no longer there.
    pub gone: Vec<MemberId>,
    pub computed_at: DateTime<Utc>,
    /// What an interface makes of it, kept here so that it is made once for all who watch.
    pub text: OnceLock<Arc<RawValue>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    pub member: MemberId,
    pub rank: usize,
    pub section_rank: usize,
}

#[derive(Debug)]
pub(super) struct Feed {
    last: Arc<Standings>,
    sender: broadcast::Sender<Told>,
}

/// Which feed: a lab, and whether frozen standings are revealed.
pub(super) type FeedKey = (LabId, bool);

/// The standings, and then what changes, at most twice a second.
///
/// # Errors
/// As [`super::standings`].
pub async fn watch(
    control: &Control,
    actor: &Actor,
    slug: &str,
    viewer: Viewer,
) -> Result<impl Stream<Item = Told> + Send + 'static, Error> {
    let (lab, revealed) = admitted(control, actor, slug).await?;
    let key = (lab, revealed && viewer == Viewer::Actor);
    let (last, receiver) = join(control, key).await?;
    let control = control.clone();
    Ok(futures::stream::unfold(
        (control, receiver, Some(last)),
        move |(control, mut receiver, first)| async move {
            let told = match first {
                Some(last) => Told::Whole(last),
                None => match receiver.recv().await {
                    Ok(told) => told,
                    Err(broadcast::error::RecvError::Closed) => return None,
                    Err(broadcast::error::RecvError::Lagged(_)) => {
                        let (last, anew) = join(&control, key).await.ok()?;
                        receiver = anew;
                        Told::Whole(last)
                    }
                },
            };
            Some((told, (control, receiver, None)))
        },
    ))
}

/// What was told last, and what will be told from then on.
async fn join(control: &Control, key: FeedKey) -> Result<(Arc<Standings>, broadcast::Receiver<Told>), Error> {
    let join = |feed: &Feed| (feed.last.clone(), feed.sender.subscribe());
    if let Some(joined) = control.answers().feeds.lock().get(&key).map(join) {
        return Ok(joined);
    }
    let now = current(control, key.0, key.1).await?;
    let mut feeds = control.answers().feeds.lock();
    // Somebody else may have begun it meanwhile.
    Ok(join(feeds.entry(key).or_insert_with(|| {
        tokio::spawn(publish(control.clone(), key));
        Feed {
            last: now,
            sender: broadcast::Sender::new(BEHIND),
        }
    })))
}

async fn publish(control: Control, key: FeedKey) {
    let mut changed = control.answers().watch(key.0);
    // What changed since the first viewer's look, before this was listening.
    changed.mark_changed();
    loop {
        // Whether somebody still watches is asked now and then, also when nothing changes.
        let ended = tokio::time::timeout(PACE * 20, changed.changed()).await;
        tokio::time::sleep(PACE).await;
        let now = match ended {
            Ok(Err(_)) => None,
            Err(_) => None,
            Ok(Ok(())) => {
                changed.mark_unchanged();
                match current(&control, key.0, key.1).await {
                    Ok(now) => Some(now),
                    Err(error) => {
                        tracing::warn!(%error, lab = %key.0, "the standings could not be computed; they are tried again");
                        changed.mark_changed();
                        None
                    }
                }
            }
        };
        let mut feeds = control.answers().feeds.lock();
        let Some(feed) = feeds.get_mut(&key) else { return };
        if feed.sender.receiver_count() == 0 {
            feeds.remove(&key);
            return;
        }
        if let Some(now) = now
            && let Some(told) = difference(&feed.last, &now)
        {
            feed.last = now;
            // Who has just gone away is no error.
            let _ = feed.sender.send(told);
        }
    }
}

/// `None` where nothing of it is another.
fn difference(before: &Standings, now: &Arc<Standings>) -> Option<Told> {
    let head = |of: &Standings| (of.title.clone(), of.frozen_at, of.tasks.clone());
    if head(before) != head(now) {
        return Some(Told::Whole(now.clone()));
    }
    let mut old: HashMap<MemberId, &Row> = before.rows.iter().map(|row| (row.member, row)).collect();
    let (mut rows, mut moved) = (Vec::new(), Vec::new());
    for row in &now.rows {
        let was = old.remove(&row.member);
        if was == Some(row) {
            continue;
        }
        let as_it_was = was.map(|was| Row {
            rank: row.rank,
            section_rank: row.section_rank,
            ..was.clone()
        });
        if as_it_was.as_ref() == Some(row) {
            moved.push(Moved {
                member: row.member,
                rank: row.rank,
                section_rank: row.section_rank,
            });
        } else {
            rows.push(row.clone());
        }
    }
    let gone: Vec<MemberId> = old.into_keys().collect();
    if rows.is_empty() && moved.is_empty() && gone.is_empty() {
        return None;
    }
    Some(Told::Changed(Arc::new(StandingsChange {
        rows,
        moved,
        gone,
        computed_at: now.computed_at,
        text: OnceLock::new(),
    })))
}
