//! Executes a script, statement by statement or many at a time, over the loader's connection, and says of an error
//! which statement on which line it was.

use std::pin::Pin;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use tokio_postgres::{CopyInSink, SimpleQueryMessage};

use super::{
    LoadPhase, LoadProgress, LoadReport, Progress, Warning,
    error::{LoadError, LoadFault, copy_line, position},
    rule::{self, Extension, Fate, Kind},
    script::{Piece, Script},
    source::Input,
};
use crate::Connection;

/// Statements that are sent together: so many, or of so many bytes.
const BATCH_STATEMENTS: usize = 200;
const BATCH_BYTES: usize = 256 << 10;
/// Warnings that are kept; the rest is only counted.
const MAX_WARNINGS: usize = 100;

pub(super) struct Runner<'a> {
    connection: &'a Connection,
    max_statement_bytes: usize,
    progress: Progress<'a>,
    batch: Vec<(String, u64)>,
    batch_kind: Kind,
    batch_bytes: usize,
    in_transaction: bool,
    copy: Option<Copy>,
    report: LoadReport,
}

struct Copy {
    sink: Pin<Box<CopyInSink<Bytes>>>,
    statement: String,
    line: u64,
    /// Of the first row; set by the first data.
    data_line: Option<u64>,
}

impl<'a> Runner<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        max_statement_bytes: usize,
        progress: Progress<'a>,
    ) -> Self {
        Self {
            connection,
            max_statement_bytes,
            progress,
            batch: Vec::new(),
            batch_kind: Kind::Structure,
            batch_bytes: 0,
            in_transaction: false,
            copy: None,
            report: LoadReport::default(),
        }
    }

    pub(super) async fn run(mut self, mut input: Input) -> Result<LoadReport, LoadError> {
        let mut script = Script::new(self.max_statement_bytes);
        loop {
            let chunk = input.next().await?;
            match &chunk {
                Some(chunk) => script.push(chunk),
                None => script.finish(),
            }
            while let Some(piece) = script.next()? {
                self.piece(piece).await?;
            }
            let (n_bytes, n_total) = input.progress();
            self.report.n_bytes = n_bytes;
            (self.progress)(LoadProgress {
                phase: LoadPhase::Loading,
                n_bytes,
                n_total,
                n_statements: self.report.n_statements,
            });
            if chunk.is_none() {
                break;
            }
        }
        self.flush().await?;
        if self.in_transaction {
            // As psql does at the end of a file, which then loses everything: nobody means that.
            return Err(LoadError::new(
                LoadFault::File,
                "the script begins a transaction and never commits it: a COMMIT; is missing at its end",
            ));
        }
        Ok(self.report)
    }

    async fn piece(&mut self, piece: Piece) -> Result<(), LoadError> {
        match piece {
            Piece::Statement { text, line } => {
                self.report.n_statements += 1;
                self.statement(text, line).await
            }
            Piece::Command { text, line, inside } => {
                let verdict = rule::of_command(&text);
                let forbidden = |why: String| Err(LoadError::new(LoadFault::Forbidden, why).at(line, &text));
                match verdict {
                    Err(why) => forbidden(why),
                    Ok(_) if inside => forbidden("a command of psql stands inside a statement".to_owned()),
                    Ok(remark) => {
                        if let Some(why) = remark {
                            self.warn(
                                line,
                                format!("{} was skipped: {why}", super::error::clip(&text, 80)),
                            );
                        }
                        Ok(())
                    }
                }
            }
            Piece::Data { bytes, line } => self.data(bytes, line).await,
            Piece::DataEnd => self.data_end().await,
        }
    }

    async fn statement(&mut self, text: String, line: u64) -> Result<(), LoadError> {
        let fate = rule::of(&text);
        if let Fate::Batch(kind) = fate {
            if kind != self.batch_kind {
                self.flush().await?;
                self.batch_kind = kind;
            }
            self.batch_bytes += text.len();
            self.batch.push((text, line));
            if self.batch.len() >= BATCH_STATEMENTS || self.batch_bytes >= BATCH_BYTES {
                self.flush().await?;
            }
            return Ok(());
        }
        if let Fate::Skip(why) = fate {
            if let Some(why) = why {
                self.warn(
                    line,
                    format!("{} was skipped: {why}", super::error::clip(&text, 80)),
                );
            }
            return Ok(());
        }
        self.flush().await?;
        match fate {
            Fate::Alone => self.alone(&text, line).await,
            Fate::Begin => {
                self.in_transaction = true;
                self.alone(&text, line).await
            }
            Fate::End => {
                self.in_transaction = false;
                self.alone(&text, line).await
            }
            // Unknown to this server (of a younger pg_dump), or a superuser's to set.
            Fate::Setting => self.lenient(&text, line, &["42704", "42501"]).await,
            // Scripts begin by dropping what they are going to make. 42P06: the schema public is there already.
            Fate::Drop => {
                self.lenient(&text, line, &["42P01", "42704", "42883", "3F000", "42P06"])
                    .await
            }
            Fate::CopyIn => {
                let sink = self.connection.copy_in(text.as_str()).await;
                let sink = sink.map_err(|error| refused_in(&error, &text, line))?;
                self.copy = Some(Copy {
                    sink: Box::pin(sink),
                    statement: text,
                    line,
                    data_line: None,
                });
                Ok(())
            }
            Fate::Extension(extension) => self.extension(&extension, &text, line).await,
            Fate::Refuse(why) => Err(LoadError::new(LoadFault::Forbidden, why).at(line, &text)),
            Fate::Batch(_) | Fate::Skip(_) => Ok(()),
        }
    }

    async fn alone(&mut self, text: &str, line: u64) -> Result<(), LoadError> {
        self.send(text)
            .await
            .map_err(|error| refused_in(&error, text, line))
    }

    /// Executes it where it may fail with one of these SQLSTATEs, also inside a transaction.
    async fn lenient(&mut self, text: &str, line: u64, harmless: &[&str]) -> Result<(), LoadError> {
        let sent = if self.in_transaction {
            self.send("SAVEPOINT pglab_loader").await?;
            self.send(text).await
        } else {
            self.send(text).await
        };
        let recover = match (&sent, self.in_transaction) {
            (_, false) => None,
            (Ok(()), true) => Some("RELEASE SAVEPOINT pglab_loader"),
            (Err(_), true) => Some("ROLLBACK TO SAVEPOINT pglab_loader; RELEASE SAVEPOINT pglab_loader"),
        };
        if let Some(recover) = recover {
            self.send(recover).await?;
        }
        match sent {
            Ok(()) => Ok(()),
            Err(error) if error.code().is_some_and(|code| harmless.contains(&code.code())) => {
                let said = error
                    .as_db_error()
                    .map_or("", |refused| refused.message())
                    .to_owned();
                self.warn(
                    line,
                    format!("{} was skipped: {said}", super::error::clip(text, 80)),
                );
                Ok(())
            }
            Err(error) => Err(refused_in(&error, text, line)),
        }
    }

    /// Rows are read and forgotten.
    async fn send(&self, text: &str) -> Result<(), tokio_postgres::Error> {
        let stream = self.connection.simple_query_raw(text).await?;
        futures::pin_mut!(stream);
        while let Some(message) = stream.next().await {
            message?;
        }
        Ok(())
    }

    /// Sends what was gathered. PostgreSQL executes it as one transaction, where the script has none of its own.
    async fn flush(&mut self) -> Result<(), LoadError> {
        let batch = std::mem::take(&mut self.batch);
        self.batch_bytes = 0;
        if batch.is_empty() {
            return Ok(());
        }
        let mut sent = String::new();
        let mut ends = Vec::with_capacity(batch.len());
        for (text, _) in &batch {
            sent.push_str(text);
            // A comment at the end of the statement must not swallow the semicolon.
            sent.push_str("\n;");
            ends.push(sent.len());
        }
        let mut n_done = 0;
        let outcome = async {
            let stream = self.connection.simple_query_raw(&sent).await?;
            futures::pin_mut!(stream);
            while let Some(message) = stream.next().await {
                if matches!(message?, SimpleQueryMessage::CommandComplete(_)) {
                    n_done += 1;
                }
            }
            Ok::<_, tokio_postgres::Error>(())
        }
        .await;
        let Err(error) = outcome else {
            return Ok(());
        };
        // Where PostgreSQL points into the text, it knows better than the count: it reads all of it before it executes
        // the first statement.
        let at = error.as_db_error().and_then(|refused| position(refused, &sent));
        let index = at
            .and_then(|at| ends.iter().position(|end| at < *end))
            .unwrap_or(n_done)
            .min(batch.len() - 1);
        let Some((text, line)) = batch.get(index) else {
            return Err(error.into());
        };
        let begin = index
            .checked_sub(1)
            .and_then(|before| ends.get(before))
            .copied()
            .unwrap_or(0);
        let line = match at {
            Some(at) if at >= begin => line + newlines(text, at - begin),
            _ => *line,
        };
        Err(LoadError::refused(&error, line, text))
    }

    async fn data(&mut self, bytes: Vec<u8>, line: u64) -> Result<(), LoadError> {
        let Some(copy) = &mut self.copy else {
            return Ok(());
        };
        copy.data_line.get_or_insert(line);
        if copy.sink.send(Bytes::from(bytes)).await.is_err() {
            // What went wrong is said at the end.
            return self.data_end().await;
        }
        Ok(())
    }

    async fn data_end(&mut self) -> Result<(), LoadError> {
        let Some(mut copy) = self.copy.take() else {
            return Ok(());
        };
        match copy.sink.as_mut().finish().await {
            Ok(n_rows) => {
                self.report.n_copied_rows += n_rows;
                Ok(())
            }
            Err(error) => {
                let row = error.as_db_error().and_then(copy_line);
                let line = match (row, copy.data_line) {
                    (Some(row), Some(first)) => first + row - 1,
                    _ => copy.line,
                };
                Err(LoadError::refused(&error, line, &copy.statement))
            }
        }
    }

    /// Extensions that only a superuser may create were created before, where an admin allowed them.
    async fn extension(&mut self, extension: &Extension, text: &str, line: u64) -> Result<(), LoadError> {
        let name = &extension.name;
        let row = self
            .connection
            .query_opt(
                "SELECT e.installed_version IS NOT NULL, v.trusted FROM pg_catalog.pg_available_extensions e \
                 JOIN pg_catalog.pg_available_extension_versions v \
                 ON v.name OPERATOR(pg_catalog.=) e.name AND v.version OPERATOR(pg_catalog.=) e.default_version \
                 WHERE e.name OPERATOR(pg_catalog.=) $1::pg_catalog.text::pg_catalog.name",
                &[name],
            )
            .await?;
        let forbidden = |why: String| Err(LoadError::new(LoadFault::Forbidden, why).at(line, text));
        match row.map(|row| (row.get(0), row.get(1))) {
            Some((true, _)) => Ok(()),
            Some((false, true)) => self.alone(text, line).await,
            Some((false, false)) => forbidden(format!(
                "the extension {name} can be created by a superuser only. An admin can allow it in the settings of the lab \
                 (extensions), and pglab then creates it before it loads the script"
            )),
            None => forbidden(format!(
                "the extension {name} is not installed on the server. Install its package there, or remove it from the script"
            )),
        }
    }

    fn warn(&mut self, line: u64, message: String) {
        self.report.n_warnings += 1;
        if self.report.warnings.len() < MAX_WARNINGS {
            self.report.warnings.push(Warning { line, message });
        }
    }
}

fn newlines(text: &str, up_to: usize) -> u64 {
    text.bytes().take(up_to).filter(|byte| *byte == b'\n').count() as u64
}

/// PostgreSQL refused a statement that was sent alone.
fn refused_in(error: &tokio_postgres::Error, text: &str, line: u64) -> LoadError {
    let at = error.as_db_error().and_then(|refused| position(refused, text));
    LoadError::refused(error, line + at.map_or(0, |at| newlines(text, at)), text)
}
