//! Creations that carry an Idempotency-Key: the same request sent again gets the same answer and does nothing. Answers
//! are kept sealed, because some hold a token or an initial password.

use chrono::TimeDelta;
use pglab_core::{
    access::{ActingPerson, Actor},
    id::PersonId,
};
use pglab_identity::token;
use pglab_store::idempotency;

use crate::{Control, Error};

/// How long an answer is kept.
pub const KEPT: TimeDelta = TimeDelta::hours(24);
/// A request that did not end after this long never will: its process died.
const ABANDONED: TimeDelta = TimeDelta::minutes(2);

/// What to do with a request.
#[derive(Debug)]
pub enum Turn {
    /// Carry it out, and tell the end to the ticket.
    Run(Ticket),
    /// It was carried out before: status and body.
    Again(u16, String),
}

/// A request that is being carried out under its key.
#[derive(Debug)]
pub struct Ticket {
    person: PersonId,
    key: String,
}

/// `None`: a stranger has nothing to repeat. `request` is all that makes the request what it is.
///
/// # Errors
/// The key was used for something else, or its first request still runs.
pub async fn begin(
    control: &Control,
    actor: &Actor,
    key: &str,
    request: &[u8],
) -> Result<Option<Turn>, Error> {
    let Actor::Person(ActingPerson { id: person, .. }) = *actor else {
        return Ok(None);
    };
    if key.is_empty() || key.len() > 200 || key.chars().any(char::is_control) {
        return Err(Error::invalid(
            "Idempotency-Key",
            "use a key of 1 to 200 printable characters",
        ));
    }
    let now = control.now();
    let request_hash = token::hash(request);
    let mut tx = control.store.begin().await?;
    let begun = idempotency::begin(&mut tx, person, key, request_hash, now, now - ABANDONED).await?;
    control.store.commit(tx).await?;
    if begun {
        let key = key.to_owned();
        return Ok(Some(Turn::Run(Ticket { person, key })));
    }
    let kept = idempotency::by_key(control.store.pool(), person, key).await?;
    match kept {
        Some(kept) if kept.request_hash != request_hash => Err(Error::Conflict(
            "this Idempotency-Key was used for another request".to_owned(),
        )),
        Some(idempotency::Kept {
            answer: Some((status, sealed)),
            ..
        }) => {
            let body = control.sealer.open(&purpose(person, key), &sealed)?;
            Ok(Some(Turn::Again(status, body)))
        }
        _ => Err(Error::Conflict(
            "the first request with this Idempotency-Key still runs; try again in a moment".to_owned(),
        )),
    }
}

impl Ticket {
    /// It was carried out: keeps the answer.
    ///
    /// # Errors
    /// Our own database does not answer.
    pub async fn finish(self, control: &Control, status: u16, body: &str) -> Result<(), Error> {
        let sealed = control
            .sealer
            .seal(&*control.random, &purpose(self.person, &self.key), body)?;
        let mut tx = control.store.begin().await?;
        idempotency::finish(&mut tx, self.person, &self.key, status, &sealed).await?;
        Ok(control.store.commit(tx).await?)
    }

    /// It was refused: the key is free again.
    ///
    /// # Errors
    /// Our own database does not answer.
    pub async fn give_up(self, control: &Control) -> Result<(), Error> {
        let mut tx = control.store.begin().await?;
        idempotency::delete(&mut tx, self.person, &self.key).await?;
        Ok(control.store.commit(tx).await?)
    }
}

fn purpose(person: PersonId, key: &str) -> String {
    format!("answer to {person}: {key}")
}
