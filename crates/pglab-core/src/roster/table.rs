//! From bytes to rows of cells, with the number of the line that each row begins on. Knows separators and quotes, and
//! nothing of people.

use super::{MAX_CELL_BYTES, MAX_LINES};

/// A row that is not blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Of its first character; from 1.
    pub(super) line: u64,
    pub(super) cells: Vec<String>,
    /// The beginning of its first line.
    pub(super) text: String,
}

impl Row {
    pub(super) fn cell(&self, at: usize) -> &str {
        self.cells.get(at).map_or("", |cell| cell.trim())
    }
}

/// Why a file is no table: the line and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub(super) line: u64,
    pub(super) text: String,
    pub(super) message: String,
}

const SEPARATORS: [u8; 3] = *b",;\t";

/// Checks the encoding and takes off the byte order mark.
pub(super) fn decode(bytes: &[u8]) -> Result<&str, Unreadable> {
    let refuse = |line, message: &str| {
        Err(Unreadable {
            line,
            text: String::new(),
            message: message.to_owned(),
        })
    };
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return refuse(
            1,
            "the file is UTF-16, not UTF-8; in the spreadsheet, save it as \"CSV UTF-8\"",
        );
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => {
            let before = &bytes[..error.valid_up_to()];
            let line = 1 + count_lines(before);
            let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
            refuse(
                line,
                &format!(
                    "the file is not UTF-8 (byte {byte:#04x} can't be read); in the spreadsheet, save it as \"CSV UTF-8\""
                ),
            )
        }
    }
}

/// Line ends before a point: `\n`, `\r\n`, or `\r` alone.
fn count_lines(bytes: &[u8]) -> u64 {
    let mut n = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')) {
            n += 1;
        }
    }
    n
}

/// The separator that cuts the first row into the most cells; the comma where none does.
pub(super) fn separator(text: &str) -> u8 {
    let cells = |separator| {
        let mut record = csv::StringRecord::new();
        match reader(text, separator).read_record(&mut record) {
            Ok(true) => record.len(),
            _ => 0,
        }
    };
    let mut best = (b',', cells(b','));
    for candidate in SEPARATORS {
        let n = cells(candidate);
        if n > best.1 {
            best = (candidate, n);
        }
    }
    best.0
}

fn reader(text: &str, separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(text.as_bytes())
}

/// All rows that are not blank. The rows before an unreadable one come with it.
pub(super) fn rows(text: &str, separator: u8) -> (Vec<Row>, Option<Unreadable>) {
    let mut rows = Vec::new();
    let mut reader = reader(text, separator);
    let mut record = csv::StringRecord::new();
    let (mut counted_to, mut line) = (0, 1);
    loop {
        let begin = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
        let begin = begin.min(text.len());
        // The reader stops before the second half of a CRLF, and skips blank lines with the row after them.
        let blank = text.as_bytes()[begin..]
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count();
        let start = begin + blank;
        line += count_lines(&text.as_bytes()[counted_to..start]);
        // A CRLF that was cut in two counts once.
        if start > counted_to
            && counted_to > 0
            && text.as_bytes()[counted_to - 1] == b'\r'
            && text.as_bytes()[counted_to] == b'\n'
        {
            line -= 1;
        }
        counted_to = start;
        let refuse = |message: String| {
            Some(Unreadable {
                line,
                text: beginning(&text[start..]),
                message,
            })
        };
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return (rows, None),
            Err(error) => return (rows, refuse(format!("the line can't be read: {error}"))),
        }
        let end = usize::try_from(reader.position().byte())
            .unwrap_or(usize::MAX)
            .min(text.len());
        let raw = text.get(start..end).unwrap_or_default();
        if end == text.len() && raw.matches('"').count() % 2 == 1 && raw.trim_end().contains(['\n', '\r']) {
            return (
                rows,
                refuse("a quote that begins here is never closed".to_owned()),
            );
        }
        if record.iter().any(|cell| cell.len() > MAX_CELL_BYTES) {
            return (
                rows,
                refuse(format!("a cell has more than {MAX_CELL_BYTES} bytes")),
            );
        }
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if rows.len() == MAX_LINES {
            return (
                rows,
                refuse(format!("the roster has more than {MAX_LINES} lines")),
            );
        }
        rows.push(Row {
            line,
            cells: record.iter().map(str::to_owned).collect(),
            text: beginning(raw),
        });
    }
}

/// Enough of a line to find it.
fn beginning(text: &str) -> String {
    const MAX_CHARS: usize = 120;
    let first = text.lines().next().unwrap_or_default().trim_end();
    let mut cut: String = first.chars().take(MAX_CHARS).collect();
    if cut.len() < first.len() {
        cut.push('…');
    }
    cut
}
