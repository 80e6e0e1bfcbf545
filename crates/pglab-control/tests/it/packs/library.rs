//! The library of challenges, looking at an archive before it is installed, and choosing the challenges of a lab.

use pglab_control::{Error, answer, lab, pack, task, testing::TestControl};
use pglab_core::{
    access::Actor,
    pack::{Files, PackPath},
    person::Role,
    points::Rules,
};
use serde_json::json;

use super::{challenge, example as example_pack, install, make_lab, pack_of, text, zip};
use crate::answers::{Course, SLUG};

#[tokio::test]
async fn the_library_has_every_challenge_without_answers() {
    let control = TestControl::start().await;
    let grace = control.actor("grace", Role::Instructor).await;
    for name in ["harbour-sql", "harbour-design", "harbour-mystery"] {
        install(&control, &grace, zip(&example_pack(name).to_files())).await;
    }
    let items = pack::library(&control, &grace).await.unwrap();
    let n_tasks: usize = items.iter().map(|item| item.n_tasks).sum();
    assert_eq!((items.len(), n_tasks), (10, 61));
    let yard = items.iter().find(|item| item.key == "repair-yard").unwrap();
    assert_eq!(
        yard.kinds,
        ["state", "behaviour", "assert", "plan", "choice", "checkboxes"]
    );
    let night = pack::preview(&control, &grace, "harbour-mystery", "night-of-the-amber")
        .await
        .unwrap();
    assert_eq!((night.tasks.len(), night.n_hidden_datasets), (9, Some(1)));
    // The name of the culprit is what is asked for; it is explained nowhere.
    let tasks = format!("{:?}", night.tasks);
    assert!(!tasks.contains("Paulo"), "an answer is told: {tasks}");
    let nothing = pack::preview(&control, &grace, "harbour-mystery", "day").await;
    assert!(matches!(nothing, Err(Error::NotFound(_))));
    let student = control.actor("sam", Role::Student).await;
    assert!(pack::library(&control, &student).await.is_err());
    assert!(
        pack::preview(&control, &student, "harbour-mystery", "night-of-the-amber")
            .await
            .is_err()
    );
}

#[tokio::test]
async fn an_archive_is_looked_at_without_being_installed() {
    let control = TestControl::start().await;
    let grace = control.actor("grace", Role::Instructor).await;
    let old = pack_of("p", "1.0.0", &[("a.json", challenge("a", &[("one", text("x"))]))]);
    let (read, diff) = pack::update_check(&control, &grace, old.clone()).await.unwrap();
    assert_eq!((read.manifest.id.as_str(), diff), ("p", None));
    assert!(pack::list(&control, &grace).await.unwrap().is_empty());
    install(&control, &grace, old).await;
    let questions = [("one", text("better")), ("two", text("y"))];
    let new = pack_of("p", "1.1.0", &[("a.json", challenge("a", &questions))]);
    let (_, diff) = pack::update_check(&control, &grace, new).await.unwrap();
    let changed = &diff.unwrap().changed[0];
    assert_eq!(
        (changed.tasks_added.as_slice(), changed.tasks_changed.as_slice()),
        (["two".to_owned()].as_slice(), ["one".to_owned()].as_slice())
    );
    assert_eq!(pack::show(&control, &grace, "p").await.unwrap().version, "1.0.0");
    let student = control.actor("sam", Role::Student).await;
    let refused = pack::update_check(&control, &student, Vec::new()).await;
    assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
}

async fn keys(control: &TestControl, actor: &Actor) -> Vec<String> {
    let tasks = task::list(control, actor, SLUG).await.unwrap();
    tasks.into_iter().map(|task| task.key).collect()
}

#[tokio::test]
async fn challenges_of_a_lab_are_chosen_and_ordered_and_keep_what_was_earned() {
    let documents =
        ["a", "b", "c"].map(|key| (format!("{key}.json"), challenge(key, &[("q", text("right"))])));
    let documents: Vec<(&str, String)> = documents
        .iter()
        .map(|(name, text)| (name.as_str(), text.clone()))
        .collect();
    let course = Course::open_without(pack_of("p", "1.0.0", &documents), &["ada"]).await;
    let (control, teacher) = (&course.control, &course.teacher);
    let ada = course.student("ada").await;
    answer::set_rules(
        control,
        teacher,
        SLUG,
        Rules {
            standings: true,
            ..Rules::default()
        },
    )
    .await
    .unwrap();
    let tasks = task::list(control, teacher, SLUG).await.unwrap();
    course.answer(&ada, tasks[0].id, "right").await.unwrap();

    let chosen = |keys: &[&str]| keys.iter().map(|&key| key.to_owned()).collect::<Vec<_>>();
    let set = async |keys: &[&str]| lab::set_challenges(control, teacher, SLUG, &chosen(keys)).await;
    let now = set(&["c", "b"]).await.unwrap();
    assert_eq!((now.chosen, now.others), (chosen(&["c", "b"]), chosen(&["a"])));
    assert_eq!(keys(control, teacher).await, ["pack:c/q", "pack:b/q"]);
    // It comes back with what was earned, and with its identity.
    set(&["b", "a", "c"]).await.unwrap();
    assert_eq!(keys(control, teacher).await, ["pack:b/q", "pack:a/q", "pack:c/q"]);
    let back = task::list(control, teacher, SLUG).await.unwrap();
    assert_eq!(back[1].id, tasks[0].id);
    let standings = answer::standings(control, &ada, SLUG).await.unwrap();
    assert_eq!(standings.rows[0].points.as_f64().to_string(), "10");
    // What came from another pack is not taken out by choosing among those of this one.
    install(
        control,
        teacher,
        pack_of(
            "other",
            "1.0.0",
            &[("x.json", challenge("x", &[("q", text("right"))]))],
        ),
    )
    .await;
    let ours = control.server.superuser("pglab").await;
    let put_in =
        "INSERT INTO lab_challenge SELECT lab.id, challenge.id, 9 FROM lab, challenge WHERE key = 'x'";
    ours.batch_execute(put_in).await.unwrap();
    set(&["b", "a"]).await.unwrap();
    assert_eq!(keys(control, teacher).await, ["pack:b/q", "pack:a/q", "pack:x/q"]);
    for wrong in [&[][..], &["a", "a"], &["a", "z"]] {
        assert!(
            matches!(set(wrong).await, Err(Error::Invalid { .. })),
            "{wrong:?}"
        );
    }
    let refused = lab::set_challenges(control, &ada, SLUG, &chosen(&["a"])).await;
    assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
    assert!(matches!(
        lab::challenges(control, &ada, SLUG).await,
        Err(Error::Forbidden)
    ));
}

#[tokio::test]
async fn challenges_with_another_database_can_not_join() {
    let control = TestControl::start().await;
    let grace = control.actor("grace", Role::Instructor).await;
    let with = |key: &str, start: serde_json::Value| {
        json!({
            "metadata": { "id": key, "name": key, "version": "1", "challenge_type": "sql-lab" },
            "components": [
                { "type": "database", "id": "db", "config": { "start": start } },
                { "type": "question", "id": "q", "config": text("right") },
            ],
        })
        .to_string()
    };
    let archive = |version: &str, keys: &[&str]| {
        let documents: Vec<String> = keys.iter().map(|key| format!("{key}.json")).collect();
        let manifest =
            json!({ "id": "p", "name": "Of the tests", "version": version, "challenges": documents });
        let mut files = Files::new();
        let mut put =
            |path: &str, text: String| files.insert(PackPath::parse(path).unwrap(), text.into_bytes());
        put("pack.json", manifest.to_string());
        put("challenges/a.json", with("a", json!("empty")));
        put("challenges/b.json", challenge("b", &[("q", text("right"))]));
        if keys.contains(&"c") {
            put(
                "challenges/c.json",
                with("c", json!({ "dump": "shared_resources/c.sql" })),
            );
            put("shared_resources/c.sql", "CREATE TABLE c ();".to_owned());
        }
        zip(&files)
    };
    install(&control, &grace, archive("1.0.0", &["a", "b"])).await;
    make_lab(&control, &grace, "p").await.unwrap();
    let all = lab::challenges(&control, &grace, SLUG).await.unwrap();
    assert_eq!(all.chosen, ["a", "b"]);
    pack::update(&control, &grace, archive("1.1.0", &["a", "b", "c"]), false)
        .await
        .unwrap();
    let all = lab::challenges(&control, &grace, SLUG).await.unwrap();
    assert!(all.others.is_empty(), "{all:?}");
    let wanted = ["a".to_owned(), "c".to_owned()];
    let refused = lab::set_challenges(&control, &grace, SLUG, &wanted)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("another database"), "{refused}");
}
