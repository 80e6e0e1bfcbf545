//! Claim links.

use pglab_control::{
    Error,
    claim::{self, ClaimState},
    credentials, member,
};
use pglab_core::access::Actor;

use super::lesson::{Lesson, SLUG};

fn token(url: &str) -> &str {
    url.strip_prefix("http://127.0.0.1:8432/claim/").unwrap()
}

#[tokio::test]
async fn a_link_shows_the_password_once_and_nobody_sees_it_again() {
    let lesson = Lesson::with_students(&["ada", "bob"]).await;
    let links = claim::make(&lesson, &lesson.teacher, SLUG, None).await.unwrap();
    assert_eq!(links.len(), 2);
    // Asked for again, the same link is given out again.
    let again = claim::make(&lesson, &lesson.teacher, SLUG, Some(&["ada".to_owned()]))
        .await
        .unwrap();
    assert_eq!(again, links[..1]);
    let ada = token(&links[0].url);
    assert_eq!(claim::look(&lesson, ada).await.unwrap().state, ClaimState::Fresh);

    let kit = claim::take(&lesson, ada).await.unwrap();
    let password = kit.password.unwrap();
    lesson.connect("ada", &password, &kit.database).await.unwrap();
    assert!(matches!(claim::take(&lesson, ada).await, Err(Error::Gone(_))));
    assert_eq!(claim::look(&lesson, ada).await.unwrap().state, ClaimState::Used);
    assert_eq!(lesson.kit("ada").await.password, None);
    let listed = lesson.credentials().await;
    assert_eq!(
        (
            listed[0].state.as_str(),
            &listed[0].password,
            &listed[0].claim_url
        ),
        ("claimed", &None, &None)
    );
    assert!(listed[1].claim_url.is_some());
    // The password stays valid for the page.
    pglab_control::sign_in::sign_in(&lesson, "ada", &password, "127.0.0.1")
        .await
        .unwrap();
    assert!(
        claim::make(&lesson, &lesson.teacher, SLUG, Some(&["ada".to_owned()]))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn links_end() {
    let lesson = Lesson::with_students(&["ada", "bob"]).await;
    let links = claim::make(&lesson, &lesson.teacher, SLUG, None).await.unwrap();
    member::renew(&lesson, &lesson.teacher, SLUG, "ada")
        .await
        .unwrap();
    assert!(matches!(
        claim::take(&lesson, token(&links[0].url)).await,
        Err(Error::Gone(_))
    ));
    lesson.clock.advance(chrono::TimeDelta::days(14));
    assert_eq!(
        claim::look(&lesson, token(&links[1].url)).await.unwrap().state,
        ClaimState::Expired
    );
    assert!(matches!(
        claim::take(&lesson, token(&links[1].url)).await,
        Err(Error::Gone(_))
    ));
    assert!(matches!(
        claim::take(&lesson, "made-up").await,
        Err(Error::NotFound(_))
    ));
}

#[tokio::test]
async fn every_look_at_the_credentials_is_in_the_audit_and_the_file_holds_no_formula() {
    let lesson = Lesson::start().await;
    lesson
        .import("login,name\nada,\"=HYPERLINK(\"\"http://x\"\")\"\n")
        .await;
    let csv = credentials::csv(&lesson, &lesson.teacher, SLUG).await.unwrap();
    let line = csv.lines().nth(1).unwrap();
    assert!(line.starts_with("ada,\"'=HYPERLINK("), "{line}");
    let own = lesson.server.superuser("pglab").await;
    let row = own
        .query_one(
            "SELECT count(*) FROM audit WHERE operation = 'credentials_view'",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(row.get::<_, i64>(0), 1);
    assert!(credentials::csv(&lesson, &Actor::Stranger, SLUG).await.is_err());
}
