//! How long a comment or a quoted text of SQL is, by the rules of PostgreSQL's own scanner. What stands around it, and
//! what it means, is for who reads statements.

/// Of a comment that begins with `/*`; it may hold others. One that is never closed goes to the end.
pub fn comment(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                at += 2;
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    text.len()
}

/// Of a text or name that begins with `quote`, with both quotes; a doubled one is inside. `escapes` are those of `E'…'`.
/// One that is never closed goes to the end.
pub fn quoted(text: &str, quote: u8, escapes: bool) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if escapes && byte == b'\\' {
            at += 1;
        } else if byte == quote {
            if bytes.get(at) != Some(&quote) {
                return at;
            }
            at += 1;
        }
    }
    text.len()
}

/// Of a text between `$tag$`s, which begins with one; `None` where the dollar begins none. One that is never closed goes
/// to the end.
pub fn dollar_quoted(text: &str) -> Option<usize> {
    let tag = &text[..text[1..].find('$')? + 2];
    let name = &tag[1..tag.len() - 1];
    if !name.bytes().all(is_word) || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let rest = &text[tag.len()..];
    Some(rest.find(tag).map_or(text.len(), |at| tag.len() + at + tag.len()))
}

/// In a name without quotes, beside `$`. A byte that is not ASCII is a part of a letter.
pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ends_where_postgresql_ends_it() {
        assert_eq!(comment("/* a /* b */ c */ d"), 17);
        assert_eq!(comment("/* open"), 7);
        assert_eq!(quoted("'it''s' x", b'\'', false), 7);
        assert_eq!(quoted(r"'back\' x", b'\'', false), 7);
        assert_eq!(quoted(r"'it\'s' x", b'\'', true), 7);
        assert_eq!(quoted("'größe\\ö'x", b'\'', true), "'größe\\ö'".len());
        assert_eq!(quoted(r"'open\", b'\'', true), 6);
        assert_eq!(quoted("\"a;\"\"b\" c", b'"', false), 7);
        assert_eq!(dollar_quoted("$$ ; $$ x"), Some(7));
        assert_eq!(dollar_quoted("$a$;$$;$a$ x"), Some(10));
        assert_eq!(dollar_quoted("$ö$ x $ö$"), Some("$ö$ x $ö$".len()));
        assert_eq!(
            (dollar_quoted("$1 + $2"), dollar_quoted("$"), dollar_quoted("$1$")),
            (None, None, None)
        );
    }
}
