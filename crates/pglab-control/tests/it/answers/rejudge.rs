//! Answers judged anew: who gains and loses is shown before, times stay, what was done is undone to the row, and nothing comes
//! between.

use std::time::Duration;

use chrono::TimeDelta;
use futures::future::join_all;
use pglab_control::{
    Error,
    answer::{
        self,
        rejudge::{self, Rejudging, State},
    },
    board, pack,
};
use pglab_core::{id::TaskId, points::Rules};
use serde_json::{Value, json};

use super::{Course, SLUG};
use crate::packs::{challenge, pack_of};

fn small(version: &str, question: &Value) -> Vec<u8> {
    pack_of(
        "small",
        version,
        &[("a.json", challenge("a", &[("q", question.clone())]))],
    )
}

fn decaying(answer: &str) -> Value {
    json!({ "type": "text", "text": "What?", "answer": answer, "points": 100, "hints": [{ "text": "dear", "cost": 3 }],
        "pricing": { "function": "linear", "decay": 10, "minimum": 10 } })
}

impl Course {
    async fn corrected(&self, question: &Value) {
        let bytes = small("1.0.1", question);
        pack::update(&self.control, &self.teacher, bytes, true)
            .await
            .unwrap();
    }

    async fn preview(&self, task: TaskId) -> Rejudging {
        rejudge::preview(&self.control, &self.teacher, SLUG, task)
            .await
            .unwrap()
    }

    async fn apply(&self, made: &Rejudging) -> Result<Rejudging, Error> {
        rejudge::apply(&self.control, &self.teacher, SLUG, made.task, made.id).await
    }

    async fn undo(&self, made: &Rejudging) -> Result<Rejudging, Error> {
        rejudge::undo(&self.control, &self.teacher, SLUG, made.task, made.id).await
    }

    /// All rows that answers are kept in.
    async fn rows(&self) -> Vec<String> {
        let ours = self.control.server.superuser("pglab").await;
        let sql = "SELECT 'attempt ' || to_jsonb(t)::text FROM attempt t UNION ALL SELECT 'tally ' || to_jsonb(t)::text FROM answer_tally t \
             UNION ALL SELECT 'completion ' || to_jsonb(t)::text FROM completion t UNION ALL SELECT 'score ' || to_jsonb(t)::text FROM task_score t \
             UNION ALL SELECT 'line ' || to_jsonb(t)::text FROM timeline t UNION ALL SELECT 'hint ' || to_jsonb(t)::text FROM hint_use t ORDER BY 1";
        let rows = ours.query(sql, &[]).await.unwrap();
        rows.into_iter().map(|row| row.get(0)).collect()
    }

    /// Waits until what was begun in our own database was ended or taken back.
    async fn quiet(&self) {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'pglab' AND pid <> pg_backend_pid() AND state <> 'idle'";
        while self.count(sql).await > 0 {
            tokio::task::yield_now().await;
        }
    }

    async fn points(&self) -> Vec<String> {
        let standings = answer::standings(&self.control, &self.teacher, SLUG)
            .await
            .unwrap();
        let rows = standings.rows.iter();
        let mut rows: Vec<String> = rows
            .map(|row| format!("{} {}", row.login, row.points.as_f64()))
            .collect();
        rows.sort();
        rows
    }
}

fn told(made: &Rejudging) -> Vec<String> {
    let members = made.found.members.iter().map(|one| {
        let points = |points: Option<pglab_core::task::Points>| points.map(|points| points.as_f64());
        let second = |at: Option<chrono::DateTime<chrono::Utc>>| at.map(|at| at.timestamp() % 1000);
        format!(
            "{} {:?} at {:?} -> {:?} at {:?} ({:+})",
            one.login,
            points(one.before),
            second(one.before_at),
            points(one.after),
            second(one.after_at),
            one.n_counted
        )
    });
    let attempts = made.found.attempts.iter().map(|one| {
        format!(
            "  {} {} -> {}: {}",
            one.login,
            one.before.as_str(),
            one.after.as_str(),
            one.message
        )
    });
    members.chain(attempts).collect()
}

/// Ada is right by what the task was first, Bob and Cy by what it is then.
async fn three(course: &Course) -> TaskId {
    let task = course.task("q").await;
    for (login, text) in [
        ("bob", "better"),
        ("ada", "right"),
        ("cy", "better"),
        ("cy", "right"),
        ("dee", "neither"),
    ] {
        course.control.clock.advance(TimeDelta::seconds(10));
        let actor = course.student(login).await;
        course.answer(&actor, task, text).await.unwrap();
    }
    task
}

#[tokio::test]
async fn gains_and_losses_are_shown_applied_with_their_times_and_undone_to_the_row() {
    let course = Course::open_without(small("1.0.0", &decaying("right")), &["ada", "bob", "cy", "dee"]).await;
    let rules = Rules {
        first_bonus: 5,
        ..Rules::default()
    };
    answer::set_rules(&course.control, &course.teacher, SLUG, rules)
        .await
        .unwrap();
    let bob = course.student("bob").await;
    let task = course.task("q").await;
    answer::hint(&course.control, &bob, SLUG, task, 0).await.unwrap();
    three(&course).await;
    let before = course.rows().await;
    assert_eq!(course.points().await, ["ada 105", "bob 0", "cy 90", "dee 0"]);

    course.corrected(&decaying("better")).await;
    let made = course.preview(task).await;
    assert_eq!(course.rows().await, before, "a preview changes nothing");
    insta::assert_snapshot!(told(&made).join("\n"), @"
    ada Some(105.0) at Some(20) -> None at None (+0)
    bob None at None -> Some(102.0) at Some(10) (+0)
    cy Some(90.0) at Some(40) -> Some(90.0) at Some(30) (+0)
      bob wrong -> right: Right.
      ada right -> wrong: That is not it.
      cy wrong -> right: Right.
      cy right -> wrong: That is not it.
    ");
    let board_before = on_board(&course).await;

    let applied = course.apply(&made).await.unwrap();
    assert_eq!(applied.state, State::Applied);
    assert_eq!(applied.found, made.found);
    assert_eq!(course.points().await, ["ada 0", "bob 102", "cy 90", "dee 0"]);
    assert_eq!(on_board(&course).await, ["bob 102", "cy 90"]);
    let after = course.rows().await;
    // Applied once more, nothing is done.
    assert_eq!(course.apply(&made).await.unwrap(), applied);
    assert_eq!(course.rows().await, after);
    // Judged once more, nothing is found.
    assert!(course.preview(task).await.found.members.is_empty());

    assert_eq!(course.undo(&made).await.unwrap().state, State::Undone);
    assert_eq!(course.rows().await, before);
    assert_eq!(course.points().await, ["ada 105", "bob 0", "cy 90", "dee 0"]);
    assert_eq!(on_board(&course).await, board_before);
    let refused = course.apply(&made).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "this rejudging was undone; make a new preview"
    );
}

/// Who has how much by the board.
async fn on_board(course: &Course) -> Vec<String> {
    let shown = board::show(&course.control, &course.teacher, SLUG, false)
        .await
        .unwrap();
    let rows = shown.view.members.iter().filter(|row| row.score.0 > 0);
    rows.map(|row| format!("{} {}", row.login, row.score.as_f64()))
        .collect()
}

#[tokio::test]
async fn what_comes_after_the_preview_is_taken_in_or_keeps_it_from_being_applied() {
    let course = Course::open_without(small("1.0.0", &decaying("right")), &["ada", "bob", "cy", "dee"]).await;
    let task = three(&course).await;
    course.corrected(&decaying("better")).await;
    let made = course.preview(task).await;
    // It may have been judged by the task as it was.
    let dee = course.student("dee").await;
    course.answer(&dee, task, "better").await.unwrap();
    let refused = course.apply(&made).await.unwrap_err().to_string();
    assert_eq!(
        refused,
        "an answer of dee changed since the preview; make a new one"
    );
    let made = course.preview(task).await;
    course.control.clock.advance(TimeDelta::minutes(2));
    // Ada loses by the rejudging what she earns anew before it is applied: she is not done by what she sent first.
    let ada = course.student("ada").await;
    let done = course.answer(&ada, task, "better").await.unwrap_err();
    assert_eq!(done.to_string(), "you have done this task already");
    course
        .answer(&course.student("bob").await, task, "better")
        .await
        .unwrap();
    let applied = course.apply(&made).await.unwrap();
    // Bob has the time of his first one.
    let bob = applied
        .found
        .members
        .iter()
        .find(|one| one.login == "bob")
        .unwrap();
    assert!(bob.before_at.unwrap() - bob.after_at.unwrap() > TimeDelta::minutes(2));
    assert_eq!(
        course.points().await,
        ["ada 0", "bob 100", "cy 90", "dee 80"],
        "the price that Dee paid stays"
    );
    // Ada answers again; what took her points can't be undone any more.
    course.control.clock.advance(TimeDelta::minutes(2));
    course.answer(&ada, task, "better").await.unwrap();
    let refused = course.undo(&made).await.unwrap_err().to_string();
    assert!(refused.contains("by ada (another answer"), "{refused}");
    // Another task than the one that was judged by.
    let made = course.preview(task).await;
    course.corrected(&decaying("best")).await;
    let refused = course.apply(&made).await.unwrap_err().to_string();
    assert_eq!(
        refused,
        "the task, its points or the rules of the lab changed since the preview; make a new one"
    );
    let seen = rejudge::preview(&course.control, &ada, SLUG, task).await;
    assert!(matches!(seen, Err(Error::Forbidden)));
}

#[tokio::test]
async fn answers_at_the_same_time_are_counted_once() {
    let logins: Vec<String> = (0..40).map(|n| format!("m{n}")).collect();
    let logins: Vec<&str> = logins.iter().map(String::as_str).collect();
    let course = Course::open_without(small("1.0.0", &decaying("right")), &logins).await;
    let task = course.task("q").await;
    let actors = join_all(logins.iter().map(|login| course.student(login))).await;
    for actor in &actors[..20] {
        course.answer(actor, task, "better").await.unwrap();
    }
    course.corrected(&decaying("better")).await;
    let made = course.preview(task).await;
    course.control.clock.advance(TimeDelta::minutes(1));
    let answers = join_all(actors.iter().map(|actor| course.answer(actor, task, "better")));
    let (answered, applied) = tokio::join!(answers, course.apply(&made));
    let applied = applied.unwrap();
    assert_eq!(applied.found.members.len(), 20);
    for one in answered {
        if let Err(error) = one {
            assert_eq!(error.to_string(), "you have done this task already");
        }
    }
    assert_eq!(course.count("SELECT count(*) FROM completion").await, 40);
    assert_eq!(
        course
            .count("SELECT count(*) FROM completion c JOIN answer_tally t USING (member_id, task_id) JOIN attempt a ON a.id = c.attempt_id \
                AND a.at = c.at AND a.outcome = 'right' WHERE t.done_at = c.at")
            .await,
        40
    );
    // The first twenty by their first attempts, each for the price of its place.
    assert_eq!(
        course
            .count("SELECT count(*) FROM completion c JOIN attempt a ON a.member_id = c.member_id AND a.at < c.at")
            .await,
        0
    );
}

/// Whenever it ends, all of it was done or nothing, and another process goes on from there.
#[tokio::test]
async fn it_can_be_killed_at_any_moment() {
    let course = Course::open_without(small("1.0.0", &decaying("right")), &["ada", "bob", "cy", "dee"]).await;
    let task = three(&course).await;
    let before = course.rows().await;
    course.corrected(&decaying("better")).await;
    let mut made = course.preview(task).await;
    course.apply(&made).await.unwrap();
    let after: Vec<String> = numberless(course.rows().await);
    course.undo(&made).await.unwrap();
    for n in 0..30 {
        made = course.preview(task).await;
        // A moment that is another each time; which one decides nothing.
        let moment = Duration::from_micros(700 * n);
        let victim = course.control.again().await;
        let applying = rejudge::apply(&victim, &course.teacher, SLUG, task, made.id);
        let _ = tokio::time::timeout(moment, applying).await;
        // With the process go its connections.
        victim.store.pool().close().await;
        course.quiet().await;
        let rows = course.rows().await;
        let other = course.control.again().await;
        let known = rejudge::show(&other, &course.teacher, SLUG, task, made.id)
            .await
            .unwrap();
        if known.state == State::Preview {
            assert_eq!(rows, before);
            continue;
        }
        assert_eq!(numberless(rows), after);
        let undone = rejudge::undo(&other, &course.teacher, SLUG, task, made.id).await;
        assert_eq!(undone.unwrap().state, State::Undone);
        assert_eq!(course.rows().await, before);
    }
    // Not killed at all, it is done.
    made = course.preview(task).await;
    course.apply(&made).await.unwrap();
    assert_eq!(numberless(course.rows().await), after);
}

/// Lines of the timeline are numbered as they come.
fn numberless(rows: Vec<String>) -> Vec<String> {
    let mut rows: Vec<String> = rows
        .into_iter()
        .map(|row| match row.strip_prefix("line ") {
            Some(line) => {
                let mut line: Value = serde_json::from_str(line).unwrap();
                line.as_object_mut().unwrap().remove("id");
                format!("line {line}")
            }
            None => row,
        })
        .collect();
    rows.sort();
    rows
}
