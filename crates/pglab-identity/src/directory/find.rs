//! Looking people up: their entry and their groups. Answers are taken as data, never as names of things to do: referrals
//! to other servers are ignored.

use std::time::Duration;

use ldap3::{Scope as LdapScope, SearchEntry, SearchOptions};
use pglab_core::directory::{Attributes, BindMode, Scope, escape};
use tokio::time::timeout;

use super::{Directory, DirectoryError, connect::Connection};

/// What the directory knows of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub dn: String,
    /// The login as the directory writes it, if it says.
    pub login: Option<String>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub external_id: Option<String>,
}

/// Who has a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Membership {
    Nobody,
    One(Entry),
    /// The filter finds several people: nobody can tell which one it is.
    Several,
}

/// One search, as small as it can be.
pub(super) struct Query<'a> {
    pub(super) base: &'a str,
    pub(super) scope: LdapScope,
    pub(super) filter: &'a str,
    pub(super) attributes: &'a [&'a str],
    /// Entries wanted at most; 0 for all.
    pub(super) most: i32,
}

/// What is read of a person.
pub(super) fn attributes(names: &Attributes) -> Vec<&str> {
    [&names.login, &names.name, &names.email]
        .into_iter()
        .chain(names.external_id.as_ref())
        .map(String::as_str)
        .collect()
}

/// The first value of an attribute, whatever the case of its name.
pub(super) fn value(entry: &SearchEntry, name: &str) -> Option<String> {
    let (_, values) = entry
        .attrs
        .iter()
        .find(|(found, _)| found.eq_ignore_ascii_case(name))?;
    values
        .first()
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
}

impl Entry {
    pub(super) fn read(found: SearchEntry, names: &Attributes) -> Self {
        Self {
            login: value(&found, &names.login),
            name: value(&found, &names.name),
            email: value(&found, &names.email),
            external_id: names.external_id.as_ref().and_then(|name| value(&found, name)),
            dn: found.dn,
        }
    }
}

/// Runs a search within the limit, which is for all of its answers.
pub(super) async fn search(
    connection: &mut Connection,
    limit: Duration,
    query: Query<'_>,
) -> Result<Vec<SearchEntry>, DirectoryError> {
    let url = connection.url.clone();
    let broken = |error| DirectoryError::from_ldap(&url, limit, error);
    let work = async {
        let mut found = Vec::new();
        let mut stream = connection
            .ldap
            .with_search_options(SearchOptions::new().sizelimit(query.most))
            .streaming_search(query.base, query.scope, query.filter, query.attributes.to_vec())
            .await
            .map_err(broken)?;
        while let Some(answer) = stream.next().await.map_err(broken)? {
            if !answer.is_ref() && !answer.is_intermediate() {
                found.push(SearchEntry::construct(answer));
            }
        }
        let result = stream.finish().await;
        // 4: there are more than were asked for. 10: what there is, is elsewhere.
        match result.rc {
            0 | 4 | 10 => Ok(found),
            _ => Err(DirectoryError::refused(
                format!("search below {:?}", query.base),
                &result,
            )),
        }
    };
    match timeout(limit, work).await {
        Ok(done) => done,
        Err(_) => Err(DirectoryError::Slow { url, limit }),
    }
}

impl Directory {
    /// Looks a login up. In the mode of simple binds nobody can be looked up without their password.
    ///
    /// # Errors
    /// The directory can't be asked.
    pub async fn find(&self, login: &str) -> Result<Membership, DirectoryError> {
        let mut lease = self.for_search().await?;
        let found = self.find_on(&mut lease.connection, login).await?;
        lease.give_back();
        Ok(found)
    }

    pub(super) async fn find_on(
        &self,
        connection: &mut Connection,
        login: &str,
    ) -> Result<Membership, DirectoryError> {
        let settings = &self.0.settings;
        let BindMode::Search(how) = &settings.bind else {
            return Ok(Membership::Nobody);
        };
        let query = Query {
            base: &how.base,
            scope: match how.scope {
                Scope::One => LdapScope::OneLevel,
                Scope::Subtree => LdapScope::Subtree,
            },
            filter: &how.filter_for(login),
            attributes: &attributes(&settings.attributes),
            most: 2,
        };
        let mut found = search(connection, settings.request_timeout, query).await?;
        Ok(match (found.pop(), found.is_empty()) {
            (None, _) => Membership::Nobody,
            (Some(one), true) if !one.dn.is_empty() => {
                Membership::One(Entry::read(one, &settings.attributes))
            }
            _ => Membership::Several,
        })
    }

    /// One entry by its name.
    pub(super) async fn read_on(
        &self,
        connection: &mut Connection,
        dn: &str,
    ) -> Result<Option<Entry>, DirectoryError> {
        let settings = &self.0.settings;
        let query = Query {
            base: dn,
            scope: LdapScope::Base,
            filter: "(objectClass=*)",
            attributes: &attributes(&settings.attributes),
            most: 1,
        };
        match search(connection, settings.request_timeout, query).await {
            Ok(found) => Ok(found
                .into_iter()
                .next()
                .map(|entry| Entry::read(entry, &settings.attributes))),
            // Not there, or not to be seen.
            Err(DirectoryError::Refused {
                code: 32 | 50 | 34, ..
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The names of the groups that hold a person; none where no groups are set up.
    pub(super) async fn groups_on(
        &self,
        connection: &mut Connection,
        dn: &str,
        login: &str,
    ) -> Result<Vec<String>, DirectoryError> {
        let settings = &self.0.settings;
        let Some(groups) = &settings.groups else {
            return Ok(Vec::new());
        };
        let query = Query {
            base: &groups.base,
            scope: LdapScope::Subtree,
            filter: &groups.filter_for(dn, login),
            // No attribute: only names are wanted.
            attributes: &["1.1"],
            most: 0,
        };
        let found = search(connection, settings.request_timeout, query).await?;
        Ok(found.into_iter().map(|entry| entry.dn).collect())
    }
}

/// The name that a person signs in to the directory with where it is not searched for. `None` for a login that can't be
/// part of one.
pub(super) fn simple_name(prefix: &str, suffix: &str, login: &str) -> Option<String> {
    let is_dn = prefix.ends_with('=') && (suffix.is_empty() || suffix.starts_with(','));
    if is_dn {
        return Some(format!("{prefix}{}{suffix}", escape::dn_value(login)));
    }
    // `LAB\ada` and `ada@lab.example` have no escapes: what could mean something else is refused.
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    (!login.is_empty() && login.chars().all(plain)).then(|| format!("{prefix}{login}{suffix}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hold_only_the_login() {
        assert_eq!(
            simple_name("uid=", ",ou=p", "a,b").as_deref(),
            Some(r"uid=a\2cb,ou=p")
        );
        assert_eq!(
            simple_name("", "@lab.example", "ada").as_deref(),
            Some("ada@lab.example")
        );
        assert_eq!(simple_name("LAB\\", "", "ada").as_deref(), Some("LAB\\ada"));
        for login in ["a@b", "a,b", "", "a\\b", "a b", "a\0"] {
            assert_eq!(simple_name("", "@lab.example", login), None, "{login:?}");
        }
    }
}
