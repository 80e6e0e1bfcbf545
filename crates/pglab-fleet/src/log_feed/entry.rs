//! One entry of the log, and how it is read from a record of jsonlog or csvlog. A record that is none gives nothing.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Deserialize;

/// Texts of an entry are cut to this many bytes.
const MAX_TEXT_BYTES: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Log,
    /// Somebody signed in. The entry says who and where, and nothing else.
    Connected,
    Error,
    /// The session ended by it, or never began.
    Fatal,
}

/// An entry that belongs to somebody's session, of severity LOG with a SQLSTATE or about its beginning, ERROR, FATAL or
/// PANIC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// By the server's clock.
    pub at: DateTime<Utc>,
    pub role: String,
    pub database: String,
    pub severity: Severity,
    pub sqlstate: String,
    pub message: String,
    pub statement: Option<String>,
}

#[derive(Deserialize)]
struct JsonRecord {
    timestamp: String,
    user: Option<String>,
    dbname: Option<String>,
    error_severity: Option<String>,
    state_code: Option<String>,
    message: Option<String>,
    statement: Option<String>,
}

pub(super) fn from_json(record: &[u8]) -> Option<Entry> {
    let record: JsonRecord = serde_json::from_slice(record).ok()?;
    entry(
        &record.timestamp,
        record.user?,
        record.dbname?,
        &record.error_severity?,
        // Left out where it says that all is well.
        record.state_code.unwrap_or_else(|| "00000".to_owned()),
        record.message.unwrap_or_default(),
        record.statement,
    )
}

/// The columns of csvlog that we need, by their numbers, which have not changed since PostgreSQL 9.
pub(super) fn from_csv(record: &[u8]) -> Option<Entry> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(record);
    let mut fields = csv::ByteRecord::new();
    if !reader.read_byte_record(&mut fields).ok()? {
        return None;
    }
    let text = |n: usize| {
        fields
            .get(n)
            .map(|field| String::from_utf8_lossy(field).into_owned())
            .filter(|field| !field.is_empty())
    };
    entry(
        &text(0)?,
        text(1)?,
        text(2)?,
        &text(11)?,
        text(12)?,
        text(13).unwrap_or_default(),
        text(19),
    )
}

fn entry(
    timestamp: &str,
    role: String,
    database: String,
    severity: &str,
    sqlstate: String,
    message: String,
    statement: Option<String>,
) -> Option<Entry> {
    let severity = match severity {
        // Of `log_connections`, which also tells twice before whoever it may be.
        "LOG" if sqlstate == "00000" && message.starts_with("connection authorized:") => Severity::Connected,
        "LOG" => Severity::Log,
        "ERROR" => Severity::Error,
        "FATAL" | "PANIC" => Severity::Fatal,
        _ => return None,
    };
    if severity == Severity::Log && sqlstate == "00000" {
        return None;
    }
    let message = match severity {
        Severity::Connected => String::new(),
        _ => message,
    };
    Some(Entry {
        at: time(timestamp)?,
        role,
        database,
        severity,
        sqlstate,
        message: cut(message),
        statement: statement.map(redacted).map(cut),
    })
}

/// A statement that sets a password is in the log with the password when it fails: from that word on, nothing of it is
/// kept.
fn redacted(statement: String) -> String {
    const WORD: &str = "password";
    let at = statement
        .as_bytes()
        .windows(WORD.len())
        .position(|window| window.eq_ignore_ascii_case(WORD.as_bytes()));
    match at.and_then(|at| statement.get(..at)) {
        Some(before) => format!("{before}PASSWORD …"),
        None => statement,
    }
}

/// `2026-03-02 09:00:00.123 UTC`: pglab sets `log_timezone` to UTC; of other zones only those named by an offset are
/// understood.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let (stamp, zone) = text.rsplit_once(' ')?;
    match zone {
        "UTC" | "GMT" | "Etc/UTC" => NaiveDateTime::parse_from_str(stamp, "%Y-%m-%d %H:%M:%S%.f")
            .ok()
            .map(|naive| naive.and_utc()),
        offset => DateTime::parse_from_str(&format!("{stamp} {offset}"), "%Y-%m-%d %H:%M:%S%.f %#z")
            .ok()
            .map(|at| at.to_utc()),
    }
}

fn cut(mut text: String) -> String {
    if text.len() > MAX_TEXT_BYTES {
        let mut end = MAX_TEXT_BYTES;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_kept() {
        let said = |text: &str| redacted(text.to_owned());
        assert_eq!(
            said("ALTER ROLE ada Password 'tulip'"),
            "ALTER ROLE ada PASSWORD …"
        );
        assert_eq!(said("SELECT 'ä' FROM pass"), "SELECT 'ä' FROM pass");
    }
}
