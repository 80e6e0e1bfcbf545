//! From a COMMIT to the board.

use std::time::Duration;

use pglab_control::board;
use pglab_core::task::TaskState;
use pglab_store::timeline;

use super::school::{ALBUM, ARTIST, SLUG, School, VIEW, row, shapes, task};

const SOON: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_table_is_on_the_board_by_itself() {
    let school = School::start(&["ada", "bob", "eve"]).await;
    let ada = school.sign_in("ada").await;
    // The first look at everybody is no part of what is measured.
    school.board().await;
    ada.batch_execute(ARTIST).await.unwrap();
    let seen = school
        .until("ada", SOON, |row| {
            task(row, "Table artist").state == TaskState::Done
        })
        .await;
    insta::assert_snapshot!(shapes(&seen), @"10/10 of 25: Table artist done, Table album not_started, View titles not_started");
    assert_eq!(seen.activity.n_connections, 1);
    ada.batch_execute("INSERT INTO artist VALUES (3, 'Not asked for')")
        .await
        .unwrap();
    school
        .until("ada", SOON, |row| {
            task(row, "Table artist").state == TaskState::BrokenAgain
        })
        .await;
    let bob = school.row("bob").await;
    assert_eq!(bob.need.reasons, ["No connection yet"]);
}

#[tokio::test]
async fn scripts_see_the_truth_at_once() {
    let school = School::start(&["ada", "bob"]).await;
    assert_eq!(
        shapes(&*school.row("ada").await),
        "0/0 of 25: Table artist not_started, Table album not_started, View titles not_started"
    );
    let mut story = Vec::new();
    for step in [
        ARTIST,
        "BEGIN; DROP TABLE artist; ROLLBACK",
        ALBUM,
        VIEW,
        "DROP TABLE album CASCADE",
        ALBUM,
        VIEW,
        "UPDATE artist SET name = 'Simone' WHERE id = 1",
        "UPDATE artist SET name = 'Nina Simone' WHERE id = 1",
    ] {
        school.psql("ada", step).await.unwrap();
        story.push(shapes(&*school.row("ada").await));
    }
    insta::assert_snapshot!(story.join("\n"), @r"
    10/10 of 25: Table artist done, Table album not_started, View titles not_started
    10/10 of 25: Table artist done, Table album not_started, View titles not_started
    20/20 of 25: Table artist done, Table album done, View titles not_started
    25/25 of 25: Table artist done, Table album done, View titles done
    25/10 of 25: Table artist done, Table album broken_again, View titles broken_again
    25/20 of 25: Table artist done, Table album done, View titles broken_again
    25/25 of 25: Table artist done, Table album done, View titles done
    25/17.949 of 25: Table artist broken_again, Table album done, View titles broken_again
    25/25 of 25: Table artist done, Table album done, View titles done
    ");
    let detail = board::detail(&school, &school.teacher, SLUG, "ada")
        .await
        .unwrap();
    let told: Vec<_> = detail
        .timeline
        .iter()
        .rev()
        // Whether a sweep saw so short a session is chance.
        .filter(|entry| entry.kind != "connected")
        .map(|entry| entry.text.as_str())
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    Completed: Table artist
    Completed: Table album
    Completed: View titles
    No longer right: Table album
    No longer right: View titles
    Works again: Table album
    Works again: View titles
    No longer right: Table artist
    No longer right: View titles
    Works again: Table artist
    Works again: View titles
    ");
    assert_eq!(school.row("bob").await.score.0, 0);
}

/// What was earned is loaded after a restart, and what is true now is looked up anew.
#[tokio::test]
async fn a_restart_forgets_nothing() {
    let mut school = School::start(&["ada"]).await;
    school.psql("ada", ARTIST).await.unwrap();
    let before = school.row("ada").await;
    school.psql("ada", "DELETE FROM artist").await.unwrap();
    school.rest().await;
    let ada = school.sign_in("ada").await;
    ada.batch_execute("INSERT INTO artist VALUES (1, 'Nina Simone')")
        .await
        .unwrap();
    let restarted = school.control.again().await;
    let view = board::show(&restarted, &school.teacher, SLUG, false)
        .await
        .unwrap()
        .view;
    assert_eq!(row(&view, "ada").score, before.score, "what was earned is kept");
    school.control.control = restarted;
    school.work();
    let after = school
        .until("ada", Duration::from_secs(10), |row| {
            let task = task(row, "Table artist");
            task.verdicts
                .iter()
                .any(|verdict| verdict.found.contains("1 found"))
        })
        .await;
    assert_eq!(after.score, before.score);
    assert_eq!(task(&after, "Table artist").state, TaskState::BrokenAgain);
    let pool = school.store.pool();
    let entries = timeline::of_member(pool, after.id, 100).await.unwrap();
    let n_completed = entries.iter().filter(|entry| entry.kind == "completed").count();
    assert_eq!(n_completed, 1, "{entries:?}");
}

/// A reset gives a new database of the same name: nothing that was remembered of the old one counts.
#[tokio::test]
async fn after_a_reset_everything_is_looked_at_anew() {
    let school = School::start(&["ada"]).await;
    school
        .psql("ada", &[ARTIST, ALBUM, VIEW].join(";"))
        .await
        .unwrap();
    let before = school.row("ada").await;
    assert_eq!(before.score, before.max_score);
    pglab_control::member::reset(&school, &school.teacher, SLUG, "ada", false, "ada")
        .await
        .unwrap();
    let after = school
        .until("ada", Duration::from_secs(10), |row| row.now.0 == 0)
        .await;
    assert_eq!(after.score, before.score);
    school.psql("ada", ARTIST).await.unwrap();
    assert_eq!(
        task(&*school.row("ada").await, "Table artist").state,
        TaskState::Done
    );
}
