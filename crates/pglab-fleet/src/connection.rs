//! One connection to a managed server: opened with a deadline, its notices drained, closed when dropped. What is said
//! over it stands in the modules of its subject.

use std::{ops::Deref, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::AbortHandle,
};
use tokio_postgres::{
    AsyncMessage, Client, Config, NoTls,
    config::Host,
    tls::{MakeTlsConnect, TlsStream},
};

use crate::{
    limited::{Limited, LimitedTls},
    target::Target,
    tls::{self, Tls},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    pub host: String,
    pub port: u16,
}

impl Address {
    /// A configuration that has nothing but the address, our name and a deadline for connecting. In the clear.
    pub fn config(&self) -> Target {
        let mut config = Config::new();
        config
            .host(&self.host)
            .port(self.port)
            .application_name("pglab")
            .connect_timeout(CONNECT_TIMEOUT);
        Target::new(config, Tls::disabled())
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// PostgreSQL refused what was asked.
    #[error("{}", sentence(.0))]
    Refused(Box<tokio_postgres::error::DbError>),
    /// The server can't be reached, or the connection broke.
    #[error("the connection to PostgreSQL failed: {0}")]
    Connection(tokio_postgres::Error),
    /// There is no protected way to the server, or its certificate is not what was asked for.
    #[error("the connection to PostgreSQL is not protected as it must be: {0}")]
    Unprotected(String),
    #[error("PostgreSQL can't be reached: {0}")]
    Unreachable(std::io::Error),
    #[error("PostgreSQL did not answer within {} s", .0.as_secs_f32())]
    Deadline(Duration),
    /// It exists, does not carry pglab's mark, and is therefore left alone.
    #[error("the {kind} {name} exists and was not made by pglab, which therefore leaves it alone")]
    NotOurs {
        kind: &'static str,
        name: pglab_core::ident::Ident,
    },
    /// The answer was not what the statement promises; a bug of ours or of the server.
    #[error("unexpected answer from PostgreSQL: {0}")]
    Unexpected(String),
    /// A database is larger than what we are ready to look at.
    #[error("the database is too large to be looked at: {0}")]
    TooLarge(String),
}

impl Error {
    /// The SQLSTATE, where there is one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(error) => Some(error.code().code()),
            Self::NotOurs { .. } => Some(crate::provision::NOT_OURS),
            _ => None,
        }
    }
}

fn sentence(error: &tokio_postgres::error::DbError) -> String {
    let mut text = error.message().to_owned();
    for more in [error.detail(), error.hint()].into_iter().flatten() {
        text.push_str(" (");
        text.push_str(more);
        text.push(')');
    }
    text
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(refused) => Self::Refused(Box::new(refused.clone())),
            None => match tls::complaint(&error) {
                Some(why) => Self::Unprotected(why),
                None => Self::Connection(error),
            },
        }
    }
}

/// A client with the task that drives it. Dropping it closes the connection.
#[derive(Debug)]
pub struct Connection {
    client: Client,
    driver: AbortHandle,
    server_version: u32,
}

impl Connection {
    /// # Errors
    /// The server can't be reached in time, or refuses us.
    pub async fn open(target: &Target) -> Result<Self, Error> {
        match target.tls().connector() {
            None => {
                let (client, connection) = target.connect(NoTls).await?;
                Ok(Self::driven(client, connection))
            }
            Some(connector) => {
                let (client, connection) = target.connect(connector).await?;
                Ok(Self::driven(client, connection))
            }
        }
    }

    /// The same for a database whose content a student decides: a message of more than `max_message_bytes` ends the
    /// connection instead of being read into memory.
    ///
    /// # Errors
    /// The server can't be reached in time, or refuses us.
    pub async fn open_limited(target: &Target, max_message_bytes: u32) -> Result<Self, Error> {
        let (Some(Host::Tcp(host)), Some(port)) = (target.get_hosts().first(), target.get_ports().first())
        else {
            return Err(Error::Unexpected(
                "an address without a host and a port".to_owned(),
            ));
        };
        let timeout = target.get_connect_timeout().copied().unwrap_or(CONNECT_TIMEOUT);
        let connect = async {
            let stream = TcpStream::connect((host.as_str(), *port))
                .await
                .map_err(Error::Unreachable)?;
            // Without it, what we send waits for the answer to what we sent before.
            stream.set_nodelay(true).map_err(Error::Unreachable)?;
            match target.tls().connector() {
                None => {
                    let stream = Limited::new(stream, max_message_bytes);
                    let (client, connection) = target.connect_raw(stream, NoTls).await?;
                    Ok::<_, Error>(Self::driven(client, connection))
                }
                Some(mut connector) => {
                    let Ok(tls) = MakeTlsConnect::<TcpStream>::make_tls_connect(&mut connector, host);
                    let stream = Limited::after_answer(stream, max_message_bytes);
                    let (client, connection) = target.connect_raw(stream, LimitedTls(tls)).await?;
                    Ok(Self::driven(client, connection))
                }
            }
        };
        tokio::time::timeout(timeout, connect)
            .await
            .map_err(|_| Error::Deadline(timeout))?
    }

    fn driven<S, T>(client: Client, connection: tokio_postgres::Connection<S, T>) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: TlsStream + Unpin + Send + 'static,
    {
        let server_version = version_number(connection.parameter("server_version").unwrap_or_default());
        let driver = tokio::spawn(drive(connection)).abort_handle();
        Self {
            client,
            driver,
            server_version,
        }
    }

    /// As in `server_version_num`: 150018 for 15.18.
    pub fn server_version(&self) -> u32 {
        self.server_version
    }
}

/// From `15.18 (Debian 15.18-0+deb12u1)` or `18beta2`.
fn version_number(text: &str) -> u32 {
    let mut numbers = text
        .split(|c: char| !c.is_ascii_digit())
        .map(|digits| digits.parse::<u32>().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    major.saturating_mul(10_000).saturating_add(minor.min(9_999))
}

/// Reads what the server sends until it ends. Notices are dropped here: a student's function may raise a million.
async fn drive<S, T>(mut connection: tokio_postgres::Connection<S, T>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        match std::future::poll_fn(|cx| connection.poll_message(cx)).await {
            Some(Ok(AsyncMessage::Notice(_) | AsyncMessage::Notification(_))) => {}
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                tracing::debug!(%error, "a connection to PostgreSQL ended");
                return;
            }
            None => return,
        }
    }
}

impl Deref for Connection {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.client
    }
}

impl std::ops::DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
