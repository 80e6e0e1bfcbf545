//! `pglab directory`: the LDAP directory, as this machine sees it by pglab.toml.

use std::path::PathBuf;

use anyhow::{Context, bail};
use pglab_core::directory::IdentitySettings;
use pglab_identity::directory::Directory;

use crate::{config::Config, output::say, secret};

/// Test the LDAP directory of pglab.toml
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Go through each step of reaching the directory, and say what the server said
    ///
    /// Changes nothing. With a login that person is looked up, and with a password signed in.
    #[command(after_help = "Examples:\n  \
        pglab directory check\n  \
        echo \"$PASSWORD\" | pglab directory check --login ada --password-stdin")]
    Check {
        #[arg(
            long,
            value_name = "FILE",
            env = "PGLAB_CONFIG",
            default_value = "/etc/pglab/pglab.toml"
        )]
        config: PathBuf,
        #[arg(long, value_name = "LOGIN")]
        login: Option<String>,
        /// Also sign in, with the password that stdin gives
        #[arg(long, requires = "login")]
        password_stdin: bool,
    },
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Command::Check {
        config,
        login,
        password_stdin,
    } = arguments.command;
    let directory = match Config::read(&config)?.identity.settings().context("identity")? {
        IdentitySettings::Local => bail!("identity.mode is local: there is no directory to check"),
        IdentitySettings::Managed(settings, tree) => Directory::managed(settings, tree),
        IdentitySettings::Directory(settings) => Directory::new(settings),
    };
    let password = if password_stdin {
        Some(secret::from_stdin()?)
    } else {
        None
    };
    let steps = directory.steps(login.as_deref(), password.as_deref()).await;
    let n_failed = steps.iter().filter(|step| !step.passed).count();
    for step in steps {
        say(&format!(
            "{} {}: {}",
            if step.passed { "ok  " } else { "FAIL" },
            step.name,
            step.said
        ));
    }
    if n_failed > 0 {
        bail!("{n_failed} steps failed");
    }
    Ok(())
}
