//! What `pglab up` says when it is ready: words for people, one line of JSON for scripts. Nothing is decided here.

use std::path::PathBuf;

use pglab_control::people;
use serde::Serialize;

use super::Arguments;
use crate::{ldap::PrivateDirectory, output::say};

/// The line that scripts wait for.
#[derive(Serialize)]
struct Ready<'a> {
    ready: bool,
    url: &'a str,
    /// `None`: switched off.
    database_api: Option<&'a str>,
    admin: Admin<'a>,
    /// With `--ldap` only.
    ldap: Option<Ldap<'a>>,
}

#[derive(Serialize)]
struct Ldap<'a> {
    url: &'a str,
    suffix: &'a str,
    ca_file: Option<PathBuf>,
}

#[derive(Serialize)]
struct Admin<'a> {
    login: &'a str,
    /// At the first start only.
    password: Option<&'a str>,
}

pub(super) fn report(
    arguments: &Arguments,
    url: &str,
    database_api: Option<&str>,
    password: Option<&str>,
    directory: Option<&PrivateDirectory>,
) -> anyhow::Result<()> {
    let ldap_url = directory.map(PrivateDirectory::url).unwrap_or_default();
    if arguments.json {
        let ready = Ready {
            ready: true,
            url,
            database_api,
            admin: Admin {
                login: people::FIRST_ADMIN,
                password,
            },
            ldap: directory.map(|directory| Ldap {
                url: &ldap_url,
                suffix: directory.suffix(),
                ca_file: directory.ca_file(),
            }),
        };
        say(&serde_json::to_string(&ready)?);
        return Ok(());
    }
    say(&format!("\n  pglab is ready: {url}\n"));
    if let Some(password) = password {
        say(&format!(
            "  Sign in as \"{}\" with the one-time password  {password}",
            people::FIRST_ADMIN
        ));
        say("  It is shown only now. Change it on the account page.\n");
    }
    if let Some(directory) = directory {
        say(&format!(
            "  Passwords are kept by the directory {ldap_url} ({}); PostgreSQL asks it too.\n",
            directory.suffix()
        ));
    }
    if let Some(url) = database_api {
        say(&format!(
            "  Front ends of competitions: {url} (Database API, with tokens; --database-api off)\n"
        ));
    }
    say("  Ctrl-C stops everything.");
    Ok(())
}
