//! What strangers type is a value, whatever it is made of: every byte in real searches and real binds.

use pglab_core::directory::{BindMode, DirectorySettings, escape};
use pglab_identity::directory::{Directory, Membership, Refusal, SignIn};

use crate::support::{slapd_with_ada, try_in};

/// Each byte as a character of its own, as the beginning, the middle and the end of a login.
fn logins() -> Vec<String> {
    let bytes = (0..=255u8).map(char::from);
    let mut logins: Vec<String> = bytes
        .flat_map(|byte| {
            [
                format!("{byte}"),
                format!("{byte}ada"),
                format!("ad{byte}a"),
                format!("ada{byte}"),
            ]
        })
        .collect();
    for tricky in [
        "*",
        "ada)(uid=*",
        "*)(objectClass=*",
        "ada,ou=services",
        "ada+cn=x",
        "\\2a",
        "ad\\61",
        "(|(uid=*))",
        "{login}",
        "ada\u{0}x",
        "uid=ada",
        "#ada",
        "&(uid=ada)",
    ] {
        logins.push(tricky.to_owned());
    }
    logins
}

#[tokio::test]
async fn no_login_finds_anybody_else() {
    let (slapd, directory) = slapd_with_ada().await;
    slapd.add_person("bob", "old-secret-1");
    for login in logins() {
        match directory.find(&login).await {
            Ok(Membership::Nobody) => {}
            // LDAP compares logins without case and without spaces around them.
            Ok(Membership::One(entry)) => {
                let same = login.trim().to_lowercase().replace(['\u{ad}', '\u{0}'], "");
                let same: String = same.chars().filter(|c| !c.is_control()).collect();
                assert_eq!(entry.login.as_deref(), Some(same.trim()), "{login:?}");
            }
            other => panic!("{login:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn no_login_signs_in_as_anybody_else() {
    let (slapd, _) = slapd_with_ada().await;
    let (service, service_password) = slapd.postgres_account();
    let simple = DirectorySettings {
        bind: BindMode::Simple {
            prefix: "uid=".to_owned(),
            suffix: format!(",{}", slapd.people()),
        },
        groups: None,
        ..slapd.settings()
    };
    let directory = Directory::new(simple);
    for login in logins() {
        // The password of an account elsewhere in the tree opens nothing through a login, whatever it looks like.
        let refused = directory.sign_in(&login, &service_password).await;
        assert!(
            matches!(refused, Ok(SignIn::Refused(_))),
            "{login:?}: {refused:?}"
        );
    }
    let above = format!("x,{}", service.split_once(',').unwrap().1);
    assert!(matches!(
        try_in(&directory, &above, &service_password).await,
        Err(Refusal::Wrong)
    ));
}

/// Whoever has such a login can use it: what is escaped arrives as it was.
#[tokio::test]
async fn every_character_arrives() {
    let (slapd, directory) = slapd_with_ada().await;
    let simple = Directory::new(DirectorySettings {
        bind: BindMode::Simple {
            prefix: "uid=".to_owned(),
            suffix: format!(",{}", slapd.people()),
        },
        groups: None,
        ..slapd.settings()
    });
    let printable: Vec<char> = (0x21..=0xffu8)
        .map(char::from)
        .filter(|c| !c.is_control() && *c != '\u{ad}')
        .collect();
    for chunk in printable.chunks(12) {
        let login: String = std::iter::once('x')
            .chain(chunk.iter().copied())
            .collect::<String>()
            .to_lowercase();
        let dn = slapd.add_person(&login, "its-secret-1");
        assert!(dn.starts_with(&format!("uid={}", escape::dn_value(&login))));
        assert!(
            try_in(&directory, &login, "its-secret-1").await.is_ok(),
            "{login:?} by search"
        );
        assert!(
            try_in(&simple, &login, "its-secret-1").await.is_ok(),
            "{login:?} by name"
        );
        assert!(
            try_in(&simple, &login, "another-secret").await.is_err(),
            "{login:?}"
        );
    }
}
