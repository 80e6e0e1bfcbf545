//! `kill -9` of pglab at random moments, with a fixed seed, while packs are installed, updated and removed and students
//! answer. What was told to somebody must be there, once, and nothing half. The short form runs always, the long one as
//! `soak::`.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use pglab_testkit::SeededRandom;
use serde_json::{Value, json};

use crate::support::{Class, Place, Superuser, client, eventually, request, succeeds};

const LAB: &str = "boats";
/// More than can be answered in the time.
const N_TASKS: usize = 400;

/// A pack whose every text says of which version it is. Every fourth task is a query, which takes a database to judge.
fn write_pack(folder: &Path, id: &str, version: u64) -> PathBuf {
    let pack = folder.join(format!("{id}-{version}"));
    for inner in ["challenges", "shared_resources"] {
        std::fs::create_dir_all(pack.join(inner)).unwrap();
    }
    let start = "CREATE TABLE boat (id integer PRIMARY KEY, seats integer); INSERT INTO boat SELECT n, n % 7 FROM generate_series(1, 50) n;";
    std::fs::write(pack.join("shared_resources/start.sql"), start).unwrap();
    let manifest = json!({
        "id": id, "name": id, "version": format!("1.{version}.0"), "challenges": ["challenges/first.json"],
        "shared_resources": ["shared_resources/start.sql"],
    });
    std::fs::write(pack.join("pack.json"), manifest.to_string()).unwrap();
    let mut components = vec![
        json!({ "type": "database", "id": "db", "config": { "start": { "dump": "shared_resources/start.sql" } } }),
    ];
    for nth in 0..N_TASKS {
        let mut config = json!({ "title": format!("q{nth:03}"), "text": format!("In version 1.{version}.0"), "points": 10 });
        if nth % 4 == 0 {
            config["type"] = json!("query");
            config["answer"] = json!(format!("SELECT id FROM boat WHERE id > {nth} % 40"));
            config["wrong"] = json!([]);
        } else {
            config["type"] = json!("text");
            config["answer"] = json!(format!("right {nth}"));
        }
        components.push(json!({ "type": "question", "id": format!("q{nth:03}"), "config": config }));
    }
    let document = json!({
        "metadata": { "id": "first", "name": "First", "version": "1", "challenge_type": "sql-lab" },
        "components": components,
    });
    std::fs::write(pack.join("challenges/first.json"), document.to_string()).unwrap();
    pack
}

fn right(key: &str) -> String {
    let nth: usize = key.rsplit('q').next().unwrap().parse().unwrap();
    if nth.is_multiple_of(4) {
        format!("SELECT id FROM boat WHERE id > {nth} % 40")
    } else {
        format!("right {nth}")
    }
}

/// A student who answers one task after the other, wrong and then right, until told to stop or pglab is away.
struct Answering {
    login: String,
    token: String,
    /// Ids with the keys of their tasks, those that come last first.
    open: Vec<(String, String)>,
    /// What was said to be right.
    acknowledged: BTreeSet<String>,
}

impl Answering {
    fn go_on(&mut self, url: &str, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let (id, key) = self.open.last().unwrap().clone();
            let path = format!("/api/v1/labs/{LAB}/tasks/{id}/answers");
            for answer in ["SELECT 0".to_owned(), right(&key)] {
                let body = json!({ "answer": answer });
                let Some((status, said)) = request(url, "POST", &path, &self.token, Some(&body)) else {
                    return;
                };
                let done_before = status == 409 && said.contains("done");
                if status == 200 {
                    let said: Value = serde_json::from_str(&said).unwrap();
                    if said["right"] == true {
                        self.acknowledged.insert(id.clone());
                    }
                } else if !done_before && status != 500 && status != 503 {
                    panic!("{} at {key}: {status} {said}", self.login);
                }
                if done_before || self.acknowledged.contains(&id) {
                    self.open.pop();
                    break;
                }
            }
        }
    }
}

/// In every round a pack is updated, another one installed or removed, and three students answer; then pglab is killed.
pub fn kill_pglab_during_packs_and_answers(n_kills: u64, seed: u64) {
    let place = Place::new();
    let random = SeededRandom::new(seed);
    let class = Class::new(&place);
    let folder = tempfile::tempdir().unwrap();
    let mut up = place.up();
    let token = class.sign_in_as_admin(&up);
    let url = up.url().to_owned();
    let run = |arguments: &[&str]| {
        let output = client(&url, &token).args(arguments).output().unwrap();
        succeeds(&output);
        String::from_utf8(output.stdout).unwrap()
    };
    run(&[
        "pack",
        "install",
        &write_pack(folder.path(), "boats", 0).display().to_string(),
    ]);
    run(&[
        "lab", "create", "--slug", LAB, "--title", "Boats", "--pack", "boats",
    ]);
    run(&[
        "roster",
        "import",
        LAB,
        &class.write_roster(3).display().to_string(),
    ]);
    run(&["lab", "prepare", LAB, "--wait"]);
    run(&["lab", "open", LAB]);
    let credentials: Value = serde_json::from_str(&run(&["credentials", LAB, "--json"])).unwrap();
    let mut students: Vec<Answering> = credentials["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|person| answering(&class, &url, person))
        .collect();
    let rules = json!({ "answers_per_minute": 1000 });
    let (status, said) = request(
        &url,
        "PUT",
        &format!("/api/v1/labs/{LAB}/rules"),
        &token,
        Some(&rules),
    )
    .unwrap();
    assert_eq!(status, 200, "{said}");

    for round in 1..=n_kills {
        let stop = Arc::new(AtomicBool::new(false));
        let newer = write_pack(folder.path(), "boats", round);
        let other = write_pack(folder.path(), "other", round);
        let packs = std::thread::spawn({
            let (url, token) = (url.clone(), token.clone());
            move || {
                // Whether they get through depends on the moment of the kill.
                for arguments in [
                    vec!["pack".into(), "update".into(), newer.into_os_string()],
                    vec!["pack".into(), "install".into(), other.into_os_string()],
                    vec!["pack".into(), "remove".into(), "other".into()],
                ] {
                    client(&url, &token).args(arguments).output().unwrap();
                }
            }
        });
        let answering: Vec<_> = students
            .drain(..)
            .map(|mut student| {
                let (url, stop) = (url.clone(), stop.clone());
                std::thread::spawn(move || {
                    student.go_on(&url, &stop);
                    student
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(20 + random.next_u64() % 1000));
        up.kill();
        stop.store(true, Ordering::Relaxed);
        students.extend(answering.into_iter().map(|thread| thread.join().unwrap()));
        packs.join().unwrap();
        up = place.up();
        nothing_is_half(&class.superuser().of("pglab"));
    }

    let own = class.superuser().of("pglab");
    // As if it had been long ago: what is being judged by a process that lives must not be touched.
    own.lines("UPDATE attempt SET at = at - interval '1 hour' WHERE outcome = 'judging'");
    assert_eq!(up.stop(), Some(0));
    let up = place.up();
    eventually("what was being judged is given back", || {
        own.lines("SELECT count(*) FROM attempt WHERE outcome = 'judging'") == ["0"]
    });
    for student in &students {
        assert!(student.acknowledged.len() > 2, "{} got on", student.login);
        let query = format!(
            "SELECT c.task_id FROM completion c JOIN member m ON m.id = c.member_id JOIN person p ON p.id = m.person_id \
             WHERE p.login = '{}'",
            student.login
        );
        let earned: BTreeSet<String> = own.lines(&query).into_iter().collect();
        assert!(
            student.acknowledged.is_subset(&earned),
            "what was said to be right is earned"
        );
    }
    // And it goes on.
    run(&[
        "pack",
        "update",
        &write_pack(folder.path(), "boats", n_kills + 1)
            .display()
            .to_string(),
    ]);
    nothing_is_half(&own);
    assert_eq!(up.stop(), Some(0));
}

fn answering(class: &Class<'_>, url: &str, person: &Value) -> Answering {
    let login = person["login"].as_str().unwrap().to_owned();
    let token = class.sign_in(url, &login, person["password"].as_str().unwrap());
    let (status, tasks) = request(url, "GET", &format!("/api/v1/labs/{LAB}/answers"), &token, None).unwrap();
    assert_eq!(status, 200, "{tasks}");
    let tasks: Value = serde_json::from_str(&tasks).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Answering {
        login,
        token,
        open: tasks["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|task| (text(&task["id"]), text(&task["title"])))
            .collect(),
        acknowledged: BTreeSet::new(),
    }
}

/// What must be true of our own tables at any moment.
fn nothing_is_half(own: &Superuser) {
    for (what, query) in [
        (
            "a pack has the files of its version",
            "SELECT p.id FROM pack p LEFT JOIN pack_file f ON f.pack_id = p.id AND f.path = 'pack.json' \
             WHERE p.removed_at IS NULL \
               AND convert_from(f.bytes, 'UTF8')::jsonb ->> 'version' IS DISTINCT FROM p.version",
        ),
        (
            "a removed pack has none",
            "SELECT p.id FROM pack p JOIN pack_file f ON f.pack_id = p.id WHERE p.removed_at IS NOT NULL",
        ),
        (
            "a challenge is as its file says",
            "SELECT c.id FROM challenge c JOIN pack p ON p.id = c.pack_id LEFT JOIN pack_file f ON f.pack_id = c.pack_id \
               AND f.path = c.path \
             WHERE p.removed_at IS NULL AND c.removed_at IS NULL \
               AND convert_from(f.bytes, 'UTF8')::jsonb IS DISTINCT FROM c.document",
        ),
        (
            "all tasks are of one version",
            "SELECT t.id FROM task t JOIN task_content c ON c.task_id = t.id JOIN challenge h ON h.id = c.challenge_id \
             JOIN pack p ON p.id = h.pack_id WHERE t.explanation <> 'In version ' || p.version",
        ),
        (
            "what was completed was answered right once, and scored",
            "SELECT c.task_id FROM completion c \
             LEFT JOIN task_score s ON s.member_id = c.member_id AND s.task_id = c.task_id \
             WHERE s.best IS DISTINCT FROM c.points OR 1 <> (SELECT count(*) FROM attempt a \
               WHERE a.member_id = c.member_id AND a.task_id = c.task_id AND a.outcome = 'right')",
        ),
        (
            "what was answered right is completed",
            "SELECT a.id FROM attempt a LEFT JOIN completion c ON c.member_id = a.member_id AND c.task_id = a.task_id \
             WHERE a.outcome = 'right' AND c.task_id IS NULL",
        ),
        (
            "attempts are counted",
            "SELECT t.task_id FROM answer_tally t WHERE t.n_counted <> (SELECT count(*) FROM attempt a \
               WHERE a.member_id = t.member_id AND a.task_id = t.task_id AND a.outcome <> 'unfit')",
        ),
        (
            "completions are counted",
            "SELECT n.task_id FROM completion_count n WHERE n.n <> (SELECT count(*) FROM completion c WHERE c.task_id = n.task_id)",
        ),
    ] {
        let found = own.lines(query);
        assert!(
            found.is_empty(),
            "{what}: {} are not so, the first {:?}",
            found.len(),
            found.first()
        );
    }
}

#[test]
fn pglab_may_die_at_any_moment_of_packs_and_answers() {
    kill_pglab_during_packs_and_answers(4, 13);
}
