//! `pglab pack` as authors use it: no pglab runs.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use pglab_core::pack::Limits;
use serde_json::{Value, json};

use crate::support::{PROGRAM, stderr};

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM)
        .arg("pack")
        .args(arguments)
        .output()
        .unwrap()
}

#[track_caller]
fn works(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// What is told when it fails, with exit code 1.
#[track_caller]
fn fails(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    stderr(&output)
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/packs")
}

fn edit(path: &Path, change: impl Fn(&mut Value)) {
    let mut value: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    change(&mut value);
    fs::write(path, value.to_string()).unwrap();
}

#[test]
fn a_pack_from_its_beginning_to_a_release() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name).display().to_string();
    let pack = path("joins");
    assert_eq!(works(&["new", &pack, "--name", "Joins", "--author", "Ada"]), pack);
    assert!(fails(&["new", &pack]).contains("holds something already"));
    assert_eq!(
        works(&["validate", &pack, "--strict"]),
        "joins 0.1.0 is fine: 1 challenge, 1 task"
    );
    assert!(works(&["show", &pack]).contains("large-boats  query  10"));
    let shown: Value = serde_json::from_str(&works(&["show", &pack, "--json"])).unwrap();
    assert_eq!(shown["challenges"][0]["tasks"][0]["kind"], "query");
    assert!(!shown.to_string().contains("seats > 4"), "answers are not shown");

    let zip = path("one.zip");
    assert_eq!(works(&["build", &pack, "--to", &zip]), zip);
    assert_eq!(works(&["diff", &pack, &zip]), "the same");
    let again = path("again.zip");
    works(&["build", &zip, "--to", &again]);
    assert_eq!(fs::read(&zip).unwrap(), fs::read(&again).unwrap());

    edit(&place.path().join("joins/challenges/first.json"), |document| {
        document["components"][1]["config"]["points"] = json!(12);
        let question = json!({"type": "question", "id": "how-many", "config": {"type": "text", "text": "How many?", "answer": 3}});
        document["components"].as_array_mut().unwrap().push(question);
    });
    edit(&place.path().join("joins/pack.json"), |manifest| {
        manifest["version"] = json!("0.2.0")
    });
    let told = works(&["diff", &zip, &pack]);
    assert_eq!(
        told,
        "version 0.1.0 → 0.2.0\n~ challenge first\n    + task how-many\n    ~ task large-boats"
    );
    assert!(fails(&["diff", &zip, &pack, "--exit-code"]).contains("differ"));

    let published = path("published.zip");
    let built: Value = serde_json::from_str(&works(&[
        "build",
        &pack,
        "--to",
        &published,
        "--hash-answers",
        "--json",
    ]))
    .unwrap();
    assert_eq!(built["answers_hashed"], 1);
    assert_eq!(
        built["answers_in_clear"][0]["question"],
        "challenges/first.json: large-boats"
    );
    let read = pglab_control::pack::read(Path::new(&published), Limits::default()).unwrap();
    let pglab_core::task::TaskKind::Text(task) = &read.challenges[0].challenge.questions[1].kind else {
        panic!()
    };
    let hashes = |answer: &str, hash: &str| pglab_identity::password::verify(answer, hash).unwrap_or(false);
    assert!(pglab_core::answer::text::judge_text(task, " 3 ", &hashes).is_right());
    assert!(!pglab_core::answer::text::judge_text(task, "4", &hashes).is_right());
}

#[test]
fn problems_are_told_with_their_place() {
    let place = tempfile::tempdir().unwrap();
    let pack = place.path().join("p").display().to_string();
    works(&["new", &pack]);
    edit(&place.path().join("p/challenges/first.json"), |document| {
        document["components"][0]["config"]["start"] = json!({"dump": "shared_resources/lost.sql"});
        document["components"][1]["config"]["type"] = json!("riddle");
    });
    let told = fails(&["validate", &pack]);
    assert!(
        told.contains("error: challenges/first.json: components[1].config.type: \"riddle\" is no type"),
        "{told}"
    );
    let output = run(&["validate", &pack, "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["valid"], false);
    assert_eq!(report["problems"][0]["file"], "challenges/first.json");
    assert_eq!(report["problems"][0]["path"], "components[1].config.type");
    assert!(fails(&["build", &pack, "--to", &format!("{pack}.zip")]).contains("riddle"));
    assert!(!Path::new(&format!("{pack}.zip")).exists());
    assert!(fails(&["show", "/no/such/pack"]).contains("there is no"));
    assert_eq!(run(&["show"]).status.code(), Some(2));
    fs::write(place.path().join("p.zip"), "no zip").unwrap();
    assert!(fails(&["validate", &format!("{pack}.zip")]).contains("no zip archive"));
}

#[test]
fn the_example_packs_are_fine_and_come_back_equal() {
    let place = tempfile::tempdir().unwrap();
    for (pack, n_tasks) in [
        ("harbour-sql", 40),
        ("harbour-design", 12),
        ("harbour-mystery", 9),
    ] {
        let folder = examples().join(pack).display().to_string();
        let told = works(&["validate", &folder, "--strict"]);
        assert!(told.contains(&format!("{n_tasks} tasks")), "{told}");
        let zip = place.path().join(format!("{pack}.zip")).display().to_string();
        works(&["build", &folder, "--to", &zip]);
        assert_eq!(works(&["diff", &folder, &zip, "--exit-code"]), "the same");
        let one = pglab_control::pack::read(Path::new(&folder), Limits::default()).unwrap();
        let other = pglab_control::pack::read(Path::new(&zip), Limits::default()).unwrap();
        assert_eq!(one, other);
        assert_eq!(one.to_files(), other.to_files());
    }
}

#[test]
fn challenges_of_ctfcli_become_a_pack() {
    let place = tempfile::tempdir().unwrap();
    let event = place.path().join("event");
    fs::create_dir_all(event.join("sql/lost/dist")).unwrap();
    fs::write(event.join("sql/lost/dist/log.txt"), "x").unwrap();
    fs::write(
        event.join("sql/lost/challenge.yml"),
        "name: Lost Cargo\nauthor: ada\ncategory: sql\ndescription: Find it.\nvalue: 100\ntype: standard\n\
         flags:\n  - flag{one}\n  - {type: regex, content: 'flag{[0-9]+}'}\nfiles:\n  - dist/log.txt\n\
         hints:\n  - {content: look, cost: 10}\nversion: \"0.1\"\n",
    )
    .unwrap();
    let to = place.path().join("pack").display().to_string();
    let from = event.display().to_string();
    works(&["import-ctfcli", &from, "--to", &to, "--id", "event"]);
    assert_eq!(
        works(&["validate", &to, "--strict"]),
        "event 1.0.0 is fine: 1 challenge, 1 task"
    );
    assert!(
        Path::new(&to)
            .join("shared_resources/lost-cargo/dist/log.txt")
            .exists()
    );

    // Nothing is written when one of them is wrong.
    fs::create_dir_all(event.join("other")).unwrap();
    fs::write(
        event.join("other/challenge.yml"),
        "name: Other\nvalue: 1\nflags: [x]\nfiles: [../sql/lost/dist/log.txt]\n",
    )
    .unwrap();
    let to = place.path().join("second").display().to_string();
    let told = fails(&["import-ctfcli", &from, "--to", &to]);
    assert!(told.contains("leads out of the pack"), "{told}");
    assert!(!Path::new(&to).exists());
}
