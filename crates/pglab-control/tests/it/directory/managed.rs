//! The mode `managed`: what pglab puts into the tree, and who gets in by it.

use pglab_control::{
    Error, Options, account,
    directory::reconcile::{self, Summary},
    member, people,
    prepare::{self, PreparationState},
    session::{Shown, identify},
    sign_in::sign_in,
};
use pglab_core::{
    directory::{IdentitySettings, ManagedTree, StoredHash},
    person::{Login, Role},
};
use pglab_identity::password;
use pglab_store::credential::{self, Credential};
use pglab_testkit::Slapd;

use crate::class::lesson::{Lesson, SLUG};

async fn started() -> (Slapd, Lesson) {
    let slapd = Slapd::start().await;
    let options = Options {
        identity: slapd.managed(),
        ..Options::default()
    };
    (slapd, Lesson::start_with(options).await)
}

async fn initial(lesson: &Lesson, login: &str) -> String {
    let all = lesson.credentials().await;
    all.iter()
        .find(|one| one.login == login)
        .unwrap()
        .password
        .clone()
        .unwrap()
}

async fn refused(lesson: &Lesson, login: &str, password: &str) -> String {
    sign_in(lesson, login, password, "::1")
        .await
        .unwrap_err()
        .to_string()
}

#[tokio::test]
async fn a_class_from_roster_to_a_password_of_their_own() {
    let (slapd, lesson) = started().await;
    lesson.import("login,name\nada,Ada Lovelace\nbob,Bob\n").await;
    let made = reconcile::activate(&lesson).await.unwrap();
    // The teacher too: who teaches uses the same tree, and is in the group for Grafana.
    assert_eq!((made.added, made.changed, made.refused), (3, 2, 0));
    assert_eq!(reconcile::activate(&lesson).await.unwrap(), Summary::default());
    let dump = slapd.dump();
    assert!(dump.contains("dn: cn=tiny,ou=groups,dc=lab,dc=test"), "{dump}");
    assert!(dump.contains("member: uid=ada,ou=people,dc=lab,dc=test"));

    let first = initial(&lesson, "ada").await;
    assert!(sign_in(&lesson, "ada", &first, "::1").await.is_ok());
    assert_eq!(
        refused(&lesson, "ada", "wrong").await,
        "the login or the password is wrong"
    );
    assert_eq!(
        refused(&lesson, "ada", "").await,
        "the login or the password is wrong"
    );
    assert_eq!(
        refused(&lesson, "nobody", &first).await,
        "the login or the password is wrong"
    );

    // Ada chooses her own, with the old one, by the rules of the tree.
    let (cookie, _) = sign_in(&lesson, "ada", &first, "::1").await.unwrap();
    let ada = identify(&lesson, Shown::Cookie(&cookie)).await.unwrap();
    let change = async |old: &str, new: &str| match account::change_password(&lesson, &ada, old, new).await {
        Ok(()) => "changed".to_owned(),
        Err(error) => error.to_string(),
    };
    assert_eq!(
        change("wrong", "chosen-by-ada").await,
        "the old password is wrong"
    );
    assert_eq!(change(&first, "chosen-by-ada").await, "changed");
    assert_eq!(
        change("chosen-by-ada", &first).await,
        "you have used this password before; the directory wants a new one"
    );
    assert_eq!(
        refused(&lesson, "ada", &first).await,
        "the login or the password is wrong"
    );
    assert!(sign_in(&lesson, "ada", "chosen-by-ada", "::1").await.is_ok());
    // The tree has it already, and her instructor sees none any more.
    assert_eq!(reconcile::activate(&lesson).await.unwrap(), Summary::default());
    assert!(
        lesson
            .credentials()
            .await
            .iter()
            .all(|one| one.login != "ada" || one.password.is_none())
    );

    // She forgets it: her instructor gives her a new one.
    lesson.clock.advance(chrono::TimeDelta::seconds(1));
    let reset = member::renew(&lesson, &lesson.teacher, SLUG, "ada")
        .await
        .unwrap();
    assert_eq!(reconcile::activate(&lesson).await.unwrap().passwords, 1);
    assert!(sign_in(&lesson, "ada", &reset, "::1").await.is_ok());

    // Bob goes: he is shut out and stays in the tree, and comes back.
    let admin = lesson.actor("root", Role::Admin).await;
    let bob = Login::parse("bob").unwrap();
    let bobs = initial(&lesson, "bob").await;
    let disabled = async |disabled: bool| {
        let change = people::PersonChange {
            disabled: Some(disabled),
            ..Default::default()
        };
        people::update(&lesson, &admin, &bob, change).await.unwrap();
        reconcile::activate(&lesson).await.unwrap()
    };
    assert_eq!(disabled(true).await.disabled, 1);
    assert!(slapd.dump().contains("dn: uid=bob,ou=people,dc=lab,dc=test"));
    assert!(refused(&lesson, "bob", &bobs).await.contains("locked"));
    assert_eq!(disabled(false).await.enabled, 1);
    assert!(sign_in(&lesson, "bob", &bobs, "::1").await.is_ok());
}

/// For a slapd without argon2: initial passwords as salted SHA-1. A hash that pglab has from before is of no use there, and it
/// is said whose.
#[tokio::test]
async fn a_tree_that_can_not_check_argon2() {
    let slapd = Slapd::start().await;
    let IdentitySettings::Managed(settings, tree) = slapd.managed() else {
        panic!("it is managed");
    };
    let tree = ManagedTree {
        hash: StoredHash::Ssha,
        ..tree
    };
    let options = Options {
        identity: IdentitySettings::Managed(settings, tree),
        ..Options::default()
    };
    let lesson = Lesson::start_with(options).await;
    lesson.import("ada\n").await;
    let (grace, chosen) = lesson.person("grace", Role::Instructor).await;
    let found = credential::by_person(lesson.store.pool(), grace.id)
        .await
        .unwrap();
    let of_before = Credential {
        password_hash: Some(password::hash(&chosen).unwrap()),
        initial_sealed: None,
        ..found.unwrap()
    };
    let mut tx = lesson.store.begin().await.unwrap();
    credential::put(&mut tx, &of_before).await.unwrap();
    lesson.store.commit(tx).await.unwrap();
    let made = reconcile::activate(&lesson).await.unwrap();
    assert_eq!(made.refused, 1, "{made}");
    assert!(
        made.first_refusal
            .unwrap()
            .starts_with("grace has a password that a tree without argon2 can't hold"),
    );
    let first = initial(&lesson, "ada").await;
    assert!(sign_in(&lesson, "ada", &first, "::1").await.is_ok());
}

#[tokio::test]
async fn while_the_directory_is_away() {
    let (mut slapd, lesson) = started().await;
    let (_, break_glass) = lesson.person("root", Role::Admin).await;
    lesson.import("ada\n").await;
    reconcile::activate(&lesson).await.unwrap();
    let first = initial(&lesson, "ada").await;
    let (cookie, _) = sign_in(&lesson, "ada", &first, "::1").await.unwrap();
    slapd.stop().await;

    // Sign-in says so, as often as somebody tries, and nobody is shut out by it afterwards.
    for _ in 0..15 {
        let error = sign_in(&lesson, "ada", &first, "::1").await.unwrap_err();
        assert!(matches!(error, Error::Unavailable(_)), "{error}");
        assert!(
            error
                .to_string()
                .starts_with("the directory that keeps the passwords does not answer")
        );
    }
    // Sessions go on, and an admin of pglab's own gets in.
    assert!(
        identify(&lesson, Shown::Cookie(&cookie))
            .await
            .unwrap()
            .session
            .is_some()
    );
    assert!(sign_in(&lesson, "root", &break_glass, "::1").await.is_ok());
    let ada = identify(&lesson, Shown::Cookie(&cookie)).await.unwrap();
    let change = account::change_password(&lesson, &ada, &first, "chosen-by-ada")
        .await
        .unwrap_err();
    assert!(matches!(change, Error::Unavailable(_)), "{change}");

    // Preparing waits, with a sentence, and goes on by itself.
    lesson.import("ada\nbob\n").await;
    assert_eq!(lesson.prepare().await.n_made, 2);
    assert!(reconcile::activate(&lesson).await.is_err());
    let waits = prepare::look(&lesson, &lesson.teacher, SLUG).await.unwrap();
    assert_eq!(waits.state, PreparationState::Running);
    assert!(waits.note.is_some_and(|note| note.contains("1 account")));
    slapd.start_again().await;
    reconcile::activate(&lesson).await.unwrap();
    let done = prepare::look(&lesson, &lesson.teacher, SLUG).await.unwrap();
    assert_eq!((done.state, done.note), (PreparationState::Done, None));
    assert!(sign_in(&lesson, "ada", &first, "::1").await.is_ok());
    assert!(
        sign_in(&lesson, "bob", &initial(&lesson, "bob").await, "::1")
            .await
            .is_ok()
    );
}

/// PostgreSQL asks the tree: a password of its own would be a second one.
#[tokio::test]
async fn roles_exist_and_have_no_password_unless_the_lab_keeps_a_fallback() {
    let (_slapd, lesson) = started().await;
    lesson.import("ada\n").await;
    lesson.prepare().await;
    lesson.open().await;
    let superuser = lesson.server.superuser("postgres").await;
    let holds = async || -> Option<String> {
        superuser
            .query_one(
                "SELECT rolpassword FROM pg_authid WHERE rolname = 'ada' AND rolcanlogin",
                &[],
            )
            .await
            .unwrap()
            .get(0)
    };
    assert_eq!(holds().await, None);
    let mut settings = serde_json::Map::new();
    settings.insert("scram_fallback".to_owned(), true.into());
    let change = pglab_control::lab::LabChange {
        settings: Some(settings),
        ..Default::default()
    };
    pglab_control::lab::update(&lesson, &lesson.teacher, SLUG, change)
        .await
        .unwrap();
    lesson.reconcile().await;
    assert!(
        holds()
            .await
            .is_some_and(|verifier| verifier.starts_with("SCRAM-SHA-256$"))
    );
}

/// What Grafana asks as its own account: the groups that somebody is in.
fn members(slapd: &Slapd, group: &str) -> Vec<String> {
    let (dn, password) = slapd.service("grafana");
    let entry = format!("cn={group},ou=groups,dc=lab,dc=test");
    let mut members: Vec<String> = slapd
        .search(&dn, &password, &entry, "member")
        .lines()
        .filter_map(|line| line.strip_prefix("member: uid="))
        .filter_map(|line| line.split(',').next())
        .map(str::to_owned)
        .collect();
    members.sort();
    members
}

#[tokio::test]
async fn instructors_are_in_their_group_and_a_lab_of_its_name_gets_nobody_in() {
    let (slapd, lesson) = started().await;
    lesson.import("login,name\nada,Ada\n").await;
    let prof = lesson.person("prof", Role::Instructor).await.0;
    reconcile::activate(&lesson).await.unwrap();
    let before = members(&slapd, "instructors");
    assert!(
        before.contains(&"prof".to_owned()) && !before.contains(&"ada".to_owned()),
        "{before:?}"
    );
    assert_eq!(members(&slapd, "admins"), [""; 0]);

    // Whom the operator adds stays; who does not teach any more goes.
    slapd.ldif(
        "dn: cn=instructors,ou=groups,dc=lab,dc=test\nchangetype: modify\nadd: member\nmember: uid=guest,ou=people,dc=lab,dc=test\n",
    );
    let admin = lesson.actor("root", Role::Admin).await;
    let change = people::PersonChange {
        role: Some(Role::Student),
        ..Default::default()
    };
    people::update(&lesson, &admin, &prof.login, change)
        .await
        .unwrap();
    reconcile::activate(&lesson).await.unwrap();
    let after = members(&slapd, "instructors");
    assert!(
        !after.contains(&"prof".to_owned()) && after.contains(&"guest".to_owned()),
        "{after:?}"
    );

    // A lab that is called so.
    let mut tx = lesson.store.begin().await.unwrap();
    let mut lab = pglab_store::lab::all(&mut *tx).await.unwrap().remove(0);
    lab.id = pglab_core::id::LabId::new(&*lesson.clock, &*lesson.random);
    lab.slug = pglab_core::lab::Slug::parse("instructors").unwrap();
    pglab_store::lab::insert(&mut tx, &lab).await.unwrap();
    let place = pglab_core::access::Membership {
        lab: lab.id,
        member: pglab_core::id::MemberId::new(&*lesson.clock, &*lesson.random),
        role: pglab_core::lab::MemberRole::Student,
    };
    pglab_store::membership::insert(&mut tx, place, prof.id, lesson.now())
        .await
        .unwrap();
    lesson.store.commit(tx).await.unwrap();
    let summary = reconcile::activate(&lesson).await.unwrap();
    assert_eq!(summary.foreign, ["cn=instructors,ou=groups,dc=lab,dc=test"]);
    assert_eq!(members(&slapd, "instructors"), after);
}
