//! Team labs: what one earns all have earned, attempts and hints count for the team, and the standings rank teams.

use chrono::TimeDelta;
use futures::future::join_all;
use pglab_control::{
    Error,
    access_code::{self, NewCode},
    answer, board, lab, team,
};
use pglab_core::{access::Actor, person::Role, points::Rules, task::Points};
use serde_json::json;

use super::{Course, SLUG};
use crate::packs::{challenge, pack_of, text};

const HERE: &str = "192.0.2.1";

/// `red` has ada and bob, `blue` has cy; dee is alone.
async fn course(questions: &[(&str, serde_json::Value)]) -> Course {
    let bytes = pack_of("small", "1.0.0", &[("a.json", challenge("a", questions))]);
    let course = Course::open_without(bytes, &["ada", "bob", "cy", "dee"]).await;
    let settings = [("teams".to_owned(), true.into())].into_iter().collect();
    let change = lab::LabChange {
        settings: Some(settings),
        ..lab::LabChange::default()
    };
    let (control, teacher) = (&course.control, &course.teacher);
    lab::update(control, teacher, SLUG, change).await.unwrap();
    for (name, logins) in [("red", &["ada", "bob"][..]), ("blue", &["cy"])] {
        team::create(control, teacher, SLUG, name).await.unwrap();
        for login in logins {
            team::assign(control, teacher, SLUG, login, Some(name))
                .await
                .unwrap();
        }
    }
    course
}

async fn shown(course: &Course, actor: &Actor) -> Vec<String> {
    let standings = answer::standings(&course.control, actor, SLUG).await.unwrap();
    standings
        .rows
        .iter()
        .map(|row| {
            let team = row.team.as_ref().map(|team| team.join("+")).unwrap_or_default();
            format!(
                "{} {} {team} {} {}",
                row.rank,
                row.login,
                row.points.as_f64(),
                row.done.len()
            )
        })
        .collect()
}

fn with(mut config: serde_json::Value, more: serde_json::Value) -> serde_json::Value {
    for (key, value) in more.as_object().unwrap() {
        config[key] = value.clone();
    }
    config
}

#[tokio::test]
async fn fifty_wrong_answers_of_a_team_at_once_count_as_the_cap_says() {
    let course = course(&[("one", with(text("right"), json!({ "attempts": 3 })))]).await;
    let one = course.task("one").await;
    let (ada, bob, cy) = (
        course.student("ada").await,
        course.student("bob").await,
        course.student("cy").await,
    );
    let sent = join_all((0..50).map(|n| {
        let actor = if n % 2 == 0 { &ada } else { &bob };
        course.answer(actor, one, "wrong")
    }))
    .await;
    assert_eq!(sent.iter().filter(|sent| sent.is_ok()).count(), 3);
    let n = "SELECT count(*) FROM attempt WHERE outcome = 'wrong'";
    assert_eq!(course.count(n).await, 3);
    for actor in [&ada, &bob] {
        let refused = course.answer(actor, one, "right").await.unwrap_err();
        assert!(matches!(refused, Error::Conflict(_)), "{refused}");
        let own = answer::own_tasks(&course.control, actor, SLUG).await.unwrap();
        assert_eq!((own[0].n_counted, own[0].done_at), (3, None));
    }
    // The other team has its own.
    assert!(course.answer(&cy, one, "right").await.unwrap().earned.is_some());
}

#[tokio::test]
async fn two_of_a_team_at_once_earn_once_and_all_of_it_have_earned() {
    let pricing = json!({ "points": 10, "pricing": { "function": "linear", "decay": 1, "minimum": 1 } });
    let course = course(&[("one", with(text("right"), pricing)), ("two", text("right"))]).await;
    let (one, two) = (course.task("one").await, course.task("two").await);
    let (ada, bob, cy, dee) = (
        course.student("ada").await,
        course.student("bob").await,
        course.student("cy").await,
        course.student("dee").await,
    );
    let sent =
        join_all((0..20).map(|n| course.answer(if n % 2 == 0 { &ada } else { &bob }, one, "right"))).await;
    let earned: Vec<Points> = sent
        .into_iter()
        .filter_map(|sent| sent.ok().and_then(|answered| answered.earned))
        .collect();
    assert_eq!(earned.len(), 1, "{earned:?}");
    // Both have done it, for the same points, and it was one completion for the price of the next.
    assert_eq!(course.count("SELECT count(*) FROM completion").await, 2);
    assert_eq!(
        course
            .count("SELECT count(DISTINCT points) FROM completion")
            .await,
        1
    );
    let priced = "SELECT max(points) - min(points) FROM completion";
    course.answer(&cy, one, "right").await.unwrap();
    assert_eq!(course.count(priced).await, 1000);
    for actor in [&ada, &bob] {
        let own = answer::own_tasks(&course.control, actor, SLUG).await.unwrap();
        assert!(own[0].done_at.is_some() && own[1].done_at.is_none());
    }
    let view = board::show(&course.control, &course.teacher, SLUG, false)
        .await
        .unwrap()
        .view;
    let scores: Vec<(String, f64)> = view
        .members
        .iter()
        .map(|row| (row.login.as_str().to_owned(), row.score.as_f64()))
        .collect();
    assert_eq!(
        scores.iter().filter(|(_, score)| *score > 0.0).count(),
        3,
        "{scores:?}"
    );
    // Standings rank teams; who is in none stands alone.
    course.control.clock.advance(TimeDelta::seconds(1));
    course.answer(&bob, two, "right").await.unwrap();
    course.answer(&dee, two, "right").await.unwrap();
    let rules = Rules {
        standings: true,
        ..Rules::default()
    };
    answer::set_rules(&course.control, &course.teacher, SLUG, rules)
        .await
        .unwrap();
    let rows = shown(&course, &dee).await;
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert!(
        rows[0].starts_with("1 red ada+bob ") && rows[0].ends_with(" 2"),
        "{rows:?}"
    );
    assert!(rows.iter().any(|row| row.contains(" blue cy ")), "{rows:?}");
    assert!(rows.iter().any(|row| row.contains(" dee  ")), "{rows:?}");
    // An award of one is the team's.
    answer::award(&course.control, &course.teacher, SLUG, "ada", 5.0, "helped")
        .await
        .unwrap();
    let before: f64 = rows[0].split(' ').nth(3).unwrap().parse().unwrap();
    let after = shown(&course, &course.teacher).await;
    let after: f64 = after[0].split(' ').nth(3).unwrap().parse().unwrap();
    assert!((after - before - 5.0).abs() < 1e-9);
}

#[tokio::test]
async fn hints_are_of_the_team() {
    let hints = json!({ "points": 10, "hints": [{ "text": "think", "cost": 4 }] });
    let course = course(&[("one", with(text("right"), hints))]).await;
    let one = course.task("one").await;
    let (ada, bob) = (course.student("ada").await, course.student("bob").await);
    for actor in [&ada, &bob] {
        answer::hint(&course.control, actor, SLUG, one, 0).await.unwrap();
    }
    let own = answer::own_tasks(&course.control, &bob, SLUG).await.unwrap();
    assert_eq!(own[0].hints.len(), 1);
    let earned = course.answer(&bob, one, "right").await.unwrap().earned.unwrap();
    let full = course
        .answer(&course.student("cy").await, one, "right")
        .await
        .unwrap()
        .earned
        .unwrap();
    assert_eq!(full.0 - earned.0, own[0].hints[0].price.0, "taken off once");
}

#[tokio::test]
async fn who_comes_late_has_what_the_team_has_and_who_has_begun_stays() {
    let course = course(&[("one", text("right")), ("two", text("right"))]).await;
    let (control, teacher) = (&course.control, &course.teacher);
    let (one, two) = (course.task("one").await, course.task("two").await);
    course
        .answer(&course.student("ada").await, one, "right")
        .await
        .unwrap();
    let new = NewCode::default();
    let code = access_code::create(control, teacher, SLUG, new)
        .await
        .unwrap()
        .code;
    let eve = control.actor("eve", Role::Student).await;
    access_code::join(control, &eve, &code, HERE).await.unwrap();
    let teams = team::list(control, teacher, SLUG).await.unwrap();
    let red = teams.iter().find(|team| team.name == "red").unwrap();
    let wrong = team::join(control, &eve, SLUG, "NOSUCH99", HERE)
        .await
        .unwrap_err();
    assert!(matches!(wrong, Error::Invalid { .. }), "{wrong}");
    let joined = team::join(control, &eve, SLUG, &red.code.to_lowercase(), HERE)
        .await
        .unwrap();
    assert_eq!(joined.members.len(), 3);
    let own = answer::own_tasks(control, &eve, SLUG).await.unwrap();
    assert!(own[0].done_at.is_some() && own[1].done_at.is_none());
    let refused = course.answer(&eve, one, "right").await.unwrap_err();
    assert!(refused.to_string().contains("done"), "{refused}");
    // Who earned for a team stays in it; and who answered alone stays alone.
    for (login, to) in [("ada", Some("blue")), ("bob", None)] {
        let refused = team::assign(control, teacher, SLUG, login, to).await.unwrap_err();
        assert!(matches!(refused, Error::Conflict(_)), "{refused}");
    }
    course
        .answer(&course.student("dee").await, two, "wrong")
        .await
        .unwrap();
    let refused = team::assign(control, teacher, SLUG, "dee", Some("red"))
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::Conflict(_)), "{refused}");
    // cy has not: and then the empty team can go.
    let blue = teams.iter().find(|team| team.name == "blue").unwrap();
    let refused = team::delete(control, teacher, SLUG, blue.id).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict(_)), "{refused}");
    team::assign(control, teacher, SLUG, "cy", None).await.unwrap();
    team::delete(control, teacher, SLUG, blue.id).await.unwrap();
    let gone = team::delete(control, teacher, SLUG, blue.id).await.unwrap_err();
    assert!(matches!(gone, Error::NotFound(_)), "{gone}");
    // Without the setting there are none.
    let settings = [("teams".to_owned(), false.into())].into_iter().collect();
    let change = lab::LabChange {
        settings: Some(settings),
        ..lab::LabChange::default()
    };
    lab::update(control, teacher, SLUG, change).await.unwrap();
    let refused = team::create(control, teacher, SLUG, "green").await.unwrap_err();
    assert!(matches!(refused, Error::Conflict(_)), "{refused}");
}
