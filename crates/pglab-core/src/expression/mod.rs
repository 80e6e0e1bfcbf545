//! Compares expressions as `pg_get_expr` prints them by what they say. It is no parser of SQL: it knows the shape that
//! PostgreSQL's own printer gives to expressions (every operator in parentheses of its own) and no more.
//!
//! Two expressions are the same here when they differ only in
//! * parentheses around one name, literal, call, `ARRAY[…]` or other parentheses, and around the whole;
//! * casts of literals to built-in types (`'a'::text`, `(0)::numeric`, `'-1'::integer`), and any cast to a text type
//!   without a length (`(title)::text`), which PostgreSQL adds where a column is `character varying`;
//! * the order of what `AND` or `OR` joins, the side on which a comparison has its operands (`0 < a`, `a > 0`), and
//!   the order and repetition of the values in `= ANY (ARRAY[…])` and `<> ALL (ARRAY[…])`, which is what `IN` becomes;
//! * zeros at the end of decimal fractions, the case of unquoted words, white space, `CURRENT_TIMESTAMP` for `now()`.
//!
//! Casts of columns to other types change values (`(price)::integer` rounds) and therefore count.

mod tokens;

use tokens::{Token, is_word, number, tokens};

/// Deeper or longer expressions are compared as they are printed: what a student wrote must not exhaust our stack.
const MAX_DEPTH: usize = 100;
const MAX_BYTES: usize = 16 * 1024;

/// Whether two expressions say the same, in the sense above.
pub fn same(a: &str, b: &str) -> bool {
    a == b || normal_form(a) == normal_form(b)
}

/// The form in which equal expressions are equal texts. For comparison only, not for people.
pub fn normal_form(expression: &str) -> String {
    if expression.len() > MAX_BYTES {
        return expression.to_owned();
    }
    let Some(tokens) = tokens(expression) else {
        return expression.to_owned();
    };
    let mut reader = Reader {
        tokens: &tokens,
        at: 0,
    };
    match reader.sequence(0) {
        Some(nodes) if reader.at == tokens.len() => {
            let mut text = String::with_capacity(expression.len());
            print_all(&bare(group(nodes)), &mut text);
            text
        }
        _ => expression.to_owned(),
    }
}

/// The name, where an expression is nothing but a column: `album_id`, `"Album Id"`.
pub fn column_name(expression: &str) -> Option<String> {
    match tokens(expression)?.as_slice() {
        [Token::Word(name)] | [Token::Quoted(name)] => Some(name.clone()),
        _ => None,
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
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

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    /// Up to the closing parenthesis, which is left to the caller. `None` when it is too deep or not understood.
    fn sequence(&mut self, depth: usize) -> Option<Vec<Node>> {
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
                    nodes.push(group(inner));
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
                if name == "any" || name == "all" {
                    for node in &mut arguments {
                        if let Node::Bracket(_, elements) = node {
                            elements.sort_by_key(|element| printed(element));
                            elements.dedup();
                        }
                    }
                }
                Some(Node::Call(name, arguments))
            }
            _ if name == "current_timestamp" => Some(Node::Call("now".to_owned(), Vec::new())),
            _ => Some(Node::Atom(name)),
        }
    }

    fn bracket(&mut self, depth: usize) -> Option<Vec<Vec<Node>>> {
        let inner = self.sequence(depth + 1)?;
        self.close(']')?;
        Some(
            inner
                .split(|node| *node == Node::Comma)
                .map(|element| bare(group(element.to_vec())))
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

/// Puts what stood in parentheses into its normal form.
fn group(mut nodes: Vec<Node>) -> Node {
    if nodes.len() == 1 {
        let Some(only) = nodes.pop() else {
            return Node::Group(nodes);
        };
        return match only {
            Node::Comma => Node::Group(vec![Node::Comma]),
            other => other,
        };
    }
    // `- 1` is the literal -1.
    if let [Node::Atom(minus), Node::Literal(number)] = nodes.as_slice()
        && minus == "-"
        && !number.contains('\'')
    {
        return Node::Literal(format!("-{number}"));
    }
    if let [left, Node::Atom(operator), right] = nodes.as_mut_slice() {
        let turned = match operator.as_str() {
            ">" => Some("<"),
            ">=" => Some("<="),
            "=" | "<>" if printed(std::slice::from_ref(left)) > printed(std::slice::from_ref(right)) => {
                Some(operator.as_str())
            }
            _ => None,
        };
        if let Some(turned) = turned {
            *operator = turned.to_owned();
            std::mem::swap(left, right);
        }
    }
    let is_case = nodes
        .iter()
        .any(|node| matches!(node, Node::Atom(word) if word == "case"));
    for word in ["and", "or"] {
        let joins = |node: &Node| matches!(node, Node::Atom(atom) if atom == word);
        let other = if word == "and" { "or" } else { "and" };
        let mixed = nodes
            .iter()
            .any(|node| matches!(node, Node::Atom(atom) if atom == other));
        if !is_case && !mixed && nodes.iter().any(joins) {
            let mut parts: Vec<_> = nodes
                .split(joins)
                .map(|part| bare(group(part.to_vec())))
                .collect();
            // Parts that are joined by the same word inside their own parentheses belong to this list.
            parts = parts
                .into_iter()
                .flat_map(|part| {
                    if part.iter().any(joins) {
                        part.split(joins)
                            .map(|inner| bare(group(inner.to_vec())))
                            .collect()
                    } else {
                        vec![part]
                    }
                })
                .collect();
            parts.sort_by_key(|part| printed(part));
            parts.dedup();
            if parts.len() == 1 {
                return parts.pop().map_or(Node::Group(Vec::new()), group);
            }
            let mut joined = Vec::new();
            for part in parts {
                if !joined.is_empty() {
                    joined.push(Node::Atom(word.to_owned()));
                }
                joined.push(if part.len() == 1 {
                    part.into_iter().next().unwrap_or(Node::Comma)
                } else {
                    Node::Group(part)
                });
            }
            return Node::Group(joined);
        }
    }
    Node::Group(nodes)
}

/// What is inside, without parentheses around it.
fn bare(node: Node) -> Vec<Node> {
    match node {
        Node::Group(nodes) => nodes,
        other => vec![other],
    }
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

fn printed(nodes: &[Node]) -> String {
    let mut text = String::new();
    print_all(nodes, &mut text);
    text
}

fn print_all(nodes: &[Node], text: &mut String) {
    for node in nodes {
        if !text.is_empty() && !text.ends_with(['(', '[', ' ']) {
            text.push(' ');
        }
        match node {
            Node::Atom(atom) | Node::Literal(atom) => text.push_str(atom),
            Node::Comma => text.push(','),
            Node::Group(inner) => {
                text.push('(');
                print_all(inner, text);
                text.push(')');
            }
            Node::Call(name, arguments) => {
                text.push_str(name);
                text.push('(');
                print_all(arguments, text);
                text.push(')');
            }
            Node::Bracket(name, elements) => {
                text.push_str(name);
                text.push('[');
                for element in elements {
                    print_all(element, text);
                    text.push(';');
                }
                text.push(']');
            }
            Node::Cast(operand, target) => {
                print_all(std::slice::from_ref(operand.as_ref()), text);
                text.push_str("::");
                text.push_str(target);
            }
        }
    }
}

#[cfg(test)]
mod tests;
