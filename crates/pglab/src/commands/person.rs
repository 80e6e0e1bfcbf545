//! `pglab person`: accounts, for admins. The people of a class come in by `pglab roster import` instead.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    client::Client,
    output::{say, table, tell},
};

/// Make, list and change accounts (for admins)
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Role {
    Admin,
    Instructor,
    Student,
}

impl Role {
    fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Instructor => "instructor",
            Self::Student => "student",
        }
    }
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make an account and print its initial password
    #[command(after_help = "Example:\n  pglab person add grace --name 'Grace Hopper' --role instructor")]
    Add {
        login: String,
        #[arg(long, value_name = "NAME")]
        name: String,
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
        #[arg(long, value_enum, default_value = "instructor")]
        role: Role,
    },
    /// List people whose login, name or e-mail contains a text
    List {
        #[arg(default_value = "")]
        query: String,
    },
    /// Change an account; what is not named stays
    #[command(after_help = "Example:\n  pglab person change grace --disable")]
    Change {
        login: String,
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
        #[arg(long, value_enum)]
        role: Option<Role>,
        /// Nobody can sign in with it; its sessions and tokens end
        #[arg(long)]
        disable: bool,
        /// The opposite
        #[arg(long, conflicts_with = "disable")]
        enable: bool,
    },
}

#[derive(Deserialize)]
struct People {
    items: Vec<Value>,
    next: Option<String>,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let client = Client::signed_in()?;
    match arguments.command {
        Command::Add {
            login,
            name,
            email,
            role,
        } => {
            let new = json!({ "login": login, "name": name, "email": email, "role": role.word() });
            let made: Value = client.post(&["people"]).json(&new).read().await?;
            if arguments.json {
                say(&made.to_string());
            } else {
                say(made["initial_password"].as_str().unwrap_or_default());
            }
        }
        Command::List { query } => list(&client, &query, arguments.json).await?,
        Command::Change {
            login,
            name,
            email,
            role,
            disable,
            enable,
        } => {
            let mut change = json!({ "name": name, "email": email, "role": role.map(Role::word) });
            if disable || enable {
                change["disabled"] = disable.into();
            }
            let person: Value = client.patch(&["people", &login]).json(&change).read().await?;
            if arguments.json {
                say(&person.to_string());
            } else {
                tell("The account is changed.");
            }
        }
    }
    Ok(())
}

async fn list(client: &Client, query: &str, as_json: bool) -> anyhow::Result<()> {
    let mut people = Vec::new();
    let mut cursor = None;
    loop {
        let mut call = client.get(&["people"]).query(&[("query", query)]);
        if let Some(cursor) = &cursor {
            call = call.query(&[("cursor", cursor)]);
        }
        let page: People = call.read().await?;
        people.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    if as_json {
        say(&json!({ "items": people, "next": null }).to_string());
        return Ok(());
    }
    let text = |person: &Value, key: &str| person[key].as_str().unwrap_or_default().to_owned();
    let rows = people
        .iter()
        .map(|person| {
            let state = if person["disabled_at"].is_null() {
                ""
            } else {
                "disabled"
            };
            vec![
                text(person, "login"),
                text(person, "name"),
                text(person, "role"),
                text(person, "email"),
                state.to_owned(),
            ]
        })
        .collect();
    table(&["LOGIN", "NAME", "ROLE", "E-MAIL", ""], rows);
    Ok(())
}
