//! Changing a password as the person whose it is, by the extended operation of RFC 3062 with the old password.

use ldap3::exop::PasswordModify;

use super::{Directory, DirectoryError, PolicyError, Refusal, error::said, policy, sign_in::refusal};

/// Why the directory keeps the old password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeRefusal {
    /// The old password does not open the entry.
    Old(Refusal),
    /// The new one is not good enough.
    New(PolicyError),
    /// Anything else that it said.
    Other(String),
}

impl Directory {
    /// # Errors
    /// The directory can't be asked.
    pub async fn change_password(
        &self,
        login: &str,
        old: &str,
        new: &str,
    ) -> Result<Result<(), ChangeRefusal>, DirectoryError> {
        if old.is_empty() || login.is_empty() {
            return Ok(Err(ChangeRefusal::Old(Refusal::Wrong)));
        }
        // Without a new one the server would make one up.
        if new.is_empty() {
            return Ok(Err(ChangeRefusal::New(PolicyError::TooShort)));
        }
        let name = match self.name_of(login).await? {
            Ok(name) => name,
            Err(refusal) => return Ok(Err(ChangeRefusal::Old(refusal))),
        };
        let mut lease = self.for_sign_in().await?;
        let (result, answer) = self.bind(&mut lease.connection, name.dn(), old).await?;
        match refusal(&result, answer)? {
            // To change it is what they are let in for.
            None | Some(Refusal::MustChange) => {}
            other => {
                lease.give_back();
                return Ok(Err(ChangeRefusal::Old(other.unwrap_or(Refusal::Wrong))));
            }
        }
        let limit = self.settings().request_timeout;
        let request = PasswordModify {
            user_id: Some(name.dn()),
            old_pass: Some(old),
            new_pass: Some(new),
        };
        let changed = lease
            .connection
            .ldap
            .with_controls(policy::request())
            .with_timeout(limit)
            .extended(request)
            .await;
        let result = changed
            .map_err(|error| DirectoryError::from_ldap(&lease.connection.url, limit, error))?
            .1;
        let answer = policy::answer(&result);
        lease.give_back();
        Ok(match (result.rc, answer.error) {
            (0, _) => Ok(()),
            (_, Some(error)) => Err(ChangeRefusal::New(error)),
            (50, None) => Err(ChangeRefusal::New(PolicyError::MayNotChange)),
            _ => Err(ChangeRefusal::Other(said(&result))),
        })
    }
}
