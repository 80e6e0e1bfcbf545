//! `pglab directory`: the LDAP directory, as this machine sees it by pglab.toml, and making one.

mod init;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use pglab_control::{SystemClock, oidc::CALLBACK, pg_hba};
use pglab_core::{Clock, directory::IdentitySettings, hba::Origin, ident::Ident};
use pglab_identity::{directory::Directory, oidc::Oidc};

use crate::{config::Config, output::say, secret};

/// Make an LDAP directory, test the one of pglab.toml, and print what PostgreSQL has to know of it
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a directory for pglab to fill: slapd's configuration, its first entries, passwords and a certificate
    ///
    /// Needs Debian's slapd and ldap-utils, or the like. Starts nothing, and prints how to start it and what to write into
    /// pglab.toml. Run again, it makes what is missing and overwrites nothing.
    #[command(after_help = "Examples:\n  \
        pglab directory init\n  \
        pglab directory init --suffix dc=lab,dc=example,dc=edu --host ldap.example.edu --listen 0.0.0.0\n  \
        pglab directory init --host ldap.example.edu --certificate /etc/ssl/ldap.pem --key /etc/ssl/ldap.key\n\n\
        Files in the folder: pglab.password, postgres.password and grafana.password (mode 0600), ca.crt and ca.key, and \
        slapd/ with slapd.conf and the database, for slapd's account alone.")]
    Init(Box<init::Arguments>),
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
    /// Print the lines for pg_hba.conf of a server that pglab does not run
    ///
    /// Students are sent to the directory, pglab's own roles stay on their passwords. The lines belong at the top of
    /// pg_hba.conf, above lines for `all`; then `SELECT pg_reload_conf()`.
    #[command(after_help = "Example:\n  pglab directory hba --from 10.1.0.0/16 --from 127.0.0.1")]
    Hba {
        #[arg(
            long,
            value_name = "FILE",
            env = "PGLAB_CONFIG",
            default_value = "/etc/pglab/pglab.toml"
        )]
        config: PathBuf,
        /// Where connections come from: an address, a range such as 10.1.0.0/16, or all
        #[arg(long, value_name = "RANGE", default_value = "all")]
        from: Vec<Origin>,
    },
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Command::Init(arguments) => init::run(*arguments).await,
        Command::Check {
            config,
            login,
            password_stdin,
        } => check(&config, login, password_stdin).await,
        Command::Hba { config, from } => print_block(&config, &from).await,
    }
}

async fn print_block(config: &Path, from: &[Origin]) -> anyhow::Result<()> {
    let config = Config::read(config)?;
    let control = config.control().await?;
    let maintenance =
        Ident::new(config.cluster.maintenance_role.clone()).context("cluster.maintenance_role")?;
    let except = pg_hba::fallback_roles(&control).await?;
    let block = pg_hba::block_elsewhere(maintenance, &control.options().identity, from, except)?;
    say(block.text()?.trim_end());
    Ok(())
}

async fn check(config: &Path, login: Option<String>, password_stdin: bool) -> anyhow::Result<()> {
    let config = Config::read(config)?;
    let directory = match config.identity.settings().context("identity")? {
        IdentitySettings::Local => None,
        IdentitySettings::Managed(settings, tree) => Some(Directory::managed(settings, tree)),
        IdentitySettings::Directory(settings) => Some(Directory::new(settings)),
    };
    let provider = config.identity.oidc()?;
    if directory.is_none() && provider.is_none() {
        bail!("identity.mode is local, and there is no identity.oidc: there is no directory to check");
    }
    let password = if password_stdin {
        Some(secret::from_stdin()?)
    } else {
        None
    };
    let mut steps = Vec::new();
    if let Some(directory) = directory {
        steps.extend(directory.steps(login.as_deref(), password.as_deref()).await);
    }
    if let Some(settings) = provider {
        let back = format!("{}{CALLBACK}", config.server.public_url.trim_end_matches('/'));
        steps.extend(Oidc::new(settings, back).steps(SystemClock.now()).await);
    }
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
