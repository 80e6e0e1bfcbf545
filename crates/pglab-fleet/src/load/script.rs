//! Splits a script as people and `pg_dump` write them for psql: into statements, the data of `COPY … FROM STDIN`, and
//! psql's own commands. Takes the script in pieces and keeps no more of it than the current statement. It executes
//! nothing and judges nothing.

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

    fn plain(&mut self) -> Result<Step, ScriptError> {
        let rest = &self.buffer[self.at..];
        let first = rest[0];
        let second = rest.get(1).copied();
        if second.is_none() && !self.finished && matches!(first, b'-' | b'/' | b'$') {
            return Ok(Step::More);
        }
        match first {
            b'\n' | b' ' | b'\t' | b'\r' | 0x0b | 0x0c => {
                self.line += u64::from(first == b'\n');
                self.advance(1);
            }
            b'-' if second == Some(b'-') => {
                self.state = State::LineComment;
                self.advance(2);
            }
            b'/' if second == Some(b'*') => {
                self.quote_line = self.line;
                self.state = State::BlockComment { depth: 1 };
                self.advance(2);
            }
            b'\\' => return self.command(),
            b';' if self.parentheses == 0 && self.atomic == 0 => {
                if !self.begun {
                    self.advance(1);
                    return Ok(Step::On);
                }
                let end = self.at;
                self.at += 1;
                let piece = self.statement(end)?;
                return Ok(Step::Piece(piece));
            }
            b'\'' => {
                let escapes = self.backslashes;
                self.quote(State::Single { escapes }, 1);
            }
            b'"' => self.quote(State::Double, 1),
            b'$' => match dollar_tag(rest) {
                Tag::Is(tag) => {
                    let n = tag.len();
                    self.quote(State::Dollar { tag }, n);
                }
                Tag::Unknown if !self.finished => return Ok(Step::More),
                Tag::Unknown | Tag::IsNot => self.begin(1),
            },
            0 => return Err(ScriptError::Nul { line: self.line }),
            b if is_word_start(b) => return Ok(self.word()),
            b'0'..=b'9' => {
                let n = rest
                    .iter()
                    .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
                    .count();
                self.begin(n);
            }
            _ => {
                match first {
                    b'(' => self.parentheses += 1,
                    b')' => self.parentheses = self.parentheses.saturating_sub(1),
                    _ => {}
                }
                self.begin(1);
            }
        }
        Ok(Step::On)
    }

    /// Goes on by so many bytes; before a statement has begun, it begins later.
    fn advance(&mut self, n: usize) {
        self.at += n;
        if !self.begun {
            self.start = self.at;
            self.start_line = self.line;
        }
    }

    fn begin(&mut self, n: usize) {
        if !self.begun {
            self.begun = true;
            self.start = self.at;
            self.start_line = self.line;
        }
        self.at += n;
    }

    fn quote(&mut self, state: State, n: usize) {
        self.quote_line = self.line;
        self.state = state;
        self.begin(n);
    }

    fn word(&mut self) -> Step {
        let rest = &self.buffer[self.at..];
        let n = rest
            .iter()
            .take_while(|b| is_word_start(**b) || b.is_ascii_digit() || **b == b'$')
            .count();
        if n == rest.len() && !self.finished {
            return Step::More;
        }
        if n == 1 && rest[0].eq_ignore_ascii_case(&b'e') && rest.get(1) == Some(&b'\'') {
            self.quote(State::Single { escapes: true }, 2);
            return Step::On;
        }
        // No word that matters is longer, nor of other letters.
        let word = if n <= 16 {
            String::from_utf8_lossy(&rest[..n]).to_ascii_uppercase()
        } else {
            String::new()
        };
        if self.parentheses == 0 && self.makes_a_routine() {
            match word.as_str() {
                "BEGIN" => self.atomic += 1,
                "CASE" if self.atomic > 0 => self.atomic += 1,
                "END" => self.atomic = self.atomic.saturating_sub(1),
                _ => {}
            }
        }
        if self.words.len() < 4 {
            self.words.push(word);
        }
        self.begin(n);
        Step::On
    }

    fn makes_a_routine(&self) -> bool {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        matches!(
            words.as_slice(),
            ["CREATE", "FUNCTION" | "PROCEDURE", ..] | ["CREATE", "OR", "REPLACE", "FUNCTION" | "PROCEDURE"]
        )
    }

    fn command(&mut self) -> Result<Step, ScriptError> {
        let rest = &self.buffer[self.at..];
        let end = rest.iter().position(|b| *b == b'\n');
        let n = match end {
            Some(n) => n,
            None if self.finished => rest.len(),
            None if rest.len() > MAX_COMMAND_BYTES => {
                return Err(ScriptError::CommandTooLong { line: self.line });
            }
            None => return Ok(Step::More),
        };
        let text = String::from_utf8_lossy(&rest[..n]).trim_end().to_owned();
        let piece = Piece::Command {
            text,
            line: self.line,
            inside: self.begun,
        };
        self.advance(n);
        Ok(Step::Piece(piece))
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

    fn quoted(&mut self, quote: u8, escapes: bool) -> Step {
        let rest = &self.buffer[self.at..];
        let stop = rest
            .iter()
            .position(|b| *b == quote || escapes && *b == b'\\' || *b == b'\n');
        let Some(n) = stop else {
            self.at += rest.len();
            return Step::On;
        };
        match rest[n] {
            b'\n' => {
                self.line += 1;
                self.at += n + 1;
            }
            b if b == quote => {
                // A doubled quote opens it again at once, which comes to the same.
                self.at += n + 1;
                self.state = if escapes && rest.get(n + 1) == Some(&quote) {
                    self.at += 1;
                    return Step::On;
                } else if escapes && n + 1 == rest.len() && !self.finished {
                    self.at -= 1;
                    return Step::More;
                } else {
                    State::Plain
                };
            }
            _ => {
                if n + 1 == rest.len() && !self.finished {
                    self.at += n;
                    return Step::More;
                }
                self.line += u64::from(rest.get(n + 1) == Some(&b'\n'));
                self.at += (n + 2).min(rest.len());
            }
        }
        Step::On
    }

    fn dollar(&mut self) -> Step {
        let State::Dollar { tag } = &self.state else {
            return Step::On;
        };
        let rest = &self.buffer[self.at..];
        match rest.iter().position(|b| *b == b'$' || *b == b'\n') {
            None => self.at += rest.len(),
            Some(n) if rest[n] == b'\n' => {
                self.line += 1;
                self.at += n + 1;
            }
            Some(n) if rest[n..].starts_with(tag) => {
                self.at += n + tag.len();
                self.state = State::Plain;
            }
            Some(n) if rest.len() - n < tag.len() && !self.finished => {
                self.at += n;
                return Step::More;
            }
            Some(n) => self.at += n + 1,
        }
        Step::On
    }

    fn line_comment(&mut self) -> Step {
        let rest = &self.buffer[self.at..];
        match rest.iter().position(|b| *b == b'\n') {
            Some(n) => {
                self.state = State::Plain;
                self.advance(n);
            }
            None => {
                let n = rest.len();
                self.advance(n);
            }
        }
        Step::On
    }

    fn block_comment(&mut self, depth: u32) -> Step {
        let rest = &self.buffer[self.at..];
        match rest {
            [b'*', b'/', ..] => {
                self.state = match depth {
                    1 => State::Plain,
                    depth => State::BlockComment { depth: depth - 1 },
                };
                self.advance(2);
            }
            [b'/', b'*', ..] => {
                self.state = State::BlockComment { depth: depth + 1 };
                self.advance(2);
            }
            [b'*' | b'/'] if !self.finished => return Step::More,
            [b'\n', ..] => {
                self.line += 1;
                self.advance(1);
            }
            _ => self.advance(1),
        }
        Step::On
    }

    fn before_data(&mut self) -> Result<Step, ScriptError> {
        match self.buffer[self.at] {
            b'\n' => {
                self.line += 1;
                self.at += 1;
                self.start = self.at;
                self.state = State::Data { in_line: false };
            }
            b' ' | b'\t' | b'\r' => self.at += 1,
            _ => return Err(ScriptError::AfterCopy { line: self.line }),
        }
        Ok(Step::On)
    }

    fn data(&mut self, mut in_line: bool) -> Step {
        let first_line = self.line;
        while self.at < self.buffer.len() {
            let rest = &self.buffer[self.at..];
            let end = rest.iter().position(|b| *b == b'\n');
            if !in_line && rest[0] == b'\\' {
                let line = &rest[..end.unwrap_or(rest.len())];
                if end.is_none() && !self.finished && line.len() < 4 {
                    break;
                }
                if matches!(line, b"\\." | b"\\.\r") {
                    if self.start < self.at {
                        // The data before it first; then we come here again.
                        break;
                    }
                    self.state = State::Plain;
                    let n = line.len();
                    self.advance(n);
                    return Step::Piece(Piece::DataEnd);
                }
            }
            in_line = end.is_none();
            self.at += end.map_or(rest.len(), |n| n + 1);
            self.line += u64::from(end.is_some());
            if self.at - self.start >= DATA_BYTES {
                break;
            }
        }
        self.state = State::Data { in_line };
        if self.start == self.at {
            return Step::More;
        }
        let bytes = self.buffer[self.start..self.at].to_vec();
        self.start = self.at;
        Step::Piece(Piece::Data {
            bytes,
            line: first_line,
        })
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

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

enum Tag {
    Is(Vec<u8>),
    IsNot,
    Unknown,
}

/// `$$` or `$tag$` at the beginning.
fn dollar_tag(rest: &[u8]) -> Tag {
    for (n, byte) in rest.iter().enumerate().skip(1) {
        match *byte {
            b'$' => return Tag::Is(rest[..=n].to_vec()),
            b'0'..=b'9' if n > 1 => {}
            b if is_word_start(b) => {}
            _ => return Tag::IsNot,
        }
    }
    Tag::Unknown
}

#[cfg(test)]
#[path = "script_tests.rs"]
mod tests;
