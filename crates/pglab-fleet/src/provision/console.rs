//! The login of a student's consoles: a member of the student's role only, whose password is good for one sign-in. What
//! a console does is in [`crate::console`].

use std::time::Duration;

use pglab_core::{hba::SERVICES, ident::Ident};
use serde_json::json;

use super::role::{self, RoleLimits, WantedRole};
use crate::{Connection, Error};

const SCRIPT: &str = concat!(
    include_str!("sql/roles.sql"),
    include_str!("sql/console_finish.sql")
);

#[derive(Debug, Clone)]
pub struct ConsoleLogin<'a> {
    pub role: &'a Ident,
    pub member_role: &'a Ident,
    /// SCRAM verifier, always given: a student can change it from inside of a session.
    pub verifier: &'a str,
    /// From now on one can sign in for so long. Sessions that are there go on.
    pub usable_for: Duration,
    /// Open at a time, over all processes of pglab.
    pub max_connections: u16,
    pub mark: &'a str,
}

/// Makes the login where there is none, and opens it for a moment.
///
/// # Errors
/// There is no such student's role, a name belongs to something that is not ours ([`super::NOT_OURS`]), or PostgreSQL
/// refuses.
pub async fn open_login(connection: &Connection, login: &ConsoleLogin<'_>) -> Result<(), Error> {
    let wanted = json!({ "console": login.role.as_str(), "usable_s": login.usable_for.as_secs_f64() });
    let mut attempts = 0;
    loop {
        let role = WantedRole {
            role: login.role,
            login: true,
            password: Some(login.verifier),
            set_password: true,
            limits: RoleLimits {
                max_connections: Some(login.max_connections),
            },
            at_least: false,
            mark: login.mark,
            access: Some(SERVICES),
        };
        let membership = (login.member_role, login.role);
        let outcome = role::ensure_all(connection, &[role], &[membership], SCRIPT, &wanted).await;
        attempts += 1;
        match outcome {
            Err(error) if attempts < super::script::ATTEMPTS && super::script::met_another(&error) => {
                tokio::time::sleep(super::script::PAUSE).await;
            }
            outcome => return outcome.map(|_| ()),
        }
    }
}

/// Ends the sessions of a console that do not end by themselves: a function can trap a cancellation.
///
/// # Errors
/// The connection broke, or may not do that.
pub async fn terminate(connection: &Connection, role: &Ident, pid: i32) -> Result<(), Error> {
    connection
        .query(
            "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
             WHERE pid OPERATOR(pg_catalog.=) $1 AND usename OPERATOR(pg_catalog.=) $2::text::name",
            &[&pid, &role.as_str()],
        )
        .await?;
    Ok(())
}
