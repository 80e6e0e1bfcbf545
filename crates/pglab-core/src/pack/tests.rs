//! Packs from files as values: what is wrong is told, what is right comes back.

use serde_json::json;

use super::*;

fn files(entries: &[(&str, &str)]) -> Files {
    entries
        .iter()
        .map(|(path, text)| (PackPath::parse(path).unwrap(), text.as_bytes().to_vec()))
        .collect()
}

fn manifest(more: &serde_json::Value) -> String {
    let mut value = json!({"id": "p", "name": "P", "version": "1.2.0", "challenges": ["a.json"]});
    for (key, more) in more.as_object().unwrap() {
        value[key] = more.clone();
    }
    value.to_string()
}

const CHALLENGE: &str = r#"{"metadata": {"id": "a", "name": "A", "version": "1", "challenge_type": "sql-lab", "pack_id": "p"},
  "components": [{"type": "database", "id": "db", "config": {"start": {"dump": "shared_resources/s.sql"}}},
    {"type": "question", "id": "q", "config": {"type": "text", "text": "t", "answer": "a"}}]}"#;

fn said(files: Files) -> String {
    let problems = assemble(files).unwrap_err();
    problems
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn a_pack_comes_back_as_it_was() {
    for top in ["", "some-folder/"] {
        for place in ["a.json", "challenges/a.json"] {
            let name = |path: &str| format!("{top}{path}");
            let (pack, start, noise) = (name("pack.json"), name("shared_resources/s.sql"), name(".git/x"));
            let one = files(&[
                (
                    pack.as_str(),
                    &manifest(&json!({"metadata": {"x": [1]}, "dependencies": {"other": ">=1.0 <2.0"}})),
                ),
                (name(place).as_str(), CHALLENGE),
                (start.as_str(), "SELECT 1;"),
                (noise.as_str(), "x"),
                ("__MACOSX/._a", "x"),
            ]);
            let pack = assemble(one).unwrap();
            assert_eq!(pack.warnings, []);
            assert_eq!(pack.n_tasks(), 1);
            assert_eq!(pack.file("shared_resources/s.sql"), Some(&b"SELECT 1;"[..]));
            let written = pack.to_files();
            let again = assemble(written.clone()).unwrap();
            assert_eq!(again, pack);
            assert_eq!(again.to_files(), written);
            assert!(diff(&pack, &again).is_empty());
        }
    }
}

#[test]
fn wrong_packs_say_where() {
    let start = ("shared_resources/s.sql", "");
    insta::assert_snapshot!(
        [
            said(files(&[])),
            said(files(&[("a/b/pack.json", "{}")])),
            said(files(&[("a/pack.json", "{}"), ("b/x", "")])),
            said(files(&[("pack.json", "{}")])),
            said(files(&[("pack.json", &manifest(&json!({"id": "A b", "version": "1", "challenges": ["../x", "b", "b"], "dependencies": {"x": "one"}, "colour": 1})))])),
            said(files(&[("pack.json", &manifest(&json!({"shared_resources": ["nothing.sql"]}))), ("a.json", CHALLENGE)])),
            said(files(&[("pack.json", &manifest(&json!({"challenges": ["a.json", "b.json"]}))), ("a.json", CHALLENGE), ("b.json", CHALLENGE), start])),
            said(files(&[("pack.json", &manifest(&json!({}))), ("a.json", "{\"components\": []}"), ("inner.ZIP", ""), start])),
        ]
        .join("\n---\n"),
        @r#"
        there is no pack.json at the root, nor in the one folder that holds everything
        ---
        there is no pack.json at the root, nor in the one folder that holds everything
        ---
        there is no pack.json at the root, nor in the one folder that holds everything
        ---
        pack.json: id: is missing
        pack.json: name: is missing
        pack.json: version: is missing
        pack.json: challenges: is missing
        ---
        pack.json: colour: is no key of a pack.json; what is yours goes into metadata
        pack.json: id: must be 1 to 100 of a-z, 0-9, "-" and "_"
        pack.json: version: must be a version like 1.0.2: unexpected end of input while parsing major version number
        pack.json: challenges[0]: the path "../x" leads out of the pack
        pack.json: challenges[1]: stands twice
        pack.json: dependencies.x: must be a constraint like ^1.2: unexpected character 'o' while parsing major version number
        ---
        pack.json: shared_resources[0]: there is no file nothing.sql in the pack, nor in its shared_resources/
        a.json: there is no file shared_resources/s.sql in the pack
        ---
        b.json: metadata.id: "a" is the challenge a.json already
        ---
        inner.ZIP: is an archive: a pack within a pack is not installed
        a.json: metadata: is missing
        "#
    );
    let mut wrong = files(&[("pack.json", &manifest(&json!({}))), ("a.json", CHALLENGE)]);
    wrong.insert(
        PackPath::parse("shared_resources/s.sql").unwrap(),
        vec![0xff, 0xfe],
    );
    assert_eq!(said(wrong.clone()), "shared_resources/s.sql: is no text in UTF-8");
    wrong.insert(PackPath::parse("a.json").unwrap(), vec![0xff]);
    assert_eq!(said(wrong), "a.json: is no text in UTF-8");
}

#[test]
fn differences_are_told_by_identity() {
    let pack = |challenge: &str, start: &str, version: &str| {
        assemble(files(&[
            ("pack.json", &manifest(&json!({"version": version}))),
            ("a.json", challenge),
            ("shared_resources/s.sql", start),
        ]))
        .unwrap()
    };
    let old = pack(CHALLENGE, "", "1.0.0");
    let retitled = CHALLENGE.replace("\"text\": \"t\"", "\"text\": \"u\"");
    let told = diff(&old, &pack(&retitled, "", "1.0.1"));
    assert_eq!(told.changed[0].tasks_changed, ["q"]);
    assert!(!told.changed[0].rest_changed && told.files_changed.is_empty());
    let renamed = CHALLENGE.replace("\"id\": \"q\"", "\"id\": \"r\"");
    let told = diff(&old, &pack(&renamed, "SELECT 2", "1.0.0"));
    assert_eq!(
        (
            told.changed[0].tasks_added.as_slice(),
            told.changed[0].tasks_removed.as_slice()
        ),
        (&["r".to_owned()][..], &["q".to_owned()][..])
    );
    assert!(told.changed[0].rest_changed);
    assert_eq!(told.files_changed, ["shared_resources/s.sql"]);
    assert!(!told.is_empty());
    let other = CHALLENGE.replace("\"id\": \"a\"", "\"id\": \"z\"");
    let told = diff(&old, &pack(&other, "", "1.0.0"));
    assert_eq!(
        (told.added, told.removed),
        (vec!["z".to_owned()], vec!["a".to_owned()])
    );
}

#[test]
fn constraints_on_versions() {
    let fits = |constraint: &str, version: &str| {
        version_constraint(constraint)
            .unwrap()
            .matches(&version.parse().unwrap())
    };
    assert!(fits("^1.2", "1.9.0") && !fits("^1.2", "2.0.0"));
    assert!(fits(">= 1.0 <2.0", "1.5.0") && !fits(">=1.0, <2.0", "2.0.0"));
    assert!(version_constraint("one").is_err());
}
