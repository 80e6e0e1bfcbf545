//! Cuts the bytes of a log file into records, as they come: a record may arrive in any number of pieces, and the last
//! one waits until it is whole. Reads no file itself.

use super::{Entry, entry};

/// A longer record is cut: what stands before its statement comes first in both formats.
pub const MAX_RECORD_BYTES: usize = 1 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Csv,
}

impl Format {
    /// The end of the names of such files.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Json => ".json",
            Self::Csv => ".csv",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Reader {
    format: Format,
    /// The begun record, at most [`MAX_RECORD_BYTES`] of it.
    begun: Vec<u8>,
    /// How many bytes of the file the begun record has so far.
    n_begun: u64,
    /// Within a quoted field of csvlog, where a line's end is no record's end.
    quoted: bool,
}

impl Reader {
    pub fn new(format: Format) -> Self {
        Self {
            format,
            begun: Vec::new(),
            n_begun: 0,
            quoted: false,
        }
    }

    /// The entries that are whole with these bytes.
    pub fn push(&mut self, bytes: &[u8], entries: &mut Vec<Entry>) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let Some(end) = self.record_end(rest) else {
                self.keep(rest);
                return;
            };
            let (piece, after) = rest.split_at(end + 1);
            self.keep(piece);
            entries.extend(self.take());
            rest = after;
        }
    }

    /// How many bytes at the end of what was pushed belong to a record that is not whole yet.
    pub fn n_begun(&self) -> u64 {
        self.n_begun
    }

    /// Forgets the begun record: another file follows.
    pub fn reset(&mut self) {
        self.begun.clear();
        self.n_begun = 0;
        self.quoted = false;
    }

    /// Where in `bytes` the line's end is that ends the begun record.
    fn record_end(&mut self, bytes: &[u8]) -> Option<usize> {
        match self.format {
            // A line's end within a text is written as \n in JSON.
            Format::Json => bytes.iter().position(|byte| *byte == b'\n'),
            // A doubled quote within a field turns twice, and so stays where it was.
            Format::Csv => {
                for (at, byte) in bytes.iter().enumerate() {
                    match byte {
                        b'"' => self.quoted = !self.quoted,
                        b'\n' if !self.quoted => return Some(at),
                        _ => {}
                    }
                }
                None
            }
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.n_begun += bytes.len() as u64;
        let room = MAX_RECORD_BYTES.saturating_sub(self.begun.len());
        self.begun.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn take(&mut self) -> Option<Entry> {
        let was_cut = self.n_begun > self.begun.len() as u64;
        if was_cut {
            match self.format {
                Format::Json => close_json(&mut self.begun),
                Format::Csv => close_csv(&mut self.begun),
            }
        }
        let entry = match self.format {
            Format::Json => entry::from_json(&self.begun),
            Format::Csv => entry::from_csv(&self.begun),
        };
        if self.begun.capacity() > 64 * 1024 {
            self.begun = Vec::new();
        }
        self.reset();
        entry
    }
}

/// Ends a JSON record that was cut, most likely within the text of its statement.
fn close_json(record: &mut Vec<u8>) {
    trim_broken_character(record);
    // An escape (\n, \", \u00e9) that was cut in two: of at most six bytes, and begun by an odd backslash.
    let tail = record.len().saturating_sub(6);
    if let Some(at) = (tail..record.len()).rev().find(|at| record[*at] == b'\\') {
        let n_backslashes = record[..=at]
            .iter()
            .rev()
            .take_while(|byte| **byte == b'\\')
            .count();
        let begins = n_backslashes % 2 == 1;
        let needed = if record.get(at + 1) == Some(&b'u') { 6 } else { 2 };
        if begins && record.len() - at < needed {
            record.truncate(at);
        }
    }
    record.extend_from_slice(b"\"}");
}

fn close_csv(record: &mut Vec<u8>) {
    trim_broken_character(record);
    let n_quotes = record.iter().filter(|byte| **byte == b'"').count();
    if n_quotes % 2 == 1 {
        record.push(b'"');
    }
}

fn trim_broken_character(record: &mut Vec<u8>) {
    let end = record.len().saturating_sub(4);
    if let Err(error) = std::str::from_utf8(&record[end..])
        && error.error_len().is_none()
    {
        record.truncate(end + error.valid_up_to());
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;
    use crate::log_feed::Severity;

    fn json(message: &str, statement: &str) -> Vec<u8> {
        // In the order of the server.
        let quote = |text: &str| serde_json::Value::from(text).to_string();
        format!(
            "{{\"timestamp\":\"2026-03-02 09:00:00.250 UTC\",\"user\":\"ada\",\"dbname\":\"music_ada\",\"pid\":1,\
             \"error_severity\":\"ERROR\",\"state_code\":\"42P01\",\"message\":{},\"statement\":{}}}\n",
            quote(message),
            quote(statement)
        )
        .into_bytes()
    }

    fn csv(message: &str, statement: &str) -> Vec<u8> {
        let quote = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        format!(
            "2026-03-02 09:00:00.250 UTC,\"ada\",\"music_ada\",1,\"127.0.0.1:5\",5,1,\"SELECT\",\
             2026-03-02 09:00:00 UTC,3/4,0,ERROR,42P01,{},,,,,,{},15,,\"psql\",\"client backend\",,0\n",
            quote(message),
            quote(statement)
        )
        .into_bytes()
    }

    fn record(format: Format, message: &str, statement: &str) -> Vec<u8> {
        match format {
            Format::Json => json(message, statement),
            Format::Csv => csv(message, statement),
        }
    }

    fn read(format: Format, pieces: &[&[u8]]) -> (Vec<Entry>, u64) {
        let mut reader = Reader::new(format);
        let mut entries = Vec::new();
        for piece in pieces {
            reader.push(piece, &mut entries);
        }
        (entries, reader.n_begun())
    }

    #[test]
    fn both_formats_say_the_same() {
        let message = "relation \"albums\" does not exist";
        let statement = "SELECT *\nFROM \"albums\", 'ä'";
        for format in [Format::Json, Format::Csv] {
            let (entries, n_begun) = read(format, &[&record(format, message, statement)]);
            assert_eq!(n_begun, 0);
            assert_eq!(
                entries,
                [Entry {
                    at: DateTime::from_timestamp_millis(1_772_442_000_250).unwrap(),
                    role: "ada".to_owned(),
                    database: "music_ada".to_owned(),
                    severity: Severity::Error,
                    sqlstate: "42P01".to_owned(),
                    message: message.to_owned(),
                    statement: Some(statement.to_owned()),
                }]
            );
        }
    }

    #[test]
    fn a_huge_record_is_cut_and_the_next_one_is_read() {
        for format in [Format::Json, Format::Csv] {
            for shift in 0..8 {
                let statement = format!("{}{}", "x".repeat(shift), "é\"\n\u{1}".repeat(400_000));
                let mut bytes = record(format, "too long", &statement);
                bytes.extend(record(format, "next", "SELECT 1"));
                let (entries, _) = read(format, &[&bytes]);
                let messages: Vec<_> = entries.iter().map(|entry| entry.message.as_str()).collect();
                assert_eq!(messages, ["too long", "next"], "{format:?} {shift}");
                assert!(entries[0].statement.as_ref().unwrap().len() < 5000);
            }
        }
    }

    #[test]
    fn what_is_no_entry_of_a_session_is_left_out() {
        let mut bytes = b"garbage\n{}\n[1]\n".to_vec();
        bytes.extend(b"{\"timestamp\":\"2026-03-02 09:00:00.000 UTC\",\"error_severity\":\"LOG\",\"message\":\"checkpoint\"}\n");
        bytes.extend(json("x", "y"));
        assert_eq!(read(Format::Json, &[&bytes]).0.len(), 1);
    }

    proptest! {
        /// However the bytes arrive, the entries are the same, and what is left over is what no record's end followed.
        #[test]
        fn pieces_do_not_matter(
            is_json: bool,
            texts in prop::collection::vec(("[a-z\"\\\\\n,é{}]{0,12}", "[A-Z\"\n,;'\\\\é]{0,20}"), 1..6),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
            tail in 0..40usize,
        ) {
            let format = if is_json { Format::Json } else { Format::Csv };
            let mut bytes = Vec::new();
            for (message, statement) in &texts {
                bytes.extend(record(format, message, statement));
            }
            let last = record(format, "not whole yet", "x");
            bytes.extend(&last[..tail.min(last.len() - 1)]);
            let whole = read(format, &[&bytes]);
            prop_assert_eq!(whole.0.len(), texts.len());
            prop_assert_eq!(whole.1, tail.min(last.len() - 1) as u64);
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
            at.push(0);
            at.push(bytes.len());
            at.sort_unstable();
            let pieces: Vec<&[u8]> = at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(read(format, &pieces), whole);
        }
    }
}
