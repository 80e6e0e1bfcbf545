//! `pglab lab`: labs, as a client of the API. One file per command that takes more than a call.

mod apply;
mod board;
mod code;
mod example;
mod prepare;
mod shapes;
mod show;
mod tasks;
mod team;
mod watch;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::bail;
use pglab_api::labs::{ArchiveProgress, Definition, Lab, LabList};
use pglab_core::lab::LabState;
use serde_json::{Value, json};

use crate::{
    client::Client,
    lab_file,
    output::{say, table, tell},
};

/// Make, show, open, close, export and end labs
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Print the answer as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make or update a lab from a file, wait until its example is loaded, and print its short name
    ///
    /// Applying the same file twice changes nothing. Paths in the file are found from the file's own folder.
    #[command(after_help = "Example of a file:\n  \
        lab: chinook-from-scratch\n  \
        title: Build the music shop\n  \
        example:\n    dump: chinook.sql        # or  uri: postgresql://…\n  \
        start: empty               # empty | schema | { tables: [artist, album] } | { dump: other.sql }\n  \
        types: strict              # or lenient")]
    Apply {
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Make an empty lab, or one of the challenges of an installed pack
    Create {
        /// The short name: 1 to 40 of a-z, 0-9 and "-"
        #[arg(long)]
        slug: String,
        #[arg(long)]
        title: String,
        /// The id of a pack (`pglab pack list`): tasks and databases come from it, and are waited for
        #[arg(long, value_name = "PACK")]
        pack: Option<String>,
        /// Only this challenge of the pack, by its key; may be given several times
        #[arg(long, value_name = "KEY", requires = "pack")]
        challenge: Vec<String>,
    },
    /// List the labs that you may see
    List,
    /// Show a lab with its tasks
    Show { lab: String },
    /// Make a database for every student
    Prepare {
        lab: String,
        /// Return when every member is ready, with progress on stderr
        #[arg(long)]
        wait: bool,
    },
    /// Let the students in
    Open { lab: String },
    /// End the students' access; databases and results stay
    Close { lab: String },
    /// Write a dump of every student's database, then remove the databases; returns when that is done
    Archive { lab: String },
    /// Delete a lab with its students' databases and results
    Delete {
        lab: String,
        /// The lab's short name again
        #[arg(long, value_name = "LAB")]
        confirm: String,
    },
    /// Make, list and revoke codes by which people join a lab by themselves
    Code {
        #[command(subcommand)]
        command: code::Command,
    },
    /// Make, list and fill the teams of a lab
    Team {
        #[command(subcommand)]
        command: team::Command,
    },
    /// Show pairs of students whose answers are alike
    Similarity { lab: String },
    /// Join a lab as a student, by a code
    Join { code: String },
    /// Print a lab as the file that `lab apply` takes
    Export { lab: String },
    /// Show who is how far and who needs help
    ///
    /// What was committed before is looked at first, for at most 5 s.
    Board {
        lab: String,
        /// Take what is known, without looking first
        #[arg(long)]
        no_fresh: bool,
        /// Look first; this is what happens anyway
        #[arg(long, conflicts_with = "no_fresh", hide = true)]
        fresh: bool,
    },
    /// The board as it changes, until Ctrl-C; a line for every change where stdout is no terminal
    Watch { lab: String },
    /// Print what the students scored
    Results {
        lab: String,
        #[arg(long, value_enum, default_value_t = Format::Csv)]
        format: Format,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// One line per student and task
    Csv,
    Json,
    /// As Canvas takes grades in
    Canvas,
    /// As Moodle takes grades in
    Moodle,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let json = arguments.json;
    if let Command::Apply { file } = &arguments.command {
        // What is wrong with the file is told also to who is not signed in.
        let file = lab_file::read(file)?;
        let slug = apply::apply(&Client::signed_in()?, file).await?;
        if json {
            say(&json!({ "slug": slug }).to_string());
        } else {
            say(&slug);
        }
        return Ok(());
    }
    let client = Client::signed_in()?;
    match arguments.command {
        Command::Apply { .. } => {}
        Command::Create {
            slug,
            title,
            pack,
            challenge,
        } => {
            let mut new = json!({ "slug": slug, "title": title });
            if let Some(id) = &pack {
                new["pack"] = json!({ "id": id, "challenges": challenge });
            }
            let lab: Value = client.post(&["labs"]).json(&new).read().await?;
            if pack.is_some() {
                example::wait(&client, &slug).await?;
            }
            answer(json, &lab, &slug);
        }
        Command::List => list(&client, json).await?,
        Command::Show { lab } => show::show(&client, &lab, json).await?,
        Command::Prepare { lab, wait } => {
            let prepared = prepare::prepare(&client, &lab, wait).await?;
            let sentence = format!("{} of {} students are ready.", prepared.ready, prepared.total);
            answer(json, &serde_json::to_value(prepared)?, &sentence);
        }
        Command::Open { lab } => {
            let answered: Value = client.post(&["labs", &lab, "open"]).read().await?;
            answer(json, &answered, &format!("The lab {lab} is open."));
        }
        Command::Close { lab } => {
            let answered: Value = client.post(&["labs", &lab, "close"]).read().await?;
            answer(json, &answered, &format!("The lab {lab} is closed."));
        }
        Command::Archive { lab } => {
            let archived = archive(&client, &lab).await?;
            answer(
                json,
                &serde_json::to_value(archived)?,
                &format!("The lab {lab} is archived."),
            );
        }
        Command::Delete { lab, confirm } => {
            let call = client.delete(&["labs", &lab]).query(&[("confirm", confirm)]);
            call.done().await?;
            tell(&format!("The lab {lab} is deleted."));
        }
        Command::Code { command } => code::run(&client, command, json).await?,
        Command::Team { command } => team::run(&client, command, json).await?,
        Command::Similarity { lab } => team::similarity(&client, &lab, json).await?,
        Command::Join { code } => code::join(&client, &code, json).await?,
        Command::Export { lab } => {
            let definition: Definition = client.get(&["labs", &lab, "definition"]).read().await?;
            if json {
                say(&serde_json::to_string(&definition)?);
            } else {
                say(lab_file::write(&definition)?.trim_end());
            }
        }
        Command::Board { lab, no_fresh, .. } => board::board(&client, &lab, !no_fresh, json).await?,
        Command::Watch { lab } => watch::watch(&client, &lab).await?,
        Command::Results { lab, format } => {
            let format = match format {
                _ if json => "json",
                Format::Csv => "csv",
                Format::Json => "json",
                Format::Canvas => "canvas",
                Format::Moodle => "moodle",
            };
            let call = client
                .get(&["labs", &lab, "results"])
                .query(&[("format", format)]);
            say(call.response().await?.text().await?.trim_end());
        }
    }
    Ok(())
}

fn answer(as_json: bool, answered: &Value, sentence: &str) {
    if as_json {
        say(&answered.to_string());
    } else {
        say(sentence);
    }
}

async fn list(client: &Client, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let labs: Value = client.get(&["labs"]).read().await?;
        say(&labs.to_string());
        return Ok(());
    }
    let labs: LabList = client.get(&["labs"]).read().await?;
    let rows = labs
        .items
        .into_iter()
        .map(|lab| {
            vec![
                lab.slug.as_str().to_owned(),
                lab.state.as_str().to_owned(),
                lab.n_members.to_string(),
                lab.title,
            ]
        })
        .collect();
    table(&["LAB", "STATE", "STUDENTS", "TITLE"], rows);
    Ok(())
}

/// A line on stderr now and then, when there is something new to say.
#[derive(Default)]
struct ArchiveLines {
    last: Option<(Instant, ArchiveProgress)>,
}

impl ArchiveLines {
    const PERIOD: Duration = Duration::from_secs(2);

    fn show(&mut self, now: ArchiveProgress) {
        let due = |(at, told): (Instant, ArchiveProgress)| told != now && at.elapsed() > Self::PERIOD;
        if self.last.is_none_or(due) {
            let ArchiveProgress {
                n_databases,
                n_dumped,
                n_dropped,
            } = now;
            tell(&format!(
                "{n_dumped}/{n_databases} dumps written, {n_dropped}/{n_databases} databases dropped"
            ));
            self.last = Some((Instant::now(), now));
        }
    }
}

async fn archive(client: &Client, slug: &str) -> anyhow::Result<Lab> {
    let mut lab: Lab = client.post(&["labs", slug, "archive"]).read().await?;
    let mut told = None;
    let mut progress = ArchiveLines::default();
    while lab.state != LabState::Archived {
        if lab.trouble.is_some() && lab.trouble != told {
            if told.is_some() {
                break;
            }
            told.clone_from(&lab.trouble);
            tell(&format!("pglab: {}", told.as_deref().unwrap_or_default()));
        }
        if let Some(now) = lab.archiving {
            progress.show(now);
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        lab = client.get(&["labs", slug]).read().await?;
    }
    if lab.state != LabState::Archived {
        bail!(
            "the lab {slug} can't be archived: {}",
            lab.trouble.as_deref().unwrap_or_default()
        );
    }
    Ok(lab)
}
