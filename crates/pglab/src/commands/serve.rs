//! `pglab serve`: the same as `up`, against servers that exist.

use std::path::PathBuf;

use anyhow::Context;
use pglab_control::people;

use crate::{config::Config, database_api, output::say, server};

/// Serve the pages and the API against PostgreSQL servers that exist
///
/// May run several times against one database: one of them works in the background, all answer requests. Run
/// `pglab migrate` first, and `pglab doctor` when something seems wrong.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The configuration; `pglab config example` prints one
    #[arg(
        long,
        value_name = "FILE",
        env = "PGLAB_CONFIG",
        default_value = "/etc/pglab/pglab.toml"
    )]
    config: PathBuf,
    /// Migrate pglab's own database first
    #[arg(long)]
    migrate: bool,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let stop = server::stop_on_signals()?;
    let config = Config::read(&arguments.config)?;
    let control = config.control().await?;
    if arguments.migrate {
        control.store.migrate().await?;
    }
    let pending = control.store.pending_migrations().await?;
    if pending > 0 {
        anyhow::bail!(
            "pglab's own database lacks {pending} migrations: run `pglab migrate --config {}`",
            arguments.config.display()
        );
    }
    server::prepare(&control, None).await?;
    if let Some(password) = people::ensure_admin(&control).await? {
        say(&format!(
            "The first admin is \"{}\" with the one-time password  {password}",
            people::FIRST_ADMIN
        ));
    }
    let listener = server::listen(config.server.listen)
        .await
        .context("see server.listen")?;
    if let Some(address) = config.metrics.listen {
        let metrics = server::listen(address).await.context("see metrics.listen")?;
        tokio::spawn(server::run_metrics(control.clone(), metrics, stop.clone()));
    }
    let listening = database_api::listen(config.database_api.listen)
        .await
        .context("see database_api.listen")?;
    if let Some(listener) = listening {
        tokio::spawn(database_api::run(control.clone(), listener, stop.clone()));
    }
    say(&format!("pglab is ready: {}", config.server.public_url));
    server::run(control, listener, stop).await
}
