//! Which columns a query orders its rows by, read from its text. No parser of SQL: a look at the last ORDER BY that
//! is in no parentheses. What is not a plain column is told as such, and the author must declare the columns instead.

/// What the end of a query says about the order of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderBy {
    None,
    /// Columns of the result, by name (as PostgreSQL folds it) or by number.
    Columns(Vec<Key>),
    /// This key is an expression, so that the result alone does not tell whether rows are in order.
    Expression(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    Name(String),
    /// From 1.
    Number(usize),
}

impl Key {
    /// As an author declares it: a number, or a name as in the result.
    pub fn declared(text: &str) -> Self {
        match text.trim().parse() {
            Ok(number) => Self::Number(number),
            Err(_) => Self::Name(text.trim().to_owned()),
        }
    }
}

/// One piece of the query outside of comments.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    /// A word or number, folded.
    Word(String),
    /// In double quotes, without them.
    Quoted(String),
    /// A string constant.
    Constant,
    Sign(char),
}

pub fn order_by(sql: &str) -> OrderBy {
    let pieces = outermost(&pieces(sql));
    let word =
        |piece: Option<&Piece>, wanted: &str| matches!(piece, Some(Piece::Word(word)) if word == wanted);
    let Some(at) = (0..pieces.len())
        .rev()
        .find(|&at| word(pieces.get(at), "order") && word(pieces.get(at + 1), "by"))
    else {
        return OrderBy::None;
    };
    let rest = &pieces[at + 2..];
    let end = rest
        .iter()
        .position(|piece| {
            matches!(piece, Piece::Word(word) if matches!(word.as_str(), "limit" | "offset" | "fetch" | "for"))
                || *piece == Piece::Sign(';')
        })
        .unwrap_or(rest.len());
    let mut keys = Vec::new();
    for key in rest[..end].split(|piece| *piece == Piece::Sign(',')) {
        match column(key) {
            Some(column) => keys.push(column),
            None => return OrderBy::Expression(shown(key)),
        }
    }
    OrderBy::Columns(keys)
}

/// `a`, `t.a`, `"A"` or `2`, with ASC, DESC and NULLS FIRST or LAST.
fn column(key: &[Piece]) -> Option<Key> {
    let mut key = key;
    if let [rest @ .., Piece::Word(nulls), Piece::Word(place)] = key
        && nulls == "nulls"
        && (place == "first" || place == "last")
    {
        key = rest;
    }
    if let [rest @ .., Piece::Word(way)] = key
        && (way == "asc" || way == "desc")
        && !rest.is_empty()
    {
        key = rest;
    }
    let name = match key {
        [name] | [_, Piece::Sign('.'), name] | [_, Piece::Sign('.'), _, Piece::Sign('.'), name] => name,
        _ => return None,
    };
    match name {
        Piece::Quoted(name) => Some(Key::Name(name.clone())),
        Piece::Word(word) if word.starts_with(|c: char| c.is_ascii_digit()) => {
            word.parse().ok().map(Key::Number)
        }
        Piece::Word(word) => Some(Key::Name(word.clone())),
        Piece::Constant | Piece::Sign(_) => None,
    }
}

fn shown(key: &[Piece]) -> String {
    let mut text = String::new();
    for piece in key {
        match piece {
            Piece::Word(word) => {
                if text.ends_with(|c: char| c.is_alphanumeric()) {
                    text.push(' ');
                }
                text.push_str(word);
            }
            Piece::Quoted(name) => text.push_str(&crate::ident::quote_ident(name)),
            Piece::Constant => text.push_str("'…'"),
            Piece::Sign(sign) => text.push(*sign),
        }
    }
    text
}

/// What is in no parentheses; a pair of them leaves one sign behind.
fn outermost(pieces: &[Piece]) -> Vec<Piece> {
    let mut depth = 0usize;
    let mut outer = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Sign('(' | '[') => {
                if depth == 0 {
                    outer.push(Piece::Sign('('));
                }
                depth += 1;
            }
            Piece::Sign(')' | ']') => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            Piece::Word(word) => outer.push(Piece::Word(word.clone())),
            Piece::Quoted(name) => outer.push(Piece::Quoted(name.clone())),
            Piece::Constant => outer.push(Piece::Constant),
            Piece::Sign(sign) => outer.push(Piece::Sign(*sign)),
        }
    }
    outer
}

fn pieces(sql: &str) -> Vec<Piece> {
    let chars: Vec<char> = sql.chars().collect();
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        match c {
            '-' if next == Some('-') => at = until(&chars, at, |rest| rest.first() == Some(&'\n')),
            '/' if next == Some('*') => at = comment_end(&chars, at),
            '\'' => {
                let escapes = matches!(pieces.last(), Some(Piece::Word(word)) if word == "e")
                    && at > 0
                    && chars[at - 1].eq_ignore_ascii_case(&'e');
                at = quoted_end(&chars, at, '\'', escapes).0;
                pieces.push(Piece::Constant);
            }
            '"' => {
                let (end, name) = quoted_end(&chars, at, '"', false);
                at = end;
                pieces.push(Piece::Quoted(name));
            }
            '$' => match dollar_end(&chars, at) {
                Some(end) => {
                    at = end;
                    pieces.push(Piece::Constant);
                }
                None => {
                    at += 1;
                    pieces.push(Piece::Sign('$'));
                }
            },
            c if c.is_alphanumeric() || c == '_' || !c.is_ascii() => {
                let end = until(&chars, at, |rest| {
                    rest.first()
                        .is_some_and(|c| c.is_ascii() && !c.is_alphanumeric() && *c != '_' && *c != '$')
                });
                pieces.push(Piece::Word(
                    chars[at..end].iter().collect::<String>().to_lowercase(),
                ));
                at = end;
            }
            c if c.is_whitespace() => at += 1,
            c => {
                pieces.push(Piece::Sign(c));
                at += 1;
            }
        }
    }
    pieces
}

fn until(chars: &[char], from: usize, stop: impl Fn(&[char]) -> bool) -> usize {
    (from..chars.len())
        .find(|&at| stop(&chars[at..]))
        .unwrap_or(chars.len())
}

/// Comments nest in PostgreSQL.
fn comment_end(chars: &[char], from: usize) -> usize {
    let mut depth = 0usize;
    let mut at = from;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => {
                depth += 1;
                at += 2;
            }
            ('*', Some('/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    at
}

fn quoted_end(chars: &[char], from: usize, quote: char, escapes: bool) -> (usize, String) {
    let mut at = from + 1;
    let mut text = String::new();
    while let Some(&c) = chars.get(at) {
        if escapes && c == '\\' {
            at += 2;
        } else if c == quote && chars.get(at + 1) == Some(&quote) {
            text.push(quote);
            at += 2;
        } else if c == quote {
            return (at + 1, text);
        } else {
            text.push(c);
            at += 1;
        }
    }
    (chars.len(), text)
}

/// The end of `$tag$ … $tag$`.
fn dollar_end(chars: &[char], from: usize) -> Option<usize> {
    let tag_end = (from + 1..chars.len())
        .find(|&at| !(chars[at].is_alphanumeric() || chars[at] == '_'))
        .filter(|&at| chars[at] == '$')?;
    let tag = &chars[from..=tag_end];
    let end = until(chars, tag_end + 1, |rest| rest.starts_with(tag));
    Some((end + tag.len()).min(chars.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(sql: &str) -> String {
        match order_by(sql) {
            OrderBy::None => "none".to_owned(),
            OrderBy::Expression(text) => format!("expression {text}"),
            OrderBy::Columns(keys) => keys
                .iter()
                .map(|key| match key {
                    Key::Name(name) => name.clone(),
                    Key::Number(n) => format!("#{n}"),
                })
                .collect::<Vec<_>>()
                .join(" "),
        }
    }

    #[test]
    fn reads_the_outermost_order() {
        for (sql, found) in [
            ("SELECT 1", "none"),
            ("select a from t ORDER BY a", "a"),
            (
                "select a from t order by A desc nulls last, t.b, 3 LIMIT 5;",
                "a b #3",
            ),
            ("select a from (select a from t order by b) x", "none"),
            ("select row_number() over (order by a) from t", "none"),
            ("select a from t order by lower(a)", "expression lower("),
            ("select a from t order by -a", "expression -a"),
            ("select a from t order by a || 'x'", "expression a||'…'"),
            ("select a from t where b = ' order by c'", "none"),
            ("select a from t -- order by c\n", "none"),
            (
                "select a /* order by /* x */ c */ from t order by \"Big Name\" ASC",
                "Big Name",
            ),
            ("select $$ order by c $$ , $a$ order $$ by $a$ from t", "none"),
            ("select E'\\' order by c' from t", "none"),
            ("select a from t order by a union", "expression a union"),
            ("select a from t order by x.y.a fetch first row only", "a"),
            ("select 'unfinished order by a", "none"),
            ("select order_by from t", "none"),
            ("select a from t order by", "expression "),
        ] {
            assert_eq!(keys(sql), found, "{sql}");
        }
    }
}
