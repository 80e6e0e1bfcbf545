//! Cancelling what a session runs: by PostgreSQL's own request, over a connection of its own.

use std::{sync::Arc, time::Duration};

use bytes::BytesMut;
use postgres_protocol::message::frontend;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::{Error, wire};
use crate::Target;

/// The server closes the connection when it has passed the request on.
const PASSED_ON: Duration = Duration::from_secs(2);

/// Cheap to clone, usable while the session is busy.
#[derive(Debug, Clone)]
pub struct Canceller(Arc<Inner>);

struct Inner {
    target: Target,
    pid: i32,
    secret: i32,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner")
            .field("pid", &self.pid)
            .finish_non_exhaustive()
    }
}

impl Canceller {
    pub(super) fn new(target: Target, pid: i32, secret: i32) -> Self {
        Self(Arc::new(Inner { target, pid, secret }))
    }

    /// Of the backend.
    pub fn pid(&self) -> i32 {
        self.0.pid
    }

    /// Asks the backend to give up its statement. It is over when the session says so: a function can trap it.
    ///
    /// # Errors
    /// The server can't be reached.
    pub async fn cancel(&self) -> Result<(), Error> {
        let send = async {
            let mut stream = wire::dial(&self.0.target).await?;
            let mut request = BytesMut::new();
            frontend::cancel_request(self.0.pid, self.0.secret, &mut request);
            stream.write_all(&request).await.map_err(Error::Lost)?;
            stream.flush().await.map_err(Error::Lost)?;
            let mut end = [0; 1];
            // However it ends: it has been read by then.
            let _ = timeout(PASSED_ON, stream.read(&mut end)).await;
            Ok(())
        };
        timeout(wire::TIMEOUT, send).await.map_err(|_| Error::Deadline)?
    }
}
