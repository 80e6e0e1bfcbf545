//! `pglab config`: look at the configuration of `serve` without starting anything.

use std::path::PathBuf;

use crate::{
    config::{Config, EXAMPLE},
    output::say,
};

/// Check the configuration of `serve`, or print an example of one
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Say what is wrong with the file, without connecting to anything
    Check {
        #[arg(
            long,
            value_name = "FILE",
            env = "PGLAB_CONFIG",
            default_value = "/etc/pglab/pglab.toml"
        )]
        config: PathBuf,
    },
    /// Print a first configuration with comments
    Example,
}

pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Command::Check { config } => {
            Config::read(&config)?;
            say(&format!(
                "{} is fine. `pglab doctor` checks what it points to.",
                config.display()
            ));
        }
        Command::Example => say(EXAMPLE.trim_end()),
    }
    Ok(())
}
