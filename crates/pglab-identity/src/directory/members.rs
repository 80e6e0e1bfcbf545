//! Many people at once: those that a filter finds, or the members of a group, page by page (RFC 2696), so that a
//! directory of tens of thousands needs no more memory than one page.

use ldap3::{
    Scope as LdapScope, SearchEntry,
    adapters::{Adapter, EntriesOnly, PagedResults},
};
use pglab_core::directory::{BindMode, Scope, escape};
use tokio::time::timeout;

use super::{
    Directory, DirectoryError, Entry,
    connect::Connection,
    find::{Query, attributes, search},
};

/// Entries on a page: directories often refuse more than 1,000.
const PAGE: i32 = 500;

/// What was gone through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Members {
    pub n_people: u64,
    /// Members that are no people, such as groups, or that may not be seen.
    pub n_others: u64,
}

impl Directory {
    /// Gives every person that the filter finds to `each`, in the order of the directory.
    ///
    /// # Errors
    /// The directory can't be asked, or not to the end.
    pub async fn people(
        &self,
        filter: &str,
        mut each: impl FnMut(Entry) + Send,
    ) -> Result<Members, DirectoryError> {
        let mut lease = self.for_search().await?;
        let n_people = self.pages(&mut lease.connection, filter, &mut each).await?;
        lease.give_back();
        Ok(Members {
            n_people,
            n_others: 0,
        })
    }

    /// Gives every member of a group to `each`.
    ///
    /// # Errors
    /// The directory can't be asked, or has no such group.
    pub async fn members_of(
        &self,
        group: &str,
        mut each: impl FnMut(Entry) + Send,
    ) -> Result<Members, DirectoryError> {
        let limit = self.settings().request_timeout;
        let mut lease = self.for_search().await?;
        let query = Query {
            base: group,
            scope: LdapScope::Base,
            filter: "(objectClass=*)",
            attributes: &["member", "uniqueMember", "memberUid"],
            most: 1,
        };
        let Some(found) = search(&mut lease.connection, limit, query)
            .await?
            .into_iter()
            .next()
        else {
            return Err(DirectoryError::Refused {
                what: format!("read the group {group:?}"),
                code: 32,
                said: "no such entry (32)".to_owned(),
            });
        };
        let mut members = Members::default();
        // Where entries tell their groups, one search finds all; a value of thousands of members may be cut short.
        let filter = format!("(memberOf={})", escape::filter_value(&found.dn));
        members.n_people = self.pages(&mut lease.connection, &filter, &mut each).await?;
        if members.n_people == 0 {
            members = self.listed(&mut lease.connection, &found, &mut each).await?;
        }
        lease.give_back();
        Ok(members)
    }

    /// Members by what the group's entry lists.
    async fn listed(
        &self,
        connection: &mut Connection,
        group: &SearchEntry,
        each: &mut (impl FnMut(Entry) + Send),
    ) -> Result<Members, DirectoryError> {
        let mut members = Members::default();
        for (attribute, values) in &group.attrs {
            let by_login = attribute.eq_ignore_ascii_case("memberUid");
            for value in values {
                let entry = if by_login {
                    match self.find_on(connection, value).await? {
                        super::Membership::One(entry) => Some(entry),
                        _ => None,
                    }
                } else {
                    self.read_on(connection, value).await?
                };
                match entry.filter(|entry| entry.login.is_some()) {
                    Some(entry) => {
                        members.n_people += 1;
                        each(entry);
                    }
                    None => members.n_others += 1,
                }
            }
        }
        Ok(members)
    }

    async fn pages(
        &self,
        connection: &mut Connection,
        filter: &str,
        each: &mut (impl FnMut(Entry) + Send),
    ) -> Result<u64, DirectoryError> {
        let settings = &self.0.settings;
        let BindMode::Search(how) = &settings.bind else {
            return Err(DirectoryError::Refused {
                what: "list people".to_owned(),
                code: 50,
                said: "the settings name no account that may search (identity.search)".to_owned(),
            });
        };
        let scope = match how.scope {
            Scope::One => LdapScope::OneLevel,
            Scope::Subtree => LdapScope::Subtree,
        };
        let url = connection.url.clone();
        let limit = settings.request_timeout;
        let wanted: Vec<String> = attributes(&settings.attributes)
            .into_iter()
            .map(str::to_owned)
            .collect();
        let broken = |error| DirectoryError::from_ldap(&url, limit, error);
        let slow = |_| DirectoryError::Slow {
            url: url.clone(),
            limit,
        };
        let adapters: Vec<Box<dyn Adapter<'_, String, Vec<String>>>> =
            vec![Box::new(EntriesOnly::new()), Box::new(PagedResults::new(PAGE))];
        let begin = connection
            .ldap
            .streaming_search_with(adapters, &how.base, scope, filter, wanted);
        let mut stream = timeout(limit, begin).await.map_err(slow)?.map_err(broken)?;
        let mut n = 0;
        while let Some(answer) = timeout(limit, stream.next())
            .await
            .map_err(slow)?
            .map_err(broken)?
        {
            n += 1;
            each(Entry::read(SearchEntry::construct(answer), &settings.attributes));
        }
        let result = stream.finish().await;
        match result.rc {
            0 | 10 => Ok(n),
            _ => Err(DirectoryError::refused(
                format!("list people below {:?}", how.base),
                &result,
            )),
        }
    }
}
