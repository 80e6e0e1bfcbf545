//! What has to be changed in a tree that pglab fills, so that it holds who is wanted: a pure decision. Nobody's entry is
//! deleted: who goes is disabled, and a group that nobody needs is emptied. What pglab did not make is left alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    id::{LabId, PersonId},
    person::{Login, Role},
};

use super::ManagedTree;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedPerson {
    pub person: PersonId,
    pub login: Login,
    pub name: String,
    pub email: Option<String>,
    pub external_id: Option<String>,
    /// May sign in.
    pub enabled: bool,
    /// The password of pglab's is newer than the one that the tree was given.
    pub password_due: bool,
}

/// Whom a group of pglab's holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupOf {
    /// The members of a lab; the group has the lab's name in URLs.
    Lab(LabId),
    /// Everybody with this role.
    Role(Role),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedGroup {
    pub of: GroupOf,
    pub name: String,
    pub members: Vec<Login>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPerson {
    /// As the server writes it.
    pub dn: String,
    /// Lower case.
    pub login: String,
    /// `None`: pglab did not make it.
    pub mark: Option<PersonId>,
    pub name: String,
    pub email: Option<String>,
    pub external_id: Option<String>,
    /// Disabled for good, not only for some minutes.
    pub disabled: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundGroup {
    pub dn: String,
    pub name: String,
    pub mark: Option<GroupOf>,
    /// As the server writes them.
    pub members: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    pub people: Vec<FoundPerson>,
    pub groups: Vec<FoundGroup>,
}

/// One change; each is safe to make again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// With the password.
    AddPerson(WantedPerson),
    /// Name, e-mail and the like.
    Describe {
        dn: String,
        wanted: WantedPerson,
    },
    Password {
        dn: String,
        person: PersonId,
    },
    Disable {
        dn: String,
    },
    Enable {
        dn: String,
    },
    AddGroup {
        of: GroupOf,
        dn: String,
        name: String,
        members: Vec<String>,
    },
    Members {
        dn: String,
        add: Vec<String>,
        remove: Vec<String>,
    },
}

/// What stands in the way: somebody else's entry with a name that pglab needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    pub dn: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// In this order.
    pub changes: Vec<Change>,
    pub foreign: Vec<Foreign>,
}

pub fn plan(tree: &ManagedTree, people: &[WantedPerson], groups: &[WantedGroup], found: &Found) -> Plan {
    let mut plan = Plan::default();
    let by_login: BTreeMap<&str, &FoundPerson> = found
        .people
        .iter()
        .map(|person| (person.login.as_str(), person))
        .collect();
    let wanted: BTreeSet<&str> = people.iter().map(|person| person.login.as_str()).collect();
    for person in people {
        match by_login.get(person.login.as_str()) {
            None => {
                plan.changes.push(Change::AddPerson(person.clone()));
                if !person.enabled {
                    plan.changes.push(Change::Disable {
                        dn: tree.person_dn(person.login.as_str()),
                    });
                }
            }
            Some(there) if there.mark.is_none() => plan.foreign.push(Foreign { dn: there.dn.clone() }),
            Some(there) => adjust(&mut plan.changes, person, there),
        }
    }
    for gone in found
        .people
        .iter()
        .filter(|person| !wanted.contains(person.login.as_str()))
    {
        if gone.mark.is_some() && !gone.disabled {
            plan.changes.push(Change::Disable { dn: gone.dn.clone() });
        }
    }
    plan_groups(&mut plan, tree, groups, found, &by_login);
    plan
}

fn adjust(changes: &mut Vec<Change>, person: &WantedPerson, there: &FoundPerson) {
    let dn = || there.dn.clone();
    let described = there.name == person.name.trim()
        && there.email == ascii(person.email.as_deref())
        && there.external_id == person.external_id
        && there.mark == Some(person.person);
    if !described {
        changes.push(Change::Describe {
            dn: dn(),
            wanted: person.clone(),
        });
    }
    // A new password ends a lock, so the lock comes after it.
    if person.password_due {
        changes.push(Change::Password {
            dn: dn(),
            person: person.person,
        });
    }
    match (person.enabled, there.disabled) {
        (true, true) => changes.push(Change::Enable { dn: dn() }),
        (false, false) => changes.push(Change::Disable { dn: dn() }),
        (false, true) if person.password_due => changes.push(Change::Disable { dn: dn() }),
        _ => {}
    }
}

fn plan_groups(
    plan: &mut Plan,
    tree: &ManagedTree,
    groups: &[WantedGroup],
    found: &Found,
    by_login: &BTreeMap<&str, &FoundPerson>,
) {
    let there: BTreeMap<String, &FoundGroup> = found
        .groups
        .iter()
        .map(|group| (group.name.to_lowercase(), group))
        .collect();
    // Whom somebody else put into our group stays in it.
    let ours: BTreeSet<String> = found
        .people
        .iter()
        .filter(|person| person.mark.is_some())
        .map(|person| person.dn.to_lowercase())
        .collect();
    let dn_of = |login: &Login| match by_login.get(login.as_str()) {
        Some(person) => person.dn.clone(),
        None => tree.person_dn(login.as_str()),
    };
    let mut kept = BTreeSet::new();
    for group in groups {
        let members: Vec<String> = group.members.iter().map(dn_of).collect();
        let Some(found) = there.get(&group.name.to_lowercase()) else {
            let dn = tree.group_dn(&group.name);
            plan.changes.push(Change::AddGroup {
                of: group.of,
                dn,
                name: group.name.clone(),
                members,
            });
            continue;
        };
        // Who is in a group of a role has more power than the members of a lab that somebody gave its name.
        let fits = match (found.mark, group.of) {
            (Some(GroupOf::Lab(_)), GroupOf::Lab(_)) => true,
            (mark, of) => mark == Some(of),
        };
        if !fits {
            plan.foreign.push(Foreign { dn: found.dn.clone() });
            continue;
        }
        kept.insert(found.dn.as_str());
        change_members(plan, found, members, &ours);
    }
    for group in found.groups.iter().filter(|group| group.mark.is_some()) {
        if !kept.contains(group.dn.as_str()) {
            change_members(plan, group, Vec::new(), &ours);
        }
    }
}

fn change_members(plan: &mut Plan, found: &FoundGroup, wanted: Vec<String>, ours: &BTreeSet<String>) {
    let has: BTreeSet<String> = found.members.iter().map(|dn| dn.to_lowercase()).collect();
    let wants: BTreeSet<String> = wanted.iter().map(|dn| dn.to_lowercase()).collect();
    let add: Vec<String> = wanted
        .into_iter()
        .filter(|dn| !has.contains(&dn.to_lowercase()))
        .collect();
    let remove: Vec<String> = found
        .members
        .iter()
        .filter(|dn| ours.contains(&dn.to_lowercase()) && !wants.contains(&dn.to_lowercase()))
        .cloned()
        .collect();
    if !(add.is_empty() && remove.is_empty()) {
        plan.changes.push(Change::Members {
            dn: found.dn.clone(),
            add,
            remove,
        });
    }
}

/// LDAP's `mail` holds ASCII only; another address is left out.
pub fn ascii(email: Option<&str>) -> Option<String> {
    email.filter(|email| email.is_ascii()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{
        super::{Secret, StoredHash},
        *,
    };

    fn tree() -> ManagedTree {
        ManagedTree {
            suffix: "dc=x".to_owned(),
            writer_dn: "cn=pglab,ou=services,dc=x".to_owned(),
            writer_password: Secret::new("x"),
            hash: StoredHash::Argon2,
        }
    }

    fn id(n: u128) -> PersonId {
        Uuid::from_u128(n).into()
    }

    fn person(n: u128, login: &str) -> WantedPerson {
        WantedPerson {
            person: id(n),
            login: Login::parse(login).unwrap(),
            name: login.to_owned(),
            email: None,
            external_id: None,
            enabled: true,
            password_due: false,
        }
    }

    fn there(n: u128, login: &str) -> FoundPerson {
        FoundPerson {
            dn: format!("uid={login},ou=people,dc=x"),
            login: login.to_owned(),
            mark: Some(id(n)),
            name: login.to_owned(),
            email: None,
            external_id: None,
            disabled: false,
        }
    }

    fn lab() -> GroupOf {
        GroupOf::Lab(Uuid::from_u128(9).into())
    }

    fn group(members: &[&str]) -> WantedGroup {
        WantedGroup {
            of: lab(),
            name: "db".to_owned(),
            members: members.iter().map(|login| Login::parse(login).unwrap()).collect(),
        }
    }

    #[test]
    fn what_is_as_wanted_is_left() {
        let found = Found {
            people: vec![there(1, "ada")],
            groups: vec![FoundGroup {
                dn: "cn=db,ou=groups,dc=x".to_owned(),
                name: "db".to_owned(),
                mark: Some(lab()),
                members: vec!["uid=Ada,ou=people,dc=x".to_owned(), "cn=guest,dc=x".to_owned()],
            }],
        };
        assert_eq!(
            plan(&tree(), &[person(1, "ada")], &[group(&["ada"])], &found),
            Plan::default()
        );
    }

    #[test]
    fn who_goes_is_disabled_and_nothing_is_deleted() {
        let stranger = FoundPerson {
            mark: None,
            ..there(5, "eve")
        };
        let found = Found {
            people: vec![there(1, "ada"), there(2, "bob"), stranger],
            groups: vec![FoundGroup {
                dn: "cn=db,ou=groups,dc=x".to_owned(),
                name: "db".to_owned(),
                mark: Some(lab()),
                members: vec![
                    "uid=bob,ou=people,dc=x".to_owned(),
                    "uid=eve,ou=people,dc=x".to_owned(),
                ],
            }],
        };
        let planned = plan(&tree(), &[person(1, "ada")], &[group(&["ada"])], &found);
        assert_eq!(
            planned.changes,
            [
                Change::Disable {
                    dn: "uid=bob,ou=people,dc=x".to_owned()
                },
                Change::Members {
                    dn: "cn=db,ou=groups,dc=x".to_owned(),
                    add: vec!["uid=ada,ou=people,dc=x".to_owned()],
                    remove: vec!["uid=bob,ou=people,dc=x".to_owned()],
                },
            ]
        );
        // The lab is gone: its group is emptied of ours.
        let planned = plan(&tree(), &[person(1, "ada"), person(2, "bob")], &[], &found);
        assert_eq!(
            planned.changes,
            [Change::Members {
                dn: "cn=db,ou=groups,dc=x".to_owned(),
                add: vec![],
                remove: vec!["uid=bob,ou=people,dc=x".to_owned()],
            }]
        );
    }

    /// A lab that is called like the group of a role does not give its members that role's power elsewhere.
    #[test]
    fn a_lab_gets_nobody_into_the_group_of_a_role() {
        let role = |name: &str, members: &[&str]| WantedGroup {
            of: GroupOf::Role(Role::Instructor),
            name: name.to_owned(),
            ..group(members)
        };
        let of_role = FoundGroup {
            dn: "cn=db,ou=groups,dc=x".to_owned(),
            name: "db".to_owned(),
            mark: Some(GroupOf::Role(Role::Instructor)),
            members: vec!["uid=guest,dc=x".to_owned()],
        };
        let found = Found {
            people: vec![there(1, "ada"), there(2, "bob")],
            groups: vec![of_role],
        };
        let people = [person(1, "ada"), person(2, "bob")];
        let planned = plan(&tree(), &people, &[role("db", &["ada"]), group(&["bob"])], &found);
        assert_eq!(
            planned.changes,
            [Change::Members {
                dn: "cn=db,ou=groups,dc=x".to_owned(),
                add: vec!["uid=ada,ou=people,dc=x".to_owned()],
                remove: vec![],
            }]
        );
        assert_eq!(planned.foreign.len(), 1, "the lab's");
    }

    #[test]
    fn somebody_else_s_entry_is_named_and_left() {
        let found = Found {
            people: vec![FoundPerson {
                mark: None,
                ..there(1, "ada")
            }],
            groups: vec![],
        };
        let due = WantedPerson {
            password_due: true,
            enabled: false,
            ..person(1, "ada")
        };
        let planned = plan(&tree(), &[due], &[], &found);
        assert_eq!(planned.changes, []);
        assert_eq!(
            planned.foreign,
            [Foreign {
                dn: "uid=ada,ou=people,dc=x".to_owned()
            }]
        );
    }

    #[test]
    fn a_new_password_does_not_let_a_disabled_person_in() {
        let found = Found {
            people: vec![FoundPerson {
                disabled: true,
                ..there(1, "ada")
            }],
            groups: vec![],
        };
        let due = WantedPerson {
            password_due: true,
            enabled: false,
            ..person(1, "ada")
        };
        let dn = "uid=ada,ou=people,dc=x".to_owned();
        assert_eq!(
            plan(&tree(), &[due], &[], &found).changes,
            [
                Change::Password {
                    dn: dn.clone(),
                    person: id(1)
                },
                Change::Disable { dn: dn.clone() }
            ]
        );
        assert_eq!(
            plan(&tree(), &[person(1, "ada")], &[], &found).changes,
            [Change::Enable { dn }]
        );
    }
}
