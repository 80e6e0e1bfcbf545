//! How students may sign in to PostgreSQL, by `pg_hba.conf` of each server, beside how they should by the settings of
//! identity. Only read: what is to be changed there is said.

use std::path::Path;

use pglab_control::pg_hba;
use pglab_core::{
    hba::{StudentAccess, examined},
    ident::Ident,
};
use pglab_fleet::{Cluster, Error, hba};

use super::{Findings, Level};
use crate::config::Config;

const ABOUT: &str = "pg_hba.conf";
/// PostgreSQL's "insufficient privilege".
const NOT_ALLOWED: &str = "42501";

/// `except` are the labs whose members use PostgreSQL's own passwords; `None` where our own database could not be asked.
pub(super) async fn examine(
    config: &Config,
    file: &Path,
    cluster: &Cluster,
    except: Option<Vec<Ident>>,
    findings: &mut Findings,
) {
    let identity = match config.identity.settings() {
        Ok(identity) => identity,
        Err(error) => return findings.add(Level::Problem, "identity", format!("{error:#}")),
    };
    let own = match Ident::new(config.cluster.maintenance_role.clone()) {
        Ok(own) => own,
        Err(error) => {
            let says = format!("cluster.maintenance_role: {error}");
            return findings.add(Level::Problem, ABOUT, says);
        }
    };
    if except.is_none() {
        findings.add(
            Level::Warning,
            ABOUT,
            "pglab's own database could not be asked which labs have PostgreSQL's passwords as a fallback; the comparison \
             takes it that none has",
        );
    }
    let students = match pg_hba::students(&identity, except.unwrap_or_default()) {
        Ok(students) => students,
        Err(error) => return findings.add(Level::Problem, ABOUT, error.to_string()),
    };
    // The first is where pglab connects; the others are what students are told.
    let mut servers = vec![cluster.address().clone()];
    for node in cluster.nodes() {
        if !servers.contains(node) {
            servers.push(node.clone());
        }
    }
    for (at, server) in servers.into_iter().enumerate() {
        let name = format!("{}:{}", server.host, server.port);
        let connection = match cluster.at(server).maintenance().await {
            Ok(connection) => connection,
            // Was said already.
            Err(_) if at == 0 => continue,
            Err(error) => {
                let says = format!("{name} can't be reached from here, so its file is not compared: {error}");
                findings.add(Level::Warning, ABOUT, says);
                continue;
            }
        };
        let rules = match hba::rules(&connection).await {
            Ok(rules) => rules,
            Err(error) => {
                findings.add(Level::Warning, ABOUT, unread(&name, own.as_str(), &error));
                continue;
            }
        };
        let found = match examined(std::slice::from_ref(&own), &students, &rules) {
            Ok(found) => found,
            Err(error) => return findings.add(Level::Problem, ABOUT, error.to_string()),
        };
        if found.problems.is_empty() {
            let how = match students {
                StudentAccess::Scram => "students sign in with PostgreSQL's own passwords",
                StudentAccess::Ldap { .. } => {
                    "students sign in by the directory, pglab's roles by their passwords"
                }
            };
            findings.add(Level::Fine, ABOUT, format!("{name}: {how}"));
        }
        let n_problems = found.problems.len();
        for (n, problem) in found.problems.into_iter().enumerate() {
            let mut says = format!("{name}: {problem}");
            if n + 1 == n_problems {
                says.push_str(&advice(file, &students, &found.from));
            }
            findings.add(Level::Problem, ABOUT, says);
        }
        if let Ok(Some(false)) = hba::is_loaded(&connection).await {
            let says =
                format!("{name}: the file was changed after the server read it: SELECT pg_reload_conf()");
            findings.add(Level::Warning, ABOUT, says);
        }
    }
}

fn unread(name: &str, role: &str, error: &Error) -> String {
    if error.code() == Some(NOT_ALLOWED) {
        return format!(
            "{role} may not see how people sign in to {name}, so it is not compared with the settings of identity: GRANT \
             SELECT ON pg_hba_file_rules TO {role}; GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO {role} (in the \
             database postgres)"
        );
    }
    format!("how people sign in to {name} could not be read: {error}")
}

/// What to do, where pglab's part has to be put right.
fn advice(file: &Path, students: &StudentAccess, from: &[pglab_core::hba::Origin]) -> String {
    if *students == StudentAccess::Scram {
        return String::new();
    }
    let ranges: String = match from {
        [] => " --from RANGE".to_owned(),
        from => from.iter().map(|from| format!(" --from {from}")).collect(),
    };
    format!(
        ". `pglab directory hba --config {}{ranges}` prints what belongs to the top of the file; then SELECT \
         pg_reload_conf()",
        file.display()
    )
}
