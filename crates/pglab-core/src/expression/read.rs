//! Reads the shape of an expression: names, literals, calls, casts and what stands in parentheses. Casts that say
//! nothing are left out at once.

use super::{
    MAX_DEPTH,
    form::{bare, group, printed},
    tokens::{Token, is_word, number},
};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// A name, a literal, a keyword or an operator, as it is to be printed.
    Atom(String),
    Literal(String),
    /// What stands in parentheses, when they are needed.
    Group(Vec<Self>),
    /// A function, or a keyword with parentheses such as `ANY`.
    Call(String, Vec<Self>),
    /// `ARRAY[…]`, one list per element; also a subscript, where the first part is empty.
    Bracket(String, Vec<Vec<Self>>),
    /// A cast that counts.
    Cast(Box<Self>, String),
    Comma,
}

pub(super) struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    sorts: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(tokens: &'a [Token], sorts: bool) -> Self {
        Self { tokens, at: 0, sorts }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.tokens.len()
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    /// Up to the closing parenthesis, which is left to the caller. `None` when it is too deep or not understood.
    pub(super) fn sequence(&mut self, depth: usize) -> Option<Vec<Node>> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut nodes = Vec::new();
        while let Some(token) = self.peek() {
            let token = token.clone();
            if matches!(token, Token::Close(_)) {
                break;
            }
            self.at += 1;
            match token {
                Token::Word(word) => {
                    let name = self.qualified(word);
                    let node = self.named(name, depth)?;
                    nodes.push(node);
                }
                Token::Quoted(name) => {
                    let name = self.qualified(shown(&name));
                    let node = self.named(name, depth)?;
                    nodes.push(node);
                }
                Token::Text(text) | Token::Number(text) => nodes.push(Node::Literal(text)),
                Token::Operator(operator) => nodes.push(Node::Atom(operator)),
                Token::Comma => nodes.push(Node::Comma),
                Token::Dot => nodes.push(Node::Atom(".".to_owned())),
                Token::Open('[') => {
                    let elements = self.bracket(depth)?;
                    nodes.push(Node::Bracket(String::new(), elements));
                }
                Token::Open(_) => {
                    let inner = self.sequence(depth + 1)?;
                    self.close(')')?;
                    nodes.push(group(inner, self.sorts));
                }
                Token::Cast => {
                    let target = self.type_name()?;
                    let operand = nodes.pop()?;
                    nodes.push(cast(operand, target));
                }
                Token::Close(_) => return None,
            }
        }
        Some(nodes)
    }

    fn close(&mut self, bracket: char) -> Option<()> {
        (self.peek() == Some(&Token::Close(bracket))).then(|| self.at += 1)
    }

    /// `schema.name`, from its first part on.
    fn qualified(&mut self, first: String) -> String {
        let mut name = first;
        while self.peek() == Some(&Token::Dot) {
            let part = match self.tokens.get(self.at + 1) {
                Some(Token::Word(part)) => part.clone(),
                Some(Token::Quoted(part)) => shown(part),
                _ => break,
            };
            name.push('.');
            name.push_str(&part);
            self.at += 2;
        }
        name
    }

    fn named(&mut self, name: String, depth: usize) -> Option<Node> {
        match self.peek() {
            Some(Token::Open('[')) if name == "array" => {
                self.at += 1;
                Some(Node::Bracket(name, self.bracket(depth)?))
            }
            Some(Token::Open('(')) if !is_keyword_before_operand(&name) => {
                self.at += 1;
                let mut arguments = self.sequence(depth + 1)?;
                self.close(')')?;
                if let [one] = arguments.as_mut_slice() {
                    let inner = std::mem::replace(one, Node::Comma);
                    arguments = bare(inner);
                }
                if self.sorts && (name == "any" || name == "all") {
                    for node in &mut arguments {
                        if let Node::Bracket(_, elements) = node {
                            elements.sort_by_key(|element| printed(element));
                            elements.dedup();
                        }
                    }
                }
                Some(Node::Call(name, arguments))
            }
            _ if self.sorts && name == "current_timestamp" => Some(Node::Call("now".to_owned(), Vec::new())),
            _ => Some(Node::Atom(name)),
        }
    }

    fn bracket(&mut self, depth: usize) -> Option<Vec<Vec<Node>>> {
        let inner = self.sequence(depth + 1)?;
        self.close(']')?;
        Some(
            inner
                .split(|node| *node == Node::Comma)
                .map(|element| bare(group(element.to_vec(), self.sorts)))
                .collect(),
        )
    }

    /// `character varying(160)`, `timestamp with time zone`, `public.mood[]`.
    fn type_name(&mut self) -> Option<String> {
        let first = match self.peek()? {
            Token::Word(word) => word.clone(),
            Token::Quoted(name) => shown(name),
            _ => return None,
        };
        self.at += 1;
        let mut name = self.qualified(first);
        if name == "character" || name == "bit" {
            self.words(&mut name, &["varying"]);
        }
        if name == "double" {
            self.words(&mut name, &["precision"]);
        }
        if self.peek() == Some(&Token::Open('(')) {
            let end = self.at
                + self.tokens[self.at..]
                    .iter()
                    .position(|t| *t == Token::Close(')'))?;
            name.push('(');
            for token in &self.tokens[self.at + 1..end] {
                match token {
                    Token::Number(number) => name.push_str(number),
                    Token::Comma => name.push(','),
                    _ => return None,
                }
            }
            name.push(')');
            self.at = end + 1;
        }
        if name.starts_with("time") {
            self.words(&mut name, &["with", "time", "zone"]);
            self.words(&mut name, &["without", "time", "zone"]);
        }
        while self.tokens[self.at..].starts_with(&[Token::Open('['), Token::Close(']')]) {
            name.push_str("[]");
            self.at += 2;
        }
        Some(name)
    }

    fn words(&mut self, name: &mut String, words: &[&str]) {
        let follow = words.iter().enumerate().all(
            |(n, word)| matches!(self.tokens.get(self.at + n), Some(Token::Word(found)) if found == word),
        );
        if follow {
            for word in words {
                name.push(' ');
                name.push_str(word);
            }
            self.at += words.len();
        }
    }
}

/// A quoted name without its quotes where it needs none, as PostgreSQL prints some names either way.
fn shown(name: &str) -> String {
    if name.chars().all(|c| is_word(c) && !c.is_uppercase())
        && !name.starts_with(|c: char| c.is_ascii_digit())
    {
        name.to_owned()
    } else {
        crate::ident::quote_ident(name)
    }
}

fn is_keyword_before_operand(word: &str) -> bool {
    matches!(
        word,
        "and"
            | "or"
            | "not"
            | "is"
            | "when"
            | "then"
            | "else"
            | "case"
            | "like"
            | "from"
            | "distinct"
            | "in"
            | "with"
            | "where"
    )
}

fn cast(operand: Node, target: String) -> Node {
    let element = target.trim_end_matches("[]");
    if matches!(element, "text" | "character varying" | "bpchar") {
        return operand;
    }
    match operand {
        Node::Literal(literal) if !target.contains('.') => {
            let inner = literal.trim_matches('\'');
            let is_number = matches!(
                element.split('(').next(),
                Some("smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision")
            ) && inner
                .strip_prefix('-')
                .unwrap_or(inner)
                .chars()
                .all(|c| c.is_ascii_digit() || c == '.')
                && !inner.is_empty();
            Node::Literal(if is_number && element == target {
                number(inner)
            } else {
                literal
            })
        }
        operand => Node::Cast(Box::new(operand), target),
    }
}
