//! Rosters of every format, what is refused, and what a roster changes.

use proptest::prelude::*;

use super::*;

fn logins(roster: &Roster) -> Vec<(u64, &str)> {
    roster
        .lines
        .iter()
        .map(|line| (line.number, line.entry.login.as_str()))
        .collect()
}

fn problems(roster: &Roster) -> Vec<(u64, Severity, &str)> {
    roster
        .problems
        .iter()
        .map(|problem| (problem.line, problem.severity, problem.message.as_str()))
        .collect()
}

/// Every example file is read as what it is.
#[test]
fn example_files() {
    let read = |name: &str| {
        let path = format!("{}/../../examples/rosters/{name}", env!("CARGO_MANIFEST_DIR"));
        parse(&std::fs::read(path).unwrap())
    };
    for (name, format, n, n_warnings) in [
        ("plain.csv", Format::Plain, 3, 0),
        ("plain-tabs.tsv", Format::Plain, 3, 0),
        ("bom-crlf.csv", Format::Plain, 3, 0),
        ("logins.txt", Format::Logins, 3, 0),
        ("moodle.csv", Format::Moodle, 3, 1),
        ("canvas-gradebook.csv", Format::Canvas, 3, 0),
        ("canvas-sis.csv", Format::CanvasSis, 3, 0),
    ] {
        let roster = read(name);
        assert_eq!(
            (
                roster.format,
                roster.lines.len(),
                roster.problems.len(),
                roster.has_errors()
            ),
            (format, n, n_warnings, false),
            "{name}: {:?}",
            roster.problems
        );
    }
    insta::assert_json_snapshot!(read("canvas-gradebook.csv").lines[2].entry, @r#"
    {
      "login": "sannedw",
      "name": "Sanne de Wit",
      "email": null,
      "section": "DB 101 Evening",
      "seat": null,
      "external_id": "20261003"
    }
    "#);
    insta::assert_json_snapshot!(read("moodle.csv").lines[2].entry, @r#"
    {
      "login": "sannedw",
      "name": "Sanne de Wit",
      "email": "sanne@example.org",
      "section": "Group B",
      "seat": null,
      "external_id": "20261003"
    }
    "#);
    let bad = read("with-problems.csv");
    assert_eq!(logins(&bad), [(2, "marisol"), (6, "tunde")]);
    let lines: Vec<u64> = bad.problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [3, 4, 5]);
    assert!(
        bad.problems[0].message.contains("line 2"),
        "{:?}",
        bad.problems[0]
    );
}

#[test]
fn lines_are_counted_as_an_editor_does() {
    for end in ["\n", "\r\n"] {
        let text = [
            "login;name;section",
            "",
            "ada;\"Ada",
            "Lovelace\";A",
            "",
            "bob;Bob;B",
            "ada;again;C",
        ]
        .join(end);
        let roster = parse(text.as_bytes());
        assert_eq!(logins(&roster), [(3, "ada"), (6, "bob")], "{end:?}");
        assert_eq!(roster.lines[0].entry.name, "Ada Lovelace");
        assert_eq!(roster.problems[0].line, 7);
        assert!(roster.problems[0].message.contains("line 3"));
    }
}

#[test]
fn what_is_no_table_is_refused_with_the_reason() {
    let message = |bytes: &[u8]| {
        let roster = parse(bytes);
        assert!(roster.has_errors());
        let problem = roster.problems.last().unwrap();
        (problem.line, problem.message.clone())
    };
    assert_eq!(message(b"").1, "the roster has nobody in it");
    assert_eq!(message(b"login,name\n").1, "the roster has nobody in it");
    let (line, text) = message(b"login,name\nada,Ada\nrene,Ren\xe9\n");
    assert_eq!(line, 3);
    assert!(text.contains("not UTF-8 (byte 0xe9"), "{text}");
    assert!(message(b"\xff\xfel\0o\0g\0").1.contains("UTF-16"));
    assert!(
        message(b"name,section\nAda,A\n")
            .1
            .contains("no header that pglab knows")
    );
    assert!(message(b"login,uid\na,b\n").1.contains("twice"));
    let (line, text) = message(b"login,name\nada,Ada\nbob,\"Bob\ncy,Cy\n");
    assert_eq!(
        (line, text.as_str()),
        (3, "a quote that begins here is never closed")
    );
    let many: String = std::iter::once("login".to_owned())
        .chain((0..=MAX_LINES).map(|n| format!("u{n}")))
        .collect::<Vec<_>>()
        .join("\n");
    assert!(message(many.as_bytes()).1.contains("more than 10000 lines"));
    let huge = format!("login,name\nada,{}\n", "x".repeat(MAX_CELL_BYTES + 1));
    assert!(message(huge.as_bytes()).1.contains("bytes"));
}

#[test]
fn bare_logins_and_addresses() {
    let roster = parse(b"Ada\nbob@example.org\n\n  cy.x  \n");
    assert_eq!(roster.format, Format::Logins);
    assert_eq!(logins(&roster), [(1, "ada"), (2, "bob"), (4, "cy.x")]);
    assert_eq!(roster.lines[1].entry.email.as_deref(), Some("bob@example.org"));
    let clash = parse(b"bob@example.org\nBob@example.com\n@example.com\n");
    assert_eq!(logins(&clash), [(1, "bob")]);
    assert_eq!(clash.problems.iter().map(|p| p.line).collect::<Vec<_>>(), [2, 3]);
    assert!(
        parse(b"email,name\nada@example.org,Ada\n").lines[0]
            .entry
            .login
            .as_str()
            == "ada"
    );
}

#[test]
fn rows_that_are_no_student() {
    let canvas = "Student,ID,SIS User ID,SIS Login ID,Section,A (1)\n,,,,,Manual Posting\n\
                  \"    Points Possible\",,,,,10\n\"Lovelace, Ada\",1,s1,ada,A,\n\"Student, Test\",9,,f00,A,\n";
    let roster = parse(canvas.as_bytes());
    assert_eq!(logins(&roster), [(4, "ada")]);
    assert_eq!(
        problems(&roster),
        [(5, Severity::Warning, "Canvas' test student is left out")]
    );
    let sis = "user_id,login_id,first_name,last_name,email,status\n1,ada,Ada,L,a@x.org,active\n2,bob,Bob,B,,deleted\n";
    let roster = parse(sis.as_bytes());
    assert_eq!(logins(&roster), [(2, "ada")]);
    assert_eq!(
        problems(&roster),
        [(
            3,
            Severity::Warning,
            "left out, because the status is \"deleted\""
        )]
    );
    let plain = "login,name,shoe,password\nada,Ada,38,x\nbob,Bob,9,y,z\n";
    let roster = parse(plain.as_bytes());
    assert_eq!(
        problems(&roster),
        [
            (
                1,
                Severity::Warning,
                "the column \"password\" is ignored: pglab makes passwords itself"
            ),
            (1, Severity::Warning, "the column \"shoe\" is ignored"),
            (
                3,
                Severity::Error,
                "the line has 5 cells, the header has 4; quote cells that contain the separator"
            ),
        ]
    );
}

fn entry(login: &str, name: &str, section: Option<&str>) -> Entry {
    Entry {
        login: Login::parse(login).unwrap(),
        name: name.to_owned(),
        email: None,
        section: section.map(str::to_owned),
        seat: None,
        external_id: None,
    }
}

#[test]
fn diff_tells_new_changed_gone() {
    let current = [
        entry("ada", "Ada", Some("A")),
        entry("bob", "Bob", Some("A")),
        entry("cy", "Cy", None),
    ];
    let wanted = [
        entry("ada", "Ada", Some("B")),
        entry("cy", "cy", None),
        entry("dot", "Dot", None),
    ];
    let given = Given {
        name: true,
        section: true,
        ..Given::default()
    };
    insta::assert_json_snapshot!(diff(&current, &wanted, given), @r#"
    {
      "new": [
        {
          "login": "dot",
          "name": "Dot",
          "email": null,
          "section": null,
          "seat": null,
          "external_id": null
        }
      ],
      "changed": [
        {
          "login": "ada",
          "fields": {
            "section": [
              "A",
              "B"
            ]
          }
        }
      ],
      "gone": [
        {
          "login": "bob",
          "name": "Bob",
          "email": null,
          "section": "A",
          "seat": null,
          "external_id": null
        }
      ],
      "unchanged": 1
    }
    "#);
    // A list of logins says nothing of names and sections.
    let bare = diff(&current, &wanted[..2], Given::default());
    assert_eq!((bare.unchanged, bare.changed.len(), bare.gone.len()), (2, 0, 1));
}

/// Texts that a spreadsheet may hold: separators, quotes, line ends, letters of any language.
fn cell() -> impl Strategy<Value = String> {
    "[a-zA-Zåé漢 ,;\"'\\-\n\t]{0,12}"
}

proptest! {
    #[test]
    fn parsing_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn parsing_text_never_panics(text in "[a-z,;\t\"\r\n@ ]{0,200}") {
        let with_header = format!("login,name\n{text}");
        for text in [text, with_header] {
            let roster = parse(text.as_bytes());
            let ends = text.replace("\r\n", "\n").replace('\r', "\n");
            let n_lines = ends.split('\n').count() as u64;
            for line in &roster.lines {
                prop_assert!(line.number <= n_lines);
            }
        }
    }

    #[test]
    fn written_rosters_are_read_back(
        people in prop::collection::btree_map("[a-z][a-z0-9._ -]{0,18}[a-z0-9]", (cell(), cell(), cell()), 1..20),
        separator in prop::sample::select(b",;\t".to_vec()),
        crlf in any::<bool>(),
        bom in any::<bool>(),
    ) {
        let reserved = |login: &String| Login::parse(login).is_err();
        prop_assume!(!people.keys().any(reserved));
        let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new()
            .delimiter(separator)
            .terminator(terminator)
            .from_writer(if bom { b"\xef\xbb\xbf".to_vec() } else { Vec::new() });
        writer.write_record(["login", "name", "section", "seat"]).unwrap();
        for (login, (name, section, seat)) in &people {
            writer.write_record([login, name, section, seat]).unwrap();
        }
        let roster = parse(&writer.into_inner().unwrap());
        prop_assert!(roster.problems.is_empty(), "{:?}", roster.problems);
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let some = |text: &str| Some(flat(text)).filter(|text| !text.is_empty());
        for (line, (login, (name, section, seat))) in roster.lines.iter().zip(&people) {
            prop_assert_eq!(line.entry.login.as_str(), login);
            prop_assert_eq!(&line.entry.name, &some(name).unwrap_or_else(|| login.clone()));
            prop_assert_eq!(&line.entry.section, &some(section));
            prop_assert_eq!(&line.entry.seat, &some(seat));
        }
        prop_assert_eq!(roster.lines.len(), people.len());
        // Once applied, the same roster changes nothing.
        let entries: Vec<Entry> = roster.lines.iter().map(|line| line.entry.clone()).collect();
        prop_assert!(diff(&entries, &entries, roster.given).is_empty());
    }
}
