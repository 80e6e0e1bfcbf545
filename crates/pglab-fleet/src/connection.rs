//! One connection to a managed server: opened with a deadline, its notices drained, closed when dropped. What is said
//! over it stands in the modules of its subject.

use std::{ops::Deref, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::AbortHandle,
};
use tokio_postgres::{AsyncMessage, Client, Config, NoTls, config::Host, tls::NoTlsStream};

use crate::limited::Limited;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    pub host: String,
    pub port: u16,
}

impl Address {
    /// A configuration that has nothing but the address, our name and a deadline for connecting.
    pub fn config(&self) -> Config {
        let mut config = Config::new();
        config
            .host(&self.host)
            .port(self.port)
            .application_name("pglab")
            .connect_timeout(CONNECT_TIMEOUT);
        config
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
            None => Self::Connection(error),
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
    pub async fn open(config: &Config) -> Result<Self, Error> {
        let (client, connection) = config.connect(NoTls).await?;
        let server_version = version_number(connection.parameter("server_version").unwrap_or_default());
        let driver = tokio::spawn(drive(connection)).abort_handle();
        Ok(Self {
            client,
            driver,
            server_version,
        })
    }

    /// The same for a database whose content a student decides: a message of more than `max_message_bytes` ends the
    /// connection instead of being read into memory.
    ///
    /// # Errors
    /// The server can't be reached in time, or refuses us.
    pub async fn open_limited(config: &Config, max_message_bytes: u32) -> Result<Self, Error> {
        let (Some(Host::Tcp(host)), Some(port)) = (config.get_hosts().first(), config.get_ports().first())
        else {
            return Err(Error::Unexpected(
                "an address without a host and a port".to_owned(),
            ));
        };
        let timeout = config.get_connect_timeout().copied().unwrap_or(CONNECT_TIMEOUT);
        let connect = async {
            let stream = TcpStream::connect((host.as_str(), *port))
                .await
                .map_err(Error::Unreachable)?;
            // Without it, what we send waits for the answer to what we sent before.
            stream.set_nodelay(true).map_err(Error::Unreachable)?;
            Ok::<_, Error>(
                config
                    .connect_raw(Limited::new(stream, max_message_bytes), NoTls)
                    .await?,
            )
        };
        let (client, connection) = tokio::time::timeout(timeout, connect)
            .await
            .map_err(|_| Error::Deadline(timeout))??;
        let server_version = version_number(connection.parameter("server_version").unwrap_or_default());
        let driver = tokio::spawn(drive(connection)).abort_handle();
        Ok(Self {
            client,
            driver,
            server_version,
        })
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
async fn drive<S: AsyncRead + AsyncWrite + Unpin>(
    mut connection: tokio_postgres::Connection<S, NoTlsStream>,
) {
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
