//! The URI of a live database as an instructor gives it: told with its password only to who connects.

use crate::Error;

/// # Errors
/// Not the form `postgresql://…`.
pub(super) fn checked(uri: &str) -> Result<&str, Error> {
    let uri = uri.trim();
    let known = ["postgresql://", "postgres://"]
        .iter()
        .any(|scheme| uri.len() > scheme.len() && uri.starts_with(scheme));
    if !known {
        return Err(Error::invalid(
            "uri",
            "the URI of a live database has the form postgresql://user:password@host:port/database",
        ));
    }
    if uri.len() > 2000 || uri.chars().any(char::is_control) {
        return Err(Error::invalid(
            "uri",
            "the URI has control characters or is too long",
        ));
    }
    Ok(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_postgresql() {
        assert!(checked(" postgresql://db/x ").is_ok());
        assert!(checked("file:///etc/passwd").is_err());
        assert!(checked("postgresql://").is_err());
        assert!(checked("postgresql://a\nb").is_err());
    }
}
