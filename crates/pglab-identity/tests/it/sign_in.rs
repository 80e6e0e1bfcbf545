//! Who is let in, by which way, and what is known of them then.

use pglab_core::directory::{BindMode, DirectorySettings, Server};
use pglab_identity::directory::{Directory, Membership, PolicyError, Refusal, SignIn};
use pglab_testkit::slapd::SUFFIX;

use crate::support::{slapd_with_ada, try_in};

#[tokio::test]
async fn the_directory_decides() {
    let (slapd, ldaps) = slapd_with_ada().await;
    slapd.add_person("bob", "other-secret-1");
    let ada = format!("uid=ada,ou=people,{SUFFIX}");
    let group = slapd.add_group("staff", &[&ada]);
    let simple = DirectorySettings {
        bind: BindMode::Simple {
            prefix: "uid=".to_owned(),
            suffix: format!(",{}", slapd.people()),
        },
        groups: None,
        ..slapd.settings()
    };
    for directory in [
        ldaps,
        Directory::new(slapd.settings_starttls()),
        Directory::new(simple),
    ] {
        assert_eq!(try_in(&directory, "ada", "old-secret-1").await, Ok(ada.clone()));
        assert_eq!(
            try_in(&directory, "ada", "other-secret-1").await,
            Err(Refusal::Wrong)
        );
        assert!(matches!(
            try_in(&directory, "nobody", "old-secret-1").await,
            Err(Refusal::Nobody | Refusal::Wrong)
        ));
        // Directories let in whoever has no password, as nobody: it is never even asked.
        assert_eq!(try_in(&directory, "ada", "").await, Err(Refusal::Wrong));
        assert_eq!(try_in(&directory, "", "x").await, Err(Refusal::Wrong));
    }
    let directory = Directory::new(slapd.settings());
    let SignIn::In(person) = directory.sign_in("ada", "old-secret-1").await.unwrap() else {
        panic!("ada is let in");
    };
    assert_eq!(person.groups, [group]);
    assert_eq!(person.entry.login.as_deref(), Some("ada"));
    assert_eq!(person.entry.name.as_deref(), Some("ada of the tests"));
    assert_eq!(person.entry.email.as_deref(), Some("ada@lab.test"));
    assert_eq!(person.entry.external_id.as_deref(), Some("e-ada"));
}

#[tokio::test]
async fn a_filter_that_finds_two_lets_in_neither() {
    let (slapd, _) = slapd_with_ada().await;
    slapd.add_person("bob", "old-secret-1");
    let mut settings = slapd.settings();
    if let BindMode::Search(search) = &mut settings.bind {
        search.filter = "(|(uid={login})(sn=Tests))".to_owned();
    }
    let directory = Directory::new(settings);
    assert_eq!(directory.find("ada").await.unwrap(), Membership::Several);
    assert_eq!(
        try_in(&directory, "ada", "old-secret-1").await,
        Err(Refusal::Several)
    );
}

#[tokio::test]
async fn a_dead_server_is_passed_over() {
    let (slapd, _) = slapd_with_ada().await;
    let mut settings = slapd.settings();
    settings.servers.insert(
        0,
        Server {
            host: "127.0.0.1".to_owned(),
            port: 1,
        },
    );
    let directory = Directory::new(settings);
    assert!(try_in(&directory, "ada", "old-secret-1").await.is_ok());
    let up: Vec<_> = directory
        .counters()
        .servers()
        .into_iter()
        .map(|server| server.up)
        .collect();
    assert_eq!(up, [Some(false), Some(true)]);
}

#[tokio::test]
async fn somebody_who_guesses_is_locked_out_and_told_so() {
    let (slapd, directory) = slapd_with_ada().await;
    for _ in 0..pglab_core::directory::slapd::FAILURES_UNTIL_LOCKED {
        assert_eq!(try_in(&directory, "ada", "wrong").await, Err(Refusal::Wrong));
    }
    let locked = Err(Refusal::Policy(PolicyError::Locked));
    assert_eq!(try_in(&directory, "ada", "old-secret-1").await, locked);
    assert!(
        PolicyError::Locked
            .sentence()
            .contains("locked after too many wrong passwords")
    );
    // A new password, as an instructor gives it, ends the lock.
    let dn = format!("uid=ada,ou=people,{SUFFIX}");
    slapd.ldif(&format!(
        "dn: {dn}\nchangetype: modify\nreplace: userPassword\nuserPassword: new-secret-1\n"
    ));
    assert_eq!(try_in(&directory, "ada", "new-secret-1").await, Ok(dn));
}

/// Steps of "test this": what a person who sets it up reads.
#[tokio::test]
async fn the_test_says_what_the_server_said() {
    let (slapd, directory) = slapd_with_ada().await;
    let lines = |steps: Vec<pglab_identity::directory::Step>| {
        let port = slapd.listen().ldaps.to_string();
        let lines: Vec<String> = steps
            .iter()
            .map(|step| {
                format!(
                    "{} {}: {}",
                    if step.passed { "+" } else { "-" },
                    step.name,
                    step.said.replace(&port, "PORT")
                )
            })
            .collect();
        lines.join("\n")
    };
    insta::assert_snapshot!(lines(directory.steps(Some("ada"), Some("wrong")).await), @r#"
    + Connect: ldaps://127.0.0.1:PORT answers, protected by TLS, the certificate is trusted
    + Account that searches: the directory lets in cn=grafana,ou=services,dc=lab,dc=test
    + Person: uid=ada,ou=people,dc=lab,dc=test: login ada, name ada of the tests, e-mail ada@lab.test, external id e-ada
    - Groups: no group holds this person
    - Sign in: "ada": the password is wrong
    "#);
    let mut settings = slapd.settings();
    settings.ca_file = Some(slapd.other_ca_file());
    let said = lines(Directory::new(settings).steps(None, None).await);
    assert!(
        said.starts_with("- Connect: the certificate of the directory"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
    let mut settings = slapd.settings();
    if let BindMode::Search(search) = &mut settings.bind {
        search.bind_password = Some(pglab_core::directory::Secret::new("not-its-secret"));
    }
    let said = lines(Directory::new(settings).steps(Some("ada"), None).await);
    assert!(
        said.contains("- Search: the directory refuses pglab's own account"),
        "{said}"
    );
    assert!(
        said.contains("invalid credentials (49)") && !said.contains("not-its-secret"),
        "{said}"
    );
    let managed = Directory::managed(slapd.settings(), slapd.tree());
    let said = lines(managed.steps(Some("eve"), None).await);
    assert!(said.contains("- Person: nobody is found for \"eve\""), "{said}");
    assert!(
        said.contains("+ Account that writes: the directory lets in cn=pglab"),
        "{said}"
    );
}
