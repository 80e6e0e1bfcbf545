//! Running what was typed: statement by statement as psql does, each asked for row by row as far as the limits go. What
//! lies beyond is not computed by the server, unless the statement writes.

use bytes::BytesMut;
use pglab_core::console::{Cut, Event, Statement, Transaction, statements};
use postgres_protocol::{
    IsNull,
    message::frontend::{self, BindError},
};
use tokio::{sync::mpsc, time::Instant};

use super::{
    Error, Manner, Session, messages,
    wire::{Frame, Wire},
};

/// Rows that are asked for at first; more when they turn out small.
const FIRST_ROWS: u32 = 50;
const MOST_ROWS: u32 = 1_000;
/// A part of a result goes out when it is this large.
const PART_BYTES: usize = 128 << 10;
/// What is read past of a result that can't be stopped otherwise, before it is cancelled.
const PASSED_BYTES: usize = 32 << 20;
const NO_FILE: &str = "the console has no file to send: write INSERT … VALUES, or use \\copy in psql";
/// Begins the transaction of a statement that may only read. The SELECT fixes that: SET TRANSACTION comes too late.
const BEGIN_READ_ONLY: &str = "BEGIN TRANSACTION READ ONLY; SELECT 1";

/// How one statement ended.
enum Outcome {
    Done,
    Failed,
}

impl Session {
    /// Runs statements up to the first that fails, and tells each step. Dropping the future leaves a session that is
    /// good for nothing.
    ///
    /// # Errors
    /// The session is over: the server ended it, the connection broke, or nobody listens.
    pub async fn run(&mut self, source: &str, events: &mpsc::Sender<Event>) -> Result<Transaction, Error> {
        let begun = Instant::now();
        for statement in statements(source) {
            let from = units(&source[..statement.start]);
            tell(
                events,
                Event::Statement {
                    from,
                    to: from + units(statement.text),
                },
            )
            .await?;
            if self.manner == Manner::ReadOnly {
                self.quietly(BEGIN_READ_ONLY).await?;
            }
            let outcome = self.one(statement, from, events).await?;
            if self.manner == Manner::ReadOnly {
                self.quietly("ROLLBACK").await?;
            }
            if matches!(outcome, Outcome::Failed) {
                break;
            }
        }
        let transaction = self.transaction;
        tell(
            events,
            Event::Finished {
                transaction,
                ms: ms(begun),
            },
        )
        .await?;
        Ok(transaction)
    }

    /// The one text that a statement of ours returns. `None` where it fails, as it does in a failed transaction.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn ask(&mut self, statement: &str) -> Result<Option<String>, Error> {
        let mut out = BytesMut::new();
        frontend::query(statement, &mut out).map_err(Error::Lost)?;
        self.wire.send(&out).await?;
        let mut answer = None;
        loop {
            let frame = self.wire.read().await?;
            match frame.tag {
                b'D' => {
                    let row = messages::row(&frame.body, usize::MAX);
                    answer = row.and_then(|(cells, _)| cells.into_iter().next().flatten());
                }
                b'Z' => {
                    self.transaction = messages::transaction(&frame.body);
                    return Ok(answer);
                }
                b'E' => {
                    fatal(&frame)?;
                    answer = None;
                }
                _ => {}
            }
        }
    }

    /// What there is to name in a statement: see `sql/catalog.sql`. `None` in a failed transaction.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn catalog(&mut self) -> Result<Option<String>, Error> {
        self.ask(include_str!("sql/catalog.sql")).await
    }

    async fn quietly(&mut self, statement: &str) -> Result<(), Error> {
        self.ask(statement).await.map(|_| ())
    }

    async fn one(
        &mut self,
        statement: Statement<'_>,
        from: u32,
        events: &mpsc::Sender<Event>,
    ) -> Result<Outcome, Error> {
        let begun = Instant::now();
        let mut out = BytesMut::new();
        let none: [u32; 0] = [];
        if let Err(error) = frontend::parse("", statement.text, none, &mut out) {
            // A zero byte in it: PostgreSQL has no way to be told.
            let mut error = refusal(&error.to_string());
            error.position = Some(from);
            tell(events, Event::Error { error, ms: ms(begun) }).await?;
            return Ok(Outcome::Failed);
        }
        bind(&mut out)?;
        frontend::describe(b'P', "", &mut out).map_err(Error::Lost)?;
        frontend::execute("", rows(FIRST_ROWS), &mut out).map_err(Error::Lost)?;
        frontend::flush(&mut out);
        self.wire.send(&out).await?;
        let mut taking = Taking::new(self, events);
        let outcome = loop {
            let frame = taking.session.wire.read().await?;
            match frame.tag {
                b'T' => taking.columns(&frame).await?,
                b'D' | b'd' => taking.row(&frame).await?,
                // COPY TO STDOUT: lines, as a single column.
                b'H' => taking.copy_out().await?,
                b'G' => fail_copy(&mut taking.session.wire).await?,
                b'N' => taking.notice(&frame).await?,
                b'A' => tell(events, messages::notification(&frame)).await?,
                b's' => match taking.next_rows() {
                    Some(n) => ask_for_more(&mut taking.session.wire, n).await?,
                    None => {
                        sync(&mut taking.session.wire).await?;
                        break Ok(String::new());
                    }
                },
                b'C' => {
                    sync(&mut taking.session.wire).await?;
                    break Ok(messages::texts(&frame.body).next().unwrap_or_default());
                }
                // Nothing but a comment after all.
                b'I' => {
                    sync(&mut taking.session.wire).await?;
                    break Ok(String::new());
                }
                b'E' => {
                    fatal(&frame)?;
                    sync(&mut taking.session.wire).await?;
                    break Err(frame);
                }
                _ => {}
            }
        };
        taking.send_rows().await?;
        // What deferred constraints say comes here.
        let late = taking.until_ready().await?;
        let failed = outcome.as_ref().err().or(late.as_ref());
        let event = match failed {
            Some(frame) => {
                let (mut error, position) = messages::complaint(frame);
                error.position = position.map(|n| from + units_of(statement.text, n));
                if taking.cancelled {
                    error.detail = Some(format!(
                        "pglab cancelled it: it sent more than {} MB beyond what is shown.",
                        PASSED_BYTES >> 20
                    ));
                }
                Event::Error { error, ms: ms(begun) }
            }
            None => Event::Done {
                tag: outcome.unwrap_or_default(),
                n_rows: taking.n_rows,
                cut: taking.cut,
                n_cells_cut: taking.n_cells_cut,
                ms: ms(begun),
            },
        };
        let ended = if matches!(event, Event::Error { .. }) {
            Outcome::Failed
        } else {
            Outcome::Done
        };
        tell(events, event).await?;
        Ok(ended)
    }
}

/// The result of one statement on its way.
struct Taking<'a> {
    session: &'a mut Session,
    events: &'a mpsc::Sender<Event>,
    part: Vec<Vec<Option<String>>>,
    part_bytes: usize,
    n_rows: u64,
    n_bytes: usize,
    n_cells_cut: u64,
    n_notices: u32,
    passed: usize,
    cut: Option<Cut>,
    cancelled: bool,
    copies: bool,
}

impl<'a> Taking<'a> {
    fn new(session: &'a mut Session, events: &'a mpsc::Sender<Event>) -> Self {
        Self {
            session,
            events,
            part: Vec::new(),
            part_bytes: 0,
            n_rows: 0,
            n_bytes: 0,
            n_cells_cut: 0,
            n_notices: 0,
            passed: 0,
            cut: None,
            cancelled: false,
            copies: false,
        }
    }

    async fn columns(&mut self, frame: &Frame) -> Result<(), Error> {
        let columns = messages::columns(&frame.body)
            .ok_or_else(|| Error::Unexpected("a description of columns that is none".to_owned()))?;
        tell(self.events, Event::Columns { columns }).await
    }

    async fn copy_out(&mut self) -> Result<(), Error> {
        self.copies = true;
        let columns = vec![pglab_core::console::Column {
            name: "COPY".to_owned(),
            type_name: "text".to_owned(),
            is_number: false,
        }];
        tell(self.events, Event::Columns { columns }).await
    }

    async fn row(&mut self, frame: &Frame) -> Result<(), Error> {
        let limits = self.session.limits;
        let length = frame.skipped.unwrap_or(frame.body.len());
        if self.cut.is_none() {
            if self.n_rows >= u64::from(limits.rows) {
                self.cut = Some(Cut::Rows);
            } else if frame.skipped.is_some() || self.n_bytes + length > limits.bytes as usize {
                self.cut = Some(Cut::Bytes);
            }
        }
        if self.cut.is_some() {
            return self.pass(length).await;
        }
        let max = limits.cell_bytes as usize;
        let taken = if self.copies {
            let line = frame.body.strip_suffix(b"\n").unwrap_or(&frame.body);
            let n_cut = u64::from(line.len() > max);
            Some((vec![Some(messages::text(&line[..line.len().min(max)]))], n_cut))
        } else {
            messages::row(&frame.body, max)
        };
        let (cells, n_cut) = taken.ok_or_else(|| Error::Unexpected("a row that is none".to_owned()))?;
        self.part.push(cells);
        self.n_rows += 1;
        self.n_bytes += length;
        self.n_cells_cut += n_cut;
        self.part_bytes += length;
        if self.part_bytes > PART_BYTES {
            self.send_rows().await?;
        }
        Ok(())
    }

    /// What is beyond the limits and comes all the same is cancelled when it is too much.
    async fn pass(&mut self, length: usize) -> Result<(), Error> {
        self.passed += length;
        if self.passed > PASSED_BYTES && !self.cancelled {
            self.cancelled = true;
            self.session.canceller.cancel().await?;
        }
        Ok(())
    }

    async fn notice(&mut self, frame: &Frame) -> Result<(), Error> {
        self.n_notices = self.n_notices.saturating_add(1);
        let notice = if self.n_notices <= self.session.limits.notices {
            messages::complaint(frame).0
        } else if self.n_notices == self.session.limits.notices + 1 {
            pglab_core::console::Complaint {
                severity: "WARNING".to_owned(),
                message: format!(
                    "more than {} notices: the rest is not shown",
                    self.session.limits.notices
                ),
                ..Default::default()
            }
        } else {
            return Ok(());
        };
        tell(self.events, Event::Notice { notice }).await
    }

    /// How many rows to ask for next; none when enough is there. One more than fits tells whether there are more.
    fn next_rows(&mut self) -> Option<u32> {
        if self.cut.is_some() {
            return None;
        }
        let limits = self.session.limits;
        let each = self.n_bytes / usize::try_from(self.n_rows.max(1)).unwrap_or(usize::MAX);
        let fit = (limits.bytes as usize - self.n_bytes) / each.max(1) + 1;
        let left = u64::from(limits.rows) - self.n_rows + 1;
        let n = u64::try_from(fit)
            .unwrap_or(u64::MAX)
            .min(left)
            .min(u64::from(MOST_ROWS));
        u32::try_from(n).ok()
    }

    async fn send_rows(&mut self) -> Result<(), Error> {
        self.part_bytes = 0;
        if self.part.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.part);
        tell(self.events, Event::Rows { rows }).await
    }

    /// Reads up to `ReadyForQuery`. An error on the way is returned.
    async fn until_ready(&mut self) -> Result<Option<Frame>, Error> {
        let mut late = None;
        loop {
            let frame = self.session.wire.read().await?;
            match frame.tag {
                b'Z' => {
                    self.session.transaction = messages::transaction(&frame.body);
                    return Ok(late);
                }
                b'E' => {
                    fatal(&frame)?;
                    late = Some(frame);
                }
                b'N' => self.notice(&frame).await?,
                b'A' => tell(self.events, messages::notification(&frame)).await?,
                b'D' | b'd' => self.pass(frame.skipped.unwrap_or(frame.body.len())).await?,
                _ => {}
            }
        }
    }
}

async fn tell(events: &mpsc::Sender<Event>, event: Event) -> Result<(), Error> {
    events.send(event).await.map_err(|_| Error::Unheard)
}

fn bind(out: &mut BytesMut) -> Result<(), Error> {
    let nothing: [i16; 0] = [];
    let no_values: [(); 0] = [];
    frontend::bind("", "", nothing, no_values, |(), _| Ok(IsNull::Yes), nothing, out).map_err(|error| {
        Error::Unexpected(match error {
            BindError::Conversion(error) => error.to_string(),
            BindError::Serialization(error) => error.to_string(),
        })
    })
}

async fn ask_for_more(wire: &mut Wire, n_rows: u32) -> Result<(), Error> {
    let mut out = BytesMut::new();
    frontend::execute("", rows(n_rows), &mut out).map_err(Error::Lost)?;
    frontend::flush(&mut out);
    wire.send(&out).await
}

async fn sync(wire: &mut Wire) -> Result<(), Error> {
    let mut out = BytesMut::new();
    frontend::sync(&mut out);
    wire.send(&out).await
}

async fn fail_copy(wire: &mut Wire) -> Result<(), Error> {
    let mut out = BytesMut::new();
    frontend::copy_fail(NO_FILE, &mut out).map_err(Error::Lost)?;
    wire.send(&out).await
}

fn rows(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// The server ends the session with it.
fn fatal(frame: &Frame) -> Result<(), Error> {
    let (complaint, _) = messages::complaint(frame);
    match complaint.severity.as_str() {
        "FATAL" | "PANIC" => Err(Error::Refused(Box::new(complaint))),
        _ => Ok(()),
    }
}

fn refusal(message: &str) -> pglab_core::console::Complaint {
    pglab_core::console::Complaint {
        severity: "ERROR".to_owned(),
        code: "22021".to_owned(),
        message: message.to_owned(),
        ..Default::default()
    }
}

/// UTF-16 units, in which editors count.
fn units(text: &str) -> u32 {
    u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX)
}

/// Of the characters before the n-th, counted from 1.
fn units_of(text: &str, nth: u32) -> u32 {
    let before = text
        .chars()
        .take(usize::try_from(nth).unwrap_or(0).saturating_sub(1));
    u32::try_from(before.map(char::len_utf16).sum::<usize>()).unwrap_or(u32::MAX)
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}
