//! What the next bytes of a script mean, by where they stand: bare, in quotes, in comments, in data. Each step goes on by
//! at least one byte, or asks for more.

use super::{DATA_BYTES, MAX_COMMAND_BYTES, Piece, Script, ScriptError, State, Step};

impl Script {
    pub(super) fn plain(&mut self) -> Result<Step, ScriptError> {
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

    pub(super) fn quoted(&mut self, quote: u8, escapes: bool) -> Step {
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

    pub(super) fn dollar(&mut self) -> Step {
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

    pub(super) fn line_comment(&mut self) -> Step {
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

    pub(super) fn block_comment(&mut self, depth: u32) -> Step {
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

    pub(super) fn before_data(&mut self) -> Result<Step, ScriptError> {
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

    pub(super) fn data(&mut self, mut in_line: bool) -> Step {
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
