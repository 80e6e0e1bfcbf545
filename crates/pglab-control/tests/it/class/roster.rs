//! Importing rosters.

use pglab_control::{Error, credentials, member, roster};
use pglab_core::{access::Actor, person::Role};

use super::lesson::{Lesson, SLUG};

const FIRST: &str = "login,name,section\nada,Ada Lovelace,A\nbob,Bob,A\ncy,Cy,B\n";

#[tokio::test]
async fn what_the_dry_run_says_is_what_happens_and_twice_changes_nothing() {
    let lesson = Lesson::start().await;
    let dry = roster::import(&lesson, &lesson.teacher, SLUG, FIRST.as_bytes(), true)
        .await
        .unwrap();
    assert!(dry.dry_run && !dry.applied && !dry.refused());
    assert_eq!(dry.diff.new.len(), 3);
    assert!(lesson.credentials().await.is_empty());

    let report = lesson.import(FIRST).await;
    assert_eq!(report.diff, dry.diff);
    let before = lesson.credentials().await;
    assert_eq!(before.len(), 3);
    assert!(
        before
            .iter()
            .all(|one| one.password.as_ref().unwrap().len() == 19)
    );

    let again = lesson.import(FIRST).await;
    assert!(again.diff.is_empty());
    assert_eq!(again.diff.unchanged, 3);
    assert_eq!(lesson.credentials().await, before);
}

#[tokio::test]
async fn changed_gone_and_back_again() {
    let lesson = Lesson::start().await;
    lesson.import(FIRST).await;
    let password = lesson.credentials().await[2].password.clone();
    let report = lesson
        .import("login,name,section\nada,Ada King,B\nbob,Bob,A\n")
        .await;
    insta::assert_json_snapshot!(report.diff.changed, @r#"
    [
      {
        "login": "ada",
        "fields": {
          "name": [
            "Ada Lovelace",
            "Ada King"
          ],
          "section": [
            "A",
            "B"
          ]
        }
      }
    ]
    "#);
    assert_eq!(report.diff.gone[0].login.as_str(), "cy");
    assert!(lesson.listed("cy").await.member.removed_at.is_some());
    // A list of logins says nothing of names and sections, and brings cy back.
    let report = lesson.import("ada\nbob\ncy\n").await;
    assert_eq!((report.diff.new.len(), report.diff.unchanged), (1, 2));
    let back = lesson.listed("cy").await.member;
    assert_eq!(
        (back.removed_at, back.section.as_deref(), back.name.as_str()),
        (None, Some("B"), "Cy")
    );
    assert_eq!(lesson.credentials().await[2].password, password);
}

#[tokio::test]
async fn a_person_in_two_labs_has_one_password() {
    let lesson = Lesson::start().await;
    lesson.lab("other").await;
    lesson.import(FIRST).await;
    assert!(lesson.import_into("other", "ada\nzoe\n").await.applied);
    let other = credentials::list(&lesson, &lesson.teacher, "other")
        .await
        .unwrap();
    assert_eq!(other[0].password, lesson.credentials().await[0].password);
    assert_eq!(other[0].name, "Ada Lovelace");
}

#[tokio::test]
async fn accounts_with_more_power_are_never_made_students() {
    let lesson = Lesson::start().await;
    lesson.actor("root", Role::Admin).await;
    let report = lesson.import_into(SLUG, "login\nada\nroot\nteacher\n").await;
    assert!(report.refused());
    let lines: Vec<u64> = report.problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [3, 4]);
    assert!(lesson.credentials().await.is_empty());
}

#[tokio::test]
async fn only_who_runs_the_lab() {
    let lesson = Lesson::start().await;
    lesson.import(FIRST).await;
    let colleague = lesson.actor("colleague", Role::Instructor).await;
    let ada = lesson.student("ada").await;
    for actor in [Actor::Stranger, ada.clone(), colleague] {
        let bytes = FIRST.as_bytes();
        assert!(roster::import(&lesson, &actor, SLUG, bytes, true).await.is_err());
        assert!(member::list(&lesson, &actor, SLUG).await.is_err());
        assert!(credentials::list(&lesson, &actor, SLUG).await.is_err());
        assert!(member::renew(&lesson, &actor, SLUG, "bob").await.is_err());
        assert!(member::remove(&lesson, &actor, SLUG, "bob").await.is_err());
        let reset = member::reset(&lesson, &actor, SLUG, "bob", false, "bob").await;
        assert!(
            matches!(reset, Err(Error::Forbidden | Error::NotSignedIn)),
            "{reset:?}"
        );
    }
}
