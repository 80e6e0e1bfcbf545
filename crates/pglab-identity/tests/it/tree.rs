//! The tree that pglab fills: written, read back, planned again.

use pglab_core::{
    directory::plan::{GroupOf, WantedGroup, WantedPerson, plan},
    person::Login,
};
use pglab_identity::{
    directory::{Directory, PolicyError, Refusal},
    password,
};
use pglab_testkit::Slapd;

use crate::support::try_in;

fn person(n: u128, login: &str, name: &str) -> WantedPerson {
    WantedPerson {
        person: uuid::Uuid::from_u128(n).into(),
        login: Login::parse(login).unwrap(),
        name: name.to_owned(),
        email: Some(format!("{n}@lab.test")),
        external_id: None,
        enabled: true,
        password_due: true,
    }
}

struct Tree {
    slapd: Slapd,
    directory: Directory,
}

impl Tree {
    /// Makes the tree as wanted, and says how many changes that took.
    async fn converge(&self, people: &[WantedPerson], members: &[&str]) -> usize {
        let groups = [WantedGroup {
            of: GroupOf::Lab(uuid::Uuid::from_u128(99).into()),
            name: "db-1".to_owned(),
            members: members.iter().map(|login| Login::parse(login).unwrap()).collect(),
        }];
        let hash = password::slapd_argon2(&password::hash("first-secret-1").unwrap());
        let mut writing = self.directory.writing().await.unwrap().unwrap();
        let found = writing.observe().await.unwrap();
        let plan = plan(&self.slapd.tree(), people, &groups, &found);
        for change in &plan.changes {
            writing.apply(change, Some(&hash)).await.unwrap();
        }
        plan.changes.len()
    }
}

#[tokio::test]
async fn people_and_groups_become_what_is_wanted() {
    let slapd = Slapd::start().await;
    let directory = Directory::managed(slapd.settings(), slapd.tree());
    let tree = Tree { slapd, directory };
    let mut people = vec![person(1, "ada", "Ada Lovelace"), person(2, "zoë, x=y", "  Zoë  ")];
    assert_eq!(tree.converge(&people, &["ada", "zoë, x=y"]).await, 3);
    for person in &mut people {
        person.password_due = false;
    }
    // What is there is not written again, whatever its names are made of.
    assert_eq!(tree.converge(&people, &["ada", "zoë, x=y"]).await, 0);
    assert!(try_in(&tree.directory, "ada", "first-secret-1").await.is_ok());
    assert!(
        try_in(&tree.directory, "zoë, x=y", "first-secret-1")
            .await
            .is_ok()
    );

    // What others add stays.
    let guest = tree.slapd.add_person("guest", "guests-secret");
    tree.slapd.ldif(&format!(
        "dn: cn=db-1,ou=groups,dc=lab,dc=test\nchangetype: modify\nadd: member\nmember: {guest}\n"
    ));
    let before = tree.slapd.dump();
    assert_eq!(tree.converge(&people, &["ada", "zoë, x=y"]).await, 0);
    assert_eq!(tree.slapd.dump(), before);

    // Zoë goes: she leaves the group and is shut out, and her entry stays.
    let rest = [people[0].clone()];
    assert_eq!(tree.converge(&rest, &["ada"]).await, 2);
    assert_eq!(tree.converge(&rest, &["ada"]).await, 0);
    assert_eq!(
        try_in(&tree.directory, "zoë, x=y", "first-secret-1").await,
        Err(Refusal::Policy(PolicyError::Locked))
    );
    assert!(tree.slapd.dump().contains("cn:: Wm/Dqw=="), "her name is there");
    assert!(try_in(&tree.directory, "guest", "guests-secret").await.is_ok());
    // She comes back with what she had.
    assert_eq!(tree.converge(&people, &["ada", "zoë, x=y"]).await, 2);
    assert!(
        try_in(&tree.directory, "zoë, x=y", "first-secret-1")
            .await
            .is_ok()
    );

    people[0].name = "Augusta Ada King".to_owned();
    people[0].email = None;
    people[0].password_due = true;
    assert_eq!(tree.converge(&people, &["ada", "zoë, x=y"]).await, 2);
    people[0].password_due = false;
    assert_eq!(tree.converge(&people, &["ada", "zoë, x=y"]).await, 0);
}

/// Each account may do what it is for and no more.
#[tokio::test]
async fn accounts_have_the_least_rights() {
    let slapd = Slapd::start().await;
    let ada = slapd.add_person("ada", "its-secret-1");
    let bob = slapd.add_person("bob", "its-secret-1");
    let (postgres, postgres_password) = slapd.postgres_account();
    let read = |dn: &str, password: &str, base: &str, wanted: &str| slapd.search(dn, password, base, wanted);
    assert!(read(&postgres, &postgres_password, &ada, "uid").contains("uid: ada"));
    assert!(!read(&postgres, &postgres_password, &ada, "userPassword").contains("userPassword"));
    assert!(!read(&postgres, &postgres_password, "ou=groups,dc=lab,dc=test", "*").contains("ou: groups"));
    assert!(read(&ada, "its-secret-1", &ada, "uid").contains("uid: ada"));
    assert!(!read(&ada, "its-secret-1", &bob, "uid").contains("uid: bob"));
    let (writer, writer_password) = slapd.service("pglab");
    assert!(!read(&writer, &writer_password, &ada, "userPassword").contains("userPassword"));
    let renamed = format!("dn: {ada}\nchangetype: modify\nreplace: cn\ncn: x\n");
    assert!(slapd.try_ldif(&postgres, &postgres_password, &renamed).is_err());
    assert!(slapd.try_ldif(&ada, "its-secret-1", &renamed).is_err());
    let service = format!("dn: {postgres}\nchangetype: modify\nreplace: userPassword\nuserPassword: x\n");
    assert!(slapd.try_ldif(&ada, "its-secret-1", &service).is_err());
}
