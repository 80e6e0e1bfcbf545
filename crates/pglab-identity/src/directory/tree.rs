//! Reading and writing the tree that pglab fills. What is to be changed is decided by `pglab_core::directory::plan`.

use std::collections::HashSet;

use ldap3::{
    Mod, Scope as LdapScope, SearchEntry,
    adapters::{Adapter, EntriesOnly, PagedResults},
};
use pglab_core::{
    directory::{
        ManagedTree,
        plan::{Change, Found, FoundGroup, FoundPerson, GroupOf, WantedPerson, ascii},
        slapd::ROLE_MARK,
    },
    person::Role,
};
use tokio::time::timeout;

use super::{Directory, DirectoryError, connect::Connection, find::value};

const PAGE: i32 = 500;
/// An account locked at this time is locked for good (draft-behera-ldap-password-policy).
const FOR_GOOD: &str = "000001010000Z";
/// What descriptions of entries that pglab made begin with; an id follows.
const PERSON_MARK: &str = "pglab person ";
const GROUP_MARK: &str = "pglab lab ";

/// A connection that may write.
#[derive(Debug)]
pub struct Writing<'a> {
    directory: &'a Directory,
    tree: &'a ManagedTree,
    connection: Connection,
}

impl Directory {
    /// `None` where the tree is not pglab's to fill.
    ///
    /// # Errors
    /// The directory can't be asked, or refuses the account that writes.
    pub async fn writing(&self) -> Result<Option<Writing<'_>>, DirectoryError> {
        let Some(tree) = &self.0.tree else {
            return Ok(None);
        };
        let mut connection = self.connect().await?;
        self.bind_own(&mut connection, &tree.writer_dn, &tree.writer_password)
            .await?;
        Ok(Some(Writing {
            directory: self,
            tree,
            connection,
        }))
    }
}

impl Writing<'_> {
    /// Everything below `ou=people` and `ou=groups`.
    ///
    /// # Errors
    /// The directory can't be asked.
    pub async fn observe(&mut self) -> Result<Found, DirectoryError> {
        let mut found = Found::default();
        let attributes = [
            "uid",
            "cn",
            "mail",
            "employeeNumber",
            "description",
            "pwdAccountLockedTime",
        ];
        let people = self.tree.people();
        self.entries(&people, "(objectClass=inetOrgPerson)", &attributes, |entry| {
            found.people.extend(person(&entry));
        })
        .await?;
        let groups = self.tree.groups();
        self.entries(
            &groups,
            "(objectClass=groupOfNames)",
            &["cn", "description", "member"],
            |entry| {
                found.groups.extend(group(&entry));
            },
        )
        .await?;
        Ok(found)
    }

    async fn entries(
        &mut self,
        base: &str,
        filter: &str,
        attributes: &[&str],
        mut each: impl FnMut(SearchEntry),
    ) -> Result<(), DirectoryError> {
        let limit = self.directory.settings().request_timeout;
        let url = self.connection.url.clone();
        let broken = |error| DirectoryError::from_ldap(&url, limit, error);
        let slow = |_| DirectoryError::Slow {
            url: url.clone(),
            limit,
        };
        let wanted: Vec<String> = attributes.iter().map(|name| (*name).to_owned()).collect();
        let adapters: Vec<Box<dyn Adapter<'_, String, Vec<String>>>> =
            vec![Box::new(EntriesOnly::new()), Box::new(PagedResults::new(PAGE))];
        let begin =
            self.connection
                .ldap
                .streaming_search_with(adapters, base, LdapScope::OneLevel, filter, wanted);
        let mut stream = timeout(limit, begin).await.map_err(slow)?.map_err(broken)?;
        while let Some(answer) = timeout(limit, stream.next())
            .await
            .map_err(slow)?
            .map_err(broken)?
        {
            each(SearchEntry::construct(answer));
        }
        let result = stream.finish().await;
        match result.rc {
            0 => Ok(()),
            _ => Err(DirectoryError::refused(
                format!("list what is below {base:?}"),
                &result,
            )),
        }
    }

    /// Makes one change. `password` is what slapd is to store for who gets one.
    ///
    /// # Errors
    /// The directory can't be asked, or refuses this change.
    pub async fn apply(&mut self, change: &Change, password: Option<&str>) -> Result<(), DirectoryError> {
        match change {
            Change::AddPerson(person) => {
                let dn = self.tree.person_dn(person.login.as_str());
                let mut attributes = described(person);
                attributes.push(("objectClass", vec!["inetOrgPerson".to_owned()]));
                attributes.push(("uid", vec![person.login.as_str().to_owned()]));
                if let Some(stored) = password {
                    attributes.push(("userPassword", vec![stored.to_owned()]));
                }
                attributes.retain(|(_, values)| !values.is_empty());
                self.add(&dn, attributes).await
            }
            Change::Describe { dn, wanted } => {
                let changes = described(wanted)
                    .into_iter()
                    .map(|(name, values)| Mod::Replace(name.to_owned(), values.into_iter().collect()));
                self.modify(dn, changes.collect()).await
            }
            Change::Password { dn, .. } => match password {
                Some(stored) => self.modify(dn, vec![replace("userPassword", Some(stored))]).await,
                None => Ok(()),
            },
            Change::Disable { dn } => {
                self.modify(dn, vec![replace("pwdAccountLockedTime", Some(FOR_GOOD))])
                    .await
            }
            Change::Enable { dn } => self.modify(dn, vec![replace("pwdAccountLockedTime", None)]).await,
            Change::AddGroup {
                of,
                dn,
                name,
                members,
            } => {
                // A group of names has at least one: pglab's own account, which may not sign in to anything.
                let mut all = vec![self.tree.writer_dn.clone()];
                all.extend(members.iter().cloned());
                let attributes = vec![
                    ("objectClass", vec!["groupOfNames".to_owned()]),
                    ("cn", vec![name.clone()]),
                    ("description", vec![group_mark(*of)]),
                    ("member", all),
                ];
                self.add(dn, attributes).await
            }
            Change::Members { dn, add, remove } => {
                let set = |names: &[String]| names.iter().cloned().collect::<HashSet<_>>();
                let mut changes = Vec::new();
                if !add.is_empty() {
                    changes.push(Mod::Add("member".to_owned(), set(add)));
                }
                if !remove.is_empty() {
                    changes.push(Mod::Delete("member".to_owned(), set(remove)));
                }
                self.modify(dn, changes).await
            }
        }
    }

    async fn add(&mut self, dn: &str, attributes: Vec<(&str, Vec<String>)>) -> Result<(), DirectoryError> {
        let limit = self.directory.settings().request_timeout;
        let attributes: Vec<(String, HashSet<String>)> = attributes
            .into_iter()
            .map(|(name, values)| (name.to_owned(), values.into_iter().collect()))
            .collect();
        let done = self.connection.ldap.with_timeout(limit).add(dn, attributes).await;
        let result = done.map_err(|error| DirectoryError::from_ldap(&self.connection.url, limit, error))?;
        match result.rc {
            0 => Ok(()),
            _ => Err(DirectoryError::refused(format!("add {dn:?}"), &result)),
        }
    }

    async fn modify(&mut self, dn: &str, changes: Vec<Mod<String>>) -> Result<(), DirectoryError> {
        let limit = self.directory.settings().request_timeout;
        let done = self.connection.ldap.with_timeout(limit).modify(dn, changes).await;
        let result = done.map_err(|error| DirectoryError::from_ldap(&self.connection.url, limit, error))?;
        match result.rc {
            0 => Ok(()),
            _ => Err(DirectoryError::refused(format!("change {dn:?}"), &result)),
        }
    }
}

/// What is written of a person besides the login and the password. Empty values take an attribute away.
fn described(person: &WantedPerson) -> Vec<(&'static str, Vec<String>)> {
    let name = person.name.trim();
    let surname = name.split_whitespace().next_back().unwrap_or(name);
    vec![
        ("cn", vec![name.to_owned()]),
        ("sn", vec![surname.to_owned()]),
        ("mail", ascii(person.email.as_deref()).into_iter().collect()),
        ("employeeNumber", person.external_id.iter().cloned().collect()),
        ("description", vec![format!("{PERSON_MARK}{}", person.person)]),
    ]
}

fn replace(attribute: &str, value: Option<&str>) -> Mod<String> {
    Mod::Replace(
        attribute.to_owned(),
        value.into_iter().map(str::to_owned).collect(),
    )
}

/// The id behind a mark, among all descriptions.
fn marked(entry: &SearchEntry, mark: &str) -> Option<uuid::Uuid> {
    let (_, descriptions) = entry
        .attrs
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("description"))?;
    descriptions
        .iter()
        .find_map(|text| text.strip_prefix(mark)?.parse().ok())
}

fn group_mark(of: GroupOf) -> String {
    match of {
        GroupOf::Lab(lab) => format!("{GROUP_MARK}{lab}"),
        GroupOf::Role(role) => format!("{ROLE_MARK}{}", role.as_str()),
    }
}

fn marked_group(entry: &SearchEntry) -> Option<GroupOf> {
    if let Some(lab) = marked(entry, GROUP_MARK) {
        return Some(GroupOf::Lab(lab.into()));
    }
    let (_, descriptions) = entry
        .attrs
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("description"))?;
    descriptions
        .iter()
        .find_map(|text| Role::parse(text.strip_prefix(ROLE_MARK)?))
        .map(GroupOf::Role)
}

fn person(entry: &SearchEntry) -> Option<FoundPerson> {
    Some(FoundPerson {
        dn: entry.dn.clone(),
        login: value(entry, "uid")?.to_lowercase(),
        mark: marked(entry, PERSON_MARK).map(Into::into),
        name: value(entry, "cn").unwrap_or_default(),
        email: value(entry, "mail"),
        external_id: value(entry, "employeeNumber"),
        disabled: value(entry, "pwdAccountLockedTime").as_deref() == Some(FOR_GOOD),
    })
}

fn group(entry: &SearchEntry) -> Option<FoundGroup> {
    let members = entry
        .attrs
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("member"));
    Some(FoundGroup {
        dn: entry.dn.clone(),
        name: value(entry, "cn")?,
        mark: marked_group(entry),
        members: members.map(|(_, members)| members.clone()).unwrap_or_default(),
    })
}
