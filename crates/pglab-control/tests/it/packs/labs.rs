//! Labs made of packs: tasks and databases come from the challenges, an update keeps their identity, and a pack in use
//! stays.

use pglab_control::{Error, example, lab, pack, task, testing::TestControl};
use pglab_core::{access::Actor, id::TaskId, person::Role};

use super::{challenge, example as example_pack, install, make_lab, pack_of, text, zip};

async fn tasks(control: &TestControl, actor: &Actor) -> Vec<(String, TaskId)> {
    let tasks = task::list(control, actor, "course").await.unwrap();
    tasks.into_iter().map(|task| (task.key, task.id)).collect()
}

#[tokio::test]
async fn the_example_packs_become_labs() {
    for (name, n_tasks, n_with_checks) in [
        ("harbour-sql", 40, 0),
        ("harbour-design", 12, 2),
        ("harbour-mystery", 9, 0),
    ] {
        let control = TestControl::start().await;
        let grace = control.actor("grace", Role::Instructor).await;
        install(&control, &grace, zip(&example_pack(name).to_files())).await;
        make_lab(&control, &grace, name).await.unwrap();
        let summary = example::activate(&control).await.unwrap();
        assert_eq!((summary.ready, summary.failed), (1, 0), "{name}");
        let tasks = task::list(&control, &grace, "course").await.unwrap();
        assert_eq!(tasks.len(), n_tasks, "{name}");
        let with_checks = tasks.iter().filter(|task| !task.checks.is_empty()).count();
        assert_eq!(with_checks, n_with_checks, "{name}");
        // What is written as a file makes the same lab again.
        let definition = lab::definition(&control, &grace, "course").await.unwrap();
        assert_eq!(definition.pack.unwrap().id, name);
        assert!(definition.example.is_none() && definition.tasks.is_empty());
    }
}

#[tokio::test]
async fn an_update_keeps_tasks_and_a_pack_in_use_stays() {
    let control = TestControl::start().await;
    let grace = control.actor("grace", Role::Instructor).await;
    let old = challenge("a", &[("keep", text("x")), ("go", text("y"))]);
    install(&control, &grace, pack_of("p", "1.0.0", &[("a.json", old)])).await;
    make_lab(&control, &grace, "p").await.unwrap();
    let before = tasks(&control, &grace).await;
    assert_eq!(before[0].0, "pack:a/keep");
    let new = challenge("a", &[("new", text("z")), ("keep", text("better"))]);
    let updated = pack::update(
        &control,
        &grace,
        pack_of("p", "1.1.0", &[("moved.json", new)]),
        false,
    )
    .await
    .unwrap();
    assert_eq!(updated.pack.labs, ["course"]);
    let after = tasks(&control, &grace).await;
    let keys: Vec<&str> = after.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["pack:a/new", "pack:a/keep"]);
    assert_eq!(after[1].1, before[0].1);
    let refused = pack::remove(&control, &grace, "p").await.unwrap_err();
    assert!(refused.to_string().contains("course"), "{refused}");
    // Back again: the task that went is there with its old identity.
    let again = challenge("a", &[("keep", text("x")), ("go", text("y"))]);
    pack::update(
        &control,
        &grace,
        pack_of("p", "1.2.0", &[("a.json", again)]),
        false,
    )
    .await
    .unwrap();
    let kept = pglab_store::task::all(
        control.store.pool(),
        lab::show(&control, &grace, "course").await.unwrap().lab.id,
    )
    .await
    .unwrap();
    assert!(kept.iter().any(|kept| kept.task.id == before[1].1));
}

#[tokio::test]
async fn challenges_that_begin_differently_are_no_lab() {
    let control = TestControl::start().await;
    let grace = control.actor("grace", Role::Instructor).await;
    assert!(matches!(
        make_lab(&control, &grace, "none").await,
        Err(Error::NotFound(_))
    ));
    assert!(lab::list(&control, &grace).await.unwrap().is_empty());
}
