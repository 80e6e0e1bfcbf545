//! A roster from a group of the directory: its members become the lines of a roster, which is then compared and applied as
//! one from a file is.

use pglab_core::access::{Actor, Operation};
use pglab_identity::directory::{DirectoryError, Entry};

use crate::{Control, Error, lab, roster};

/// The largest group: a lab is a class, and not a university.
const MOST: usize = 5_000;

/// Compares the members of a group with the class and, unless `dry_run`, applies them.
///
/// # Errors
/// Not the actor's to do, there is no directory or no such group, or the directory does not answer.
pub async fn import(
    control: &Control,
    actor: &Actor,
    slug: &str,
    group: &str,
    dry_run: bool,
) -> Result<roster::Report, Error> {
    let (_, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    let Some(directory) = control.directory() else {
        return Err(Error::Conflict(
            "pglab keeps the passwords itself (identity.mode is local); there is no directory with groups"
                .to_owned(),
        ));
    };
    let mut people: Vec<Entry> = Vec::new();
    let mut n_too_many = 0;
    let read = directory
        .members_of(group, |entry| {
            if people.len() < MOST {
                people.push(entry);
            } else {
                n_too_many += 1;
            }
        })
        .await;
    match read {
        Ok(_) => {}
        Err(DirectoryError::Refused { code: 32 | 34, .. }) => {
            return Err(Error::invalid(
                "group",
                format!("the directory has no group {group:?}"),
            ));
        }
        Err(error) => return Err(super::away(&error)),
    }
    if n_too_many > 0 {
        return Err(Error::invalid(
            "group",
            format!(
                "the group has {} members; a roster has at most {MOST}",
                people.len() + n_too_many
            ),
        ));
    }
    if people.is_empty() {
        return Err(Error::invalid(
            "group",
            format!("pglab finds nobody in the group {group:?}"),
        ));
    }
    roster::import(control, actor, slug, as_file(&people).as_bytes(), dry_run).await
}

/// The same as a file. Nothing is said about what the directory says of nobody, so that it stays as it is here.
fn as_file(people: &[Entry]) -> String {
    type Column = (&'static str, fn(&Entry) -> Option<&str>);
    let columns: [Column; 4] = [
        ("login", |entry| entry.login.as_deref()),
        ("name", |entry| entry.name.as_deref()),
        ("email", |entry| entry.email.as_deref()),
        ("id", |entry| entry.external_id.as_deref()),
    ];
    let said: Vec<Column> = columns
        .into_iter()
        .filter(|(name, value)| *name == "login" || people.iter().any(|entry| value(entry).is_some()))
        .collect();
    let quoted = |cell: &str| {
        let one_line: String = cell
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        format!("\"{}\"", one_line.replace('"', "\"\""))
    };
    let mut file = said.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(",");
    for entry in people {
        let cells: Vec<String> = said
            .iter()
            .map(|(_, value)| quoted(value(entry).unwrap_or_default()))
            .collect();
        file.push('\n');
        file.push_str(&cells.join(","));
    }
    file.push('\n');
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_directory_says_stays_in_its_cell() {
        let entry = |login: &str, name: &str| Entry {
            dn: String::new(),
            login: Some(login.to_owned()),
            name: Some(name.to_owned()),
            email: None,
            external_id: None,
        };
        assert_eq!(
            as_file(&[entry("ada", "Love\nlace, \"Ada\""), entry("-x", "=1+1")]),
            "login,name\n\"ada\",\"Love lace, \"\"Ada\"\"\"\n\"-x\",\"=1+1\"\n"
        );
    }
}
