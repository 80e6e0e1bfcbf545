//! The path of a file inside a pack. Once parsed it can't lead out of the folder into which the pack is written.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest path, in bytes.
pub const MAX_PATH_BYTES: usize = 240;
/// The most folders above a file.
pub const MAX_FOLDERS: usize = 8;

/// Names joined by `/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PackPath(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    #[error("the path is empty")]
    Empty,
    #[error("the path {0:?} is absolute: write it from the pack's folder")]
    Absolute(String),
    #[error("the path {0:?} leads out of the pack")]
    Escapes(String),
    #[error("the path {0:?} holds a backslash, a colon or a control character")]
    Character(String),
    #[error("the path {0:?} has a name that some systems can't keep")]
    Name(String),
    #[error("the path {0:?} is too long or too deep")]
    Long(String),
}

impl PackPath {
    /// # Errors
    /// Anything that could mean something else on some system.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let shown = || text.chars().take(120).collect::<String>();
        if text.is_empty() {
            return Err(PathError::Empty);
        }
        if text.starts_with('/') {
            return Err(PathError::Absolute(shown()));
        }
        if text.chars().any(|c| c == '\\' || c == ':' || c.is_control()) {
            return Err(PathError::Character(shown()));
        }
        let names: Vec<&str> = text.split('/').collect();
        if names.contains(&"..") {
            return Err(PathError::Escapes(shown()));
        }
        if names.iter().any(|name| !fine_name(name)) {
            return Err(PathError::Name(shown()));
        }
        if text.len() > MAX_PATH_BYTES || names.len() > MAX_FOLDERS + 1 {
            return Err(PathError::Long(shown()));
        }
        Ok(Self(text.to_owned()))
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
    pub fn into_string(self) -> String {
        self.0
    }
    /// What comes with archives and is no part of a pack: `__MACOSX/`, and names that begin with a dot.
    pub fn is_ignored(&self) -> bool {
        self.0
            .split('/')
            .any(|name| name == "__MACOSX" || name.starts_with('.'))
    }
    /// Two paths that some file systems can't tell apart have the same.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

/// Not empty, not `.`, no blank or dot at the end, none of the names that are devices on Windows.
fn fine_name(name: &str) -> bool {
    let base = name.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let device = matches!(base.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || (base.len() == 4
            && (base.starts_with("COM") || base.starts_with("LPT"))
            && base.ends_with(|c: char| c.is_ascii_digit()));
    !name.is_empty() && !name.ends_with([' ', '.']) && !name.starts_with(' ') && !device
}

impl fmt::Display for PackPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for PackPath {
    type Error = PathError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<PackPath> for String {
    fn from(path: PackPath) -> Self {
        path.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stays_inside() {
        for fine in [
            "a",
            "challenges/01 select.json",
            "a/b.c/ä",
            ".git/x",
            "..a/b..c",
            "a..b",
        ] {
            assert!(PackPath::parse(fine).is_ok(), "{fine}");
        }
        let long = "a/".repeat(9) + "b";
        for wrong in [
            "",
            "/etc/passwd",
            "../x",
            "a/../../x",
            "a/..",
            "./a",
            "a//b",
            "a/",
            "a\\b",
            "..\\x",
            "C:/x",
            "c:x",
            "a\0b",
            "a\nb",
            "nul",
            "NUL.txt",
            "a/com1",
            "a.",
            "a ",
            long.as_str(),
        ] {
            assert!(PackPath::parse(wrong).is_err(), "{wrong:?}");
        }
        assert!(PackPath::parse(&"x".repeat(300)).is_err());
        assert!(PackPath::parse("__MACOSX/a").unwrap().is_ignored());
        assert!(PackPath::parse("a/.DS_Store").unwrap().is_ignored());
        assert!(!PackPath::parse("a/b").unwrap().is_ignored());
    }
}
