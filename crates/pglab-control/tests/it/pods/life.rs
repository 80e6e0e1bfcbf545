//! A pod's life when nothing goes wrong, and who may do what.

use chrono::TimeDelta;
use pglab_control::{
    Error, answer, lab,
    pods::{self, Patch},
};
use pglab_core::pods::WireStatus;
use serde_json::json;

use super::{Arena, SLUG, close};

#[tokio::test]
async fn a_challenge_is_started_runs_and_is_ended() {
    let arena = Arena::open().await;
    let control = &arena.control;
    let instance = arena.start().await;
    assert_eq!(arena.state(&instance).await, "queued");
    arena.round().await.unwrap();
    assert_eq!(arena.state(&instance).await, "creating");
    let active = arena.until(&instance, "active").await;
    assert_eq!(
        active.addresses.first(),
        Some(format!("http://{}.pods.example/", instance.name).as_str())
    );
    assert_eq!(active.addresses.terminal, None, "only addresses for browsers");
    // What the manager was sent: variables filled in, answers left out, and the flag is the one that is judged.
    let pod = &arena.manager.pods()[&instance.name];
    assert_eq!(pod.user_id, instance.person.to_string());
    assert_eq!(pod.competition_id, instance.lab.to_string());
    let env = &pod.content["components"][0]["config"]["env"];
    assert_eq!(env["WHO"], json!(pod.user_id));
    assert_eq!(env["IN"], json!(pod.competition_id));
    assert_eq!(env["NAME"], json!(instance.name));
    assert_eq!(env["AT"], json!("127.0.0.1"));
    assert_eq!(env["OTHER"], json!("{{OTHER}}"));
    assert!(pod.content["components"][1]["config"].get("answer").is_none());
    let tasks = answer::own_tasks(control, &arena.ada, SLUG).await.unwrap();
    let task = tasks.iter().find(|task| task.kind == "flag").unwrap();
    let given = env["FLAG"].as_str().unwrap().to_owned();
    assert!(given.starts_with("flag{"));
    arena.nobody_earned_anything().await;
    let answered = answer::submit(control, &arena.ada, SLUG, task.id, answer::Given::Text(given))
        .await
        .unwrap();
    assert!(answered.verdict.right, "{answered:?}");
    // The flag that the manager keeps under the secret's name, for the staff alone.
    let flag = pods::secret(control, &arena.teacher, SLUG, instance.id)
        .await
        .unwrap();
    assert_eq!(flag, format!("flag{{of {}}}", instance.name));
    let refused = pods::secret(control, &arena.ada, SLUG, instance.id).await;
    assert!(matches!(refused, Err(Error::Forbidden)));
    let told = pods::status(control, &arena.teacher, SLUG, instance.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (told.status.as_str(), told.node.as_deref()),
        ("running", Some("n1"))
    );
    // Ended, and gone at the manager.
    pods::end(control, &arena.ada, SLUG, instance.id).await.unwrap();
    let ended = arena.until(&instance, "terminated").await;
    assert_eq!(ended.state.sentence(), "Ended: its member ended it.");
    assert!(arena.manager.pods().is_empty());
    let events: Vec<String> = pods::history(control, &arena.ada, SLUG, instance.id)
        .await
        .unwrap()
        .into_iter()
        .map(|moved| moved.event)
        .collect();
    assert_eq!(
        events,
        [
            "wanted",
            "start",
            "accepted",
            "ready",
            "terminate",
            "asked",
            "gone"
        ]
    );
    arena.histories_fit(1).await;
    // It can be started anew, under a name that was never used.
    let again = arena.start().await;
    assert_ne!(again.name, instance.name);
    arena.until(&again, "active").await;
}

#[tokio::test]
async fn what_can_not_be_started_is_said() {
    let arena = Arena::open().await;
    let control = &arena.control;
    arena.start().await;
    let conflict = |outcome: Result<pods::ChallengeInstance, Error>| match outcome {
        Err(Error::Conflict(why)) => why,
        other => panic!("{other:?}"),
    };
    let twice = conflict(pods::start(control, &arena.ada, SLUG, arena.shop).await);
    assert_eq!(twice, "the challenge \"The shop\" runs already");
    let ours = control.server.superuser("pglab").await;
    let quiz: uuid::Uuid = ours
        .query_one("SELECT id FROM challenge WHERE key = 'quiz'", &[])
        .await
        .unwrap()
        .get(0);
    let nothing = conflict(pods::start(control, &arena.ada, SLUG, quiz.into()).await);
    assert!(nothing.contains("nothing to start"), "{nothing}");
    let refused = pods::start(control, &arena.teacher, SLUG, quiz.into()).await;
    assert!(
        matches!(refused, Err(Error::Conflict(_))),
        "the staff tries it like anybody: {refused:?}"
    );
    // Five at the same time make one.
    let bob = arena.student("bob").await;
    let all = futures::future::join_all((0..5).map(|_| pods::start(control, &bob, SLUG, arena.shop))).await;
    assert_eq!(all.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    close(&arena).await;
    let forum: uuid::Uuid = ours
        .query_one("SELECT id FROM challenge WHERE key = 'forum'", &[])
        .await
        .unwrap()
        .get(0);
    let closed = conflict(pods::start(control, &bob, SLUG, forum.into()).await);
    assert!(closed.contains("not open"), "{closed}");
}

#[tokio::test]
async fn nobody_reaches_anothers() {
    let arena = Arena::open().await;
    let control = &arena.control;
    let instance = arena.start().await;
    let bob = arena.student("bob").await;
    assert!(matches!(
        pods::show(control, &bob, SLUG, instance.id).await,
        Err(Error::NotFound(_))
    ));
    assert!(matches!(
        pods::end(control, &bob, SLUG, instance.id).await,
        Err(Error::NotFound(_))
    ));
    assert!(matches!(
        pods::list(control, &bob, SLUG).await,
        Err(Error::Forbidden)
    ));
    assert!(
        pods::end(control, &arena.teacher, SLUG, instance.id)
            .await
            .is_ok()
    );
    let ended = arena.until(&instance, "terminated").await;
    assert_eq!(ended.state.sentence(), "Ended: teacher ended it.");
}

#[tokio::test]
async fn what_is_over_or_unwanted_ends() {
    let arena = Arena::open().await;
    let instance = arena.start().await;
    arena.until(&instance, "active").await;
    arena.control.clock.advance(TimeDelta::hours(3));
    let extended = pods::extend(&arena.control, &arena.ada, SLUG, instance.id)
        .await
        .unwrap();
    arena.control.clock.advance(TimeDelta::hours(3));
    arena.rounds(2).await;
    assert_eq!(arena.state(&instance).await, "active");
    assert!(extended.expires_at > instance.expires_at);
    arena.control.clock.advance(TimeDelta::hours(1));
    let ended = arena.until(&instance, "terminated").await;
    assert_eq!(ended.state.sentence(), "Ended: its time is over.");
    let again = arena.start().await;
    arena.until(&again, "active").await;
    close(&arena).await;
    let ended = arena.until(&again, "terminated").await;
    assert_eq!(ended.state.sentence(), "Ended: the lab is no longer open.");
    assert!(arena.manager.pods().is_empty());
}

#[tokio::test]
async fn front_ends_set_what_the_machine_allows() {
    let arena = Arena::open().await;
    let control = &arena.control;
    let instance = arena.start().await;
    let set = |status: WireStatus| Patch {
        status: Some(status),
        flag: Some("flag{theirs}".to_owned()),
        ..Patch::default()
    };
    let refused = pods::patch(control, &arena.teacher, instance.id, set(WireStatus::Terminated)).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    // All or nothing: the flag was not taken either.
    assert_eq!(arena.seen(&instance).await.flag_sealed, None);
    let active = pods::patch(control, &arena.teacher, instance.id, set(WireStatus::Active))
        .await
        .unwrap();
    assert_eq!(WireStatus::of(&active.state), WireStatus::Active);
    assert_eq!(pods::flag(control, &active).unwrap(), "flag{theirs}");
    let bad = Patch {
        flag_secret_name: Some("a\nb".to_owned()),
        ..Patch::default()
    };
    assert!(matches!(
        pods::patch(control, &arena.teacher, instance.id, bad).await,
        Err(Error::Invalid { .. })
    ));
}

/// A lab that is deleted waits for its pods; afterwards none runs.
#[tokio::test]
async fn a_deleted_lab_leaves_no_pods() {
    let arena = Arena::open().await;
    let control = &arena.control;
    let instance = arena.start().await;
    arena.until(&instance, "active").await;
    close(&arena).await;
    lab::delete(control, &arena.teacher, SLUG, SLUG).await.unwrap();
    let first = lab::clean_up::activate(control).await.unwrap();
    assert_eq!((first.deleted, first.waiting), (0, 1));
    for _ in 0..20 {
        arena.round().await.unwrap();
        if lab::clean_up::activate(control).await.unwrap().deleted == 1 {
            break;
        }
    }
    assert!(arena.manager.pods().is_empty());
    assert!(pods::by_id(control, instance.id).await.is_err());
}
