//! `pglab lab team` and `pglab lab similarity`: teams of a lab, and pairs of students whose answers are alike.

use pglab_api::{
    similarity::SimilarPairList,
    teams::{Team, TeamList, TeamOf},
};
use serde_json::{Value, json};

use crate::{
    client::Client,
    output::{printable, say, table},
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make a team and print the code by which students of the lab join it
    Create { lab: String, name: String },
    /// List the teams of a lab with their members
    List { lab: String },
    /// Put a student into a team, or without a name into none
    ///
    /// Who has answered or earned something stays where they are.
    Assign {
        lab: String,
        login: String,
        team: Option<String>,
    },
    /// Join a team of a lab that you are a student of, by its code
    Join { lab: String, code: String },
    /// Delete a team that nobody is in, by its id
    Delete { lab: String, id: String },
}

pub(super) async fn run(client: &Client, command: Command, as_json: bool) -> anyhow::Result<()> {
    let (answered, sentence): (Value, String) = match command {
        Command::Create { lab, name } => {
            let call = client
                .post(&["labs", &lab, "teams"])
                .json(&json!({ "name": name }));
            let made: Team = call.read().await?;
            (serde_json::to_value(&made)?, made.code)
        }
        Command::List { lab } => {
            let list: TeamList = client.get(&["labs", &lab, "teams"]).read().await?;
            if !as_json {
                let rows = list.items.into_iter().map(|team| {
                    let logins: Vec<String> = team.members.into_iter().map(|one| one.login).collect();
                    vec![
                        printable(&team.name),
                        team.code,
                        team.id,
                        printable(&logins.join(", ")),
                    ]
                });
                table(&["TEAM", "CODE", "ID", "MEMBERS"], rows.collect());
                return Ok(());
            }
            (serde_json::to_value(list)?, String::new())
        }
        Command::Assign { lab, login, team } => {
            let call = client.put(&["labs", &lab, "members", &login, "team"]);
            let of: TeamOf = call.json(&json!({ "team": team })).read().await?;
            let sentence = match &of.team {
                Some(team) => format!("{login} is in the team {:?}.", team.name),
                None => format!("{login} is in no team."),
            };
            (serde_json::to_value(of)?, sentence)
        }
        Command::Join { lab, code } => {
            let call = client
                .post(&["labs", &lab, "team"])
                .json(&json!({ "code": code }));
            let of: TeamOf = call.read().await?;
            let name = of.team.as_ref().map(|team| team.name.clone()).unwrap_or_default();
            (
                serde_json::to_value(of)?,
                format!("You are in the team {name:?}."),
            )
        }
        Command::Delete { lab, id } => {
            client.delete(&["labs", &lab, "teams", &id]).done().await?;
            (json!({}), "The team is deleted.".to_owned())
        }
    };
    say(&if as_json {
        answered.to_string()
    } else {
        printable(&sentence)
    });
    Ok(())
}

pub(super) async fn similarity(client: &Client, lab: &str, as_json: bool) -> anyhow::Result<()> {
    let found: SimilarPairList = client.get(&["labs", lab, "similarity"]).read().await?;
    if as_json {
        say(&serde_json::to_string(&found)?);
        return Ok(());
    }
    if found.items.is_empty() {
        say("No two students have answers in common that they hardly came to alone.");
        return Ok(());
    }
    let rows = found.items.into_iter().map(|pair| {
        let logins: Vec<String> = pair
            .members
            .into_iter()
            .map(|one| printable(&one.login))
            .collect();
        vec![
            logins.join(" + "),
            format!("{:.1}", pair.score),
            pair.answers.len().to_string(),
            pair.flags.len().to_string(),
            pair.same_minute.len().to_string(),
        ]
    });
    table(
        &[
            "STUDENTS",
            "SCORE",
            "ANSWERS ALIKE",
            "FLAGS SHARED",
            "SAME MINUTE",
        ],
        rows.collect(),
    );
    Ok(())
}
