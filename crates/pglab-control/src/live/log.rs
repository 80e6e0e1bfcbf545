//! The error feed: what the server's log says about students' statements, on the board and in the store. Hands that
//! were raised with `pglab.help` come the same way, and so do students who were there too shortly to be seen otherwise.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use pglab_core::{
    id::{LabId, MemberId},
    names,
};
use pglab_fleet::{
    Connection,
    log_feed::{Entry, LogSource, Position, Severity},
};
use pglab_store::{
    hand::{self, Hand},
    log_position::{self, LogPosition},
    mistake::{self, Mistake},
    notice::{self, Notice, Subject},
    timeline::{self, Kind, NewEntry},
};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{Control, Error, Worker, board::HandUp};

/// The SQLSTATE by which `pglab.help` raises a hand.
const HELP: &str = "PGHLP";
const PERIOD: Duration = Duration::from_millis(500);
/// After a failure.
const PAUSE: Duration = Duration::from_secs(2);

pub const WORKER: Worker = Worker {
    name: "error feed",
    about: "Reads from the server's log which errors students meet, and whose hand is up",
    period: PERIOD,
};
/// Mistakes of one member that are stored in one reading; the rest is counted with the last of them.
const MAX_STORED: usize = 10;
/// The source's name in the table of positions: there is one cluster.
const SOURCE: &str = "cluster";

/// Runs until `stop`.
pub async fn run(control: Control, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = follow(&control) => {}
    }
}

async fn follow(control: &Control) {
    let mut told = String::new();
    loop {
        if let Err(error) = read(control, &mut told).await {
            // The same again and again, where the maintenance role may not read the log.
            let text = error.to_string();
            control.report(&WORKER, &Err::<String, _>(&text));
            if text != told {
                tracing::warn!(%error, "the server's log can't be read; the board shows no errors");
                told = text;
            }
        }
        sleep(PAUSE).await;
    }
}

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Log(#[from] pglab_fleet::log_feed::LogError),
    #[error(transparent)]
    Fleet(#[from] pglab_fleet::Error),
    #[error(transparent)]
    Own(#[from] Error),
}

async fn read(control: &Control, told: &mut String) -> Result<(), Trouble> {
    let connection = control.cluster.maintenance().await?;
    let mut source = match &control.log_folder {
        Some(folder) => LogSource::folder(folder.clone()),
        None => LogSource::server(),
    };
    let mut position = log_position::get(control.store.pool(), SOURCE)
        .await
        .map_err(Error::from)?
        .map(|position| Position {
            file: position.file,
            offset: position.offset,
        });
    loop {
        let batch = source.read(&connection, position.clone()).await?;
        let ahead = if batch.entries.is_empty() {
            TimeDelta::zero()
        } else {
            clock_ahead(control, &connection).await?
        };
        let n_entries = batch.entries.len();
        if batch.position != position {
            take(control, batch.entries, batch.position.as_ref(), ahead).await?;
            position = batch.position;
        }
        told.clear();
        let summary = if n_entries == 0 {
            "nothing new".to_owned()
        } else {
            format!("{n_entries} new")
        };
        control.report(&WORKER, &Ok::<_, Trouble>(summary));
        if !batch.more {
            sleep(PERIOD).await;
        }
    }
}

/// How far our clock is before the server's.
async fn clock_ahead(control: &Control, connection: &Connection) -> Result<TimeDelta, pglab_fleet::Error> {
    let row = connection.query_one("SELECT clock_timestamp()", &[]).await?;
    let server: DateTime<Utc> = row.try_get(0)?;
    Ok(control.now() - server)
}

/// What is no mistake of the student: their own cancellation, connections that did not come about or were ended.
fn is_noise(entry: &Entry) -> bool {
    entry.severity != Severity::Error
        || entry.sqlstate == "57014"
        || ["08", "28"].iter().any(|class| entry.sqlstate.starts_with(class))
        || entry.sqlstate.starts_with("57P")
}

async fn take(
    control: &Control,
    entries: Vec<Entry>,
    position: Option<&Position>,
    ahead: TimeDelta,
) -> Result<(), Error> {
    let now = control.now();
    let places = if entries.is_empty() {
        HashMap::new()
    } else {
        places(control)
    };
    let mut mistakes: Vec<Mistake> = Vec::new();
    let mut n_stored: HashMap<MemberId, usize> = HashMap::new();
    let mut hands: HashMap<MemberId, Hand> = HashMap::new();
    let mut labs: HashSet<LabId> = HashSet::new();
    let mut visits: HashMap<MemberId, DateTime<Utc>> = HashMap::new();
    for entry in entries {
        let Some((lab, member)) = places.get(&(entry.database.clone(), entry.role.clone())) else {
            continue;
        };
        let at = (entry.at + ahead).min(now);
        if entry.severity == Severity::Connected {
            visits.insert(*member, at);
            continue;
        }
        if entry.sqlstate == HELP {
            // A dash, so that the message is never empty.
            let why = clean(entry.message.strip_prefix('-').unwrap_or(&entry.message).trim());
            hands.insert(
                *member,
                Hand {
                    member: *member,
                    raised_at: at,
                    why,
                },
            );
            continue;
        }
        if is_noise(&entry) {
            continue;
        }
        labs.insert(*lab);
        let message = clean(&entry.message);
        let statement = entry.statement.as_deref().map(clean);
        let stored = n_stored.entry(*member).or_default();
        let same = mistakes.iter_mut().rev().find(|old| {
            old.member == *member
                && old.sqlstate == entry.sqlstate
                && old.message == message
                && (old.statement == statement || *stored >= MAX_STORED)
        });
        match same {
            Some(old) => {
                old.times = old.times.saturating_add(1);
                old.at = at;
            }
            None if *stored < MAX_STORED => {
                *stored += 1;
                mistakes.push(Mistake {
                    member: *member,
                    at,
                    sqlstate: entry.sqlstate,
                    message,
                    statement,
                    times: 1,
                });
            }
            // Ten different errors within half a second come from no hand.
            None => {}
        }
    }
    let arrived = show_visits(control, visits);
    write(control, &mistakes, &hands, arrived, &labs, position).await?;
    show(control, &mistakes, &hands);
    Ok(())
}

/// Who works where.
fn places(control: &Control) -> HashMap<(String, String), (LabId, MemberId)> {
    let mut places = HashMap::new();
    for (lab, board) in control.boards().all() {
        board.read(|state| {
            for (id, member) in &state.members {
                if let Some(database) = &member.who.database {
                    let console = names::console_role(*id).map(|role| role.as_str().to_owned());
                    let roles = [Ok(member.who.login.as_str().to_owned()), console];
                    for role in roles.into_iter().flatten() {
                        places.insert((database.clone(), role), (lab, *id));
                    }
                }
            }
        });
    }
    places
}

/// PostgreSQL keeps no NUL in a text.
fn clean(text: &str) -> String {
    text.replace('\0', "")
}

async fn write(
    control: &Control,
    mistakes: &[Mistake],
    hands: &HashMap<MemberId, Hand>,
    mut entries: Vec<NewEntry>,
    labs: &HashSet<LabId>,
    position: Option<&Position>,
) -> Result<(), Error> {
    let mut tx = control.store.begin().await?;
    mistake::insert(&mut tx, mistakes).await?;
    for hand in hands.values() {
        if hand::raise(&mut tx, hand).await? {
            entries.push(raised(hand));
        }
    }
    timeline::insert(&mut tx, &entries).await?;
    if let Some(position) = position {
        let position = LogPosition {
            file: position.file.clone(),
            offset: position.offset,
        };
        log_position::put(&mut tx, SOURCE, &position).await?;
    }
    for lab in labs {
        let notice = Notice {
            subject: Subject::Mistake,
            lab: *lab,
            member: None,
        };
        notice::tell(&mut tx, notice).await?;
    }
    control.store.commit(tx).await?;
    Ok(())
}

/// What the timeline says of a member who connected.
pub(super) fn connected(member: MemberId, at: DateTime<Utc>) -> NewEntry {
    NewEntry {
        member,
        at,
        kind: Kind::Connected,
        text: "Connected".to_owned(),
        task: None,
        points: None,
    }
}

/// What the timeline says of a raised hand.
pub(crate) fn raised(hand: &Hand) -> NewEntry {
    NewEntry {
        member: hand.member,
        at: hand.raised_at,
        kind: Kind::Hand,
        text: if hand.why.is_empty() {
            "Raised a hand".to_owned()
        } else {
            format!("Raised a hand: {}", hand.why)
        },
        task: None,
        points: None,
    }
}

/// Those who came for the first time, or after a pause, and whom no sweep has seen yet: for their timeline.
fn show_visits(control: &Control, visits: HashMap<MemberId, DateTime<Utc>>) -> Vec<NewEntry> {
    let mut arrived = Vec::new();
    if visits.is_empty() {
        return arrived;
    }
    for (_, board) in control.boards().all() {
        board.change(|state| {
            let mut changed = false;
            for (id, at) in &visits {
                if let Some(member) = state.members.get_mut(id) {
                    changed = true;
                    if member.visited(*at) {
                        arrived.push(connected(*id, *at));
                    }
                }
            }
            changed
        });
    }
    arrived
}

fn show(control: &Control, mistakes: &[Mistake], hands: &HashMap<MemberId, Hand>) {
    if mistakes.is_empty() && hands.is_empty() {
        return;
    }
    for (_, board) in control.boards().all() {
        board.change(|state| {
            let mut changed = false;
            for mistake in mistakes {
                if let Some(member) = state.members.get_mut(&mistake.member) {
                    member
                        .mistakes
                        .add(mistake.at, &mistake.sqlstate, &mistake.message, mistake.times);
                    // Who was here too shortly to be seen by a sweep.
                    member.first_seen_at.get_or_insert(mistake.at);
                    member.last_active_at = member.last_active_at.max(Some(mistake.at));
                    changed = true;
                }
            }
            for (id, hand) in hands {
                if let Some(member) = state.members.get_mut(id) {
                    let raised_at = member.hand.as_ref().map_or(hand.raised_at, |up| up.raised_at);
                    member.hand = Some(HandUp {
                        raised_at,
                        why: hand.why.clone(),
                    });
                    changed = true;
                }
            }
            changed
        });
    }
}
