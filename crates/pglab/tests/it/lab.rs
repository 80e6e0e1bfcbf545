//! `pglab lab` and `pglab task` as scripts use them, against a running pglab.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::{Class, PROGRAM, Place, Up, stderr};

const DUMP: &str = "\
CREATE TABLE a (id integer PRIMARY KEY);
CREATE TABLE b (id integer PRIMARY KEY, a_id integer REFERENCES a);
CREATE INDEX ON b (a_id);
INSERT INTO a VALUES (1), (2);
";

const LAB: &str = "\
lab: small
title: A small lab
example:
  dump: small.sql
start: empty
types: strict
tasks:
- task: table:public.b
  points: 4.5
- task: index:public.b(a_id)
  drop: true
";

struct Shell<'a> {
    up: &'a Up,
    token: String,
    files: tempfile::TempDir,
}

impl Shell<'_> {
    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(PROGRAM)
            .args(arguments)
            .current_dir(self.files.path())
            .env("PGLAB_URL", self.up.url())
            .env("PGLAB_TOKEN", &self.token)
            .output()
            .unwrap()
    }

    #[track_caller]
    fn works(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{arguments:?}: {}",
            stderr(&output)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command that fails says, with the code 1.
    #[track_caller]
    fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        stderr(&output)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.files.path().join(name), text).unwrap();
    }

    fn show(&self) -> Value {
        serde_json::from_str(&self.works(&["lab", "show", "small", "--json"])).unwrap()
    }
}

#[test]
fn a_lab_from_its_file_and_back() {
    let place = Place::new();
    let up = place.up();
    let shell = Shell {
        token: Class::new(&place).sign_in_as_admin(&up),
        up: &up,
        files: tempfile::tempdir().unwrap(),
    };
    shell.write("small.sql", DUMP);
    shell.write("lab.yaml", LAB);
    assert_eq!(shell.works(&["lab", "apply", "lab.yaml"]), "small\n");

    let shown = shell.show();
    let keys: Vec<&String> = shown.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["max_score", "slug", "state", "tasks", "title"]);
    assert_eq!(
        (&shown["state"], &shown["max_score"]),
        (&json!("draft"), &json!(14.5))
    );
    let titles: Vec<&Value> = shown["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| &task["title"])
        .collect();
    assert_eq!(titles, ["Table a", "Table b"]);
    let check = &shown["tasks"][0]["checks"][0];
    assert_eq!(check["kind"], "table_exists");
    assert!(check["weight"].is_u64() && check["id"].is_string() && check["title"].is_string());

    // The same file again changes nothing, nor does what is exported.
    assert_eq!(shell.works(&["lab", "apply", "lab.yaml"]), "small\n");
    assert_eq!(shell.show(), shown);
    let exported = shell.works(&["lab", "export", "small"]);
    assert_eq!(exported, LAB);
    shell.works(&["task", "change", "small", "table:public.a", "--title", "The a's"]);
    assert_eq!(shell.show()["tasks"][0]["title"], "The a's");
    codes_teams_and_likeness(&shell);
    saved_as_a_pack(&shell);

    shell.works(&["lab", "open", "small"]);
    assert_eq!(shell.show()["state"], "open");
    shell.works(&["lab", "close", "small"]);
    assert_eq!(
        shell.works(&["lab", "results", "small", "--format", "moodle"]),
        "username,idnumber,email,A small lab,A small lab feedback\n"
    );
    shell.works(&["lab", "archive", "small"]);
    assert_eq!(shell.show()["state"], "archived");
    assert!(shell.fails(&["lab", "open", "small"]).contains("is archived"));
    shell.works(&["lab", "delete", "small", "--confirm", "small"]);
    assert_eq!(
        shell.fails(&["lab", "show", "small"]),
        "pglab: there is no lab \"small\"\n"
    );

    what_is_wrong_is_told(&shell);
}

fn codes_teams_and_likeness(shell: &Shell<'_>) {
    let create = ["lab", "code", "create", "small"];
    assert_eq!(shell.works(&create).trim().len(), 8);
    let own = [&create[..], &["--code", "Summer26", "--max-uses", "3"]].concat();
    assert_eq!(shell.works(&own), "SUMMER26\n");
    assert!(shell.fails(&own).contains("SUMMER26 is taken"));
    let listed: Value =
        serde_json::from_str(&shell.works(&["lab", "code", "list", "small", "--json"])).unwrap();
    let newest = &listed["items"][0];
    assert_eq!(
        (
            &newest["code"],
            &newest["max_uses"],
            &newest["used_count"],
            &newest["works"]
        ),
        (&json!("SUMMER26"), &json!(3), &json!(0), &json!(true))
    );
    assert!(shell.fails(&["lab", "join", "summer26"]).contains("staff"));
    assert!(shell.fails(&["lab", "join", "nosuch99"]).contains("mistyped"));
    shell.works(&["lab", "code", "revoke", "small", "summer26"]);
    assert!(shell.works(&["lab", "code", "list", "small"]).contains("revoked"));
    assert!(
        shell
            .fails(&["lab", "team", "create", "small", "red"])
            .contains("works alone")
    );
    assert!(shell.works(&["lab", "team", "list", "small"]).contains("TEAM"));
    let alike: Value = serde_json::from_str(&shell.works(&["lab", "similarity", "small", "--json"])).unwrap();
    assert_eq!(alike["items"], json!([]));
}

/// A lab made of the pack that another was saved as has the same tasks.
fn saved_as_a_pack(shell: &Shell<'_>) {
    assert_eq!(
        shell.works(&["pack", "save", "small", "-o", "small.zip"]),
        "small.zip\n"
    );
    shell.works(&["pack", "validate", "small.zip", "--strict"]);
    shell.works(&["pack", "install", "small.zip"]);
    assert_eq!(shell.works(&["pack", "diff", "small.zip"]), "the same\n");
    shell.works(&[
        "lab", "create", "--slug", "twin", "--title", "Twin", "--pack", "small",
    ]);
    let twin: Value = serde_json::from_str(&shell.works(&["lab", "show", "twin", "--json"])).unwrap();
    let met = |lab: &Value| -> Vec<(Value, Value, usize)> {
        let tasks = lab["tasks"].as_array().unwrap().iter();
        tasks
            .map(|task| {
                (
                    task["title"].clone(),
                    task["points"].clone(),
                    task["checks"].as_array().unwrap().len(),
                )
            })
            .collect()
    };
    assert_eq!(met(&twin), met(&shell.show()));
    shell.works(&["lab", "delete", "twin", "--confirm", "twin"]);
}

fn what_is_wrong_is_told(shell: &Shell<'_>) {
    shell.write("bad.sql", "CREATE TABLE a (id int);\n\nSELECT * FROM nope;\n");
    shell.write("bad.yaml", "lab: bad\ntitle: Bad\nexample: {dump: bad.sql}\n");
    let said = shell.fails(&["lab", "apply", "bad.yaml"]);
    assert!(
        said.contains("pglab: bad.sql:3: relation \"nope\" does not exist (SQLSTATE 42P01)"),
        "{said}"
    );
    shell.write("bad.yaml", "lab: bad\ntitle: Bad\nstart: half\n");
    let said = shell.fails(&["lab", "apply", "bad.yaml"]);
    assert!(
        said.starts_with("pglab: bad.yaml: start: unknown variant `half`"),
        "{said}"
    );
    assert!(said.contains("at line 3"), "{said}");
    let said = shell.fails(&["lab", "apply", "absent.yaml"]);
    assert!(said.contains("absent.yaml can't be read"), "{said}");
    assert_eq!(shell.run(&["lab", "frobnicate"]).status.code(), Some(2));
}
