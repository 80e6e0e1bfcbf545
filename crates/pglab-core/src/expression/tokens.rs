//! The words of an expression. Knows quoting and numbers, and nothing of what stands where.

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// Unquoted, in lower case.
    Word(String),
    /// Quoted, without its quotes.
    Quoted(String),
    /// As printed, with its quotes.
    Text(String),
    Number(String),
    Operator(String),
    Cast,
    Open(char),
    Close(char),
    Comma,
    Dot,
}

/// `None` where a quotation does not end.
pub(super) fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let n_bytes = match first {
            c if c.is_whitespace() => c.len_utf8(),
            '(' | '[' => {
                tokens.push(Token::Open(first));
                1
            }
            ')' | ']' => {
                tokens.push(Token::Close(first));
                1
            }
            ',' => {
                tokens.push(Token::Comma);
                1
            }
            '\'' => {
                let end = quoted_end(rest, '\'', false)?;
                tokens.push(Token::Text(rest[..end].to_owned()));
                end
            }
            'E' if rest[1..].starts_with('\'') => {
                let end = 1 + quoted_end(&rest[1..], '\'', true)?;
                tokens.push(Token::Text(rest[..end].to_owned()));
                end
            }
            '"' => {
                let end = quoted_end(rest, '"', false)?;
                tokens.push(Token::Quoted(rest[1..end - 1].replace("\"\"", "\"")));
                end
            }
            c if c.is_ascii_digit() => {
                let end = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '.'))
                    .unwrap_or(rest.len());
                tokens.push(Token::Number(number(&rest[..end])));
                end
            }
            '.' => {
                tokens.push(Token::Dot);
                1
            }
            c if is_word(c) => {
                let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..end].to_lowercase()));
                end
            }
            ':' if rest.starts_with("::") => {
                tokens.push(Token::Cast);
                2
            }
            _ => {
                let end = rest
                    .find(|c: char| is_word(c) || c.is_whitespace() || "()[],'\".".contains(c))
                    .unwrap_or(rest.len());
                let end = rest[..end].find("::").filter(|at| *at > 0).unwrap_or(end);
                tokens.push(Token::Operator(rest[..end].to_owned()));
                end
            }
        };
        rest = &rest[n_bytes..];
    }
    Some(tokens)
}

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// Where a quoted text ends, behind its closing quote; doubled quotes are part of it.
fn quoted_end(text: &str, quote: char, backslash: bool) -> Option<usize> {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if backslash && c == '\\' {
            chars.next();
        } else if c == quote {
            if chars.peek().is_some_and(|(_, next)| *next == quote) {
                chars.next();
            } else {
                return Some(at + 1);
            }
        }
    }
    None
}

/// `1.50` is 1.5, `1.0` is 1.
pub(super) fn number(text: &str) -> String {
    if text.contains('.') && !text.contains(['e', 'E']) {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.to_owned()
    }
}
