//! From rows to people: one entry per row that describes somebody, one problem per row that can't be read.

use std::collections::HashMap;

use super::{
    Entry, Format, Given, Line, MAX_KEPT_CHARS, Problem, Roster, Severity,
    header::{Columns, Header, recognise},
    table::{self, Row},
};
use crate::person::Login;

/// Reads a roster of any known format. Every row becomes an entry or a problem, but Canvas' row of possible points.
pub fn parse(bytes: &[u8]) -> Roster {
    let mut roster = Roster {
        format: Format::Plain,
        given: Given::default(),
        lines: Vec::new(),
        problems: Vec::new(),
    };
    let text = match table::decode(bytes) {
        Ok(text) => text,
        Err(unreadable) => {
            roster.refuse(unreadable.line, &unreadable.text, unreadable.message);
            return roster;
        }
    };
    let (rows, unreadable) = table::rows(text, table::separator(text));
    roster.read(&rows);
    if let Some(unreadable) = unreadable {
        roster.refuse(unreadable.line, &unreadable.text, unreadable.message);
    } else if roster.lines.is_empty() && !roster.has_errors() {
        roster.refuse(1, "", "the roster has nobody in it".to_owned());
    }
    roster
}

impl Roster {
    fn refuse(&mut self, line: u64, text: &str, message: String) {
        self.note(line, text, message, Severity::Error);
    }

    fn warn(&mut self, line: u64, text: &str, message: String) {
        self.note(line, text, message, Severity::Warning);
    }

    fn note(&mut self, line: u64, text: &str, message: String, severity: Severity) {
        self.problems.push(Problem {
            line,
            text: text.to_owned(),
            message,
            severity,
        });
    }

    fn read(&mut self, rows: &[Row]) {
        let Some(first) = rows.first() else { return };
        let header = match recognise(first) {
            Ok(header) => header,
            Err(message) => return self.refuse(first.line, &first.text, message),
        };
        let mut seen = HashMap::new();
        match header {
            None => {
                self.format = Format::Logins;
                self.given.email = rows.iter().any(|row| row.cell(0).contains('@'));
                for row in rows {
                    let read = read_login_row(row);
                    self.take(row, read, &mut seen);
                }
            }
            Some(header) => {
                self.format = header.format;
                self.given = header.given();
                for warning in &header.warnings {
                    self.warn(first.line, &first.text, warning.clone());
                }
                let rows = people_rows(header.format, &header.columns, rows.get(1..).unwrap_or_default());
                for row in rows {
                    if let Some(reason) = no_student(&header, row) {
                        self.warn(row.line, &row.text, reason);
                        continue;
                    }
                    let read = read_row(&header, row);
                    self.take(row, read, &mut seen);
                }
            }
        }
    }

    fn take(
        &mut self,
        row: &Row,
        read: Result<(Entry, Vec<String>), String>,
        seen: &mut HashMap<Login, u64>,
    ) {
        match read {
            Err(message) => self.refuse(row.line, &row.text, message),
            Ok((entry, warnings)) => {
                for warning in warnings {
                    self.warn(row.line, &row.text, warning);
                }
                if let Some(earlier) = seen.get(&entry.login) {
                    let message = format!(
                        "the login {:?} is in line {earlier} already (upper and lower case are the same)",
                        entry.login.as_str()
                    );
                    return self.refuse(row.line, &row.text, message);
                }
                seen.insert(entry.login.clone(), row.line);
                self.lines.push(Line {
                    number: row.line,
                    entry,
                });
            }
        }
    }
}

/// In a gradebook, the rows up to "Points Possible" describe assignments.
fn people_rows<'a>(format: Format, columns: &Columns, rows: &'a [Row]) -> &'a [Row] {
    if format != Format::Canvas {
        return rows;
    }
    let is_points = |row: &Row| {
        columns
            .name
            .is_some_and(|at| row.cell(at).eq_ignore_ascii_case("points possible"))
    };
    // Canvas writes at most a row of posting policies before it.
    let points = rows.iter().take(3).position(is_points);
    points.map_or(rows, |at| rows.get(at + 1..).unwrap_or_default())
}

/// Why a row of a known format describes nobody who takes part.
fn no_student(header: &Header, row: &Row) -> Option<String> {
    let cell = |at: Option<usize>| at.map_or("", |at| row.cell(at));
    if header.format == Format::Canvas && cell(header.columns.name) == "Student, Test" {
        return Some("Canvas' test student is left out".to_owned());
    }
    let status = cell(header.columns.status);
    if header.columns.status.is_some() && !status.is_empty() && !status.eq_ignore_ascii_case("active") {
        return Some(format!(
            "left out, because the status is {:?}",
            status.to_lowercase()
        ));
    }
    None
}

fn read_login_row(row: &Row) -> Result<(Entry, Vec<String>), String> {
    if row.cells.iter().filter(|cell| !cell.trim().is_empty()).count() > 1 {
        return Err(
            "a list of logins has one column; add a header line to give names, sections and seats".to_owned(),
        );
    }
    let text = row
        .cells
        .iter()
        .map(|cell| cell.trim())
        .find(|cell| !cell.is_empty());
    let text = text.unwrap_or_default();
    let (local, email) = match text.split_once('@') {
        Some((local, _)) => (local, Some(text.to_owned())),
        None => (text, None),
    };
    if let Some(email) = &email
        && !is_email(email)
    {
        return Err(format!("{text:?} is neither a login nor an e-mail address"));
    }
    let login = login(local)?;
    let name = login.as_str().to_owned();
    let entry = Entry {
        login,
        name,
        email,
        section: None,
        seat: None,
        external_id: None,
    };
    Ok((entry, Vec::new()))
}

fn read_row(header: &Header, row: &Row) -> Result<(Entry, Vec<String>), String> {
    let columns = &header.columns;
    if row
        .cells
        .iter()
        .skip(header.n_columns)
        .any(|cell| !cell.trim().is_empty())
    {
        return Err(format!(
            "the line has {} cells, the header has {}; quote cells that contain the separator",
            row.cells.len(),
            header.n_columns
        ));
    }
    let mut warnings = Vec::new();
    let text = |at: Option<usize>, what: &str| at.map_or(Ok(None), |at| kept(row.cell(at), what));
    let mut email = text(columns.email, "the e-mail address")?;
    let given_login = columns.login.map_or("", |at| row.cell(at));
    let login = match (&email, columns.login) {
        // A plain file without a login column.
        (Some(email), None) if is_email(email) => login(email.split('@').next().unwrap_or_default())?,
        (_, None) => return Err("there is neither a login nor a good e-mail address".to_owned()),
        (_, Some(_)) => login(given_login)?,
    };
    if let Some(bad) = email.take_if(|email| !is_email(email)) {
        warnings.push(format!("{bad:?} is no e-mail address, and is left out"));
    }
    let name = match text(columns.name, "the name")? {
        Some(name) if header.format == Format::Canvas => turned(&name),
        Some(name) => name,
        None => {
            let first = text(columns.first_name, "the first name")?;
            let last = text(columns.last_name, "the last name")?;
            [first, last].into_iter().flatten().collect::<Vec<_>>().join(" ")
        }
    };
    let name = if name.is_empty() {
        login.as_str().to_owned()
    } else {
        name
    };
    let entry = Entry {
        name,
        email,
        section: text(columns.section, "the section")?,
        seat: text(columns.seat, "the seat")?,
        external_id: text(columns.external_id, "the id")?,
        login,
    };
    Ok((entry, warnings))
}

fn login(text: &str) -> Result<Login, String> {
    if text.is_empty() {
        return Err("the login is missing".to_owned());
    }
    Login::parse(text).map_err(|error| error.to_string())
}

/// A text on one line; `None` for an empty cell.
fn kept(cell: &str, what: &str) -> Result<Option<String>, String> {
    let text = cell.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().any(char::is_control) {
        return Err(format!("{what} has a control character"));
    }
    if text.chars().nth(MAX_KEPT_CHARS).is_some() {
        return Err(format!("{what} has more than {MAX_KEPT_CHARS} characters"));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// Whether it can be one: the only proof is a letter.
fn is_email(text: &str) -> bool {
    match text.rsplit_once('@') {
        Some((local, domain)) => {
            !local.is_empty()
                && !domain.is_empty()
                && !text.chars().any(|c| c.is_whitespace() || c.is_control())
                && !local.contains('@')
        }
        None => false,
    }
}

/// `Last, First` as people say it.
fn turned(name: &str) -> String {
    match name.split_once(',') {
        Some((last, first)) if !first.trim().is_empty() => format!("{} {}", first.trim(), last.trim()),
        _ => name.trim_end_matches(',').trim().to_owned(),
    }
}
