//! `pglab migrate`: brings pglab's own database up to what this version needs.

use std::path::PathBuf;

use pglab_store::Store;

use crate::{config::Config, output::say};

/// Bring pglab's own database up to this version
///
/// Migrations go forward only: dump the database before you upgrade. Doing it twice changes nothing.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[arg(
        long,
        value_name = "FILE",
        env = "PGLAB_CONFIG",
        default_value = "/etc/pglab/pglab.toml"
    )]
    config: PathBuf,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let config = Config::read(&arguments.config)?;
    let store = Store::connect(&config.store_uri()?).await?;
    let pending = store.pending_migrations().await?;
    store.migrate().await?;
    say(&match pending {
        0 => "Nothing to do: the database is up to date.".to_owned(),
        1 => "Applied 1 migration.".to_owned(),
        n => format!("Applied {n} migrations."),
    });
    Ok(())
}
