//! The tokens of one SQL statement, as far as it takes to see what kind of statement it is. No parser: what a statement
//! means is PostgreSQL's to say.

use pglab_core::lexical;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A keyword or a name without quotes.
    Word(&'a str),
    /// A name in double quotes, with them.
    Name(&'a str),
    /// A string of any form, with its quotes.
    Text(&'a str),
    /// Everything from a parenthesis to its match.
    Group,
    /// Anything else, numbers included.
    Other(char),
}

impl Token<'_> {
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Token::Word(found) if found.eq_ignore_ascii_case(word))
    }

    pub(super) fn is_name(&self) -> bool {
        matches!(self, Token::Word(_) | Token::Name(_))
    }

    /// The name as the catalog would hold it.
    pub(super) fn folded(&self) -> String {
        match self {
            Token::Word(word) => word.to_lowercase(),
            Token::Name(name) => name
                .trim_start_matches('"')
                .strip_suffix('"')
                .unwrap_or(name)
                .replace("\"\"", "\""),
            Token::Text(text) => text.trim_matches('\'').to_owned(),
            Token::Group | Token::Other(_) => String::new(),
        }
    }
}

/// Comments and white space are passed over.
#[derive(Debug, Clone)]
pub(super) struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(statement: &'a str) -> Self {
        Self { rest: statement }
    }

    fn take(&mut self, n_bytes: usize) -> &'a str {
        let (token, rest) = self.rest.split_at(n_bytes.min(self.rest.len()));
        self.rest = rest;
        token
    }

    fn skip_blank(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            if self.rest.starts_with("--") {
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                self.take(end);
            } else if self.rest.starts_with("/*") {
                let end = lexical::comment(self.rest);
                self.take(end);
            } else {
                return;
            }
        }
    }

    fn plain(&mut self) -> Option<Token<'a>> {
        self.skip_blank();
        let first = self.rest.chars().next()?;
        Some(match first {
            '\'' => {
                let end = lexical::quoted(self.rest, b'\'', false);
                Token::Text(self.take(end))
            }
            '"' => {
                let end = lexical::quoted(self.rest, b'"', false);
                Token::Name(self.take(end))
            }
            '$' => match lexical::dollar_quoted(self.rest) {
                Some(end) => Token::Text(self.take(end)),
                None => {
                    self.take(1);
                    Token::Other('$')
                }
            },
            c if c.is_alphabetic() || c == '_' => {
                let end = self
                    .rest
                    .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
                    .unwrap_or(self.rest.len());
                if self.rest[end..].starts_with('\'') && self.rest[..end].eq_ignore_ascii_case("e") {
                    let text_end = end + lexical::quoted(&self.rest[end..], b'\'', true);
                    return Some(Token::Text(self.take(text_end)));
                }
                Token::Word(self.take(end))
            }
            c => {
                self.take(c.len_utf8());
                Token::Other(c)
            }
        })
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let token = self.plain()?;
        if token != Token::Other('(') {
            return Some(token);
        }
        let mut depth = 1_usize;
        while depth > 0 {
            match self.plain() {
                Some(Token::Other('(')) => depth += 1,
                Some(Token::Other(')')) => depth -= 1,
                Some(_) => {}
                None => break,
            }
        }
        Some(Token::Group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_people_write() {
        let tokens: Vec<_> = Tokens::new(
            "/* a /* b */ c */ COPY public.\"T;\"\"x\" (a, \"b)\", 'c)') -- d\nFROM E'it\\'s' $x$ ( $x$ 7;",
        )
        .collect();
        assert_eq!(
            tokens,
            [
                Token::Word("COPY"),
                Token::Word("public"),
                Token::Other('.'),
                Token::Name("\"T;\"\"x\""),
                Token::Group,
                Token::Word("FROM"),
                Token::Text("E'it\\'s'"),
                Token::Text("$x$ ( $x$"),
                Token::Other('7'),
                Token::Other(';'),
            ]
        );
    }

    #[test]
    fn names_are_folded() {
        let folded: Vec<_> = Tokens::new("Album \"Al\"\"bum\" 'x'")
            .map(|token| token.folded())
            .collect();
        assert_eq!(folded, ["album", "Al\"bum", "x"]);
    }
}
