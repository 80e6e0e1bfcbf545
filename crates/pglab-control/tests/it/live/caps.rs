//! What the watcher does is in the student's timeline.

use std::time::Duration;

use pglab_control::board;

use super::school::{SLUG, School};

#[tokio::test]
async fn a_student_reads_why_their_session_was_ended() {
    let school = School::start(&["ada"]).await;
    let ada = school.sign_in("ada").await;
    ada.batch_execute("SELECT count(pg_advisory_lock(n)) FROM generate_series(1, 6000) n")
        .await
        .unwrap();
    let told = async || {
        let detail = board::detail(&school, &school.teacher, SLUG, "ada")
            .await
            .unwrap();
        detail
            .timeline
            .iter()
            .any(|entry| entry.kind == "enforced" && entry.text.contains("locks"))
    };
    for _ in 0..200 {
        if told().await {
            assert!(ada.is_closed());
            let person = school.student("ada").await;
            let own = board::own_page(&school, &person, SLUG).await.unwrap();
            let (_, sentence) = own.enforced.first().expect("her own page says it too");
            assert!(sentence.contains("locks"), "{sentence}");
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the timeline says nothing of it");
}
