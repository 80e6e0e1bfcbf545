//! The table `audit`: who did what to which thing, written in the transaction that does it. Nothing reads it to
//! decide anything.

use chrono::{DateTime, Utc};
use pglab_core::{access::Actor, id::PersonId};

use crate::{Error, Tx};

#[derive(Debug, Clone)]
pub struct Entry<'a> {
    pub at: DateTime<Utc>,
    /// `None`: pglab itself.
    pub person: Option<PersonId>,
    /// The operation's name, noun first: `lab_create`.
    pub operation: &'a str,
    /// What it was done to: a login, the slug of a lab.
    pub subject: &'a str,
    /// No secrets: passwords and tokens never stand here.
    pub detail: serde_json::Value,
}

impl<'a> Entry<'a> {
    pub fn new(at: DateTime<Utc>, actor: &Actor, operation: &'a str, subject: &'a str) -> Self {
        let person = match actor {
            Actor::Person(person) => Some(person.id),
            Actor::Stranger | Actor::System => None,
        };
        Self {
            at,
            person,
            operation,
            subject,
            detail: serde_json::json!({}),
        }
    }

    pub fn detail(self, detail: serde_json::Value) -> Self {
        Self { detail, ..self }
    }
}

/// # Errors
/// The database refused.
pub async fn insert(tx: &mut Tx, entry: Entry<'_>) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO audit (at, person_id, operation, subject, detail) VALUES ($1, $2, $3, $4, $5)",
        entry.at,
        entry.person.map(PersonId::uuid),
        entry.operation,
        entry.subject,
        entry.detail,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
