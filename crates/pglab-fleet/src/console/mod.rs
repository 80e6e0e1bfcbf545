//! A session in which a person types SQL: results as they come, within limits, with all that PostgreSQL says besides.
//! It speaks the protocol itself, because tokio-postgres tells neither the state of the transaction nor what a COPY
//! wants, and reads a result to its end (`docs/decisions/0026-console.md`). Who may open one is decided elsewhere.

mod cancel;
mod messages;
mod run;
mod wire;

use std::io;

use bytes::BytesMut;
use pglab_core::console::{Complaint, Event, Limits, Transaction};
use tokio::time::timeout;

pub use cancel::Canceller;

use self::wire::Wire;
use crate::Target;

/// What the server's own time-outs and ours are told on opening. The backend looks every two seconds whether we are
/// still there, so that no query goes on for a pglab that died.
const OPTIONS: &str = "-c client_connection_check_interval=2s";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("PostgreSQL can't be reached: {0}")]
    Unreachable(io::Error),
    #[error("the connection to PostgreSQL is not protected as it must be: {0}")]
    Unprotected(String),
    #[error("PostgreSQL did not answer in time")]
    Deadline,
    /// It let us not in, or ended the session.
    #[error("{}", .0.message)]
    Refused(Box<Complaint>),
    #[error("the connection to PostgreSQL broke: {0}")]
    Lost(io::Error),
    /// Nobody listens to the results any more.
    #[error("nobody listens any more")]
    Unheard,
    #[error("unexpected answer from PostgreSQL: {0}")]
    Unexpected(String),
}

impl Error {
    /// The SQLSTATE, where there is one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(complaint) => Some(&complaint.code),
            _ => None,
        }
    }
}

/// How statements are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// As they stand.
    Plain,
    /// Each as a transaction of its own that may only read, and is rolled back.
    ReadOnly,
}

/// One session. Dropping it closes the connection; a backend that is busy then ends within some seconds, see
/// [`Canceller::cancel`] for at once.
pub struct Session {
    wire: Wire,
    canceller: Canceller,
    manner: Manner,
    limits: Limits,
    transaction: Transaction,
    server_version: String,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("pid", &self.canceller.pid())
            .field("manner", &self.manner)
            .field("transaction", &self.transaction)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Signs in as the login of `target` and becomes `role`, to which RESET ROLE and DISCARD ALL return as well.
    ///
    /// # Errors
    /// The server can't be reached in time, or refuses.
    pub async fn open(target: &Target, role: &str, manner: Manner, limits: Limits) -> Result<Self, Error> {
        let connect = async {
            let mut wire = Wire::new(wire::dial(target).await?);
            let opened = wire
                .sign_in(target, &[("role", role), ("options", OPTIONS)])
                .await?;
            Ok(Self {
                wire,
                canceller: Canceller::new(target.clone(), opened.pid, opened.secret),
                manner,
                limits,
                transaction: Transaction::None,
                server_version: opened.server_version,
            })
        };
        timeout(wire::TIMEOUT, connect)
            .await
            .map_err(|_| Error::Deadline)?
    }

    pub fn canceller(&self) -> &Canceller {
        &self.canceller
    }

    pub fn transaction(&self) -> Transaction {
        self.transaction
    }

    pub fn server_version(&self) -> &str {
        &self.server_version
    }

    /// Waits for what the server says by itself: notices and notifications. May be dropped and called again.
    ///
    /// # Errors
    /// The server ended the session ([`Error::Refused`] says why), or the connection broke.
    pub async fn unasked(&mut self) -> Result<Event, Error> {
        loop {
            let frame = self.wire.read().await?;
            match frame.tag {
                b'N' => {
                    return Ok(Event::Notice {
                        notice: messages::complaint(&frame).0,
                    });
                }
                b'A' => return Ok(messages::notification(&frame)),
                b'E' => return Err(Error::Refused(Box::new(messages::complaint(&frame).0))),
                // A setting that changed.
                b'S' => {}
                other => return Err(Error::Unexpected(format!("{:?}", char::from(other)))),
            }
        }
    }

    /// Ends the session in the words of the protocol.
    pub async fn close(mut self) {
        let mut terminate = BytesMut::new();
        postgres_protocol::message::frontend::terminate(&mut terminate);
        // Whoever is gone already needs no goodbye.
        let _ = timeout(wire::TIMEOUT, self.wire.send(&terminate)).await;
    }
}
