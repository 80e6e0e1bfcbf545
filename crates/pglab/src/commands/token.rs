//! `pglab token`: API tokens for scripts.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    client::Client,
    output::{say, table, tell},
};

/// Make, list and revoke API tokens
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a token and print it: the only time that it is shown
    ///
    /// A token may do what you may. It works until it is revoked or expires.
    #[command(after_help = "Examples:\n  \
        export PGLAB_TOKEN=$(pglab token create --name ci)\n  \
        pglab token create --name dashboard --read-only --expires-in-days 120\n  \
        pglab token create --name arena --act-for --lab cup --answers")]
    Create {
        /// What it is for
        #[arg(long, value_name = "NAME")]
        name: String,
        /// It may look, but change nothing
        #[arg(long)]
        read_only: bool,
        /// It may scrape metrics, and nothing else
        #[arg(long, conflicts_with = "read_only")]
        metrics: bool,
        /// For a front end: it acts for the students of labs, through the Database API alone
        #[arg(long, conflicts_with_all = ["read_only", "metrics"])]
        act_for: bool,
        /// A lab that it acts in, besides those that are made with it; may be given several times [default: all, for admins]
        #[arg(long = "lab", value_name = "LAB", requires = "act_for")]
        labs: Vec<String>,
        /// It receives answers and flags too
        #[arg(long, requires = "act_for")]
        answers: bool,
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
        expires_in_days: Option<u32>,
    },
    /// List your tokens
    List {
        /// Also those that were revoked or have expired
        #[arg(long)]
        all: bool,
    },
    /// Revoke a token: it works no longer
    Revoke {
        /// As `pglab token list` shows it
        id: String,
    },
}

#[derive(Deserialize)]
struct Tokens {
    items: Vec<Token>,
}

#[derive(Deserialize)]
struct Token {
    id: String,
    name: String,
    scopes: Vec<String>,
    last_used_at: Option<String>,
    expires_at: Option<chrono::DateTime<chrono::Utc>>,
    revoked_at: Option<String>,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let client = Client::signed_in()?;
    match arguments.command {
        Command::Create {
            name,
            read_only,
            metrics,
            act_for,
            labs,
            answers,
            expires_in_days,
        } => {
            let scopes: &[&str] = match (read_only, metrics, act_for, answers) {
                (_, _, true, true) => &["act_for", "answers"],
                (_, _, true, false) => &["act_for"],
                (_, true, ..) => &["metrics"],
                (true, ..) => &["read"],
                _ => &["read", "write"],
            };
            let labs = (!labs.is_empty()).then_some(labs);
            let new =
                json!({ "name": name, "scopes": scopes, "labs": labs, "expires_in_days": expires_in_days });
            let made: Value = client.post(&["tokens"]).json(&new).read().await?;
            if arguments.json {
                say(&made.to_string());
            } else {
                say(made["token"].as_str().unwrap_or_default());
            }
        }
        Command::List { all } => {
            let list: Value = client.get(&["tokens"]).read().await?;
            if arguments.json {
                say(&list.to_string());
                return Ok(());
            }
            let tokens: Tokens = serde_json::from_value(list)?;
            let rows = tokens
                .items
                .into_iter()
                .filter(|token| all || token.revoked_at.is_none())
                .map(|token| {
                    vec![
                        token.id,
                        token.name,
                        token.scopes.join("+"),
                        token.last_used_at.unwrap_or_else(|| "never".to_owned()),
                        match (token.revoked_at, token.expires_at) {
                            (Some(at), _) => format!("revoked {at}"),
                            (None, Some(at)) => format!("until {}", at.format("%Y-%m-%d")),
                            (None, None) => "until revoked".to_owned(),
                        },
                    ]
                })
                .collect();
            table(&["ID", "NAME", "SCOPES", "LAST USED", "WORKS"], rows);
        }
        Command::Revoke { id } => {
            client.delete(&["tokens", &id]).done().await?;
            tell("The token works no longer.");
        }
    }
    Ok(())
}
