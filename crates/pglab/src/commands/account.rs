//! `pglab login`, `logout`, `whoami` and `passwd`: one's own account.

use anyhow::bail;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    client::Client,
    credentials::Credentials,
    output::{say, tell},
    secret,
};

/// A token that `login` made and nobody used ends by itself.
const TOKEN_DAYS: u32 = 90;

/// Sign in, for all other commands
///
/// Keeps a token (not the password) in $XDG_CONFIG_HOME/pglab/credentials.toml, valid for 90 days. Scripts can set
/// PGLAB_URL and PGLAB_TOKEN instead and need no sign-in.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pglab login --url https://pglab.example.edu --login ada\n  \
    echo \"$PASSWORD\" | pglab login --url http://127.0.0.1:8432 --login admin --password-stdin")]
pub struct Login {
    /// Where pglab is, as in the browser
    #[arg(long, value_name = "URL", env = "PGLAB_URL")]
    url: String,
    #[arg(long, value_name = "LOGIN")]
    login: String,
    /// Read the password from stdin instead of asking on the terminal
    #[arg(long)]
    password_stdin: bool,
    #[arg(long)]
    json: bool,
}

/// Forget the sign-in and revoke its token
#[derive(Debug, clap::Args)]
pub struct Logout {}

/// Say who is signed in, and where
#[derive(Debug, clap::Args)]
pub struct Whoami {
    #[arg(long)]
    json: bool,
}

/// Change your password, for the pages and for PostgreSQL together
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pglab passwd\n  \
    printf '%s\\n%s\\n' \"$OLD\" \"$NEW\" | pglab passwd --password-stdin")]
pub struct Passwd {
    /// Read the old and the new password from stdin, a line each
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Deserialize)]
struct Session {
    must_change_password: bool,
    csrf_token: Option<String>,
    person: Option<Person>,
}

#[derive(Deserialize)]
struct Person {
    login: String,
    name: String,
    role: String,
}

#[derive(Deserialize)]
struct Token {
    id: String,
    token: String,
}

pub async fn login(arguments: Login) -> anyhow::Result<()> {
    let client = Client::to(&arguments.url)?;
    let password = if arguments.password_stdin {
        secret::from_stdin()?
    } else {
        secret::ask(&format!("Password of {}", arguments.login), "--password-stdin")?
    };
    let credentials = json!({ "login": arguments.login, "password": password });
    let session: Session = client.post(&["session"]).json(&credentials).read().await?;
    if session.must_change_password {
        bail!(
            "the initial password has to be changed first: sign in at {} with a browser",
            client.base()
        );
    }
    let (Some(person), Some(csrf)) = (session.person, session.csrf_token) else {
        bail!("{} did not say who signed in", client.base());
    };
    let new = json!({ "name": "pglab login", "expires_in_days": TOKEN_DAYS });
    let made = client.post(&["tokens"]).header("x-csrf-token", &csrf).json(&new);
    let token: Token = made.read().await?;
    // The token stays; the session was only for making it.
    client
        .delete(&["session"])
        .header("x-csrf-token", &csrf)
        .done()
        .await?;
    // What was kept before is revoked: nobody could any more.
    let before = Credentials::read().unwrap_or_default();
    Credentials {
        url: arguments.url.clone(),
        login: person.login.clone(),
        token: token.token,
        token_id: token.id,
    }
    .write()?;
    if let Some(before) = before {
        let _ = revoke(&before).await;
    }
    if arguments.json {
        say(&json!({ "login": person.login, "role": person.role, "url": arguments.url }).to_string());
    } else {
        tell(&format!("Signed in as {} ({}).", person.login, person.role));
    }
    Ok(())
}

async fn revoke(credentials: &Credentials) -> anyhow::Result<()> {
    Client::to(&credentials.url)?
        .with_token(&credentials.token)
        .delete(&["tokens", &credentials.token_id])
        .done()
        .await
}

pub async fn logout(_: Logout) -> anyhow::Result<()> {
    let Some(credentials) = Credentials::read()? else {
        tell("Nobody was signed in.");
        return Ok(());
    };
    let revoked = revoke(&credentials).await;
    Credentials::forget()?;
    match revoked {
        Ok(()) => tell("Signed out."),
        Err(error) => tell(&format!(
            "Signed out here; the token could not be revoked ({error:#}) and ends by itself."
        )),
    }
    Ok(())
}

pub async fn whoami(arguments: Whoami) -> anyhow::Result<()> {
    let client = Client::signed_in()?;
    let me: Value = client.get(&["me"]).read().await?;
    if arguments.json {
        say(&me.to_string());
        return Ok(());
    }
    let person: Person = serde_json::from_value(me.clone())?;
    say(&format!(
        "{} ({}), {} at {}",
        person.login,
        person.name,
        person.role,
        client.base()
    ));
    if !me["password"]["differs_since"].is_null() {
        tell("Your password in PostgreSQL differs from the one of the pages; `pglab passwd` sets both.");
    }
    Ok(())
}

pub async fn passwd(arguments: Passwd) -> anyhow::Result<()> {
    let client = Client::signed_in()?;
    let (old, new) = if arguments.password_stdin {
        (secret::from_stdin()?, secret::from_stdin()?)
    } else {
        let flag = "--password-stdin";
        let old = secret::ask("Old password", flag)?;
        let new = secret::ask("New password (8 characters or more)", flag)?;
        if new != secret::ask("The new one again", flag)? {
            bail!("the two new passwords differ; nothing was changed");
        }
        (old, new)
    };
    let change = json!({ "old_password": old, "new_password": new });
    client.post(&["me", "password"]).json(&change).done().await?;
    tell("The password is changed, for the pages and for PostgreSQL.");
    Ok(())
}
