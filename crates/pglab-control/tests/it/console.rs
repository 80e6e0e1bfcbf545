//! Consoles on students' databases: who gets one, that what is left does not run on, and what becomes of them when the
//! lab closes.

use std::time::Duration;

use pglab_control::{
    Error,
    console::{self, Command},
    lab, member,
};
use pglab_core::{access::Actor, console::Event, person::Role};
use pglab_fleet::activity::Sweeper;
use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    time::{sleep, timeout},
};

use crate::class::lesson::{Lesson, SLUG};

struct Open {
    commands: Sender<Command>,
    events: Receiver<Event>,
}

async fn try_open(lesson: &Lesson, actor: &Actor, login: Option<&str>) -> Result<Open, Error> {
    let target = console::check(lesson, actor, SLUG, login).await?;
    let place = console::admit(lesson, actor, SLUG, &target).await?;
    let console = console::open(lesson, target, place).await?;
    let (commands, received) = mpsc::channel(8);
    let (told, events) = mpsc::channel(8);
    tokio::spawn(console.serve(received, told));
    Ok(Open { commands, events })
}

async fn open(lesson: &Lesson, actor: &Actor, login: Option<&str>) -> Open {
    let mut open = try_open(lesson, actor, login).await.unwrap();
    assert!(matches!(open.next().await, Event::Ready { .. }));
    open
}

impl Open {
    async fn next(&mut self) -> Event {
        timeout(Duration::from_secs(20), self.events.recv())
            .await
            .unwrap()
            .unwrap()
    }

    async fn say(&self, sql: &str) {
        self.commands.send(Command::Run(sql.to_owned())).await.unwrap();
    }

    /// Up to the end of the run.
    async fn run(&mut self, sql: &str) -> Vec<Event> {
        self.say(sql).await;
        let mut said = Vec::new();
        loop {
            let event = self.next().await;
            let over = matches!(event, Event::Finished { .. } | Event::Closed { .. });
            said.push(event);
            if over {
                return said;
            }
        }
    }
}

fn error(said: &[Event]) -> Option<&str> {
    said.iter().find_map(|event| match event {
        Event::Error { error, .. } => Some(error.code.as_str()),
        _ => None,
    })
}

async fn eventually(lesson: &Lesson, what: &str, query: &str, n: i64) {
    for _ in 0..200 {
        if lesson.count(query).await == n {
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("this did not come true: {what}");
}

const RUNNING: &str = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()";
const CONSOLES: &str = "SELECT count(*) FROM pg_stat_activity WHERE usename ~ '^pglab_(con|see)_'";

#[tokio::test]
async fn each_student_in_their_own() {
    let lesson = Lesson::with_students(&["ada", "bob"]).await;
    let (ada, bob) = (lesson.student("ada").await, lesson.student("bob").await);
    let mut hers = open(&lesson, &ada, None).await;
    let said = hers
        .run("CREATE TABLE port (id int); INSERT INTO port VALUES (1)")
        .await;
    assert_eq!(error(&said), None, "{said:?}");
    // It is as if it came from her psql: she owns it there, and the sweep tells it as hers.
    let kit = lesson.sign_in("ada").await.unwrap();
    kit.batch_execute("ALTER TABLE port ADD name text").await.unwrap();
    hers.say("SELECT pg_sleep(3)").await;
    eventually(&lesson, "it runs", RUNNING, 1).await;
    let seen = Sweeper::open(&lesson.cluster)
        .await
        .unwrap()
        .sweep()
        .await
        .unwrap();
    let roles: Vec<_> = seen
        .sessions
        .iter()
        .map(|session| session.role.as_str())
        .collect();
    assert_eq!(roles, ["ada", "ada"]);
    hers.commands.send(Command::Cancel).await.unwrap();

    for (who, login) in [(&bob, "ada"), (&ada, "bob")] {
        let refused = try_open(&lesson, who, Some(login)).await.err().unwrap();
        assert!(matches!(refused, Error::Forbidden), "{refused}");
    }
    let stranger = lesson.actor("mallory", Role::Student).await;
    assert!(matches!(
        try_open(&lesson, &stranger, None).await.err().unwrap(),
        Error::Forbidden
    ));
    let waiting = match &ada {
        Actor::Person(person) => Actor::Person(pglab_core::access::ActingPerson {
            read_only: true,
            ..person.clone()
        }),
        _ => unreachable!(),
    };
    assert!(matches!(
        try_open(&lesson, &waiting, None).await.err().unwrap(),
        Error::Forbidden
    ));

    // Who teaches looks, changes nothing, and is not taken for the student.
    let mut look = open(&lesson, &lesson.teacher, Some("ada")).await;
    let said = look.run("SELECT count(*) FROM port; DELETE FROM port").await;
    assert_eq!(error(&said), Some("25006"));
    look.say("SELECT pg_sleep(3)").await;
    eventually(&lesson, "it runs", RUNNING, 1).await;
    let seen = Sweeper::open(&lesson.cluster)
        .await
        .unwrap()
        .sweep()
        .await
        .unwrap();
    assert_eq!(seen.sessions.len(), 2, "{:?}", seen.sessions);
    let audited = sqlx_count(
        &lesson,
        "SELECT count(*) FROM audit WHERE operation = 'console_look'",
    )
    .await;
    assert_eq!(audited, 1);
}

async fn sqlx_count(lesson: &Lesson, query: &str) -> i64 {
    lesson
        .server
        .superuser("pglab")
        .await
        .query_one(query, &[])
        .await
        .unwrap()
        .get(0)
}

#[tokio::test]
async fn what_is_left_does_not_run_on() {
    let lesson = Lesson::with_students(&["ada"]).await;
    let ada = lesson.student("ada").await;
    // The network is gone, or the tab closed: the commands end.
    let mut left = open(&lesson, &ada, None).await;
    left.run("BEGIN; LOCK TABLE artist").await;
    left.say("SELECT pg_sleep(1000)").await;
    eventually(&lesson, "it runs", RUNNING, 1).await;
    drop(left);
    eventually(&lesson, "nothing runs", RUNNING, 0).await;
    eventually(&lesson, "nobody is connected", CONSOLES, 0).await;

    // What does not listen to a cancellation is ended.
    let mut stubborn = open(&lesson, &ada, None).await;
    stubborn
        .run(
            "CREATE FUNCTION stay() RETURNS void LANGUAGE plpgsql AS $$ BEGIN LOOP \
             BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$",
        )
        .await;
    stubborn.say("SELECT stay(), pg_sleep(0)").await;
    eventually(&lesson, "it runs", RUNNING, 1).await;
    drop(stubborn);
    eventually(&lesson, "nobody is connected", CONSOLES, 0).await;

    // A transaction that was left open is undone, and an idle console leaves at once.
    let mut idle = open(&lesson, &ada, None).await;
    idle.run("BEGIN; DELETE FROM artist").await;
    drop(idle);
    eventually(&lesson, "nobody is connected", CONSOLES, 0).await;
    let mut again = open(&lesson, &ada, None).await;
    let said = again.run("SELECT count(*) FROM artist").await;
    let rows = said.iter().find_map(|event| match event {
        Event::Rows { rows } => rows[0][0].as_deref(),
        _ => None,
    });
    assert_eq!(rows, Some("1"));
}

#[tokio::test]
async fn places_are_counted_and_given_back() {
    let lesson = Lesson::with_students(&["ada"]).await;
    let ada = lesson.student("ada").await;
    let mut consoles = Vec::new();
    for _ in 0..4 {
        consoles.push(open(&lesson, &ada, None).await);
    }
    let refused = try_open(&lesson, &ada, None).await.err().unwrap();
    assert!(
        refused.to_string().contains("you have 4 consoles open"),
        "{refused}"
    );
    // Others still get theirs.
    drop(open(&lesson, &lesson.teacher, Some("ada")).await);
    drop(consoles);
    for _ in 0..200 {
        if let Ok(open) = try_open(&lesson, &ada, None).await {
            drop(open);
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("no place was given back");
}

#[tokio::test]
async fn many_at_once_do_not_meet() {
    let lesson = Lesson::with_students(&["ada", "bob", "eve"]).await;
    let mut opening = Vec::new();
    for login in ["ada", "bob", "eve", "ada", "bob", "eve", "ada"] {
        let actor = lesson.student(login).await;
        let lesson = &lesson;
        opening.push(async move { open(lesson, &actor, None).await });
    }
    let mut open = futures::future::join_all(opening).await;
    for console in &mut open {
        assert_eq!(error(&console.run("SELECT 1").await), None);
    }
}

#[tokio::test]
async fn a_lab_that_closes_ends_its_consoles() {
    let lesson = Lesson::with_students(&["ada"]).await;
    let ada = lesson.student("ada").await;
    let mut hers = open(&lesson, &ada, None).await;
    let mut look = open(&lesson, &lesson.teacher, Some("ada")).await;
    lab::close(&lesson, &lesson.teacher, SLUG).await.unwrap();
    lesson.reconcile().await;
    for console in [&mut hers, &mut look] {
        match console.next().await {
            Event::Closed { code, .. } => assert_eq!(code, "ended"),
            other => panic!("{other:?}"),
        }
    }
    let refused = try_open(&lesson, &ada, None).await.err().unwrap();
    assert!(refused.to_string().contains("is not open"), "{refused}");

    // With the lab, the logins go too.
    lab::delete(&lesson, &lesson.teacher, SLUG, SLUG).await.unwrap();
    lesson.reconcile().await;
    let left = lesson
        .count("SELECT count(*) FROM pg_roles WHERE rolname ~ '^pglab_(con|see)_'")
        .await;
    assert_eq!(left, 0);
}

/// A reset goes on while consoles are open, ends them, and the next one is in the fresh database.
#[tokio::test]
async fn a_reset_is_not_held_up() {
    let lesson = Lesson::with_students(&["ada"]).await;
    let ada = lesson.student("ada").await;
    for keep in [false, true] {
        let mut hers = open(&lesson, &ada, None).await;
        hers.run("CREATE TABLE work (x int); BEGIN; LOCK TABLE artist")
            .await;
        let mut look = open(&lesson, &lesson.teacher, Some("ada")).await;
        member::reset(&lesson, &lesson.teacher, SLUG, "ada", keep, "ada")
            .await
            .unwrap();
        assert_eq!(lesson.reconcile().await.n_made, 1);
        for console in [&mut hers, &mut look] {
            assert!(matches!(console.next().await, Event::Closed { .. }));
        }
        let mut fresh = open(&lesson, &ada, None).await;
        let said = fresh.run("SELECT FROM artist; SELECT FROM work").await;
        assert_eq!(error(&said), Some("42P01"));
    }
}
