//! Errors, hands, passwords, hostile databases, and a server that dies.

use std::time::Duration;

use pglab_control::board::{self, MemberState};
use pglab_core::task::TaskState;
use tokio::time::{sleep, timeout};

use super::school::{ALBUM, ARTIST, SLUG, School, VIEW, row, task};

const SOON: Duration = Duration::from_secs(30);

#[tokio::test]
async fn errors_are_on_the_board_with_their_statement() {
    let school = School::start(&["ada", "bob"]).await;
    school.board().await;
    for _ in 0..3 {
        let refused = school.psql("ada", "SELECT * FROM albums").await;
        assert_eq!(refused.unwrap_err(), "42P01");
    }
    school.psql("bob", "SELECT title FROM albums").await.unwrap_err();
    // Her own cancellation is no mistake.
    school
        .psql("ada", "SET statement_timeout = 1; SELECT pg_sleep(1)")
        .await
        .unwrap_err();
    let ada = school.until("ada", SOON, |row| row.n_errors_recent >= 3).await;
    school.until("bob", SOON, |row| row.n_errors_recent == 1).await;
    assert!(
        ada.need
            .reasons
            .contains(&"Same error 3 times: relation \"albums\" does not exist".to_owned()),
        "{:?}",
        ada.need
    );
    let view = school.board().await;
    let shared = &view.shared_errors[0];
    assert_eq!(
        (shared.message.as_str(), shared.logins.join(" ").as_str()),
        ("relation \"albums\" does not exist", "ada bob")
    );
    let detail = board::detail(&school, &school.teacher, SLUG, "ada")
        .await
        .unwrap();
    assert_eq!(detail.errors.len(), 1);
    assert_eq!(detail.errors[0].times, 3);
    assert_eq!(
        detail.errors[0].statement.as_deref(),
        Some("SELECT * FROM albums")
    );
    // After a restart it is still known.
    let again = school.control.again().await;
    let view = board::show(&again, &school.teacher, SLUG, false)
        .await
        .unwrap()
        .view;
    assert_eq!(row(&view, "ada").n_errors_recent, 3);
}

#[tokio::test]
async fn hands_go_up_in_psql_and_on_the_page() {
    let school = School::start(&["ada", "bob"]).await;
    school.board().await;
    school
        .psql("ada", "SELECT pglab.help('it''s the foreign key')")
        .await
        .unwrap();
    let ada = school.until("ada", SOON, |row| row.hand.is_some()).await;
    assert_eq!(ada.hand.as_ref().unwrap().why, "it's the foreign key");
    assert_eq!(ada.need.rank, 1);
    assert_eq!(ada.n_errors_recent, 0, "asking is no mistake");
    let bob = school.student("bob").await;
    assert!(
        board::hand_raise(&school, &bob, SLUG, "ada", None).await.is_err(),
        "not hers to raise"
    );
    board::hand_raise(&school, &bob, SLUG, "bob", Some("  me too "))
        .await
        .unwrap();
    assert_eq!(school.row("bob").await.hand.as_ref().unwrap().why, "me too");
    // The other way round, and in another process.
    let again = school.control.again().await;
    board::hand_lower(&again, &school.teacher, SLUG, "ada")
        .await
        .unwrap();
    school.until("ada", SOON, |row| row.hand.is_none()).await;
    let own = board::own_page(&school, &bob, SLUG).await.unwrap();
    assert_eq!(own.row.hand.as_ref().unwrap().why, "me too");
    assert_eq!(own.may, ["raise_hand", "reset"]);
    let detail = board::detail(&school, &school.teacher, SLUG, "ada")
        .await
        .unwrap();
    assert!(
        detail
            .timeline
            .iter()
            .any(|entry| entry.text == "Raised a hand: it's the foreign key")
    );
}

/// Gone before any sweep could see it: only the log of connections tells that somebody was there.
#[tokio::test]
async fn a_session_too_short_to_be_seen_is_on_the_board() {
    let school = School::start(&["ada", "bob"]).await;
    school.board().await;
    drop(school.sign_in("ada").await);
    let ada = school
        .until("ada", SOON, |row| row.activity.last_seen_at.is_some())
        .await;
    assert_ne!(ada.state, MemberState::Absent);
    // The row is in memory; what it says of the time before is written after that.
    let written = async {
        loop {
            let detail = board::detail(&school, &school.teacher, SLUG, "ada")
                .await
                .unwrap();
            let connected = detail.timeline.iter().filter(|entry| entry.kind == "connected");
            match connected.count() {
                0 => sleep(Duration::from_millis(50)).await,
                n => break n,
            }
        }
    };
    assert_eq!(timeout(SOON, written).await.unwrap(), 1);
    let bob = school.row("bob").await;
    assert_eq!(
        (bob.state, bob.activity.last_seen_at),
        (MemberState::Absent, None)
    );
}

/// One student's database does all it can to hold the checks up; the others notice nothing.
#[tokio::test]
async fn a_hostile_database_delays_nobody() {
    let school = School::start(&["mallory", "ada"]).await;
    school
        .psql("mallory", &[ARTIST, ALBUM, VIEW].join(";"))
        .await
        .unwrap();
    assert_eq!(
        task(&*school.row("mallory").await, "View titles").state,
        TaskState::Done
    );
    // A cancellation is trapped, again and again; only the end of the backend ends it.
    school
        .psql(
            "mallory",
            "CREATE FUNCTION forever() RETURNS text LANGUAGE plpgsql AS $$ BEGIN LOOP \
               BEGIN PERFORM pg_sleep(100); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$; \
             CREATE OR REPLACE VIEW titles AS SELECT forever() AS title, name FROM artist",
        )
        .await
        .unwrap();
    let holder = school.sign_in("mallory").await;
    holder
        .batch_execute("BEGIN; LOCK TABLE album IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    for n in 0..3 {
        let statement = if n == 0 {
            ARTIST
        } else {
            "UPDATE artist SET name = name"
        };
        school.psql("ada", statement).await.unwrap();
        school
            .until("ada", Duration::from_secs(3), |row| {
                task(row, "Table artist").state == TaskState::Done
            })
            .await;
    }
    school
        .until("mallory", SOON, |row| row.tasks.iter().any(|task| task.stale))
        .await;
    holder.batch_execute("COMMIT").await.unwrap();
    let mallory = school
        .until("mallory", Duration::from_secs(20), |row| {
            task(row, "View titles").state == TaskState::BrokenAgain && !task(row, "Table album").stale
        })
        .await;
    assert_eq!(task(&mallory, "Table album").state, TaskState::Done);
    let verdict = task(&mallory, "View titles").verdicts.last().unwrap();
    assert_eq!(
        verdict.state,
        pglab_core::check::VerdictState::Error,
        "{verdict:?}"
    );
    let left = school
        .server
        .superuser("postgres")
        .await
        .query_one(
            "SELECT count(*) FROM pg_stat_activity WHERE usename LIKE 'pglab_chk%' AND state = 'active' \
             AND clock_timestamp() - query_start > interval '5 s'",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(left.get::<_, i64>(0), 0, "a check was left running");
}

#[tokio::test]
async fn a_password_changed_with_psql_is_noticed() {
    let school = School::start(&["ada"]).await;
    let pool = school.store.pool();
    let person = school.row("ada").await.id;
    let person = pglab_store::member::by_id(pool, person)
        .await
        .unwrap()
        .unwrap()
        .person;
    let differs = async || {
        let credential = pglab_store::credential::by_person(pool, person).await.unwrap();
        credential.unwrap().differs_since.is_some()
    };
    let mut connection = None;
    assert!(
        pglab_control::live::passwords::look(&school, &mut connection)
            .await
            .unwrap()
    );
    assert!(!differs().await);
    school
        .psql("ada", "ALTER ROLE ada PASSWORD 'mine alone'")
        .await
        .unwrap();
    pglab_control::live::passwords::look(&school, &mut connection)
        .await
        .unwrap();
    assert!(differs().await);
}

/// PostgreSQL dies under everything, our own database included, and comes back: nothing is lost, work goes on.
#[tokio::test]
async fn a_server_that_dies_and_comes_back() {
    let mut school = School::start(&["ada"]).await;
    school.psql("ada", ARTIST).await.unwrap();
    let before = school.row("ada").await;
    school.server_dies_and_comes_back().await;
    school.psql("ada", ALBUM).await.unwrap();
    let after = school
        .until("ada", Duration::from_secs(30), |row| {
            task(row, "Table album").state == TaskState::Done
        })
        .await;
    assert!(after.score > before.score);
    assert_eq!(task(&after, "Table artist").state, TaskState::Done);
}
