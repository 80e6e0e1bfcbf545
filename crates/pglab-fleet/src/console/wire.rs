//! The connection under a console: TCP, TLS, signing in, and messages one by one. A message that is too long to be kept
//! is read past without taking room.

use std::io;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use postgres_protocol::{
    authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256},
    message::frontend,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_postgres::{
    config::Host,
    tls::{MakeTlsConnect, TlsConnect},
};

use super::{Error, messages};
use crate::{Target, tls::Mode};

/// For connecting, signing in, and saying goodbye.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);
/// A longer message is read past.
const MAX_MESSAGE_BYTES: usize = 2 << 20;

pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + Sync {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Stream for T {}

/// A connection, protected as the target says; nothing is said on it yet.
pub(super) async fn dial(target: &Target) -> Result<Box<dyn Stream>, Error> {
    let (Some(Host::Tcp(host)), Some(port)) = (target.get_hosts().first(), target.get_ports().first()) else {
        return Err(Error::Unexpected(
            "an address without a host and a port".to_owned(),
        ));
    };
    let mut stream = TcpStream::connect((host.as_str(), *port))
        .await
        .map_err(Error::Unreachable)?;
    stream.set_nodelay(true).map_err(Error::Unreachable)?;
    let Some(mut connector) = target.tls().connector() else {
        return Ok(Box::new(stream));
    };
    let mut ask = BytesMut::new();
    frontend::ssl_request(&mut ask);
    stream.write_all(&ask).await.map_err(Error::Lost)?;
    match stream.read_u8().await.map_err(Error::Lost)? {
        b'S' => {}
        _ if target.tls().mode() == Mode::Prefer => return Ok(Box::new(stream)),
        _ => return Err(Error::Unprotected("the server offers no TLS".to_owned())),
    }
    let Ok(tls) = MakeTlsConnect::<TcpStream>::make_tls_connect(&mut connector, host);
    let stream = tls
        .connect(stream)
        .await
        .map_err(|error| Error::Unprotected(error.to_string()))?;
    Ok(Box::new(stream))
}

/// One message of the server.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) tag: u8,
    pub(super) body: Bytes,
    /// How long the body was, where it was too long and is not kept.
    pub(super) skipped: Option<usize>,
}

pub(super) struct Opened {
    pub(super) pid: i32,
    pub(super) secret: i32,
    pub(super) server_version: String,
}

pub(super) struct Wire {
    stream: Box<dyn Stream>,
    input: BytesMut,
    /// A message that is being read past: its tag, its length, and how much of it is still to come.
    passing: Option<(u8, usize, usize)>,
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self {
            stream,
            input: BytesMut::with_capacity(16 << 10),
            passing: None,
        }
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.stream.write_all(bytes).await.map_err(Error::Lost)?;
        self.stream.flush().await.map_err(Error::Lost)
    }

    /// The next message. May be dropped and called again: nothing is lost.
    pub(super) async fn read(&mut self) -> Result<Frame, Error> {
        loop {
            if let Some(frame) = self.buffered()? {
                return Ok(frame);
            }
            if self.stream.read_buf(&mut self.input).await.map_err(Error::Lost)? == 0 {
                return Err(Error::Lost(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    fn buffered(&mut self) -> Result<Option<Frame>, Error> {
        if let Some((tag, length, left)) = &mut self.passing {
            let n = (*left).min(self.input.len());
            self.input.advance(n);
            *left -= n;
            if *left > 0 {
                return Ok(None);
            }
            let frame = Frame {
                tag: *tag,
                body: Bytes::new(),
                skipped: Some(*length),
            };
            self.passing = None;
            return Ok(Some(frame));
        }
        let [tag, a, b, c, d, ..] = self.input[..] else {
            return Ok(None);
        };
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let Some(length) = length.checked_sub(4) else {
            return Err(Error::Unexpected("a message without a length".to_owned()));
        };
        if length > MAX_MESSAGE_BYTES {
            self.input.advance(5);
            self.passing = Some((tag, length, length));
            return self.buffered();
        }
        if self.input.len() < 5 + length {
            self.input.reserve(5 + length - self.input.len());
            return Ok(None);
        }
        self.input.advance(5);
        Ok(Some(Frame {
            tag,
            body: self.input.split_to(length).freeze(),
            skipped: None,
        }))
    }

    /// Signs in with SCRAM, or with what little a server asks that trusts us, and waits until it is ready.
    pub(super) async fn sign_in(
        &mut self,
        target: &Target,
        parameters: &[(&str, &str)],
    ) -> Result<Opened, Error> {
        let mut out = BytesMut::new();
        let common = [
            ("user", target.get_user().unwrap_or_default()),
            ("database", target.get_dbname().unwrap_or_default()),
            ("application_name", "pglab console"),
            ("client_encoding", "UTF8"),
        ];
        let all = common.into_iter().chain(parameters.iter().copied());
        frontend::startup_message(all, &mut out).map_err(Error::Lost)?;
        self.send(&out).await?;
        self.authenticate(target.get_password().unwrap_or_default())
            .await?;
        let mut opened = Opened {
            pid: 0,
            secret: 0,
            server_version: String::new(),
        };
        loop {
            let frame = self.read().await?;
            match (frame.tag, &frame.body[..]) {
                (b'K', [a, b, c, d, e, f, g, h]) => {
                    opened.pid = i32::from_be_bytes([*a, *b, *c, *d]);
                    opened.secret = i32::from_be_bytes([*e, *f, *g, *h]);
                }
                (b'S', _) => {
                    let mut texts = messages::texts(&frame.body);
                    if texts.next().as_deref() == Some("server_version") {
                        opened.server_version = texts.next().unwrap_or_default();
                    }
                }
                (b'Z', _) => return Ok(opened),
                (b'E', _) => return Err(Error::Refused(Box::new(messages::complaint(&frame).0))),
                (b'N', _) => {}
                (other, _) => return Err(Error::Unexpected(format!("{:?}", char::from(other)))),
            }
        }
    }

    async fn authenticate(&mut self, password: &[u8]) -> Result<(), Error> {
        let mut scram: Option<ScramSha256> = None;
        loop {
            let frame = self.read().await?;
            if frame.tag == b'E' {
                return Err(Error::Refused(Box::new(messages::complaint(&frame).0)));
            }
            let body = &frame.body[..];
            let Some((kind, data)) = body.split_first_chunk::<4>().filter(|_| frame.tag == b'R') else {
                return Err(Error::Unexpected(format!(
                    "{:?} while signing in",
                    char::from(frame.tag)
                )));
            };
            let mut out = BytesMut::new();
            match (u32::from_be_bytes(*kind), &mut scram) {
                (0, _) => return Ok(()),
                (10, None) => {
                    let begun = ScramSha256::new(password, ChannelBinding::unsupported());
                    frontend::sasl_initial_response(SCRAM_SHA_256, begun.message(), &mut out)
                        .map_err(Error::Lost)?;
                    scram = Some(begun);
                }
                (11, Some(scram)) => {
                    scram.update(data).map_err(Error::Lost)?;
                    frontend::sasl_response(scram.message(), &mut out).map_err(Error::Lost)?;
                }
                (12, Some(scram)) => scram.finish(data).map_err(Error::Lost)?,
                // A password is not sent to a server that asks for it in the clear.
                (other, _) => {
                    return Err(Error::Unprotected(format!(
                        "the server asks for the password by a method ({other}) other than SCRAM; see pg_hba.conf"
                    )));
                }
            }
            if !out.is_empty() {
                self.send(&out).await?;
            }
        }
    }
}
