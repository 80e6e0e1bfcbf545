//! Where a browser goes on to after signing in: a path of ours and nothing else, because whoever writes the link chooses
//! it.

use std::fmt;

/// A path of ours with its query: `/labs/music?view=help`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalPath(String);

impl LocalPath {
    /// The start page.
    pub fn start() -> Self {
        Self("/".to_owned())
    }

    /// `None` for whatever a browser could take for another host, or that is no page.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix('/')?;
        // Browsers read a backslash as a slash, and drop tabs and line ends wherever they stand.
        let safe = text.len() <= 2000
            && !rest.starts_with('/')
            && !text.contains('\\')
            && text.bytes().all(|byte| (0x21..0x7f).contains(&byte));
        let of_api = rest == "api" || rest.starts_with("api/");
        (safe && !of_api).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LocalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_ours() {
        for good in ["/", "/labs/music?view=help#x", "/labs/caf%C3%A9"] {
            assert_eq!(LocalPath::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "labs",
            "//evil.example",
            "/\\evil.example",
            "/a\\b",
            "/\t/evil.example",
            "/\n/evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/api/v1/session",
            "/a b",
            "/é",
        ] {
            assert_eq!(LocalPath::parse(bad), None, "{bad:?}");
        }
        assert_eq!(LocalPath::parse(&format!("/{}", "a".repeat(2001))), None);
    }
}
