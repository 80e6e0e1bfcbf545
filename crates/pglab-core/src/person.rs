//! Accounts: who a person is, and the login that is also their PostgreSQL role.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ident::{Ident, IdentError};

/// What a person is in the whole installation. What they are in a lab is [`crate::lab::MemberRole`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Owns the installation: every lab, every person.
    Admin,
    /// Makes labs, and runs those that they are an instructor of.
    Instructor,
    /// Works in the labs that they are a member of.
    Student,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Instructor => "instructor",
            Self::Student => "student",
        }
    }
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Admin, Self::Instructor, Self::Student]
            .into_iter()
            .find(|role| role.as_str() == text)
    }
}

/// A person's login: also their PostgreSQL role and LDAP uid. Lower case, 1 to 63 bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Login(Ident);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    #[error("{0}")]
    Ident(#[from] IdentError),
    #[error(
        "the login {0:?} starts with \"pg_\" or \"pglab_\", which PostgreSQL and pglab keep for themselves"
    )]
    Reserved(String),
    #[error("the login {0:?} has a control character")]
    Control(String),
    #[error(
        "the login {0:?} can't be: browsers and servers take it for a folder, so its pages have no address"
    )]
    Dots(String),
}

impl Login {
    /// Trims, folds to lower case and checks.
    ///
    /// # Errors
    /// Empty, over 63 bytes after folding, a control character, a reserved name, or a name that no URL can hold.
    pub fn parse(text: &str) -> Result<Self, LoginError> {
        let folded = text.trim().to_lowercase();
        if folded.chars().any(char::is_control) {
            return Err(LoginError::Control(folded));
        }
        if folded == "." || folded == ".." {
            return Err(LoginError::Dots(folded));
        }
        let reserved = [
            "postgres",
            "public",
            "none",
            "current_user",
            "session_user",
            "current_role",
            "user",
        ];
        if folded.starts_with("pg_") || folded.starts_with("pglab_") || reserved.contains(&folded.as_str()) {
            return Err(LoginError::Reserved(folded));
        }
        Ok(Self(Ident::new(folded)?))
    }
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
    /// The PostgreSQL role of this person.
    pub fn role(&self) -> &Ident {
        &self.0
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({:?})", self.as_str())
    }
}

impl TryFrom<String> for Login {
    type Error = LoginError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Login> for String {
    fn from(login: Login) -> Self {
        login.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_login() {
        let refused = |text: &str| Login::parse(text).unwrap_err();
        assert!(matches!(refused("."), LoginError::Dots(_)));
        assert!(matches!(refused(" .. "), LoginError::Dots(_)));
        assert!(matches!(refused("PG_monitor"), LoginError::Reserved(_)));
        assert!(matches!(refused("a\u{7}"), LoginError::Control(_)));
        assert_eq!(Login::parse("...").unwrap().as_str(), "...");
        assert_eq!(Login::parse(" A.B ").unwrap().as_str(), "a.b");
    }
}
