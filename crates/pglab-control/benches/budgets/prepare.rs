//! Row 1: a class is prepared by pglab, and the same statements are run by one psql session. In turns, on one server
//! for each pair, so that both meet the same disk.

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use pglab_core::{ident::quote_ident, lab::LabSettings};
use pglab_identity::{SystemRandom, password, token};
use pglab_testkit::TestServer;
use serde_json::json;

use crate::{
    Options, Outcome,
    report::say,
    row::Row,
    school::{School, Working, prepare},
};

pub async fn measure(options: &Options) -> Outcome<Row> {
    let n = options.n_class;
    let mut row = Row::new("prepare", &format!("prepare a class of {n} from a small example"));
    row.floor = "the same SQL by one psql session, wall".to_owned();
    row.budget = 1.2;
    let mut longest = Duration::ZERO;
    for repetition in 0..options.repetitions {
        if !options.has_time_for(longest) {
            break;
        }
        let began = Instant::now();
        let school = School::start().await?;
        school.lab("class", n).await?;
        let template = school
            .example("class")
            .await?
            .start_database
            .ok_or("no start database")?;
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("floor.sql");
        std::fs::write(&file, statements(n, template.as_str()))?;
        let uri = school.server.superuser_uri("postgres");
        let mut floor = 0.0;
        let mut ours = 0.0;
        // Who is first is so every other time.
        for second in [false, true] {
            school.checkpoint().await?;
            if second == (repetition % 2 == 0) {
                let working = Working::start(&school.control);
                tokio::time::sleep(Duration::from_millis(500)).await;
                let began = Instant::now();
                prepare(&school.control, "class").await?;
                ours = began.elapsed().as_secs_f64();
                working.end().await?;
            } else {
                let began = Instant::now();
                psql(&school.server, &uri, &file).await?;
                floor = began.elapsed().as_secs_f64();
            }
        }
        row.measured(ours, floor);
        longest = longest.max(began.elapsed());
        say(&format!("  {ours:.1} s, psql {floor:.1} s"));
    }
    row.detail = json!({ "students": n, "statements_each": 16, "transactions_each": 3 });
    Ok(row)
}

/// What `pglab_fleet::provision::instance::ensure` has PostgreSQL do for one student, in as few transactions.
fn statements(n: usize, template: &str) -> String {
    let settings = LabSettings::default();
    let mut script = "CREATE ROLE floor_lab NOLOGIN;\n".to_owned();
    for nth in 1..=n {
        let (member, checker) = (format!("floor_{nth:04}"), format!("floor_chk_{nth:04}"));
        let verifier = |of: &str| password::scram_verifier(of);
        script.push_str(&format!(
            "BEGIN;\n\
             CREATE ROLE {member} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT \
             CONNECTION LIMIT {} PASSWORD '{}';\n\
             COMMENT ON ROLE {member} IS 'floor {nth}';\n\
             CREATE ROLE {checker} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT \
             CONNECTION LIMIT 4 PASSWORD '{}';\n\
             COMMENT ON ROLE {checker} IS 'floor {nth}';\n\
             GRANT floor_lab TO {member};\n\
             GRANT {member} TO {checker};\n\
             COMMIT;\n\
             CREATE DATABASE {member} TEMPLATE {} STRATEGY WAL_LOG ALLOW_CONNECTIONS false CONNECTION LIMIT 0;\n\
             BEGIN;\n\
             COMMENT ON DATABASE {member} IS 'floor {nth}';\n\
             REVOKE ALL ON DATABASE {member} FROM PUBLIC;\n\
             GRANT TEMPORARY, CREATE ON DATABASE {member} TO {member};\n\
             REVOKE CONNECT ON DATABASE {member} FROM {member};\n\
             GRANT CONNECT ON DATABASE {member} TO {checker};\n\
             ALTER DATABASE {member} SET statement_timeout = '{}s';\n\
             ALTER DATABASE {member} SET idle_in_transaction_session_timeout = '{}s';\n\
             ALTER DATABASE {member} SET temp_file_limit = '{}MB';\n\
             ALTER DATABASE {member} ALLOW_CONNECTIONS true CONNECTION LIMIT -1;\n\
             COMMIT;\n",
            settings.max_connections,
            verifier(&password::readable(&SystemRandom)),
            verifier(&token::generate(&SystemRandom, "")),
            quote_ident(template),
            settings.statement_timeout_s,
            settings.idle_in_transaction_timeout_s,
            settings.temp_file_limit_mib,
        ));
    }
    script
}

/// Runs a file.
pub async fn psql(server: &TestServer, uri: &str, file: &Path) -> Outcome<()> {
    // Not the one in PATH, which on Debian is a script that looks for this one.
    let status = tokio::process::Command::new(server.server().settings().binaries.program("psql"))
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f"])
        .arg(file)
        .arg(uri)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .status()
        .await?;
    if !status.success() {
        return Err("psql failed".into());
    }
    Ok(())
}
