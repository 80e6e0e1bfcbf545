//! Which format a first row announces, and which of its columns mean what.

use super::{Format, Given, table::Row};

/// Where the fields of a person stand in a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) login: Option<usize>,
    pub(super) name: Option<usize>,
    pub(super) first_name: Option<usize>,
    pub(super) last_name: Option<usize>,
    pub(super) email: Option<usize>,
    pub(super) section: Option<usize>,
    pub(super) seat: Option<usize>,
    pub(super) external_id: Option<usize>,
    /// Canvas SIS: `active`, `suspended`, `deleted`.
    pub(super) status: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) format: Format,
    pub(super) columns: Columns,
    pub(super) n_columns: usize,
    pub(super) warnings: Vec<String>,
}

impl Header {
    pub(super) fn given(&self) -> Given {
        let columns = &self.columns;
        Given {
            name: columns.name.is_some() || columns.first_name.is_some() || columns.last_name.is_some(),
            email: columns.email.is_some(),
            section: columns.section.is_some(),
            seat: columns.seat.is_some(),
            external_id: columns.external_id.is_some(),
        }
    }
}

/// `None`: the row is no header, but the first of one column of logins.
pub(super) fn recognise(row: &Row) -> Result<Option<Header>, String> {
    let names: Vec<String> = (0..row.cells.len())
        .map(|at| row.cell(at).to_lowercase())
        .collect();
    let has = |name: &str| names.iter().any(|cell| cell == name);
    let format = if has("student") && has("sis login id") {
        Format::Canvas
    } else if has("user_id") && has("login_id") {
        Format::CanvasSis
    } else if is_moodle(&names) {
        Format::Moodle
    } else {
        Format::Plain
    };
    if format == Format::Plain && row.cells.len() == 1 && field(format, &names[0]).is_none() {
        return Ok(None);
    }
    let mut header = Header {
        format,
        columns: Columns::default(),
        n_columns: names.len(),
        warnings: Vec::new(),
    };
    let mut ignored = Vec::new();
    for (at, name) in names.iter().enumerate() {
        if let Some(field) = field(format, name) {
            let slot = header.columns.slot(field);
            if slot.is_some() {
                return Err(format!("the column {name:?} is there twice"));
            }
            *slot = Some(at);
        } else if name == "password" {
            header
                .warnings
                .push("the column \"password\" is ignored: pglab makes passwords itself".to_owned());
        } else if format == Format::Plain && !name.is_empty() {
            ignored.push(format!("{:?}", row.cell(at)));
        }
    }
    match ignored.as_slice() {
        [] => {}
        [one] => header.warnings.push(format!("the column {one} is ignored")),
        many => header
            .warnings
            .push(format!("the columns {} are ignored", many.join(", "))),
    }
    if header.columns.login.is_none() && (format != Format::Plain || header.columns.email.is_none()) {
        return Err(format!(
            "the first line is no header that pglab knows: it needs a column login, username or uid (or email), and has {}",
            names
                .iter()
                .map(|name| format!("{name:?}"))
                .collect::<Vec<_>>()
                .join(", ")
        ));
    }
    Ok(Some(header))
}

/// A plain header may have Moodle's first names too: the rest tells.
fn is_moodle(names: &[String]) -> bool {
    let has = |name: &str| names.iter().any(|cell| cell == name);
    let numbered = |name: &String| {
        ["cohort", "course", "group", "role"].iter().any(|stem| {
            name.strip_prefix(stem)
                .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
        })
    };
    has("username")
        && has("firstname")
        && has("lastname")
        && (has("password")
            || has("idnumber")
            || names
                .iter()
                .any(|name| numbered(name) || name.starts_with("profile_field_")))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Login,
    Name,
    FirstName,
    LastName,
    Email,
    Section,
    Seat,
    ExternalId,
    Status,
}

impl Columns {
    fn slot(&mut self, field: Field) -> &mut Option<usize> {
        match field {
            Field::Login => &mut self.login,
            Field::Name => &mut self.name,
            Field::FirstName => &mut self.first_name,
            Field::LastName => &mut self.last_name,
            Field::Email => &mut self.email,
            Field::Section => &mut self.section,
            Field::Seat => &mut self.seat,
            Field::ExternalId => &mut self.external_id,
            Field::Status => &mut self.status,
        }
    }
}

fn field(format: Format, name: &str) -> Option<Field> {
    Some(match (format, name) {
        (Format::Canvas, "student") => Field::Name,
        (Format::Canvas, "sis user id") => Field::ExternalId,
        (Format::Canvas, "sis login id") => Field::Login,
        (Format::Canvas, "section") => Field::Section,
        (Format::Canvas, _) => return None,
        (Format::CanvasSis, "user_id") => Field::ExternalId,
        (Format::CanvasSis, "login_id") => Field::Login,
        (Format::CanvasSis, "first_name") => Field::FirstName,
        (Format::CanvasSis, "last_name") => Field::LastName,
        (Format::CanvasSis, "full_name") => Field::Name,
        (Format::CanvasSis, "email") => Field::Email,
        (Format::CanvasSis, "status") => Field::Status,
        (Format::CanvasSis, _) => return None,
        (Format::Moodle, "username") => Field::Login,
        (Format::Moodle, "firstname") => Field::FirstName,
        (Format::Moodle, "lastname") => Field::LastName,
        (Format::Moodle, "email") => Field::Email,
        (Format::Moodle, "idnumber") => Field::ExternalId,
        (Format::Moodle, "group1") => Field::Section,
        (Format::Moodle, _) => return None,
        (_, "login" | "username" | "uid") => Field::Login,
        (_, "name" | "display_name" | "display name") => Field::Name,
        (_, "firstname" | "first_name" | "first name") => Field::FirstName,
        (_, "lastname" | "last_name" | "last name") => Field::LastName,
        (_, "email" | "e-mail") => Field::Email,
        (_, "section") => Field::Section,
        (_, "seat") => Field::Seat,
        (_, "id") => Field::ExternalId,
        _ => return None,
    })
}
