//! `pglab roster`: who is in a lab, from a file or from a group of the LDAP directory.

use std::{io::Read, path::PathBuf};

use anyhow::{Context, bail};
use pglab_api::roster::{RosterReport, RosterSeverity};

use crate::{
    client::Client,
    output::{printable, say, tell},
};

/// Import rosters
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Print the report as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Import a roster: plain CSV, a list of logins, or an export of Moodle or Canvas
    ///
    /// Importing the same file twice changes nothing. Who is no longer in it loses access and keeps their database.
    #[command(after_help = "Examples:\n  \
        pglab roster import chinook class.csv --dry-run\n  \
        printf 'ada\\nbob\\n' | pglab roster import chinook -\n  \
        pglab roster import chinook --group cn=databases-1,ou=groups,dc=example,dc=edu --dry-run")]
    Import {
        lab: String,
        /// `-` for stdin
        #[arg(required_unless_present = "group")]
        file: Option<PathBuf>,
        /// Take the members of this group of the LDAP directory instead of a file
        #[arg(long, value_name = "DN", conflicts_with = "file")]
        group: Option<String>,
        /// Only tell what would change
        #[arg(long)]
        dry_run: bool,
    },
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Command::Import {
        lab,
        file,
        group,
        dry_run,
    } = arguments.command;
    let bytes = match &file {
        Some(file) => read(file)?,
        None => Vec::new(),
    };
    let from = Origin { bytes, group };
    let client = Client::signed_in()?;
    // Looked at first, so that every line that can't be read is told.
    let looked = import(&client, &lab, &from, true).await?;
    let n_errors = looked
        .problems
        .iter()
        .filter(|problem| problem.severity == RosterSeverity::Error)
        .count();
    let report = if dry_run || n_errors > 0 {
        looked
    } else {
        import(&client, &lab, &from, false).await?
    };
    if arguments.json {
        say(&serde_json::to_string(&report)?);
    } else {
        show(&report);
    }
    if n_errors > 0 {
        bail!("{n_errors} of the lines can't be imported; nothing was changed");
    }
    Ok(())
}

fn read(file: &PathBuf) -> anyhow::Result<Vec<u8>> {
    if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin()
            .read_to_end(&mut bytes)
            .context("stdin can't be read")?;
        return Ok(bytes);
    }
    std::fs::read(file).with_context(|| format!("{} can't be read", file.display()))
}

/// Where the roster is.
struct Origin {
    bytes: Vec<u8>,
    group: Option<String>,
}

async fn import(client: &Client, lab: &str, from: &Origin, dry_run: bool) -> anyhow::Result<RosterReport> {
    let mut query = vec![("dry_run", dry_run.to_string())];
    query.extend(from.group.clone().map(|group| ("group", group)));
    client
        .post(&["labs", lab, "roster"])
        .query(&query)
        .body("text/csv", from.bytes.clone())
        .read()
        .await
}

fn show(report: &RosterReport) {
    for problem in &report.problems {
        let kind = match problem.severity {
            RosterSeverity::Error => "error",
            RosterSeverity::Warning => "warning",
        };
        tell(&format!(
            "line {}: {kind}: {}",
            problem.line,
            printable(&problem.message)
        ));
    }
    let width = [&report.new, &report.gone]
        .into_iter()
        .flatten()
        .map(|entry| entry.login.chars().count())
        .chain(report.changed.iter().map(|change| change.login.chars().count()))
        .max()
        .unwrap_or(0);
    let line = |sign: &str, login: &str, rest: &str| {
        let text = format!("{sign} {login:<width$}  {rest}");
        say(printable(&text).trim_end());
    };
    for entry in &report.new {
        let section = entry.section.as_deref().map(|section| format!("  ({section})"));
        line(
            "+",
            &entry.login,
            &format!("{}{}", entry.name, section.unwrap_or_default()),
        );
    }
    for change in &report.changed {
        let fields: Vec<String> = change
            .fields
            .iter()
            .map(|(field, values)| {
                let value = |at: usize| values.get(at).and_then(Option::as_deref).unwrap_or("nothing");
                format!("{field}: {} → {}", value(0), value(1))
            })
            .collect();
        line("~", &change.login, &fields.join(", "));
    }
    for entry in &report.gone {
        line("-", &entry.login, &entry.name);
    }
    say(&format!(
        "{} new, {} changed, {} gone, {} unchanged{}",
        report.new.len(),
        report.changed.len(),
        report.gone.len(),
        report.unchanged,
        if report.applied {
            ""
        } else {
            " (nothing was applied)"
        },
    ));
}
