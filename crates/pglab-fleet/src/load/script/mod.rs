//! Splits a script as people and `pg_dump` write them for psql: into statements, the data of `COPY … FROM STDIN`, and
//! psql's own commands. Takes the script in pieces and keeps no more of it than the current statement. It executes
//! nothing and judges nothing.

mod states;

use super::{rule, tokens::Tokens};

/// A statement that is longer is refused.
pub const MAX_STATEMENT_BYTES: usize = 256 << 20;
/// A line of psql's own that is longer is refused.
const MAX_COMMAND_BYTES: usize = 64 << 10;
/// Data is handed on in pieces of at least this size, as long as there is more.
const DATA_BYTES: usize = 64 << 10;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Without white space and comments before it, and without the semicolon.
    Statement {
        text: String,
        line: u64,
    },
    /// From the backslash to the end of the line. `inside` a statement that has not ended.
    Command {
        text: String,
        line: u64,
        inside: bool,
    },
    /// Of the `COPY` before it: lines, the first of which is `line` unless the piece before it was data too.
    Data {
        bytes: Vec<u8>,
        line: u64,
    },
    DataEnd,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    #[error("the statement that begins on line {line} is longer than {} MiB: does its end lack a semicolon?", MAX_STATEMENT_BYTES >> 20)]
    TooLong { line: u64 },
    #[error("the psql command on line {line} is too long")]
    CommandTooLong { line: u64 },
    #[error("line {line} is not text in UTF-8")]
    NotUtf8 { line: u64 },
    #[error("line {line} has a zero byte: this is no SQL script")]
    Nul { line: u64 },
    #[error(
        "the {what} that begins on line {line} never ends: the file is cut off, or a closing {close} is missing"
    )]
    Unterminated {
        line: u64,
        what: &'static str,
        close: &'static str,
    },
    #[error(
        "the data of the COPY on line {line} never ends: the file is cut off (a line with \\. is missing)"
    )]
    UnterminatedData { line: u64 },
    #[error("on line {line}, something follows a COPY … FROM STDIN; its data must begin on the next line")]
    AfterCopy { line: u64 },
}

impl ScriptError {
    pub fn line(&self) -> u64 {
        match self {
            Self::TooLong { line }
            | Self::CommandTooLong { line }
            | Self::NotUtf8 { line }
            | Self::Nul { line }
            | Self::Unterminated { line, .. }
            | Self::UnterminatedData { line }
            | Self::AfterCopy { line } => *line,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Plain,
    Single {
        escapes: bool,
    },
    Double,
    Dollar {
        tag: Vec<u8>,
    },
    LineComment,
    BlockComment {
        depth: u32,
    },
    /// After a `COPY … FROM STDIN`, up to the end of its line.
    BeforeData,
    Data {
        in_line: bool,
    },
}

/// Feed it with [`Script::push`], take what it has with [`Script::next`] until that is `None`, and call
/// [`Script::finish`] at the end of the file.
#[derive(Debug)]
pub struct Script {
    buffer: Vec<u8>,
    /// Where the current statement begins, and how far it was read.
    start: usize,
    at: usize,
    state: State,
    finished: bool,
    /// Of `at`.
    line: u64,
    /// Of the statement, and of the quote or comment in it.
    start_line: u64,
    quote_line: u64,
    /// Something other than white space and comments was seen.
    begun: bool,
    parentheses: usize,
    /// The first words of the statement, upper case.
    words: Vec<String>,
    /// Inside `BEGIN ATOMIC … END`.
    atomic: usize,
    /// `standard_conforming_strings = off`, in scripts of the last century.
    backslashes: bool,
    max_statement_bytes: usize,
}

impl Default for Script {
    fn default() -> Self {
        Self::new(MAX_STATEMENT_BYTES)
    }
}

impl Script {
    pub fn new(max_statement_bytes: usize) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            at: 0,
            state: State::Plain,
            finished: false,
            line: 1,
            start_line: 1,
            quote_line: 1,
            begun: false,
            parentheses: 0,
            words: Vec::new(),
            atomic: 0,
            backslashes: false,
            max_statement_bytes,
        }
    }

    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.at -= self.start;
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// The next piece, or `None` when more of the script is needed, or at its end.
    ///
    /// # Errors
    /// The script can't be split; see [`ScriptError`].
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator has no errors and never goes on after None"
    )]
    pub fn next(&mut self) -> Result<Option<Piece>, ScriptError> {
        while self.at < self.buffer.len() {
            let step = match &self.state {
                State::Plain => self.plain()?,
                State::Single { escapes } => {
                    let escapes = *escapes;
                    self.quoted(b'\'', escapes)
                }
                State::Double => self.quoted(b'"', false),
                State::Dollar { .. } => self.dollar(),
                State::LineComment => self.line_comment(),
                State::BlockComment { depth } => {
                    let depth = *depth;
                    self.block_comment(depth)
                }
                State::BeforeData => self.before_data()?,
                State::Data { in_line } => {
                    let in_line = *in_line;
                    self.data(in_line)
                }
            };
            match step {
                Step::On => {}
                Step::More if self.finished => unreachable_at_end(&mut self.at, self.buffer.len()),
                Step::More => break,
                Step::Piece(piece) => return Ok(Some(piece)),
            }
            if self.at - self.start > self.max_statement_bytes {
                return Err(ScriptError::TooLong {
                    line: self.start_line,
                });
            }
        }
        if self.finished { self.last() } else { Ok(None) }
    }

    /// At the end of the file: what has no semicolon is executed all the same, as psql does.
    fn last(&mut self) -> Result<Option<Piece>, ScriptError> {
        let line = self.quote_line;
        let unterminated = |what, close| Err(ScriptError::Unterminated { line, what, close });
        match self.state {
            State::Plain | State::LineComment if self.begun => {
                let end = self.at;
                self.statement(end).map(Some)
            }
            State::Plain | State::LineComment => Ok(None),
            State::Single { .. } => unterminated("string", "'"),
            State::Double => unterminated("name", "\""),
            State::Dollar { .. } => unterminated("string", "dollar quote"),
            State::BlockComment { .. } => unterminated("comment", "*/"),
            State::BeforeData | State::Data { .. } => Err(ScriptError::UnterminatedData {
                line: self.start_line,
            }),
        }
    }

    /// The statement up to `end`; what follows begins at `self.at`.
    fn statement(&mut self, end: usize) -> Result<Piece, ScriptError> {
        let line = self.start_line;
        let bytes = &self.buffer[self.start..end];
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.trim_end().to_owned(),
            Err(error) => {
                let before = bytes[..error.valid_up_to()]
                    .iter()
                    .filter(|b| **b == b'\n')
                    .count();
                return Err(ScriptError::NotUtf8 {
                    line: line + before as u64,
                });
            }
        };
        if let Some(nul) = text.find('\0') {
            let before = text[..nul].matches('\n').count();
            return Err(ScriptError::Nul {
                line: line + before as u64,
            });
        }
        let first = self.words.first().map(String::as_str);
        self.state = if first == Some("COPY") && rule::is_copy_from_stdin(Tokens::new(&text)) {
            State::BeforeData
        } else {
            State::Plain
        };
        if first == Some("SET")
            && let Some(backslashes) = rule::sets_backslashes(Tokens::new(&text))
        {
            self.backslashes = backslashes;
        }
        self.begun = false;
        self.parentheses = 0;
        self.atomic = 0;
        self.words.clear();
        self.start = self.at;
        if self.state == State::Plain {
            self.start_line = self.line;
        }
        Ok(Piece::Statement { text, line })
    }
}

enum Step {
    On,
    /// The rest of the buffer does not tell yet how to go on.
    More,
    Piece(Piece),
}

/// With the file at its end nothing more can come that would tell: what is left is taken as it is.
fn unreachable_at_end(at: &mut usize, end: usize) {
    *at = end;
}

#[cfg(test)]
mod tests;
