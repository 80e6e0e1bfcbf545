//! One look at one database: observe, judge, write down, show. What was observed of large tables is remembered from look
//! to look, and read again only when the statistics say that it may be another.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use pglab_core::{
    check::Verdict,
    id::{InstanceId, LabId, MemberId},
    ident::Ident,
    judge::RowsNeeded,
    snapshot::{MAX_HASHED_ROWS, ObjectName, ObservedRows, SchemaSnapshot, Table},
};
use pglab_fleet::{
    check::{CheckLimits, CheckSession, terminate_by},
    introspect::{Known, Snapshots, TableMarks},
    rows::RowsWanted,
};
use pglab_store::{
    activity,
    notice::{self, Notice, Subject as NoticeSubject},
    task_score::{self, TaskScore},
    timeline, verdict,
};

use super::{
    queue::{Job, Outcome},
    score::{self, Judged},
};
use crate::{
    Control, Error,
    board::{Board, Content},
};

/// A look that takes longer is ended, by ending its backend.
pub const LIMITS: CheckLimits = CheckLimits {
    statement: Duration::from_millis(2000),
    lock: Duration::from_millis(250),
    deadline: Duration::from_secs(3),
};

/// Tables up to this size are read at every look: PostgreSQL's counters may be late.
const SMALL_BYTES: u64 = 256 * 1024;

/// A database that is looked at.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub(super) instance: InstanceId,
    pub(super) member: MemberId,
    pub(super) lab: LabId,
    pub(super) database: Ident,
    pub(super) checker_role: Ident,
    pub(super) checker_password: String,
    /// Of the instance: another one may mean another database of the same name.
    pub(super) version: i64,
}

/// What earlier looks found.
#[derive(Debug, Default)]
pub(super) struct Memory {
    rows: HashMap<ObjectName, Remembered>,
    structure: Option<Structure>,
    judged: Option<LastJudged>,
}

/// The schema and the marks of the last look, as long as it is the same server that is asked.
#[derive(Debug)]
struct Structure {
    of: Arc<Snapshots>,
    known: Arc<Known>,
    marks: TableMarks,
}

/// What the last look was judged by, and the verdicts.
#[derive(Debug)]
struct LastJudged {
    content: Arc<Content>,
    known: Arc<Known>,
    rows: HashMap<ObjectName, ObservedRows>,
    verdicts: Vec<Verdict>,
}

#[derive(Debug)]
struct Remembered {
    mark: String,
    rows: ObservedRows,
}

#[derive(Debug)]
pub(super) struct Look {
    pub(super) subject: Arc<Subject>,
    pub(super) board: Arc<Board>,
    pub(super) memory: Memory,
    /// Schemas that were seen in any database.
    pub(super) snapshots: Arc<Snapshots>,
    pub(super) session: Option<CheckSession>,
    pub(super) job: Job,
}

#[derive(Debug)]
pub(super) struct Looked {
    pub(super) subject: Arc<Subject>,
    pub(super) memory: Memory,
    pub(super) session: Option<CheckSession>,
    pub(super) job: Job,
    pub(super) outcome: Outcome,
}

/// Looks, and never fails: what went wrong is in the outcome, and the board says that the member's row is old.
pub(super) async fn look(control: Control, mut look: Look) -> Looked {
    let began = Instant::now();
    let outcome = match observe(&control, &mut look).await {
        Ok(observed) => match take(&control, &mut look, observed).await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::warn!(%error, database = look.subject.database.as_str(), "what a look found could not be kept");
                Outcome::Busy
            }
        },
        Err(error) => {
            let outcome = outcome(&error);
            tracing::debug!(%error, database = look.subject.database.as_str(), "a database could not be looked at");
            let member = look.subject.member;
            look.board.change(|state| match state.members.get_mut(&member) {
                Some(member) => !std::mem::replace(&mut member.all_stale, true),
                None => false,
            });
            outcome
        }
    };
    control.metrics().checked(began.elapsed(), outcome);
    Looked {
        subject: look.subject,
        memory: look.memory,
        session: look.session.filter(CheckSession::is_usable),
        job: look.job,
        outcome,
    }
}

fn outcome(error: &pglab_fleet::Error) -> Outcome {
    match error {
        // The server is away or going away, or the database is being replaced.
        pglab_fleet::Error::Connection(_) => Outcome::Busy,
        pglab_fleet::Error::Refused(_) => match error.code() {
            // Locked by the student; starting or stopping; terminated; too many connections.
            Some("55P03" | "57P01" | "57P02" | "57P03" | "53300" | "55006" | "40001") => Outcome::Busy,
            _ => Outcome::Failed,
        },
        _ => Outcome::Failed,
    }
}

struct Observed {
    content: Arc<Content>,
    known: Arc<Known>,
    rows: HashMap<ObjectName, ObservedRows>,
    /// Relations that could not be read this time and may be the next.
    late: HashSet<ObjectName>,
}

async fn observe(control: &Control, look: &mut Look) -> Result<Observed, pglab_fleet::Error> {
    let content = look.board.read(|state| state.content.clone());
    let session = match &mut look.session {
        Some(session) => session,
        None => {
            let subject = &look.subject;
            let config = control.cluster.login_config(
                &subject.checker_role,
                &subject.checker_password,
                &subject.database,
            );
            let open = CheckSession::open(&config, LIMITS, terminate_by(control.cluster.clone())).await?;
            look.session.insert(open)
        }
    };
    // Forgotten when the look fails, so that the next one begins with nothing.
    let before = look
        .memory
        .structure
        .take()
        .filter(|structure| Arc::ptr_eq(&structure.of, &look.snapshots));
    let known = before
        .as_ref()
        .map(|structure| (&structure.known, &structure.marks));
    let at_once: Vec<RowsWanted> = known
        .map(|(known, marks)| small_tables(known.schema(), marks, &content.needed, &look.memory))
        .unwrap_or_default();
    let seen = session.look(known, &at_once, &look.snapshots).await?;
    let reading = Reading {
        schema: seen.known.schema(),
        marks: &seen.marks,
        needed: &content.needed,
        full: look.job.full,
    };
    let (rows, late) = reading.rows(session, &mut look.memory, seen.rows).await;
    look.memory.structure = Some(Structure {
        of: look.snapshots.clone(),
        known: seen.known.clone(),
        marks: seen.marks,
    });
    Ok(Observed {
        content,
        known: seen.known,
        rows,
        late,
    })
}

/// What can be read together with a schema that is the same as before.
fn small_tables(
    schema: &SchemaSnapshot,
    marks: &TableMarks,
    needed: &[RowsNeeded],
    memory: &Memory,
) -> Vec<RowsWanted> {
    let is_plain = |name: &ObjectName| {
        let table = schema.tables.iter().find(|table| table.name == *name);
        table.is_some_and(|table| !table.row_security)
            && marks.get(name).is_some_and(|(_, bytes)| *bytes <= SMALL_BYTES)
    };
    needed
        .iter()
        .filter(|need| is_plain(&need.name))
        .map(|need| want(need, memory).1)
        .collect()
}

/// The relation, and whether it could not be read the last time.
fn want(need: &RowsNeeded, memory: &Memory) -> (bool, RowsWanted) {
    let (failed, differed) = match memory.rows.get(&need.name).map(|kept| &kept.rows) {
        Some(ObservedRows::Digest { digest, .. }) => (false, *digest != need.expected),
        Some(ObservedRows::Failed(_)) => (true, false),
        Some(ObservedRows::Missing | ObservedRows::Counted { .. }) | None => (false, false),
    };
    let wanted = RowsWanted {
        name: need.name.clone(),
        columns: need.columns.clone(),
        hashes: need.has_hashes && differed,
    };
    (failed, wanted)
}

struct Reading<'a> {
    schema: &'a SchemaSnapshot,
    marks: &'a TableMarks,
    needed: &'a [RowsNeeded],
    /// Whatever the counters say.
    full: bool,
}

impl Reading<'_> {
    /// The rows of what is needed, and the relations that could not be read this time and may be the next. `read` has
    /// those that were read already.
    async fn rows(
        &self,
        session: &mut CheckSession,
        memory: &mut Memory,
        read: Vec<(ObjectName, ObservedRows)>,
    ) -> (HashMap<ObjectName, ObservedRows>, HashSet<ObjectName>) {
        let tables: HashMap<&ObjectName, &Table> = self
            .schema
            .tables
            .iter()
            .map(|table| (&table.name, table))
            .collect();
        let mark = |table: &Table| mark(table, self.marks);
        let mut found = HashMap::new();
        let mut wanted: Vec<(bool, bool, RowsWanted)> = Vec::new();
        for need in self.needed {
            if read.iter().any(|(name, _)| *name == need.name) {
                continue;
            }
            let table = tables.get(&need.name).copied();
            if let (Some(table), Some(kept), false) = (table, memory.rows.get(&need.name), self.full)
                && self
                    .marks
                    .get(&table.name)
                    .is_some_and(|(_, bytes)| *bytes > SMALL_BYTES)
                // Up to PostgreSQL 14 an idle session keeps what it counted to itself for as long as it idles.
                && self.schema.server_version >= 150_000
                && kept.mark == mark(table)
            {
                found.insert(need.name.clone(), kept.rows.clone());
                continue;
            }
            let (failed, want) = want(need, memory);
            wanted.push((table.is_none(), failed, want));
        }
        // Tables first: a view may take all the time there is, and one that did so last time is asked last.
        wanted.sort_by_key(|(is_view, failed, _)| (*is_view, *failed));
        let wanted: Vec<RowsWanted> = wanted.into_iter().map(|(_, _, want)| want).collect();
        let mut observed = read;
        observed.extend(session.observe_rows(&wanted, self.schema).await);
        let again: Vec<RowsWanted> = observed
            .iter()
            .filter_map(|(name, rows)| {
                let need = self.needed.iter().find(|need| need.name == *name)?;
                wants_hashes(need, rows).then(|| RowsWanted {
                    name: name.clone(),
                    columns: need.columns.clone(),
                    hashes: true,
                })
            })
            .collect();
        if !again.is_empty() && session.is_usable() {
            observed.extend(
                session
                    .observe_rows(&again, self.schema)
                    .await
                    .into_iter()
                    // What was read the first time is better than nothing.
                    .filter(|(_, rows)| matches!(rows, ObservedRows::Digest { .. })),
            );
        }
        let mut late = HashSet::new();
        for (name, rows) in observed {
            let table = tables.get(&name).copied();
            if let ObservedRows::Failed(message) = &rows
                && (table.is_some() || pglab_fleet::rows::is_late(message))
            {
                late.insert(name.clone());
                // To be read again, whatever the counters say.
                memory.rows.remove(&name);
            } else {
                let remembered = Remembered {
                    mark: table.map(mark).unwrap_or_default(),
                    rows: rows.clone(),
                };
                memory.rows.insert(name.clone(), remembered);
            }
            found.insert(name, rows);
        }
        (found, late)
    }
}

fn wants_hashes(need: &RowsNeeded, rows: &ObservedRows) -> bool {
    match rows {
        ObservedRows::Digest { digest, hashes } => {
            need.has_hashes
                && hashes.is_none()
                && *digest != need.expected
                && (1..=MAX_HASHED_ROWS).contains(&digest.n_rows)
        }
        ObservedRows::Counted { .. } | ObservedRows::Missing | ObservedRows::Failed(_) => false,
    }
}

/// Another one means that the rows, or what a row is, may be others.
fn mark(table: &Table, marks: &TableMarks) -> String {
    let mut mark = marks
        .get(&table.name)
        .map_or_else(String::new, |(mark, _)| mark.clone());
    for column in &table.columns {
        mark.push_str(&format!("|{}:{}", column.name, column.data_type));
    }
    mark
}

/// Judges what was observed, writes what changed, and shows it.
async fn take(control: &Control, look: &mut Look, observed: Observed) -> Result<Outcome, Error> {
    let late = observed.late;
    let last = look.memory.judged.take().filter(|last| {
        Arc::ptr_eq(&last.content, &observed.content)
            && Arc::ptr_eq(&last.known, &observed.known)
            && last.rows == observed.rows
    });
    let judged = match last {
        Some(last) => last,
        // A student decides how large a schema is, so judging one does not hold up others.
        None => tokio::task::spawn_blocking(move || {
            let verdicts = observed
                .content
                .judge
                .verdicts_of(observed.known.schema(), &observed.rows);
            LastJudged {
                content: observed.content,
                known: observed.known,
                rows: observed.rows,
                verdicts,
            }
        })
        .await
        .map_err(Error::internal)?,
    };
    let (content, verdicts) = (judged.content.clone(), judged.verdicts.clone());
    look.memory.judged = Some(judged);
    let member = look.subject.member;
    let at = control.now();
    let prepared = look.board.read(|state| {
        let known = state
            .members
            .get(&member)
            .filter(|_| Arc::ptr_eq(&state.content, &content))?;
        let judged = score::judged(
            member,
            &content.tasks,
            verdicts,
            &late,
            &known.verdicts,
            &known.standings,
            at,
        );
        let changed: Vec<Verdict> = judged
            .verdicts
            .iter()
            .filter(|verdict| known.verdicts.get(&verdict.check) != Some(*verdict))
            .cloned()
            .collect();
        Some((judged, changed))
    });
    // Removed meanwhile, or the tasks are others: then it is looked at again.
    let Some((judged, changed)) = prepared else {
        return Ok(Outcome::Fine);
    };
    write(control, look, &judged, &changed).await?;
    look.board.change(|state| {
        let Some(known) = state.members.get_mut(&member) else {
            return false;
        };
        let shows =
            !changed.is_empty() || !judged.moved.is_empty() || known.all_stale || known.stale != judged.stale;
        known.all_stale = false;
        known.stale = judged.stale;
        // Beside those of tasks that are answered.
        known.standings.extend(judged.standings);
        if !changed.is_empty() || known.verdicts.len() != judged.verdicts.len() {
            known.set_verdicts(judged.verdicts);
        }
        shows
    });
    Ok(if late.is_empty() {
        Outcome::Fine
    } else {
        Outcome::Busy
    })
}

async fn write(control: &Control, look: &Look, judged: &Judged, changed: &[Verdict]) -> Result<(), Error> {
    if changed.is_empty() && judged.moved.is_empty() {
        return Ok(());
    }
    let member = look.subject.member;
    let at = control.now();
    let scores: Vec<TaskScore> = judged
        .moved
        .iter()
        .filter_map(|task| Some((task, judged.standings.get(task)?)))
        .map(|(task, standing)| TaskScore {
            member,
            task: *task,
            best: standing.best,
            now: standing.now,
            state: standing.state,
            best_at: standing.best_at,
            completed_at: standing.completed_at,
        })
        .collect();
    let mut tx = control.store.begin().await?;
    task_score::put(&mut tx, &scores, at).await?;
    verdict::put(&mut tx, member, changed, at).await?;
    timeline::insert(&mut tx, &judged.timeline).await?;
    let done: Vec<_> = judged
        .timeline
        .iter()
        .filter(|entry| entry.kind == timeline::Kind::Completed)
        .filter_map(|entry| entry.task.zip(entry.points))
        .collect();
    if !done.is_empty() {
        activity::insert_completed(&mut tx, at, member, &done).await?;
    }
    let notice = Notice {
        subject: NoticeSubject::Score,
        lab: look.subject.lab,
        member: Some(member),
    };
    notice::tell(&mut tx, notice).await?;
    control.store.commit(tx).await?;
    if !scores.is_empty() {
        control.answers().standings_changed(look.subject.lab);
    }
    Ok(())
}
