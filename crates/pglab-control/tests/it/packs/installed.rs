//! What is installed comes out as it went in, an update loses nothing, and what can't be used leaves nothing.

use pglab_control::{Error, pack, testing::TestControl};
use pglab_core::person::Role;
use serde_json::json;

use super::{challenge, example, install, pack_of, text, zip};

/// Unknown keys, clashing orders, lists of answers, `prompt`, no id, configMap and secret, numbers as people write them.
const AWKWARD: &str = r#"{
  "$schema": "https://example.org/cdf.json",
  "metadata": {"name": "The Log's \"last\" page", "version": "1.0", "challenge_type": "Full_OS", "difficulty": "advanced",
    "estimated_time": 45.0, "tags": [], "mood": {"nested": [1, 2.50, 1e3, -0.0, null, true, "ä\u0001"]}, "author": null},
  "typeConfig": {"image": "{{INSTANCE_NAME}}", "other": "{{WHO_KNOWS}}"}, "variables": {"OWN": "x"},
  "templates": [{"name": "n", "path": "p", "destination": "{{OWN}}", "mode": 493}],
  "components": [
    {"type": "question", "id": "b", "config": {"type": "text", "prompt": "How many?", "answer": [7, "seven"], "order": 1, "points": 2.5}},
    {"type": "question", "id": "a", "config": {"type": "text", "text": "Which file?", "answer": "cat ./-", "order": 1, "hint": ""}, "x-note": 1},
    {"type": "question", "id": "c", "config": {"type": "checkboxes", "text": "Which?", "options": ["1", 2, "3"], "answer": ["3", 2], "order": 0}},
    {"type": "container", "id": "box", "config": {"image": "x", "ports": [{"containerPort": 80, "protocol": "tcp"}], "cpu_limit": "1"}},
    {"type": "configMap", "id": "m", "config": {"data": {"a.conf": "port = 1\n"}}},
    {"type": "secret", "id": "s", "config": {"data": {"FLAG_SECRET_NAME": "{{FLAG}}"}}},
    {"type": "hologram", "id": "h", "config": {}}
  ]
}"#;

#[tokio::test]
async fn what_is_installed_comes_out_equal() {
    let control = TestControl::start().await;
    let grace = control.actor("grace", Role::Instructor).await;
    let archives = [
        zip(&example("harbour-sql").to_files()),
        zip(&example("harbour-design").to_files()),
        zip(&example("harbour-mystery").to_files()),
        pack_of("awkward", "0.0.1-rc.1+b", &[("log.json", AWKWARD.to_owned())]),
    ];
    for archive in archives {
        let installed = pack::install(&control, &grace, archive.clone()).await.unwrap();
        let id = installed.pack.id;
        let (_, once) = pack::export(&control, &grace, &id).await.unwrap();
        let (before, after) = (read(&archive), read(&once));
        assert_eq!(before.manifest, after.manifest);
        assert_eq!(before.challenges, after.challenges);
        assert_eq!(before.files, after.files);
        // Again, from what came out.
        assert!(pack::remove(&control, &grace, &id).await.unwrap().is_empty());
        pack::install(&control, &grace, once.clone()).await.unwrap();
        assert_eq!(pack::export(&control, &grace, &id).await.unwrap().1, once);
        // The same version over itself changes nothing.
        let updated = pack::update(&control, &grace, once, false).await.unwrap();
        assert!(updated.diff.unwrap().is_empty());
    }
    let ids: Vec<String> = pack::list(&control, &grace)
        .await
        .unwrap()
        .into_iter()
        .map(|pack| {
            format!(
                "{} {}",
                pack.id,
                pack.challenges.iter().map(|one| one.n_tasks).sum::<usize>()
            )
        })
        .collect();
    assert_eq!(
        ids,
        [
            "awkward 3",
            "harbour-design 12",
            "harbour-mystery 9",
            "harbour-sql 40"
        ]
    );
}

fn read(archive: &[u8]) -> pglab_core::pack::Pack {
    let files =
        pack::archive::read(std::io::Cursor::new(archive), pglab_core::pack::Limits::default()).unwrap();
    pglab_core::pack::assemble(files).unwrap()
}

#[tokio::test]
async fn a_pack_is_there_as_a_whole_or_not_at_all() {
    let control = TestControl::start().await;
    let grace = control.actor("grace", Role::Instructor).await;
    let stu = control.actor("stu", Role::Student).await;
    let good = pack_of(
        "joins",
        "1.0.0",
        &[("a.json", challenge("a", &[("q", text("x"))]))],
    );
    let refused = pack::install(&control, &stu, good.clone()).await;
    assert!(matches!(refused, Err(Error::Forbidden)));
    let broken = challenge("b", &[("q", json!({ "type": "text", "text": "What?" }))]);
    let bad = pack_of(
        "joins",
        "1.0.0",
        &[
            ("a.json", challenge("a", &[("q", text("x"))])),
            ("b.json", broken),
        ],
    );
    let Err(Error::Invalid { fields, .. }) = pack::install(&control, &grace, bad.clone()).await else {
        panic!("it must be refused")
    };
    assert_eq!(fields[0].path, "challenges/b.json: components[0].config.answer");
    assert!(pack::list(&control, &grace).await.unwrap().is_empty());
    install(&control, &grace, good.clone()).await;
    let twice = pack::install(&control, &grace, good.clone()).await.unwrap_err();
    assert!(
        twice.to_string().contains("installed already, in version 1.0.0"),
        "{twice}"
    );
    // An update that can't be used leaves the version that is there.
    pack::update(&control, &grace, bad, false).await.unwrap_err();
    let old = pack_of(
        "joins",
        "0.9.0",
        &[("a.json", challenge("a", &[("q", text("x"))]))],
    );
    let older = pack::update(&control, &grace, old.clone(), false)
        .await
        .unwrap_err();
    assert!(
        older
            .to_string()
            .contains("0.9.0 is older than the version 1.0.0"),
        "{older}"
    );
    assert_eq!(
        pack::show(&control, &grace, "joins").await.unwrap().version,
        "1.0.0"
    );
    pack::update(&control, &grace, old, true).await.unwrap();
    assert_eq!(
        pack::show(&control, &grace, "joins").await.unwrap().version,
        "0.9.0"
    );
    assert!(matches!(
        pack::remove(&control, &grace, "none").await,
        Err(Error::NotFound(_))
    ));
    pack::remove(&control, &grace, "joins").await.unwrap();
    assert!(matches!(
        pack::show(&control, &grace, "joins").await,
        Err(Error::NotFound(_))
    ));
}

#[tokio::test]
async fn ten_who_install_at_once_install_once() {
    let control = TestControl::start().await;
    let grace = control.actor("grace", Role::Instructor).await;
    let bytes = zip(&example("harbour-sql").to_files());
    let all = (0..10).map(|_| pack::install(&control, &grace, bytes.clone()));
    let done = futures::future::join_all(all).await;
    assert_eq!(done.iter().filter(|one| one.is_ok()).count(), 1);
    assert_eq!(pack::list(&control, &grace).await.unwrap().len(), 1);
}
