//! Scripts cut into statements: quotes, comments, COPY blocks, psql's own lines.

use proptest::prelude::*;

use super::*;

/// Splits a script that arrives in pieces of `n` bytes.
fn split_by(script: &[u8], n: usize) -> Result<Vec<Piece>, ScriptError> {
    let mut splitter = Script::default();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut chunks = script.chunks(n.max(1));
    loop {
        while let Some(piece) = splitter.next()? {
            match (pieces.last_mut(), piece) {
                (Some(Piece::Data { bytes, .. }), Piece::Data { bytes: more, .. }) => bytes.extend(more),
                (_, piece) => pieces.push(piece),
            }
        }
        match chunks.next() {
            Some(chunk) => splitter.push(chunk),
            None if splitter.finished => return Ok(pieces),
            None => splitter.finish(),
        }
    }
}

fn split(script: &str) -> Result<Vec<Piece>, ScriptError> {
    let whole = split_by(script.as_bytes(), usize::MAX);
    for n in [1, 2, 3, 7] {
        assert_eq!(split_by(script.as_bytes(), n), whole, "in pieces of {n}");
    }
    whole
}

fn statements(script: &str) -> Vec<(String, u64)> {
    split(script)
        .unwrap()
        .into_iter()
        .map(|piece| match piece {
            Piece::Statement { text, line } => (text, line),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn semicolons_end_statements_where_they_are_bare() {
    let said = |text: &str, line| (text.to_owned(), line);
    assert_eq!(
        statements(
            "-- first; comment\n/* ; /* nested ; */ ; */\n SELECT ';', \";\", E'\\';', $$ ; $$, $a$ $$ ; $b$ $a$, a$b$c;\n\
             ;;\nCREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);\nSELECT 1 -- no; end\n  /* ; */"
        ),
        [
            said("SELECT ';', \";\", E'\\';', $$ ; $$, $a$ $$ ; $b$ $a$, a$b$c", 3),
            said("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)", 5),
            said("SELECT 1 -- no; end\n  /* ; */", 6),
        ]
    );
}

#[test]
fn bodies_of_routines_in_sql_are_whole() {
    let script = "CREATE OR REPLACE FUNCTION f(a int) RETURNS int BEGIN ATOMIC SELECT CASE WHEN a > 0 THEN 1 END; SELECT 2; END;\n\
        BEGIN; SELECT 1; END;\nCREATE PROCEDURE p() BEGIN ATOMIC INSERT INTO t VALUES (1); END; CREATE TABLE t (n int);";
    let lines: Vec<_> = statements(script).into_iter().map(|(_, line)| line).collect();
    assert_eq!(lines, [1, 2, 2, 2, 3, 3]);
}

#[test]
fn strings_of_the_last_century() {
    let script = "SET standard_conforming_strings = off; SELECT 'it\\'s; so'; SET standard_conforming_strings = on; SELECT '\\'; SELECT 2;";
    assert_eq!(statements(script).len(), 5);
}

#[test]
fn data_is_taken_line_by_line() {
    let pieces = split("COPY t FROM stdin;\n1\ta;b\n\\N\t\\.x\n\\\\.\n\\.\nSELECT 1;\nCOPY u (a) FROM STDIN WITH CSV; \r\n\\.\r\n\\.\n").unwrap();
    let statement = |text: &str, line| Piece::Statement {
        text: text.to_owned(),
        line,
    };
    assert_eq!(
        pieces,
        [
            statement("COPY t FROM stdin", 1),
            Piece::Data {
                bytes: b"1\ta;b\n\\N\t\\.x\n\\\\.\n".to_vec(),
                line: 2,
            },
            Piece::DataEnd,
            statement("SELECT 1", 6),
            statement("COPY u (a) FROM STDIN WITH CSV", 7),
            Piece::DataEnd,
            Piece::Command {
                text: "\\.".to_owned(),
                line: 9,
                inside: false,
            },
        ]
    );
}

#[test]
fn commands_are_lines() {
    let pieces = split("\\c chinook;\n  \\restrict abc\r\nSELECT 1 \\gexec\n").unwrap();
    let said: Vec<_> = pieces
        .into_iter()
        .map(|piece| match piece {
            Piece::Command { text, line, inside } => (text, line, inside),
            other => panic!("{other:?}"),
        })
        .take(3)
        .collect::<Vec<_>>();
    assert_eq!(
        said,
        [
            ("\\c chinook;".to_owned(), 1, false),
            ("\\restrict abc".to_owned(), 2, false),
            ("\\gexec".to_owned(), 3, true),
        ]
    );
}

#[test]
fn what_never_ends_is_said_with_its_line() {
    let line = |script: &str| split(script).unwrap_err().line();
    assert_eq!(line("SELECT 1;\nSELECT 'abc;\nSELECT 2;\n"), 2);
    assert_eq!(line("SELECT 1;\nSELECT \"abc;\n"), 2);
    assert_eq!(line("\n\nDO $body$ BEGIN END $$;\n"), 3);
    assert_eq!(line("SELECT 1;\n/* open /* */\n"), 2);
    assert_eq!(line("COPY t FROM stdin;\n1\n2\n"), 1);
    assert_eq!(line("COPY t FROM stdin; SELECT 1;\n"), 1);
    assert_eq!(line("SELECT 1,\n'a\0b';\n"), 2);
    assert_eq!(
        split_by(b"SELECT 1,\n 'a\xff';", 100).unwrap_err(),
        ScriptError::NotUtf8 { line: 2 }
    );
    let mut endless = Script::new(1000);
    endless.push(b"SELECT 1;\nSELECT ");
    endless.push(&[b'1'; 2000]);
    endless.push(b" ,");
    assert!(matches!(endless.next(), Ok(Some(_))));
    assert_eq!(endless.next(), Err(ScriptError::TooLong { line: 2 }));
}

/// Something that a semicolon may stand in.
fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z_][a-zA-Z0-9_$]{0,8}",
        "[0-9]{1,4}",
        "'([^'\\\\\u{0}]|''|\\\\)*'",
        "[eE]'([^'\\\\\u{0}]|''|\\\\[^\u{0}])*'",
        "\"([^\"\u{0}]|\"\")+\"",
        "[a-z]{0,3}"
            .prop_flat_map(|tag| { "[^$\u{0}]*".prop_map(move |body| format!("${tag}${body}${tag}$")) }),
        "--[^\n\u{0}]*\n",
        "[^*/\u{0}]{0,9}".prop_map(|text| format!("/*{text}/*;*/ ' \" $$ */")),
        "\\([^'\"$();/\\\\\u{0}-]{0,9};\\)",
        Just("::".to_owned()),
        Just("- 1".to_owned()),
        Just("\n".to_owned()),
    ]
}

/// A statement that begins with something other than white space and comments, and no COPY.
fn statement() -> impl Strategy<Value = String> {
    prop::collection::vec(part(), 0..8).prop_map(|parts| format!("SELECT {} x", parts.join(" ")))
}

proptest! {
    #[test]
    fn what_was_joined_is_split_again(all in prop::collection::vec(statement(), 0..8), n in 1_usize..40) {
        let script = all.join(" ;\n");
        let found: Vec<String> = split_by(script.as_bytes(), n).unwrap().into_iter().map(|piece| match piece {
            Piece::Statement { text, .. } => text,
            other => panic!("{other:?}"),
        }).collect();
        prop_assert_eq!(found, all);
    }

    #[test]
    fn nothing_makes_it_panic_and_pieces_do_not_depend_on_chunks(script in ".{0,200}", n in 1_usize..20) {
        let whole = split_by(script.as_bytes(), usize::MAX);
        prop_assert_eq!(split_by(script.as_bytes(), n), whole);
    }

    #[test]
    fn neither_do_quotes_and_comments(script in "['\"$/*\\\\;eE a\n.-]{0,60}", n in 1_usize..7) {
        let whole = split_by(script.as_bytes(), usize::MAX);
        prop_assert_eq!(split_by(script.as_bytes(), n), whole);
    }

    #[test]
    fn data_comes_out_as_it_went_in(lines in prop::collection::vec("[^\n\u{0}\\\\]{0,20}", 0..9), n in 1_usize..30) {
        let data: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let script = format!("COPY t FROM stdin;\n{data}\\.\nSELECT 1;");
        let mut bytes = Vec::new();
        for piece in split_by(script.as_bytes(), n).unwrap() {
            if let Piece::Data { bytes: more, .. } = piece {
                bytes.extend(more);
            }
        }
        prop_assert_eq!(bytes, data.into_bytes());
    }
}
