//! The command line of pglab: `up` and `serve` run it, everything else is a client of its API.

use std::process::ExitCode;

use clap::Parser;

/// Run a PostgreSQL class: name a sample database, paste a roster, and watch everybody's progress live.
#[derive(Debug, Parser)]
#[command(name = "pglab", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print the OpenAPI document of the HTTP interface
    Openapi,
}

/// 0 done, 1 failed with a message on stderr, 2 wrong usage (by clap).
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(
                clippy::print_stderr,
                reason = "the message of a failed command belongs there"
            )]
            {
                eprintln!("pglab: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Openapi => {
            #[expect(clippy::print_stdout, reason = "the output of the command")]
            {
                println!("{}", pglab_api::document().to_pretty_json()?);
            }
            Ok(())
        }
    }
}
