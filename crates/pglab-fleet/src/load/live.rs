//! A live database as the source of a copy: its URI becomes the environment of `pg_dump`, which never writes and whose
//! arguments, visible to everybody on the machine, tell nothing.

use std::str::FromStr;

use tokio_postgres::{Config, config::Host};

use super::{LoadError, LoadFault};
use crate::tls::{Mode, system_bundle};

pub(super) fn environment(uri: &str) -> Result<Vec<(&'static str, String)>, LoadError> {
    let bad = |why: String| LoadError::new(LoadFault::File, format!("the URI can't be used: {why}"));
    let (uri, asked) = without_tls(uri).map_err(bad)?;
    let config = Config::from_str(&uri).map_err(|error| {
        let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        bad(why)
    })?;
    let mut hosts = Vec::new();
    for host in config.get_hosts() {
        match host {
            Host::Tcp(host) => hosts.push(host.clone()),
            // There our own server may take us for somebody else, by the account that we run as.
            #[cfg(unix)]
            Host::Unix(_) => return Err(bad("name a host; Unix sockets are not used".to_owned())),
        }
    }
    if hosts.is_empty() {
        return Err(bad("it names no host".to_owned()));
    }
    let ports: Vec<String> = config.get_ports().iter().map(u16::to_string).collect();
    let database = config.get_dbname().or_else(|| config.get_user());
    let (Some(user), Some(database)) = (config.get_user(), database) else {
        return Err(bad("it names no user".to_owned()));
    };
    let mut environment = vec![
        ("PGHOST", hosts.join(",")),
        ("PGUSER", user.to_owned()),
        ("PGDATABASE", database.to_owned()),
        ("PGOPTIONS", "-c default_transaction_read_only=on".to_owned()),
        ("PGAPPNAME", "pglab".to_owned()),
        ("PGCONNECT_TIMEOUT", "10".to_owned()),
        // None: what lies in the home directory of whoever runs pglab is not meant for this.
        ("PGPASSFILE", "/nonexistent".to_owned()),
        ("PGSSLMODE", asked.unwrap_or(Mode::Prefer).to_string()),
    ];
    if asked.is_some_and(Mode::verifies) {
        let bundle = system_bundle().ok_or_else(|| {
            bad("this machine has no certificates to verify the server with (apt-get install ca-certificates)".to_owned())
        })?;
        environment.push(("PGSSLROOTCERT", bundle.display().to_string()));
    }
    if !ports.is_empty() {
        environment.push(("PGPORT", ports.join(",")));
    }
    if let Some(password) = config.get_password() {
        let password =
            String::from_utf8(password.to_vec()).map_err(|_| bad("the password is not UTF-8".to_owned()))?;
        environment.push(("PGPASSWORD", password));
    }
    if database.contains('=') || database.starts_with("postgres") && database.contains("://") {
        // libpq would take such a name for a connection string.
        return Err(bad(
            "the name of the database has characters that pg_dump can't be given".to_owned(),
        ));
    }
    if environment.iter().any(|(_, value)| value.contains('\0')) {
        return Err(bad("it has a zero byte".to_owned()));
    }
    Ok(environment)
}

/// The URI without what libpq knows about TLS and tokio-postgres does not, and what it asked for. Servers are verified with
/// the certificates that this machine trusts: a path in a URI that somebody sends would tell them what files there are.
fn without_tls(uri: &str) -> Result<(String, Option<Mode>), String> {
    let Some((before, query)) = uri.split_once('?') else {
        return Ok((uri.to_owned(), None));
    };
    let (mut kept, mut mode) = (Vec::new(), None);
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslmode", "allow")) => mode = Some(Mode::Prefer),
            Some(("sslmode", value)) => {
                mode = Some(value.parse::<Mode>().map_err(|error| error.to_string())?)
            }
            Some(("sslrootcert", "system")) => {}
            Some(("sslrootcert", _)) => {
                return Err(
                    "sslrootcert can only be \"system\": add the CA to the certificates that this machine trusts".to_owned(),
                );
            }
            _ => kept.push(pair),
        }
    }
    let question = if kept.is_empty() { "" } else { "?" };
    Ok((format!("{before}{question}{}", kept.join("&")), mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_people_paste() {
        let environment =
            environment("postgresql://ada:p%40ss@h1:5433,h2:5434/shop?sslmode=require").unwrap();
        let value = |name: &str| {
            environment
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, value)| value.as_str())
        };
        assert_eq!(value("PGHOST"), Some("h1,h2"));
        assert_eq!(value("PGPORT"), Some("5433,5434"));
        assert_eq!(value("PGPASSWORD"), Some("p@ss"));
        assert_eq!(value("PGSSLMODE"), Some("require"));
    }

    #[test]
    fn servers_are_verified_with_what_this_machine_trusts() {
        for end in ["", "&sslrootcert=system"] {
            let uri = format!("postgresql://ada@h/shop?connect_timeout=3&sslmode=verify-full{end}");
            let environment = environment(&uri).unwrap();
            assert!(environment.contains(&("PGSSLMODE", "verify-full".to_owned())));
            assert!(environment.iter().any(|(name, _)| *name == "PGSSLROOTCERT"));
        }
    }

    #[test]
    fn what_would_reach_something_else_is_refused() {
        for uri in [
            "postgresql:///shop",
            "postgresql://ada@%2Fvar%2Frun%2Fpostgresql/shop",
            "host=/tmp user=postgres dbname=shop",
            "mysql://h/shop",
            "postgresql://ada@h/host%3D%2Ftmp",
            "postgresql://ada@h/shop?sslmode=verify-full&sslrootcert=/etc/shadow",
            "postgresql://ada@h/shop?sslmode=sometimes",
        ] {
            assert!(environment(uri).is_err(), "{uri}");
        }
    }
}
