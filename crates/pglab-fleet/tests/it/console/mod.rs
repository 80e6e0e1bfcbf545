//! A console on a real server: what runs in it, what it says, and what a student could do with it.

mod attacks;
mod limits;
mod results;

use std::time::Duration;

use pglab_core::{
    console::{Complaint, Event, Limits, Transaction},
    ident::Ident,
};
use pglab_fleet::{
    console::{Error, Manner, Session},
    provision::console::{ConsoleLogin, open_login},
};
use tokio::sync::mpsc;

use crate::attacks::class::{Class, ident, verifier};

const PASSWORD: &str = "good for one sign-in";

fn login_role(login: &str) -> Ident {
    ident(&format!("pglab_con_{login}"))
}

/// Makes the login of a console and opens it for so long.
async fn opened_login(class: &Class, login: &str, usable_for: Duration) -> Ident {
    let role = login_role(login);
    let wanted = ConsoleLogin {
        role: &role,
        member_role: &ident(login),
        verifier: &verifier(PASSWORD),
        usable_for,
        max_connections: 3,
        mark: "instance",
    };
    open_login(&class.maintenance, &wanted).await.unwrap();
    role
}

async fn try_open(
    class: &Class,
    login: &str,
    database: &str,
    manner: Manner,
    limits: Limits,
) -> Result<Session, Error> {
    let role = opened_login(class, login, Duration::from_secs(30)).await;
    let mut target = class.config(role.as_str(), database);
    target.password(PASSWORD);
    Session::open(&target, login, manner, limits).await
}

/// The console of a student on their own database.
async fn console(class: &Class, login: &str) -> Session {
    console_with(class, login, Manner::Plain, Limits::default()).await
}

async fn console_with(class: &Class, login: &str, manner: Manner, limits: Limits) -> Session {
    try_open(class, login, &format!("shop_{login}"), manner, limits)
        .await
        .unwrap()
}

/// What one run said, sorted.
#[derive(Debug, Default)]
struct Said {
    rows: Vec<Vec<Option<String>>>,
    columns: Vec<String>,
    notices: Vec<Complaint>,
    notifications: Vec<(String, String)>,
    /// Tags of the statements that were done, with what is not shown of their results.
    done: Vec<Event>,
    statements: Vec<(u32, u32)>,
    error: Option<Complaint>,
    transaction: Option<Transaction>,
}

impl Said {
    fn tags(&self) -> Vec<&str> {
        self.done
            .iter()
            .map(|event| match event {
                Event::Done { tag, .. } => tag.as_str(),
                _ => "",
            })
            .collect()
    }

    fn cell(&self) -> &str {
        self.rows[0][0].as_deref().unwrap()
    }

    /// The SQLSTATE of the error that ended the run.
    #[track_caller]
    fn code(&self) -> &str {
        match &self.error {
            Some(error) => &error.code,
            None => panic!("no error: {self:?}"),
        }
    }
}

async fn run(session: &mut Session, sql: &str) -> Said {
    try_run(session, sql).await.unwrap()
}

async fn try_run(session: &mut Session, sql: &str) -> Result<Said, Error> {
    let (events, mut heard) = mpsc::channel(4);
    let listen = async {
        let mut said = Said::default();
        while let Some(event) = heard.recv().await {
            match event {
                Event::Rows { rows } => said.rows.extend(rows),
                Event::Columns { columns } => {
                    said.columns = columns
                        .into_iter()
                        .map(|column| format!("{} {}", column.name, column.type_name))
                        .collect();
                }
                Event::Notice { notice } => said.notices.push(notice),
                Event::Notification { channel, payload } => said.notifications.push((channel, payload)),
                Event::Statement { from, to } => said.statements.push((from, to)),
                Event::Error { error, .. } => said.error = Some(error),
                Event::Finished { transaction, .. } => said.transaction = Some(transaction),
                event => said.done.push(event),
            }
        }
        said
    };
    let running = async {
        let outcome = session.run(sql, &events).await;
        drop(events);
        outcome
    };
    let (outcome, said) = tokio::join!(running, listen);
    outcome.map(|_| said)
}
