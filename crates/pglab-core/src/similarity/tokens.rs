//! A query as its words and signs, without what copies are disguised by: spaces, comments, capitals. No parser of SQL:
//! whatever was sent gives some tokens.

/// Longer answers are compared by their beginning.
const MOST: usize = 2000;

/// Words folded as PostgreSQL folds them, numbers, signs one by one; constants and quoted names as they are.
pub(super) fn tokens(sql: &str) -> Vec<String> {
    let text: Vec<char> = sql.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&first) = text.get(at)
        && tokens.len() < MOST
    {
        let begin = at;
        let next = text.get(at + 1).copied();
        match (first, next) {
            ('-', Some('-')) => {
                at = find(&text, at, |c| c == '\n');
                continue;
            }
            ('/', Some('*')) => {
                at = comment_end(&text, at);
                continue;
            }
            ('\'' | '"', _) => at = quoted_end(&text, at, first),
            ('$', _) => at = dollar_end(&text, at).unwrap_or(at + 1),
            (c, _) if is_word(c) => {
                at = find(&text, at, |c| !is_word(c) && c != '$');
                let word: String = text[begin..at].iter().collect();
                tokens.push(word.to_lowercase());
                continue;
            }
            (c, _) if c.is_whitespace() || c == ';' => {
                at += 1;
                continue;
            }
            _ => at += 1,
        }
        tokens.push(text[begin..at].iter().collect());
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn find(text: &[char], from: usize, wanted: impl Fn(char) -> bool) -> usize {
    let rest = &text[from..];
    from + rest.iter().position(|c| wanted(*c)).unwrap_or(rest.len())
}

/// Comments of SQL are nested.
fn comment_end(text: &[char], from: usize) -> usize {
    let (mut depth, mut at) = (0_usize, from);
    while at < text.len() {
        match (text[at], text.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

fn quoted_end(text: &[char], from: usize, quote: char) -> usize {
    let mut at = from + 1;
    while at < text.len() {
        if text[at] == quote {
            if text.get(at + 1) != Some(&quote) {
                return at + 1;
            }
            at += 1;
        }
        at += 1;
    }
    text.len()
}

/// `$tag$ … $tag$`. `None`: no such constant begins here.
fn dollar_end(text: &[char], from: usize) -> Option<usize> {
    let open = from + 1 + text[from + 1..].iter().position(|c| !is_word(*c))?;
    if text[open] != '$' {
        return None;
    }
    let tag = &text[from..=open];
    let inside = &text[open + 1..];
    let end = inside.windows(tag.len()).position(|window| window == tag);
    Some(end.map_or(text.len(), |end| open + 1 + end + tag.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn joined(sql: &str) -> String {
        tokens(sql).join(" ")
    }

    #[test]
    fn what_disguises_a_copy_is_taken_away() {
        let plain = joined("SELECT a, 'It''s' FROM t WHERE \"B\" >= 1.5;");
        assert_eq!(plain, "select a , 'It''s' from t where \"B\" > = 1 . 5");
        assert_eq!(
            joined("select  A,'It''s'--mine\nfrom /* my /* own */ work */ T\nwhere\t\"B\">=1.5"),
            plain
        );
        assert_eq!(joined("SELECT $x$ A -- $x$ , $1"), "select $x$ A -- $x$ , $ 1");
    }

    proptest! {
        #[test]
        fn anything_gives_some_tokens(text in r#"[a-c'"$/*\- \n;é]{0,60}"#) {
            let tokens = tokens(&text);
            prop_assert!(tokens.iter().all(|token| !token.is_empty()));
        }
    }
}
