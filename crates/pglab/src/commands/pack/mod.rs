//! `pglab pack`: packs as authors have them, in folders and archives on this machine, and those of a running pglab.

mod build;
mod ctfcli;
mod installed;
mod new;
mod show;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use pglab_core::pack::{Limits, Pack, Problem, diff};
use serde_json::json;

use crate::output::{printable, say, tell};

/// Make, check, build, compare and install packs of challenges
///
/// A pack is a folder, or a zip of one, with a pack.json, its challenges and the files in shared_resources/. The commands
/// new, validate, build, show, diff and import-ctfcli work on files and need no running pglab; install, list, update,
/// remove and export are about the packs of the pglab that you are signed in to.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 done, 1 something is wrong with a pack or failed (told on stderr), 2 wrong usage.\n\
    The format is described in docs/guide/packs.md."
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Print the answer as JSON on stdout
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Begin a pack: a folder with one small challenge that is valid as it stands
    #[command(
        after_help = "Example:\n  pglab pack new joins --name \"Joins for beginners\" --author \"Ada L.\""
    )]
    New {
        /// The folder to make. It must not exist, or be empty
        folder: PathBuf,
        /// The pack's id, of a-z, 0-9, "-" and "_". The folder's name if left out
        #[arg(long)]
        id: Option<String>,
        /// What people see. The id if left out
        #[arg(long)]
        name: Option<String>,
        #[arg(long, default_value = "")]
        author: String,
    },
    /// Check a pack, with every problem at its file and JSON path
    ///
    /// Errors keep a pack from being installed. Warnings tell what is probably not meant: a file that nothing names, a
    /// variable that nobody fills in, two tasks with the same order.
    #[command(after_help = "Examples:\n  \
        pglab pack validate examples/packs/harbour-sql\n  \
        pglab pack validate course.zip --json | jq .problems")]
    Validate {
        /// A folder or a zip
        pack: PathBuf,
        /// Warnings count as errors
        #[arg(long)]
        strict: bool,
    },
    /// Write a pack as a zip; the same files always give the same bytes
    ///
    /// With --hash-answers the texts, choices and flags that are right become argon2id hashes, so that a published pack
    /// does not give them away. The references of queries must be run and stay in clear, and so do regular
    /// expressions: they are listed.
    Build {
        /// A folder or a zip
        pack: PathBuf,
        /// The zip to write; ID-VERSION.zip in the current folder if left out
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
        /// Put hashes in place of the right texts, choices and flags
        #[arg(long)]
        hash_answers: bool,
    },
    /// Show what is in a pack: its challenges and tasks, without the answers
    Show {
        /// A folder or a zip
        pack: PathBuf,
    },
    /// Show what an update from one pack to another would add, change and remove
    ///
    /// With one pack: from the installed one of the same id to it.
    ///
    /// Challenges are told apart by metadata.id, tasks by the id of their component, as an update does. With
    /// --exit-code the exit code is 1 when they differ.
    Diff {
        /// A folder or a zip
        old: PathBuf,
        /// A folder or a zip
        new: Option<PathBuf>,
        /// Fail when they differ
        #[arg(long)]
        exit_code: bool,
    },
    /// Make a pack from challenges of ctfcli (challenge.yml, specification 0.1)
    ///
    /// The folder holds a challenge.yml, or folders that do, at any depth. Flags, hints with their costs, attempts,
    /// requirements, tags, files and the decay of dynamic challenges are taken over; what has no place in a pack is kept
    /// under metadata.ctfcli.
    #[command(
        after_help = "Example:\n  pglab pack import-ctfcli ~/ctf-2026 --to ctf-2026-pack --id ctf-2026"
    )]
    ImportCtfcli {
        /// Where to look for challenge.yml
        folder: PathBuf,
        /// The folder of the pack to make. It must not exist, or be empty
        #[arg(long, value_name = "FOLDER")]
        to: PathBuf,
        /// The pack's id. The name of the folder to make if left out
        #[arg(long)]
        id: Option<String>,
        /// What people see. The id if left out
        #[arg(long)]
        name: Option<String>,
        /// The pack's version
        #[arg(long, default_value = "1.0.0")]
        pack_version: String,
    },
    /// Install a pack into pglab: all of it, or nothing
    Install {
        /// A folder or a zip
        pack: PathBuf,
    },
    /// List the packs that are installed
    List,
    /// Put another version of an installed pack in its place
    ///
    /// Challenges are found again by metadata.id, tasks by the id of their component: what people earned stays, also of
    /// tasks that are no longer in the pack. Labs that were made of it get the new tasks; their databases stay as they are.
    Update {
        /// A folder or a zip
        pack: PathBuf,
        /// Also to an older version
        #[arg(long)]
        allow_downgrade: bool,
    },
    /// Take an installed pack away; refused while a lab that is not archived was made of it
    Remove {
        /// The pack's id
        id: String,
    },
    /// Save a lab as a pack, with its answers: a zip that can be installed, and that labs can be made of
    Save {
        /// The short name of the lab
        lab: String,
        /// The pack's id; the short name of the lab if left out
        #[arg(long)]
        id: Option<String>,
        #[arg(long, default_value = "1.0.0")]
        pack_version: String,
        /// The zip to write; ID-VERSION.zip in the current folder if left out
        #[arg(short = 'o', long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Write an installed pack as a zip, with its answers
    Export {
        /// The pack's id
        id: String,
        /// The zip to write; ID-VERSION.zip in the current folder if left out
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let json = arguments.json;
    match arguments.command {
        Command::New {
            folder,
            id,
            name,
            author,
        } => new::new(&folder, id, name, &author, json),
        Command::Validate { pack, strict } => validate(&pack, strict, json),
        Command::Build {
            pack,
            to,
            hash_answers,
        } => build::build(&pack, to, hash_answers, json),
        Command::Show { pack } => show::show(&read(&pack)?, json),
        Command::Diff { old, new, exit_code } => {
            let diff = match new {
                Some(new) => diff(&read(&old)?, &read(&new)?),
                None => installed::compare(&old).await?,
            };
            show::show_diff(&diff, json)?;
            if exit_code && !diff.is_empty() {
                bail!("the packs differ");
            }
            Ok(())
        }
        Command::ImportCtfcli {
            folder,
            to,
            id,
            name,
            pack_version,
        } => ctfcli::import(&folder, &to, id, name, &pack_version, json),
        Command::Install { pack } => installed::install(&pack, json).await,
        Command::List => installed::list(json).await,
        Command::Update {
            pack,
            allow_downgrade,
        } => installed::update(&pack, allow_downgrade, json).await,
        Command::Remove { id } => installed::remove(&id, json).await,
        Command::Save {
            lab,
            id,
            pack_version,
            to,
        } => installed::save(&lab, id.as_deref(), &pack_version, to).await,
        Command::Export { id, to } => installed::export(&id, to).await,
    }
}

/// A pack that is whole; its problems are told.
fn read(path: &Path) -> anyhow::Result<Pack> {
    if !path.exists() {
        bail!("there is no {}", path.display());
    }
    pglab_control::pack::read(path, Limits::default()).map_err(|problems| {
        tell_all("error", &problems);
        anyhow::anyhow!(
            "{} is no pack that can be used: {}",
            path.display(),
            n_problems(&problems)
        )
    })
}

fn validate(path: &Path, strict: bool, as_json: bool) -> anyhow::Result<()> {
    if !path.exists() {
        bail!("there is no {}", path.display());
    }
    let (problems, warnings, pack) = match pglab_control::pack::read(path, Limits::default()) {
        Ok(pack) => (Vec::new(), pack.warnings.clone(), Some(pack)),
        Err(problems) => (problems, Vec::new(), None),
    };
    let valid = problems.is_empty() && (!strict || warnings.is_empty());
    if as_json {
        say(&json!({"valid": valid, "problems": problems, "warnings": warnings}).to_string());
    } else {
        tell_all("error", &problems);
        tell_all("warning", &warnings);
        if let Some(pack) = &pack
            && valid
        {
            say(&printable(&format!(
                "{} {} is fine: {}, {}",
                pack.manifest.id,
                pack.manifest.version,
                counted(pack.challenges.len(), "challenge"),
                counted(pack.n_tasks(), "task"),
            )));
        }
    }
    if problems.is_empty() && !valid {
        bail!(
            "{}, and --strict takes them as errors",
            counted(warnings.len(), "warning")
        );
    }
    if !valid {
        bail!(
            "{} is no pack that can be used: {}",
            path.display(),
            n_problems(&problems)
        );
    }
    Ok(())
}

fn tell_all(kind: &str, problems: &[Problem]) {
    for problem in problems {
        // An error of a regular expression has lines of its own.
        let lines: Vec<String> = problem.to_string().lines().map(printable).collect();
        tell(&format!("{kind}: {}", lines.join("\n    ")));
    }
}

fn n_problems(problems: &[Problem]) -> String {
    counted(problems.len(), "problem")
}

fn counted(n: usize, noun: &str) -> String {
    pglab_core::words::count(n as u64, noun)
}

/// An id from the option, else from the folder's name.
fn pack_id(id: Option<String>, folder: &Path) -> anyhow::Result<String> {
    let from_name = || {
        let name = folder.file_name()?.to_str()?;
        let id: String = name
            .to_lowercase()
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '-' || c == '_' {
                    c
                } else {
                    '-'
                }
            })
            .collect();
        Some(id)
    };
    let id = id
        .or_else(from_name)
        .context("the folder has no name from which the pack could have its id: use --id")?;
    if !pglab_core::pack::is_pack_id(&id) {
        bail!("{id:?} can't be the id of a pack: use 1 to 100 of a-z, 0-9, \"-\" and \"_\"");
    }
    Ok(id)
}
