//! `pglab lab code` and `pglab lab join`: codes by which people join a lab by themselves.

use chrono::{DateTime, Utc};
use pglab_api::access_codes::{AccessCode, AccessCodeList, JoinedLab};
use serde_json::{Value, json};

use crate::{
    client::Client,
    output::{say, table, tell},
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make a code and print it
    #[command(after_help = "Examples:\n  \
        pglab lab code create night\n  \
        pglab lab code create night --code SUMMER26 --max-uses 40 --expires-at 2026-12-01T18:00:00Z")]
    Create {
        lab: String,
        /// 4 to 32 letters and digits; 8 random ones when left out
        #[arg(long)]
        code: Option<String>,
        /// When it ends, as 2026-12-01T18:00:00Z
        #[arg(long, value_name = "TIME")]
        expires_at: Option<DateTime<Utc>>,
        /// How many may join by it
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        max_uses: Option<u32>,
    },
    /// List the codes of a lab
    List { lab: String },
    /// Revoke a code: nobody joins by it any more, who did stays
    Revoke { lab: String, code: String },
}

pub(super) async fn run(client: &Client, command: Command, as_json: bool) -> anyhow::Result<()> {
    match command {
        Command::Create {
            lab,
            code,
            expires_at,
            max_uses,
        } => {
            let new = json!({ "code": code, "expires_at": expires_at, "max_uses": max_uses });
            let call = client.post(&["labs", &lab, "access-codes"]).json(&new);
            let made: AccessCode = call.read().await?;
            if as_json {
                say(&serde_json::to_string(&made)?);
            } else {
                say(&made.code);
                tell(&format!("People join at {}", made.url));
            }
        }
        Command::List { lab } => {
            let list: AccessCodeList = client.get(&["labs", &lab, "access-codes"]).read().await?;
            if as_json {
                say(&serde_json::to_string(&list)?);
            } else {
                table(
                    &["CODE", "USED", "OF", "WORKS"],
                    list.items.into_iter().map(row).collect(),
                );
            }
        }
        Command::Revoke { lab, code } => {
            client
                .delete(&["labs", &lab, "access-codes", &code])
                .done()
                .await?;
            tell("Nobody joins by this code any more.");
        }
    }
    Ok(())
}

fn row(code: AccessCode) -> Vec<String> {
    let works = match (code.works, code.revoked_at, code.expires_at) {
        (_, Some(at), _) => format!("revoked {}", at.format("%Y-%m-%d %H:%M")),
        (true, None, Some(at)) => format!("until {}", at.format("%Y-%m-%d %H:%M")),
        (true, None, None) => "until revoked".to_owned(),
        (false, None, Some(at)) if code.max_uses.is_none_or(|most| code.used_count < most) => {
            format!("expired {}", at.format("%Y-%m-%d %H:%M"))
        }
        (false, None, _) => "used up".to_owned(),
    };
    vec![
        code.code,
        code.used_count.to_string(),
        code.max_uses
            .map_or_else(|| "any".to_owned(), |most| most.to_string()),
        works,
    ]
}

pub(super) async fn join(client: &Client, code: &str, as_json: bool) -> anyhow::Result<()> {
    let answered: Value = client
        .post(&["join"])
        .json(&json!({ "code": code }))
        .read()
        .await?;
    if as_json {
        say(&answered.to_string());
        return Ok(());
    }
    let joined: JoinedLab = serde_json::from_value(answered)?;
    let were = if joined.already { "were already" } else { "are now" };
    say(&format!(
        "You {were} a student of {:?} ({}).",
        joined.lab.title, joined.lab.slug
    ));
    Ok(())
}
