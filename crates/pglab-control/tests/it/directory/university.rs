//! The mode `directory`: people of the university's own directory, which is only read.

use pglab_control::{Error, Options, directory, sign_in::sign_in};
use pglab_core::{
    directory::{IdentitySettings, LabGroup, RoleGroups},
    lab::MemberRole,
    person::{Login, Role},
};
use pglab_testkit::Slapd;

use crate::class::lesson::{Lesson, SLUG};

async fn started() -> (Slapd, Lesson) {
    let slapd = Slapd::start().await;
    for login in ["ada", "bob", "prof", "eve"] {
        slapd.add_person(login, &format!("{login}s-secret"));
    }
    let dn = |login: &str| slapd.tree().person_dn(login);
    slapd.add_group("class", &[&dn("ada"), &dn("bob")]);
    slapd.add_group("staff", &[&dn("prof")]);
    let group = |name: &str| format!("cn={name},ou=groups,dc=lab,dc=test");
    let mut settings = slapd.settings();
    settings.roles = RoleGroups {
        instructor: vec![group("staff")],
        student: vec![group("class")],
        ..RoleGroups::default()
    };
    settings.labs = vec![LabGroup {
        group: group("class"),
        lab: SLUG.to_owned(),
        role: MemberRole::Student,
    }];
    let options = Options {
        identity: IdentitySettings::Directory(settings),
        ..Options::default()
    };
    (slapd, Lesson::start_with(options).await)
}

#[tokio::test]
async fn groups_make_people_and_nothing_is_written() {
    let (slapd, lesson) = started().await;
    let before = slapd.dump();
    let (_, ada) = sign_in(&lesson, "ADA", "adas-secret", "::1").await.unwrap();
    let person = ada.person.unwrap();
    assert_eq!(
        (person.role, person.name.as_str()),
        (Role::Student, "ada of the tests")
    );
    assert_eq!(person.external_id.as_deref(), Some("e-ada"));
    let (_, prof) = sign_in(&lesson, "prof", "profs-secret", "::1").await.unwrap();
    assert_eq!(prof.person.unwrap().role, Role::Instructor);
    // The directory knows Eve, pglab has no place for her.
    let held = sign_in(&lesson, "eve", "eves-secret", "::1").await.unwrap_err();
    assert!(matches!(held, Error::AccountHeld(_)), "{held}");
    assert!(held.to_string().contains("you have no place in pglab"));

    // Her group brought Ada into the lab; the rest of it comes by the roster.
    let report = async |dry_run: bool| {
        let group = "cn=class,ou=groups,dc=lab,dc=test";
        directory::roster::import(&lesson, &lesson.teacher, SLUG, group, dry_run)
            .await
            .unwrap()
    };
    let dry = report(true).await;
    assert_eq!(
        (dry.diff.new.len(), dry.diff.unchanged, dry.applied),
        (1, 1, false)
    );
    assert!(report(false).await.applied);
    assert!(report(false).await.diff.is_empty());
    assert!(
        lesson.credentials().await.is_empty(),
        "there are no passwords of pglab's"
    );
    let unknown = directory::roster::import(
        &lesson,
        &lesson.teacher,
        SLUG,
        "cn=x,ou=groups,dc=lab,dc=test",
        true,
    )
    .await;
    assert!(unknown.unwrap_err().to_string().contains("has no group"));
    // Their roles exist before they come, without a password.
    assert_eq!(lesson.prepare().await.n_made, 2);
    assert_eq!(slapd.dump(), before, "nothing was written");

    // What changes there is known at the next sign-in.
    let dn = slapd.tree().person_dn("ada");
    slapd.ldif(&format!(
        "dn: {dn}\nchangetype: modify\nreplace: cn\ncn: Ada King\n"
    ));
    let (_, ada) = sign_in(&lesson, "ada", "adas-secret", "::1").await.unwrap();
    assert_eq!(ada.person.unwrap().name, "Ada King");
    slapd.ldif("dn: cn=staff,ou=groups,dc=lab,dc=test\nchangetype: modify\nadd: member\nmember: uid=ada,ou=people,dc=lab,dc=test\n");
    let (_, ada) = sign_in(&lesson, "ada", "adas-secret", "::1").await.unwrap();
    assert_eq!(ada.person.unwrap().role, Role::Instructor);
}

/// A login in the directory that is called like an admin of pglab's own opens nothing of theirs.
#[tokio::test]
async fn an_admin_of_pglab_s_own_is_nobody_in_the_directory() {
    let (slapd, lesson) = started().await;
    slapd.add_person("root", "roots-secret");
    let (_, password) = lesson.person("root", Role::Admin).await;
    assert!(sign_in(&lesson, "root", "roots-secret", "::1").await.is_err());
    assert!(sign_in(&lesson, "root", &password, "::1").await.is_ok());
    let _ = Login::parse("root");
}
