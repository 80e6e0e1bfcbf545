//! Signing in: does this password open this person's entry? The directory decides; an empty password is never sent,
//! because directories take it for nobody in particular and say yes.

use std::time::Instant;

use ldap3::LdapResult;
use pglab_core::directory::BindMode;

use super::{
    Directory, DirectoryError, Entry, Membership, PolicyAnswer, PolicyError, connect::Connection,
    counters::count, error::said, find::simple_name, policy,
};

/// Whoever signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub entry: Entry,
    /// The names of the person's groups.
    pub groups: Vec<String>,
    /// What the directory said besides: that the password expires soon.
    pub policy: PolicyAnswer,
}

#[derive(Debug, Clone)]
pub enum SignIn {
    In(Box<SignedIn>),
    Refused(Refusal),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody has this login; nothing was compared.
    Nobody,
    Wrong,
    /// The directory knows several people by it.
    Several,
    /// The password is right, and good for nothing but choosing another.
    MustChange,
    /// What the directory said instead of letting them in; nothing is known of the password.
    Policy(PolicyError),
}

impl Directory {
    /// # Errors
    /// The directory can't be asked.
    pub async fn sign_in(&self, login: &str, password: &str) -> Result<SignIn, DirectoryError> {
        let begun = Instant::now();
        let outcome = self.sign_in_uncounted(login, password).await;
        let counters = self.counters();
        count(match &outcome {
            Ok(SignIn::In(_)) => &counters.signed_in,
            Ok(SignIn::Refused(Refusal::Policy(PolicyError::Locked))) => &counters.locked,
            Ok(SignIn::Refused(_)) => &counters.refused,
            Err(_) => &counters.away,
        });
        tracing::debug!(elapsed = ?begun.elapsed(), "the directory was asked to let somebody in");
        outcome
    }

    pub(super) async fn sign_in_uncounted(
        &self,
        login: &str,
        password: &str,
    ) -> Result<SignIn, DirectoryError> {
        if password.is_empty() || login.is_empty() {
            return Ok(SignIn::Refused(Refusal::Wrong));
        }
        let name = match self.name_of(login).await? {
            Ok(name) => name,
            Err(refusal) => return Ok(SignIn::Refused(refusal)),
        };
        let mut lease = self.for_sign_in().await?;
        let (result, policy) = self.bind(&mut lease.connection, name.dn(), password).await?;
        if let Some(refusal) = refusal(&result, policy)? {
            lease.give_back();
            return Ok(SignIn::Refused(refusal));
        }
        let (entry, groups) = match name {
            // pglab knows them itself.
            Name::Ours(dn) => (
                Entry {
                    dn,
                    login: Some(login.to_owned()),
                    name: None,
                    email: None,
                    external_id: None,
                },
                Vec::new(),
            ),
            Name::Found(entry) => {
                let mut searching = self.for_search().await?;
                let groups = self
                    .groups_on(&mut searching.connection, &entry.dn, login)
                    .await?;
                searching.give_back();
                (entry, groups)
            }
            // Nobody but the person may look.
            Name::Made(dn) => {
                let entry = self.read_on(&mut lease.connection, &dn).await?;
                let groups = self.groups_on(&mut lease.connection, &dn, login).await?;
                let plain = Entry {
                    dn,
                    login: Some(login.to_owned()),
                    name: None,
                    email: None,
                    external_id: None,
                };
                (entry.unwrap_or(plain), groups)
            }
        };
        lease.give_back();
        Ok(SignIn::In(Box::new(SignedIn {
            entry,
            groups,
            policy,
        })))
    }

    /// The name of the entry that a login stands for.
    pub(super) async fn name_of(&self, login: &str) -> Result<Result<Name, Refusal>, DirectoryError> {
        if let Some(tree) = &self.0.tree {
            return Ok(Ok(Name::Ours(tree.person_dn(login))));
        }
        if let BindMode::Simple { prefix, suffix } = &self.0.settings.bind {
            return Ok(simple_name(prefix, suffix, login)
                .map(Name::Made)
                .ok_or(Refusal::Nobody));
        }
        Ok(match self.find(login).await? {
            Membership::One(entry) => Ok(Name::Found(entry)),
            Membership::Nobody => Err(Refusal::Nobody),
            Membership::Several => Err(Refusal::Several),
        })
    }

    pub(super) async fn bind(
        &self,
        connection: &mut Connection,
        dn: &str,
        password: &str,
    ) -> Result<(LdapResult, PolicyAnswer), DirectoryError> {
        let limit = self.0.settings.request_timeout;
        let bound = connection
            .ldap
            .with_controls(policy::request())
            .with_timeout(limit)
            .simple_bind(dn, password)
            .await;
        let result = bound.map_err(|error| DirectoryError::from_ldap(&connection.url, limit, error))?;
        let mut answer = policy::answer(&result);
        if answer.error.is_none() {
            answer.error = active_directory(&result);
        }
        Ok((result, answer))
    }
}

/// The entry's name, and how it was come by.
pub(super) enum Name {
    Ours(String),
    Made(String),
    Found(Entry),
}

impl Name {
    pub(super) fn dn(&self) -> &str {
        match self {
            Self::Ours(dn) | Self::Made(dn) => dn,
            Self::Found(entry) => &entry.dn,
        }
    }
}

/// What the answer to a bind means for the person. `None` lets them in.
pub(super) fn refusal(result: &LdapResult, policy: PolicyAnswer) -> Result<Option<Refusal>, DirectoryError> {
    match (result.rc, policy.error) {
        (0, Some(PolicyError::MustChange)) => Ok(Some(Refusal::MustChange)),
        (0, _) => Ok(None),
        (_, Some(error)) => Ok(Some(Refusal::Policy(error))),
        // No such entry, no password in it, a name that can't be, a password that is wrong, or an entry that no one may
        // sign in as.
        (19 | 32 | 34 | 48 | 49 | 50 | 53, None) => Ok(Some(Refusal::Wrong)),
        (51 | 52, None) => Err(DirectoryError::Away(vec![(
            "the directory".to_owned(),
            said(result),
        )])),
        _ => Err(DirectoryError::refused("let somebody sign in", result)),
    }
}

/// Active Directory says it in the text of "invalid credentials", as a number of Windows.
fn active_directory(result: &LdapResult) -> Option<PolicyError> {
    if result.rc != 49 {
        return None;
    }
    let (_, data) = result.text.split_once("data ")?;
    let code: String = data.chars().take_while(char::is_ascii_alphanumeric).collect();
    match code.as_str() {
        "775" => Some(PolicyError::Locked),
        "532" => Some(PolicyError::Expired),
        "773" => Some(PolicyError::MustChange),
        _ => None,
    }
}
