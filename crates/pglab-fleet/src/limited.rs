//! A stream from a PostgreSQL server that gives up at a message that is too long. Messages are read into memory whole,
//! and a student decides how long an error or notice of theirs is.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

/// Follows the framing of the protocol: a letter, four bytes with the length of what follows and of themselves, the rest.
#[derive(Debug)]
pub(crate) struct Limited<S> {
    inner: S,
    max: u32,
    header: [u8; 5],
    n_header: usize,
    /// Of the current message's rest.
    remaining: usize,
    /// Bytes before the first message: the answer to the question for TLS is a single letter.
    unframed: usize,
}

impl<S> Limited<S> {
    pub(crate) fn new(inner: S, max: u32) -> Self {
        Self {
            inner,
            max,
            header: [0; 5],
            n_header: 0,
            remaining: 0,
            unframed: 0,
        }
    }

    /// For a stream on which the server is first asked for TLS.
    pub(crate) fn after_answer(inner: S, max: u32) -> Self {
        Self {
            unframed: 1,
            ..Self::new(inner, max)
        }
    }

    fn follow(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let n = self.unframed.min(bytes.len());
        self.unframed -= n;
        bytes = &bytes[n..];
        while !bytes.is_empty() {
            if self.remaining > 0 {
                let n = self.remaining.min(bytes.len());
                self.remaining -= n;
                bytes = &bytes[n..];
                continue;
            }
            self.header[self.n_header] = bytes[0];
            self.n_header += 1;
            bytes = &bytes[1..];
            if self.n_header == self.header.len() {
                let [_, length @ ..] = self.header;
                let length = u32::from_be_bytes(length);
                if length > self.max {
                    let letter = char::from(self.header[0]);
                    return Err(io::Error::other(format!(
                        "the server sent a message ({letter:?}) of {length} bytes, more than the {} that are taken here",
                        self.max
                    )));
                }
                self.n_header = 0;
                self.remaining = length.saturating_sub(4) as usize;
            }
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Limited<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.inner).poll_read(cx, buffer) {
            Poll::Ready(Ok(())) => Poll::Ready(self.follow(&buffer.filled()[before..])),
            other => other,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Limited<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl<S: TlsStream + Unpin> TlsStream for Limited<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.inner.channel_binding()
    }
}

/// TLS on a limited stream: what is limited then is what comes out of the encryption.
#[derive(Debug)]
pub(crate) struct LimitedTls<C>(pub(crate) C);

impl<S, C> TlsConnect<Limited<S>> for LimitedTls<C>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    C: TlsConnect<S>,
    C::Future: Send + 'static,
{
    type Stream = Limited<C::Stream>;
    type Error = C::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Stream, C::Error>> + Send>>;

    fn connect(self, stream: Limited<S>) -> Self::Future {
        let max = stream.max;
        let handshake = self.0.connect(stream.inner);
        Box::pin(async move { Ok(Limited::new(handshake.await?, max)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_are_noticed_wherever_they_are_split() {
        let message = |letter: u8, n: u32| {
            let mut bytes = vec![letter];
            bytes.extend((n + 4).to_be_bytes());
            bytes.extend(vec![b'x'; n as usize]);
            bytes
        };
        let fine = [message(b'D', 10), message(b'C', 0), message(b'Z', 100)].concat();
        for at in 0..fine.len() {
            let mut limited = Limited::new((), 104);
            assert!(limited.follow(&fine[..at]).is_ok() && limited.follow(&fine[at..]).is_ok());
        }
        let mut answered = Limited::after_answer((), 104);
        assert!(answered.follow(b"N").is_ok() && answered.follow(&fine).is_ok());
        let long = [fine, message(b'E', 101)].concat();
        for at in 0..long.len() {
            let mut limited = Limited::new((), 104);
            assert!(
                limited
                    .follow(&long[..at])
                    .and_then(|()| limited.follow(&long[at..]))
                    .is_err()
            );
        }
    }
}
