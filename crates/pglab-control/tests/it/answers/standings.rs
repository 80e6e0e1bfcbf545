//! Who stands where: ties, awards, the freeze, hidden members, sections, and who may see it.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use pglab_control::{
    Control, Error,
    answer::{self, Given, Row, Told, Viewer},
    board, member, workers,
};
use pglab_core::{
    id::MemberId,
    points::Rules,
    task::{Points, TaskState},
};
use pglab_store::{
    task_score::{self, TaskScore},
    timeline,
};
use tokio_util::sync::CancellationToken;

use super::{Course, SLUG};
use crate::packs::{challenge, pack_of, text};

/// As a page keeps what it was told.
fn apply(seen: &mut HashMap<MemberId, Row>, told: Told) {
    match told {
        Told::Whole(standings) => {
            *seen = standings
                .rows
                .iter()
                .map(|row| (row.member, row.clone()))
                .collect();
        }
        Told::Changed(change) => {
            for member in &change.gone {
                assert!(seen.remove(member).is_some(), "who is gone was there");
            }
            for row in &change.rows {
                seen.insert(row.member, row.clone());
            }
            for moved in &change.moved {
                let row = seen.get_mut(&moved.member).unwrap();
                (row.rank, row.section_rank) = (moved.rank, moved.section_rank);
            }
        }
    }
}

fn ranks(seen: &HashMap<MemberId, Row>) -> Vec<String> {
    let mut rows: Vec<&Row> = seen.values().collect();
    rows.sort_by_key(|row| (row.rank, row.login.clone()));
    rows.iter()
        .map(|row| format!("{} {} {}", row.rank, row.login, row.points.as_f64()))
        .collect()
}

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
    let mut watching = std::pin::pin!(answer::watch(control, &ada, SLUG, Viewer::Actor).await.unwrap());
    let mut seen = HashMap::new();
    apply(&mut seen, watching.next().await.unwrap());
    assert_eq!(ranks(&seen), ["1 bob 20", "2 ada 20", "3 cy 10", "4 dee 0"]);
    control.clock.advance(TimeDelta::seconds(1));
    answer::award(control, teacher, SLUG, "cy", 10.5, "found a mistake")
        .await
        .unwrap();
    // Cy has other points; Bob and Ada only another rank; nothing is said of Dee.
    let told = watching.next().await.unwrap();
    let Told::Changed(change) = &told else {
        panic!("{told:?}")
    };
    let logins: Vec<&str> = change.rows.iter().map(|row| row.login.as_str()).collect();
    assert_eq!(logins, ["cy"]);
    assert_eq!((change.moved.len(), change.gone.len()), (2, 0), "{change:?}");
    apply(&mut seen, told);
    assert_eq!(ranks(&seen), shown(&ada).await.unwrap());
    assert_eq!(ranks(&seen)[0], "1 cy 20.5");
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
    // What the staff puts on a wall is what students see.
    let wall = answer::standings_for(control, teacher, SLUG, Viewer::Wall)
        .await
        .unwrap();
    assert!(!wall.revealed);
    assert_eq!(wall.rows[0].login, "bob");
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
    // Who watches comes to the same, whatever was told on the way.
    let caught_up = async {
        while ranks(&seen) != ["1 bob 20", "2 ada 20", "3 dee 10"] {
            apply(&mut seen, watching.next().await.unwrap());
        }
    };
    tokio::time::timeout(Duration::from_secs(60), caught_up)
        .await
        .unwrap();
    assert_eq!(shown(teacher).await.unwrap().len(), 4);
}

/// A section, a name, a task that went: nobody earned anything, and the standings are others all the same.
#[tokio::test]
async fn what_is_edited_is_in_the_standings() {
    let questions = [("one", text("right"))];
    let bytes = pack_of("small", "1.0.0", &[("a.json", challenge("a", &questions))]);
    let course = Course::open_without(bytes, &["ada"]).await;
    let (control, teacher) = (&course.control, &course.teacher);
    let stop = CancellationToken::new();
    let feed = tokio::spawn(board::feed::run(control.control.clone(), stop.clone()));
    let mut watching = std::pin::pin!(
        answer::watch(control, teacher, SLUG, Viewer::Actor)
            .await
            .unwrap()
    );
    let mut seen = HashMap::new();
    apply(&mut seen, watching.next().await.unwrap());
    let section = |seen: &HashMap<MemberId, Row>| seen.values().next().unwrap().section.clone();
    assert_eq!(section(&seen), None);
    let change = member::MemberChange {
        section: Some("Mon".to_owned()),
        ..Default::default()
    };
    member::update(control, teacher, SLUG, "ada", change)
        .await
        .unwrap();
    let caught_up = async {
        while section(&seen).as_deref() != Some("Mon") {
            apply(&mut seen, watching.next().await.unwrap());
        }
    };
    tokio::time::timeout(Duration::from_secs(60), caught_up)
        .await
        .unwrap();
    stop.cancel();
    feed.await.unwrap();
}

/// A task that was worth something before the freeze and more after it shows what it was worth.
#[tokio::test]
async fn what_grew_after_the_freeze_shows_as_it_was() {
    let questions = [("one", text("right")), ("two", text("right"))];
    let bytes = pack_of("small", "1.0.0", &[("a.json", challenge("a", &questions))]);
    let course = Course::open_without(bytes, &["ada", "bob"]).await;
    let (control, teacher) = (&course.control, &course.teacher);
    let (one, two) = (course.task("one").await, course.task("two").await);
    let ada = course.student("ada").await;
    let member = lab_member(&course, "ada").await;
    let started = control.now();
    // As a look at the database writes it.
    let worth = async |task, points, completed: bool, seconds| {
        let at = started + TimeDelta::seconds(seconds);
        let score = TaskScore {
            member,
            task,
            best: Points(points),
            now: Points(points),
            state: if completed {
                TaskState::Done
            } else {
                TaskState::Partly
            },
            best_at: at,
            completed_at: completed.then_some(at),
        };
        let happened = timeline::NewEntry {
            member,
            at,
            kind: if completed {
                timeline::Kind::Completed
            } else {
                timeline::Kind::Progress
            },
            text: String::new(),
            task: Some(task),
            points: Some(Points(points)),
        };
        let mut tx = control.store.begin().await.unwrap();
        task_score::put(&mut tx, &[score], at).await.unwrap();
        timeline::insert(&mut tx, &[happened]).await.unwrap();
        control.store.commit(tx).await.unwrap();
    };
    worth(one, 2000, false, 1).await;
    worth(one, 4000, false, 2).await;
    worth(two, 10_000, true, 3).await;
    let rules = Rules {
        standings: true,
        frozen_at: Some(started + TimeDelta::seconds(10)),
        ..Rules::default()
    };
    worth(one, 10_000, true, 20).await;
    answer::set_rules(control, teacher, SLUG, rules).await.unwrap();
    let shown = async |actor| {
        let standings = answer::standings(control, actor, SLUG).await.unwrap();
        let row = standings.rows.iter().find(|row| row.login == "ada").unwrap();
        let since = |at: DateTime<Utc>| (at - started).num_seconds();
        let done: Vec<_> = row.done.iter().map(|(task, _, at)| (*task, since(*at))).collect();
        (row.points.0, row.reached_at.map(since), done)
    };
    assert_eq!(shown(&ada).await, (14_000, Some(3), vec![(two, 3)]));
    assert_eq!(
        shown(teacher).await,
        (20_000, Some(20), vec![(two, 3), (one, 20)])
    );
}

async fn lab_member(course: &Course, login: &str) -> MemberId {
    let listed = member::list(&course.control, &course.teacher, SLUG)
        .await
        .unwrap();
    listed
        .into_iter()
        .find(|listed| listed.member.login.as_str() == login)
        .unwrap()
        .member
        .id
}

/// Whichever of two processes looks at the databases: what is answered in the other is on its board, and the awards of one
/// are in the standings of the other.
#[tokio::test]
async fn an_answer_in_one_process_is_on_the_board_of_the_other() {
    let questions = [("one", text("right"))];
    let bytes = pack_of("small", "1.0.0", &[("a.json", challenge("a", &questions))]);
    let course = Course::open_without(bytes, &["ada", "bob"]).await;
    let teacher = &course.teacher;
    let one = course.task("one").await;
    let processes = [course.control.control.clone(), course.control.again().await];
    let stop = CancellationToken::new();
    let mut working = Vec::new();
    for process in &processes {
        working.push(tokio::spawn(workers::run(process.clone(), stop.clone())));
        // Both have a board before anything happens.
        board::show(process, teacher, SLUG, false).await.unwrap();
        answer::standings(process, teacher, SLUG).await.unwrap();
    }
    let listening = "SELECT count(*) FROM pg_stat_activity WHERE query ILIKE 'LISTEN%'";
    let both_listen = async {
        while course.count(listening).await < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), both_listen)
        .await
        .unwrap();
    for (process, login) in processes.iter().zip(["ada", "bob"]) {
        let student = course.student(login).await;
        answer::submit(process, &student, SLUG, one, Given::Text("right".to_owned()))
            .await
            .unwrap();
    }
    let both_done = async |process: &Control| loop {
        let shown = board::show(process, teacher, SLUG, false).await.unwrap();
        if shown.view.members.iter().all(|row| row.score == Points(10_000)) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    for process in &processes {
        tokio::time::timeout(Duration::from_secs(30), both_done(process))
            .await
            .unwrap();
    }
    answer::award(&processes[0], teacher, SLUG, "bob", 5.0, "helped ada")
        .await
        .unwrap();
    let told = async {
        while answer::standings(&processes[1], teacher, SLUG)
            .await
            .unwrap()
            .rows[0]
            .points
            != Points(15_000)
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), told).await.unwrap();
    stop.cancel();
    for one in working {
        one.await.unwrap();
    }
}
