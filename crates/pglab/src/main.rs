//! The command line of pglab: `up` and `serve` run it, everything else is a client of its API.

mod client;
mod commands;
mod config;
mod credentials;
mod data_dir;
mod database_api;
mod demo;
mod lab_file;
mod ldap;
mod output;
mod secret;
mod server;
mod statistics;

use std::{io::IsTerminal, process::ExitCode};

use clap::Parser;
use tracing_subscriber::EnvFilter;

/// Run a PostgreSQL class: name a sample database, paste a roster, and watch everybody's progress live.
#[derive(Debug, Parser)]
#[command(name = "pglab", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Up(commands::up::Arguments),
    Serve(commands::serve::Arguments),
    Migrate(commands::migrate::Arguments),
    Doctor(commands::doctor::Arguments),
    Config(commands::config::Arguments),
    Directory(commands::directory::Arguments),
    Login(commands::account::Login),
    Logout(commands::account::Logout),
    Whoami(commands::account::Whoami),
    Passwd(commands::account::Passwd),
    Token(commands::token::Arguments),
    Person(commands::person::Arguments),
    Lab(commands::lab::Arguments),
    Task(commands::task::Arguments),
    Roster(commands::roster::Arguments),
    Pack(commands::pack::Arguments),
    Kit(commands::class::Kit),
    Monitoring(commands::monitoring::Arguments),
    Credentials(commands::class::CredentialList),
    Reset(commands::class::Reset),
    /// Print the OpenAPI document of the HTTP interface
    Openapi {
        /// That of the Database API
        #[arg(long)]
        database: bool,
    },
}

/// 0 done, 1 failed with a message on stderr, 2 wrong usage (by clap).
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start_logging();
    // Two providers may be linked; rustls wants to be told which one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    match runtime.block_on(run(arguments.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    output::tell(&format!("pglab: {error:#}"));
    ExitCode::FAILURE
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Up(arguments) => commands::up::run(arguments).await,
        Command::Serve(arguments) => commands::serve::run(arguments).await,
        Command::Migrate(arguments) => commands::migrate::run(arguments).await,
        Command::Doctor(arguments) => commands::doctor::run(arguments).await,
        Command::Config(arguments) => commands::config::run(arguments),
        Command::Directory(arguments) => commands::directory::run(arguments).await,
        Command::Login(arguments) => commands::account::login(arguments).await,
        Command::Logout(arguments) => commands::account::logout(arguments).await,
        Command::Whoami(arguments) => commands::account::whoami(arguments).await,
        Command::Passwd(arguments) => commands::account::passwd(arguments).await,
        Command::Token(arguments) => commands::token::run(arguments).await,
        Command::Person(arguments) => commands::person::run(arguments).await,
        Command::Lab(arguments) => commands::lab::run(arguments).await,
        Command::Task(arguments) => commands::task::run(arguments).await,
        Command::Roster(arguments) => commands::roster::run(arguments).await,
        Command::Monitoring(arguments) => commands::monitoring::run(arguments).await,
        Command::Pack(arguments) => commands::pack::run(arguments).await,
        Command::Kit(arguments) => commands::class::kit(arguments).await,
        Command::Credentials(arguments) => commands::class::credentials(arguments).await,
        Command::Reset(arguments) => commands::class::reset(arguments).await,
        Command::Openapi { database } => {
            let document = if database {
                pglab_api::database_api::document()
            } else {
                pglab_api::document()
            };
            output::say(&document.to_pretty_json()?);
            Ok(())
        }
    }
}

/// Logs go to stderr: text on a terminal, JSON elsewhere; `PGLAB_LOG` chooses what (`info` by default).
fn start_logging() {
    let filter = EnvFilter::try_from_env("PGLAB_LOG").unwrap_or_else(|_| EnvFilter::new("warn,pglab=info"));
    let logging = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        logging.with_target(false).init();
    } else {
        logging.json().init();
    }
}
