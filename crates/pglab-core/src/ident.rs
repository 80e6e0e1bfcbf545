//! Names of PostgreSQL objects, quoted by a type and never by string pasting.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest name that PostgreSQL keeps, in bytes (`NAMEDATALEN - 1`). Longer ones would be cut silently.
pub const MAX_IDENT_BYTES: usize = 63;

/// The name of a role, database, schema or other object, exactly as the catalog holds it. `Display` quotes it for use
/// in SQL; [`Ident::as_str`] is the bare name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ident(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentError {
    #[error("a name must not be empty")]
    Empty,
    #[error("the name {0:?} has {1} bytes; PostgreSQL keeps {MAX_IDENT_BYTES}")]
    TooLong(String, usize),
    #[error("the name {0:?} has a NUL byte")]
    Nul(String),
}

impl Ident {
    /// Takes a name as the catalog holds it.
    ///
    /// # Errors
    /// The name is empty, longer than 63 bytes, or has a NUL byte.
    pub fn new(name: impl Into<String>) -> Result<Self, IdentError> {
        let name = name.into();
        if name.is_empty() {
            Err(IdentError::Empty)
        } else if name.len() > MAX_IDENT_BYTES {
            let n_bytes = name.len();
            Err(IdentError::TooLong(name, n_bytes))
        } else if name.contains('\0') {
            Err(IdentError::Nul(name))
        } else {
            Ok(Self(name))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Quoted for SQL, also when it would not have to be.
    pub fn quoted(&self) -> String {
        quote_ident(&self.0)
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.quoted())
    }
}

impl fmt::Debug for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ident({:?})", self.0)
    }
}

impl TryFrom<String> for Ident {
    type Error = IdentError;
    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::new(name)
    }
}

impl From<Ident> for String {
    fn from(ident: Ident) -> Self {
        ident.0
    }
}

/// Quotes a name that came from a catalog, and therefore may be used as it is.
pub fn quote_ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes a text for SQL. Uses the escape form where there is a backslash, so that the result does not depend on
/// `standard_conforming_strings`.
pub fn quote_literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!(" E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_would_break_out() {
        let ident = Ident::new("a\"; DROP TABLE x; --").unwrap();
        assert_eq!(ident.to_string(), "\"a\"\"; DROP TABLE x; --\"");
        assert_eq!(quote_literal("it's"), "'it''s'");
        assert_eq!(quote_literal("a\\'b"), " E'a\\\\''b'");
    }

    #[test]
    fn refuses_what_postgresql_would_cut() {
        assert_eq!(Ident::new(""), Err(IdentError::Empty));
        assert!(Ident::new("ä".repeat(31)).is_ok());
        assert!(matches!(
            Ident::new("ä".repeat(32)),
            Err(IdentError::TooLong(_, 64))
        ));
        assert!(matches!(Ident::new("a\0"), Err(IdentError::Nul(_))));
    }
}
