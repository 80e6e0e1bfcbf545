//! Who stands where: ties, awards, the freeze, hidden members, sections, and who may see it.

use std::time::Duration;

use chrono::TimeDelta;
use futures::StreamExt;
use pglab_control::{Error, answer, board, member};
use pglab_core::points::Rules;

use super::{Course, SLUG};
use crate::packs::{challenge, pack_of, text};

#[tokio::test]
async fn ranks_ties_awards_freeze_and_hidden_members() {
    let questions = [("one", text("right")), ("two", text("right"))];
    let bytes = pack_of("small", "1.0.0", &[("a.json", challenge("a", &questions))]);
    let course = Course::open_without(bytes, &["ada", "bob", "cy", "dee"]).await;
    let (control, teacher) = (&course.control, &course.teacher);
    let (one, two) = (course.task("one").await, course.task("two").await);
    let ada = course.student("ada").await;
    let shown = async |actor| {
        let standings = answer::standings(control, actor, SLUG).await?;
        let rows = standings
            .rows
            .iter()
            .map(|row| format!("{} {} {}", row.rank, row.login, row.points.as_f64()));
        Ok::<_, Error>(rows.collect::<Vec<_>>())
    };
    assert!(matches!(shown(&ada).await, Err(Error::NotFound(_))));
    let mut rules = Rules {
        standings: true,
        ..Rules::default()
    };
    answer::set_rules(control, teacher, SLUG, rules.clone())
        .await
        .unwrap();
    for (login, task) in [
        ("cy", one),
        ("bob", one),
        ("bob", two),
        ("ada", one),
        ("ada", two),
    ] {
        control.clock.advance(TimeDelta::seconds(1));
        course
            .answer(&course.student(login).await, task, "right")
            .await
            .unwrap();
    }
    // Ada came to the same points as Bob, later.
    assert_eq!(
        shown(&ada).await.unwrap(),
        ["1 bob 20", "2 ada 20", "3 cy 10", "4 dee 0"]
    );
    let mut watching = std::pin::pin!(answer::watch(control, &ada, SLUG).await.unwrap());
    assert_eq!(watching.next().await.unwrap().rows[0].login, "bob");
    control.clock.advance(TimeDelta::seconds(1));
    answer::award(control, teacher, SLUG, "cy", 10.5, "found a mistake")
        .await
        .unwrap();
    assert_eq!(watching.next().await.unwrap().rows[0].login, "cy");
    assert_eq!(shown(&ada).await.unwrap()[0], "1 cy 20.5");
    // Frozen: students see how it was, the staff sees how it is.
    rules.frozen_at = Some(control.now());
    answer::set_rules(control, teacher, SLUG, rules.clone())
        .await
        .unwrap();
    control.clock.advance(TimeDelta::seconds(1));
    course
        .answer(&course.student("dee").await, one, "right")
        .await
        .unwrap();
    assert_eq!(
        shown(&ada).await.unwrap(),
        ["1 bob 20", "2 ada 20", "3 cy 10", "4 dee 0"]
    );
    assert_eq!(
        shown(teacher).await.unwrap(),
        ["1 cy 20.5", "2 bob 20", "3 ada 20", "4 dee 10"]
    );
    rules.frozen_at = None;
    answer::set_rules(control, teacher, SLUG, rules).await.unwrap();
    let hidden = answer::MemberRules {
        extra_s: 0,
        hidden: true,
    };
    answer::set_member_rules(control, teacher, SLUG, "cy", hidden)
        .await
        .unwrap();
    assert_eq!(shown(&ada).await.unwrap(), ["1 bob 20", "2 ada 20", "3 dee 10"]);
    assert_eq!(shown(teacher).await.unwrap().len(), 4);
}

/// A section, a name, a task that went: nobody earned anything, and the standings are others all the same.
#[tokio::test]
async fn what_is_edited_is_in_the_standings() {
    let questions = [("one", text("right"))];
    let bytes = pack_of("small", "1.0.0", &[("a.json", challenge("a", &questions))]);
    let course = Course::open_without(bytes, &["ada"]).await;
    let (control, teacher) = (&course.control, &course.teacher);
    let stop = tokio_util::sync::CancellationToken::new();
    let feed = tokio::spawn(board::feed::run(control.control.clone(), stop.clone()));
    let mut watching = std::pin::pin!(answer::watch(control, teacher, SLUG).await.unwrap());
    assert_eq!(watching.next().await.unwrap().rows[0].section, None);
    let change = member::MemberChange {
        section: Some("Mon".to_owned()),
        ..Default::default()
    };
    member::update(control, teacher, SLUG, "ada", change)
        .await
        .unwrap();
    let seen = async { while watching.next().await.unwrap().rows[0].section.as_deref() != Some("Mon") {} };
    tokio::time::timeout(Duration::from_secs(20), seen).await.unwrap();
    stop.cancel();
    feed.await.unwrap();
}
