//! Caps, limits, prices: what counts once counts once, however many come at a time.

use chrono::TimeDelta;
use futures::future::join_all;
use pglab_control::{
    Error,
    answer::{self, Answered, Given},
};
use pglab_core::{
    access::Actor,
    id::TaskId,
    points::{LatePenalty, Rules},
    task::Points,
};
use serde_json::{Value, json};

use super::{Course, SLUG};
use crate::packs::{challenge, pack_of, text};

fn pack(questions: &[(&str, Value)]) -> Vec<u8> {
    pack_of("small", "1.0.0", &[("a.json", challenge("a", questions))])
}

fn with(mut question: Value, more: &Value) -> Value {
    for (key, value) in more.as_object().unwrap() {
        question[key] = value.clone();
    }
    question
}

#[tokio::test]
async fn fifty_wrong_answers_at_once_count_three() {
    let capped = with(text("right"), &json!({ "attempts": 3 }));
    let course = Course::open_without(pack(&[("q", capped)]), &["ada"]).await;
    let (ada, task) = (course.student("ada").await, course.task("q").await);
    let done = join_all((0..50).map(|n| {
        let (course, ada) = (&course, &ada);
        async move { course.answer(ada, task, &format!("wrong {n}")).await }
    }))
    .await;
    assert_eq!(done.iter().filter(|one| one.is_ok()).count(), 3);
    assert_eq!(course.count("SELECT count(*) FROM attempt").await, 3);
    assert_eq!(
        course.count("SELECT n_counted::bigint FROM answer_tally").await,
        3
    );
    let refused = course.answer(&ada, task, "right").await.unwrap_err();
    assert_eq!(refused.to_string(), "you have used all 3 attempts of this task");
    assert_eq!(course.count("SELECT count(*) FROM completion").await, 0);
}

#[tokio::test]
async fn a_thousand_right_answers_at_once_earn_once() {
    let course = Course::open_without(pack(&[("q", text("right"))]), &["ada"]).await;
    let (ada, task) = (course.student("ada").await, course.task("q").await);
    let rules = Rules {
        answers_per_minute: 1000,
        ..Rules::default()
    };
    answer::set_rules(&course.control, &course.teacher, SLUG, rules)
        .await
        .unwrap();
    let done = join_all((0..1000).map(|_| course.answer(&ada, task, "right"))).await;
    assert_eq!(done.iter().filter(|one| one.is_ok()).count(), 1);
    assert_eq!(course.count("SELECT count(*) FROM completion").await, 1);
    assert_eq!(
        course.count("SELECT sum(best)::bigint FROM task_score").await,
        10_000
    );
    assert_eq!(course.count("SELECT count(*) FROM attempt").await, 1);
}

/// A busy machine may keep somebody waiting for too long: nothing was counted then, and they send it again.
async fn patiently(course: &Course, actor: &Actor, task: TaskId, text: &str) -> Result<Answered, Error> {
    loop {
        match course.answer(actor, task, text).await {
            Err(Error::Unavailable(_)) => {}
            said => return said,
        }
    }
}

#[tokio::test]
async fn a_thousand_members_at_once_are_all_counted() {
    let logins: Vec<String> = (0..1000).map(|n| format!("m{n}")).collect();
    let logins: Vec<&str> = logins.iter().map(String::as_str).collect();
    let decays = with(
        text("right"),
        &json!({ "points": 100, "pricing": { "function": "linear", "decay": 1, "minimum": 50 } }),
    );
    let course = Course::open_without(pack(&[("q", text("right")), ("d", decays)]), &logins).await;
    let (task, decaying) = (course.task("q").await, course.task("d").await);
    let members = join_all(logins.iter().map(|login| course.student(login))).await;
    let done = join_all(
        members
            .iter()
            .map(|actor| patiently(&course, actor, task, " right\n")),
    )
    .await;
    assert!(
        done.iter()
            .all(|one| one.as_ref().unwrap().earned == Some(Points(10_000)))
    );
    let done = join_all(
        members
            .iter()
            .map(|actor| patiently(&course, actor, decaying, "right")),
    )
    .await;
    assert_eq!(done.iter().filter(|one| one.is_ok()).count(), 1000);
    // Each price was paid once on the way down: 100, 99, … 51, and then 50 for all others.
    let falling: i64 = (51..=100).sum::<i64>() * 1000 + 950 * 50_000;
    assert_eq!(
        course.count("SELECT sum(points)::bigint FROM completion").await,
        falling + 1000 * 10_000
    );
    let standings = answer::standings(&course.control, &course.teacher, SLUG)
        .await
        .unwrap();
    assert_eq!(standings.rows.len(), 1000);
    assert_eq!(
        standings.rows.iter().map(|row| row.points.0).sum::<i64>(),
        falling + 10_000_000
    );
}

#[tokio::test]
async fn too_fast_is_told_how_long_to_wait() {
    let cool = with(text("right"), &json!({ "cooldown": 30 }));
    let course = Course::open_without(pack(&[("cool", cool), ("q", text("right"))]), &["ada"]).await;
    let ada = course.student("ada").await;
    let task = course.task("cool").await;
    let many = join_all((0..5).map(|_| course.answer(&ada, task, "wrong"))).await;
    assert_eq!(many.iter().filter(|one| one.is_ok()).count(), 1);
    let Err(Error::RateLimited(wait)) = course.answer(&ada, task, "right").await else {
        panic!("it must be refused")
    };
    assert_eq!(wait.as_secs(), 30);
    course.control.clock.advance(TimeDelta::seconds(30));
    assert!(course.answer(&ada, task, "right").await.unwrap().verdict.right);
    let rules = Rules {
        answers_per_minute: 2,
        ..Rules::default()
    };
    answer::set_rules(&course.control, &course.teacher, SLUG, rules)
        .await
        .unwrap();
    let task = course.task("q").await;
    for _ in 0..2 {
        course.answer(&ada, task, "wrong").await.unwrap();
    }
    assert!(matches!(
        course.answer(&ada, task, "right").await,
        Err(Error::RateLimited(_))
    ));
    course.control.clock.advance(TimeDelta::seconds(60));
    assert!(course.answer(&ada, task, "right").await.unwrap().verdict.right);
    let again = course.answer(&ada, task, "right").await.unwrap_err();
    assert_eq!(again.to_string(), "you have done this task already");
}

#[tokio::test]
async fn hints_lateness_and_the_first() {
    let hinted = with(
        text("right"),
        &json!({ "hints": ["free", { "text": "dear", "cost": 3 }] }),
    );
    let course = Course::open_without(pack(&[("q", hinted)]), &["ada", "bob", "cy"]).await;
    let (control, teacher, task) = (&course.control, &course.teacher, course.task("q").await);
    let (ada, bob, cy) = (
        course.student("ada").await,
        course.student("bob").await,
        course.student("cy").await,
    );
    let due = control.now() + TimeDelta::minutes(10);
    let rules = Rules {
        due_at: Some(due),
        first_bonus: 2,
        late: LatePenalty {
            once_percent: 50,
            most_percent: 50,
            ..LatePenalty::default()
        },
        ..Rules::default()
    };
    answer::set_rules(control, teacher, SLUG, rules).await.unwrap();
    let too_soon = answer::hint(control, &ada, SLUG, task, 1).await.unwrap_err();
    assert_eq!(too_soon.to_string(), "take hint 1 first");
    for number in [0, 1, 1] {
        answer::hint(control, &ada, SLUG, task, number).await.unwrap();
    }
    // 10, and 2 for the first, less 3 for the hint that was taken once.
    assert_eq!(
        course.answer(&ada, task, "right").await.unwrap().earned,
        Some(Points(9_000))
    );
    control.clock.advance(TimeDelta::minutes(11));
    assert_eq!(
        course.answer(&bob, task, "right").await.unwrap().earned,
        Some(Points(5_000))
    );
    let extra = answer::MemberRules {
        extra_s: 120,
        hidden: false,
    };
    answer::set_member_rules(control, teacher, SLUG, "cy", extra)
        .await
        .unwrap();
    assert_eq!(
        course.answer(&cy, task, "right").await.unwrap().earned,
        Some(Points(10_000))
    );
}

#[tokio::test]
async fn who_may_answer_and_when() {
    let first = challenge("a", &[("q", text("right"))]);
    let mut second: Value = serde_json::from_str(&challenge("b", &[("later", text("right"))])).unwrap();
    second["metadata"]["prerequisites"] = json!(["a"]);
    let bytes = pack_of(
        "small",
        "1.0.0",
        &[("a.json", first), ("b.json", second.to_string())],
    );
    let course = Course::open_without(bytes, &["ada"]).await;
    let (ada, later) = (course.student("ada").await, course.task("later").await);
    let stranger = course
        .control
        .actor("eve", pglab_core::person::Role::Student)
        .await;
    assert!(matches!(
        course.answer(&stranger, later, "right").await,
        Err(Error::Forbidden)
    ));
    let locked = course.answer(&ada, later, "right").await.unwrap_err();
    assert!(locked.to_string().starts_with("do a first"), "{locked}");
    // The staff tries, and nothing is counted.
    let tried = course.answer(&course.teacher, later, "right").await.unwrap();
    assert!(tried.trial && tried.verdict.right);
    course
        .answer(&ada, course.task("q").await, "right")
        .await
        .unwrap();
    assert!(course.answer(&ada, later, "right").await.unwrap().verdict.right);
    let empty = course.answer(&ada, later, "  ").await;
    assert!(matches!(empty, Err(Error::Invalid { .. } | Error::Conflict(_))));
    let set = answer::submit(
        &course.control,
        &course.teacher,
        SLUG,
        later,
        Given::Set(vec!["x".to_owned()]),
    )
    .await;
    assert!(matches!(set, Err(Error::Invalid { .. })));
    assert_eq!(course.count("SELECT count(*) FROM attempt").await, 2);
}
