//! What an instance manager tells of a pod. It may be anything: only what can be used of it is taken over.

use serde::{Deserialize, Serialize};

/// One entry of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// The deployment's name, by which an instance finds its pod again.
    pub name: String,
    pub status: PodStatus,
    /// As the manager was given it when the pod was started; empty where it does not say.
    pub user_id: String,
    pub addresses: Addresses,
    pub flag_secret_name: Option<String>,
}

/// What the words of a manager mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PodStatus {
    /// `pending`, `creating`, `queued`.
    Coming,
    /// `running`, `active`.
    Up,
    /// `terminating`.
    Going,
    /// `succeeded`, `terminated`.
    Ended,
    /// `failed`.
    Failed,
    /// `unknown`, and every other word. Nothing is done because of it.
    Unknown(String),
}

/// Longer words of a manager are cut before they are kept or shown.
const LONGEST_WORD: usize = 60;
const LONGEST_URL: usize = 2000;

impl PodStatus {
    pub fn parse(text: &str) -> Self {
        match text.trim().to_lowercase().as_str() {
            "pending" | "creating" | "queued" => Self::Coming,
            "running" | "active" => Self::Up,
            "terminating" => Self::Going,
            "succeeded" | "terminated" => Self::Ended,
            "failed" => Self::Failed,
            _ => Self::Unknown(printable(text)),
        }
    }

    /// For sentences.
    pub fn word(&self) -> &str {
        match self {
            Self::Coming => "coming",
            Self::Up => "running",
            Self::Going => "terminating",
            Self::Ended => "ended",
            Self::Failed => "failed",
            Self::Unknown(word) => word,
        }
    }
}

/// Where a pod is reached. Only addresses that a browser can be sent to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Addresses {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webos: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_console: Option<String>,
}

impl Addresses {
    /// The one that a member is sent to.
    pub fn first(&self) -> Option<&str> {
        [&self.challenge, &self.webos, &self.web_console, &self.terminal]
            .into_iter()
            .find_map(Option::as_deref)
    }

    /// An address as a manager wrote it, where it is one: `javascript:` and the like are not.
    pub fn usable(text: &str) -> Option<String> {
        let text = text.trim();
        let after = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))?;
        let fine = text.len() <= LONGEST_URL
            && !after.is_empty()
            && !after.starts_with('/')
            && text
                .chars()
                .all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\' | '`'));
        fine.then(|| text.to_owned())
    }
}

/// A foreign text, short and without control characters.
pub(super) fn printable(text: &str) -> String {
    let mut word: String = text
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_WORD)
        .collect();
    if word.trim().is_empty() {
        word = "nothing".to_owned();
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_managers() {
        let told: Vec<String> = [
            "pending",
            "Creating",
            "running",
            " ACTIVE ",
            "succeeded",
            "terminated",
            "failed",
            "unknown",
            "terminating",
            "queued",
            "CrashLoopBackOff",
            "",
            "a\u{7}b",
        ]
        .iter()
        .map(|word| PodStatus::parse(word).word().to_owned())
        .collect();
        assert_eq!(
            told.join(" "),
            "coming coming running running ended ended failed unknown terminating coming CrashLoopBackOff nothing ab"
        );
    }

    #[test]
    fn only_addresses_for_browsers() {
        assert_eq!(
            Addresses::usable(" https://a.example/x?y=1#z ").as_deref(),
            Some("https://a.example/x?y=1#z")
        );
        for bad in [
            "javascript:alert(1)",
            "//a",
            "ftp://a",
            "http://",
            "http:///x",
            "http://a b",
            "https://a\"onclick",
            "",
            "data:text/html,x",
            "http://a\n",
        ] {
            let bad = if bad.ends_with('\n') { "http://a\nb" } else { bad };
            assert_eq!(Addresses::usable(bad), None, "{bad}");
        }
        assert_eq!(Addresses::usable(&format!("http://{}", "a".repeat(2000))), None);
    }
}
