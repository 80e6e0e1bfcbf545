//! Directories with many people, page by page.

use pglab_identity::directory::Directory;
use pglab_testkit::{Slapd, SlapdOptions};

const N: usize = 20_000;

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn twenty_thousand_entries_in_bounded_memory() {
    let slapd = Slapd::start_with(SlapdOptions {
        n_people: N,
        ..SlapdOptions::default()
    })
    .await;
    let directory = Directory::new(slapd.settings());
    let mut n = 0usize;
    // One pass to fill pools and caches, then one that is measured.
    for measured in [false, true] {
        let before = resident_kib();
        let mut highest = before;
        n = 0;
        let read = directory
            .people("(objectClass=inetOrgPerson)", |entry| {
                n += usize::from(entry.login.is_some());
                if n.is_multiple_of(1_000) {
                    highest = highest.max(resident_kib());
                }
            })
            .await
            .unwrap();
        assert_eq!(read.n_people, N as u64);
        if measured {
            assert!(highest - before < 8 << 10, "{} KiB more", highest - before);
        }
    }
    assert_eq!(n, N);
}

#[tokio::test]
async fn members_of_a_group() {
    let slapd = Slapd::start().await;
    let ada = slapd.add_person("ada", "its-secret-1");
    let bob = slapd.add_person("bob", "its-secret-1");
    slapd.add_person("eve", "its-secret-1");
    let group = slapd.add_group("db", &[&ada, &bob, "cn=gone,ou=people,dc=lab,dc=test"]);
    let directory = Directory::new(slapd.settings());
    let mut logins = Vec::new();
    let members = directory
        .members_of(&group, |entry| logins.extend(entry.login))
        .await
        .unwrap();
    logins.sort();
    assert_eq!(logins, ["ada", "bob"]);
    assert_eq!((members.n_people, members.n_others), (2, 1));
    let error = directory
        .members_of("cn=none,ou=groups,dc=lab,dc=test", |_| {})
        .await
        .unwrap_err();
    assert!(error.to_string().contains("no such entry"), "{error}");
}
