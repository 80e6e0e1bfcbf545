//! Where one statement ends and the next begins, as psql tells them apart. No parser: a text that is split wrongly is
//! refused by PostgreSQL, because each part is sent as a single statement.

use crate::lexical::{comment, dollar_quoted, is_word, quoted};

/// A part of a text, without the blanks and comments before it and without its semicolon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement<'a> {
    pub text: &'a str,
    /// In bytes from the beginning.
    pub start: usize,
}

/// Parts of nothing but blanks and comments are left out.
pub fn statements(source: &str) -> Vec<Statement<'_>> {
    let bytes = source.as_bytes();
    let mut found = Vec::new();
    // The first byte that is neither blank nor comment.
    let mut start: Option<usize> = None;
    let mut end = 0;
    let (mut depth, mut atomic) = (0_usize, Atomic::default());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = &source[at..];
        if rest.starts_with("--") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        if rest.starts_with("/*") {
            at += comment(rest);
            continue;
        }
        if byte.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        if byte == b';' && depth == 0 && atomic.depth == 0 {
            found.extend(start.take().map(|start| part(source, start, end)));
            atomic = Atomic::default();
            at += 1;
            continue;
        }
        start.get_or_insert(at);
        let length = match byte {
            b'\'' => quoted(rest, b'\'', false),
            b'"' => quoted(rest, b'"', false),
            b'$' => dollar_quoted(rest).unwrap_or(1),
            b'(' => {
                depth += 1;
                1
            }
            b')' => {
                depth = depth.saturating_sub(1);
                1
            }
            _ if is_word(byte) => {
                let length = rest
                    .bytes()
                    .position(|b| !(is_word(b) || b == b'$'))
                    .unwrap_or(rest.len());
                let word = &rest[..length];
                if word.eq_ignore_ascii_case("e") && rest[length..].starts_with('\'') {
                    length + quoted(&rest[length..], b'\'', true)
                } else {
                    if depth == 0 {
                        atomic.word(word);
                    }
                    length
                }
            }
            // Of a character of several bytes, the first says how many.
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        at += length;
        end = at;
    }
    found.extend(start.map(|start| part(source, start, end)));
    found
}

fn part(source: &str, start: usize, end: usize) -> Statement<'_> {
    Statement {
        text: &source[start..end.min(source.len())],
        start,
    }
}

/// The body of `CREATE FUNCTION … BEGIN ATOMIC … END` has semicolons of its own.
#[derive(Default)]
struct Atomic {
    n_words: usize,
    creates: bool,
    begun: bool,
    depth: usize,
}

impl Atomic {
    fn word(&mut self, word: &str) {
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        if self.n_words == 0 {
            self.creates = is("create");
        }
        self.n_words += 1;
        if !self.creates {
            return;
        }
        if self.depth > 0 {
            if is("case") {
                self.depth += 1;
            } else if is("end") {
                self.depth -= 1;
            }
        } else if self.begun && is("atomic") {
            self.depth = 1;
        }
        self.begun = is("begin");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(source: &str) -> Vec<&str> {
        statements(source).into_iter().map(|part| part.text).collect()
    }

    #[test]
    fn what_people_write() {
        assert_eq!(
            texts("SELECT 1; -- one;\n /* two; /* three; */ */ SELECT ';' , \"a;b\";;\n  SELECT 3"),
            ["SELECT 1", "SELECT ';' , \"a;b\"", "SELECT 3"]
        );
        assert_eq!(
            texts("DO $$ BEGIN; END $$; SELECT $1; SELECT $a$;$$;$a$;"),
            ["DO $$ BEGIN; END $$", "SELECT $1", "SELECT $a$;$$;$a$"]
        );
        assert_eq!(
            texts(r"SELECT E'it\'s;'; SELECT 'back\'; SELECT 2"),
            [r"SELECT E'it\'s;'", r"SELECT 'back\'", "SELECT 2"]
        );
        assert_eq!(
            texts("CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2); SELECT 3"),
            [
                "CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2)",
                "SELECT 3"
            ]
        );
        let atomic = "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN a > 0 THEN 1 END; SELECT 2; END";
        assert_eq!(texts(&format!("{atomic}; SELECT 1")), [atomic, "SELECT 1"]);
        assert_eq!(texts("BEGIN; COMMIT; END"), ["BEGIN", "COMMIT", "END"]);
        assert_eq!(texts("SELECT 'open; SELECT 2"), ["SELECT 'open; SELECT 2"]);
        assert_eq!(texts(" -- nothing\n ; /* here */ "), [""; 0]);
        assert_eq!(
            texts("SELECT 'größe;'; SELECT größe"),
            ["SELECT 'größe;'", "SELECT größe"]
        );
    }

    #[test]
    fn parts_know_where_they_stand() {
        let source = "-- é\nSELECT 1; /* x */ SELECT 2 -- end";
        let found = statements(source);
        assert_eq!(found[1].text, "SELECT 2");
        assert!(source[found[1].start..].starts_with("SELECT 2 -- end"));
    }

    proptest! {
        #[test]
        fn any_text_is_split_in_order(source in "[-;'\"$()e/*\\\\ a-cé\n]{0,60}") {
            let mut end = 0;
            for part in statements(&source) {
                prop_assert!(part.start >= end && !part.text.is_empty());
                end = part.start + part.text.len();
                prop_assert_eq!(&source[part.start..end], part.text);
            }
        }
    }
}
