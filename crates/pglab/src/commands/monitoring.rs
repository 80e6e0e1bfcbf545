//! `pglab monitoring`: the files that let SQL exporters report a lab's progress without pglab.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Component, Path, PathBuf},
};

use anyhow::{Context, ensure};
use serde::Deserialize;

use crate::{
    client::Client,
    output::{say, tell},
};

/// Files for Prometheus' SQL exporters
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Write the configurations of both SQL exporters for a lab
    ///
    /// sql_exporter.yml with collectors/ is for burningalchemist's sql_exporter, prometheus-sql-exporter.yml for
    /// justwatch's, which Debian packages. They hold passwords of checkers' roles. Write them again after the roster
    /// changed; pglab serve does that by itself with monitoring.directory in pglab.toml.
    #[command(after_help = "Example:\n  pglab monitoring write harbour --directory /etc/sql-exporter")]
    Write {
        /// The lab
        lab: String,
        /// Where to; made if it is not there
        #[arg(long, value_name = "DIR")]
        directory: PathBuf,
    },
}

#[derive(Deserialize)]
struct Files {
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    path: String,
    text: String,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Command::Write { lab, directory } = arguments.command;
    let client = Client::signed_in()?;
    let files: Files = client
        .get(&["labs", &lab, "monitoring", "exporters"])
        .read()
        .await?;
    for file in &files.files {
        let relative = Path::new(&file.path);
        ensure!(
            relative
                .components()
                .all(|part| matches!(part, Component::Normal(_))),
            "the server names a file outside of the folder: {}",
            file.path
        );
        let path = directory.join(relative);
        write(&path, &file.text).with_context(|| format!("could not write {}", path.display()))?;
        say(&path.display().to_string());
    }
    tell("The files hold passwords: let only the exporter's account read them.");
    Ok(())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let beside = path.with_extension("new");
    if beside.exists() {
        fs::remove_file(&beside)?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(text.as_bytes())?;
    fs::rename(&beside, path)?;
    Ok(())
}
