//! `pglab kit`, `pglab credentials`, `pglab reset`: what a student of a lab gets.

use std::{
    io::{BufRead, IsTerminal},
    path::Path,
};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::{
    client::Client,
    output::{say, table, tell},
};

/// Print all that a student needs to connect
#[derive(Debug, clap::Args)]
pub struct Kit {
    lab: String,
    login: String,
    /// {"login","password","uri","hosts","database",…}; the password is null once claimed or changed
    #[arg(long)]
    json: bool,
    /// Write the certificate of the server's CA into the current folder, for the line that verifies the server
    #[arg(long)]
    save_ca: bool,
}

pub async fn kit(arguments: Kit) -> anyhow::Result<()> {
    let client = Client::signed_in()?;
    let kit: Value = client
        .get(&["labs", &arguments.lab, "members", &arguments.login, "kit"])
        .read()
        .await?;
    let verified = kit["verified"].as_object();
    if arguments.save_ca {
        let Some((file, pem)) =
            verified.and_then(|kit| Some((kit.get("ca_file")?.as_str()?, kit.get("ca")?.as_str()?)))
        else {
            bail!("this server's certificate can't be verified: pglab knows no CA of it");
        };
        // The name comes from the server: it must stay in this folder.
        if Path::new(file).file_name() != Some(file.as_ref()) {
            bail!("{file:?} is no name for a file");
        }
        std::fs::write(file, pem).with_context(|| format!("could not write {file}"))?;
        tell(&format!("Saved {file}"));
    }
    if arguments.json {
        say(&kit.to_string());
        return Ok(());
    }
    let text = |key: &str| kit[key].as_str().unwrap_or_default().to_owned();
    say(&text("psql"));
    say(&match kit["password"].as_str() {
        Some(password) => format!("password: {password}"),
        None => "password: claimed or changed by the student".to_owned(),
    });
    say(&format!("\n# ~/.pg_service.conf\n{}", text("service_file")));
    if let Some(line) = kit["pgpass_line"].as_str() {
        say(&format!("# ~/.pgpass\n{line}\n"));
    }
    say(&format!("# JDBC\n{}", text("jdbc")));
    if let Some(psql) = verified.and_then(|kit| kit.get("psql")?.as_str()) {
        say(&format!(
            "\n# So that nobody can play the server (in the folder of the CA's certificate; --save-ca)\n{psql}"
        ));
    }
    Ok(())
}

/// Print the initial passwords of a class
#[derive(Debug, clap::Args)]
pub struct CredentialList {
    lab: String,
    /// As a file for spreadsheets
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    #[arg(long)]
    json: bool,
}

pub async fn credentials(arguments: CredentialList) -> anyhow::Result<()> {
    let client = Client::signed_in()?;
    let lab = arguments.lab.as_str();
    if arguments.csv {
        let file = client.get(&["labs", lab, "credentials.csv"]).response().await?;
        say(file.text().await?.trim_end());
        return Ok(());
    }
    let list: Value = client.get(&["labs", lab, "credentials"]).read().await?;
    if arguments.json {
        say(&list.to_string());
        return Ok(());
    }
    let rows = list["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
            let password = match one["password"].as_str() {
                Some(password) => password.to_owned(),
                None => format!("({})", text("state")),
            };
            vec![
                text("login"),
                password,
                text("database"),
                text("section"),
                text("name"),
            ]
        })
        .collect();
    table(&["LOGIN", "PASSWORD", "DATABASE", "SECTION", "NAME"], rows);
    Ok(())
}

/// Give a student a fresh copy of the start; what they did is lost, unless it is kept
#[derive(Debug, clap::Args)]
pub struct Reset {
    lab: String,
    login: String,
    /// Keep the old database under another name
    #[arg(long)]
    keep_snapshot: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub async fn reset(arguments: Reset) -> anyhow::Result<()> {
    let client = Client::signed_in()?;
    let login = arguments.login.as_str();
    if !arguments.yes {
        if !std::io::stdin().is_terminal() {
            bail!("resetting destroys the work of {login}: say --yes");
        }
        tell(&format!(
            "This replaces the database of {login}{}. Type {login} to go on:",
            if arguments.keep_snapshot {
                " and keeps the old one"
            } else {
                " and destroys their work"
            }
        ));
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        if answer.trim() != login {
            bail!("nothing was changed");
        }
    }
    let body = json!({ "keep_snapshot": arguments.keep_snapshot, "confirm": login });
    client
        .post(&["labs", &arguments.lab, "members", login, "reset"])
        .json(&body)
        .done()
        .await?;
    say(&format!("{login} gets a fresh database in a moment."));
    Ok(())
}
