//! The connection that MQTT packets go over: in the clear, inside TLS, or inside WebSocket messages.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;

use super::clock::before;
use super::tap::{KEPT, Notes, Tap};
use super::tls::{alert_in, rustls_error};
use super::websocket::WebSocket;
use crate::diagnose::transcript::{Closing, HowClosed, Silence};
use crate::mqtt::{self, Frame};

/// Packets longer than this are not read.
const LARGEST: usize = 64 * 1_024;
/// More bytes than this are not read in one session.
const MOST_BYTES: usize = 1_024 * 1_024;
/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_millis(300);
/// How long the rest of a foreign answer is waited for.
const FOREIGN_REST: Duration = Duration::from_millis(50);

/// The layers below MQTT.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(Tap),
    Tls(Box<TlsStream<Tap>>),
    WebSocket(Box<WebSocket>),
}

/// The largest packet that is read where a message of so many bytes is awaited.
pub(super) fn largest(payload: usize) -> usize {
    LARGEST.saturating_add(payload)
}

/// The connection, and what came over it and was not read yet.
#[derive(Debug)]
pub(super) struct Link {
    stream: Stream,
    notes: Notes,
    buffer: BytesMut,
    total: usize,
    /// The largest packet that is read.
    largest: usize,
    started: Instant,
}

impl Link {
    pub(super) fn new(stream: Stream, notes: Notes) -> Self {
        Self {
            stream,
            notes,
            buffer: BytesMut::new(),
            total: 0,
            largest: LARGEST,
            started: Instant::now(),
        }
    }

    /// Reads packets that carry so large a message as well: it comes back.
    pub(super) fn takes_payload(&mut self, bytes: usize) {
        self.largest = largest(bytes);
    }

    /// The notes on the connection.
    pub(super) fn notes(&self) -> Notes {
        self.notes.clone()
    }

    /// The layers, to put another on top of them.
    pub(super) fn into_stream(self) -> Stream {
        self.stream
    }

    /// Sends bytes.
    pub(super) async fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<(), Silence> {
        let sending = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        match before(deadline, sending).await {
            None => Err(Silence::TimedOut),
            Some(Ok(())) => Ok(()),
            // The peer's last words are still to be read.
            Some(Err(error)) => Err(self.last_words(&error).await),
        }
    }

    async fn last_words(&mut self, error: &io::Error) -> Silence {
        let deadline = Instant::now() + GOODBYE;
        for _ in 0..16 {
            if let Err(silence) = self.receive(deadline).await {
                return match silence {
                    Silence::TimedOut => self.silence(error),
                    other => other,
                };
            }
        }
        self.silence(error)
    }

    /// Receives some bytes into the buffer.
    pub(super) async fn receive(&mut self, deadline: Instant) -> Result<(), Silence> {
        let most = MOST_BYTES.saturating_add(self.largest);
        if self.total >= most {
            return Err(Silence::TooMuch(format!(
                "more than {most} bytes in one session"
            )));
        }
        self.buffer.reserve(4_096);
        let received = before(deadline, self.stream.read_buf(&mut self.buffer)).await;
        match received {
            None => Err(Silence::TimedOut),
            Some(Ok(0)) => Err(Silence::Closed(self.end_of_stream())),
            Some(Ok(count)) => {
                self.total += count;
                Ok(())
            }
            Some(Err(error)) => Err(self.silence(&error)),
        }
    }

    /// The next packet.
    pub(super) async fn frame(&mut self, deadline: Instant) -> Result<Frame, Silence> {
        loop {
            match mqtt::split(&mut self.buffer, self.largest) {
                Ok(Some(frame)) => return Ok(frame),
                Ok(None) => {
                    if let Err(silence) = self.receive(deadline).await {
                        return Err(self.broken_off(silence));
                    }
                }
                Err(mqtt::Error::TooLarge { length, limit }) => {
                    let text =
                        format!("a packet of {length} bytes was announced; the limit is {limit}");
                    return Err(Silence::TooMuch(text));
                }
                Err(error) => {
                    let bytes = self.first_bytes();
                    return Err(Silence::Malformed {
                        reason: error.to_string(),
                        bytes,
                    });
                }
            }
        }
    }

    /// Silence in the middle of a packet is more than silence.
    fn broken_off(&self, silence: Silence) -> Silence {
        let bytes = self.first_bytes();
        if bytes.starts_with(b"HTTP/") {
            return Silence::Foreign(bytes);
        }
        if bytes.is_empty() || silence != Silence::TimedOut {
            return silence;
        }
        let count = self.buffer.len();
        let reason = format!("a packet began and did not end: {count} bytes of it came");
        Silence::Malformed { reason, bytes }
    }

    /// Waits for the first byte, and says what it is without taking it.
    pub(super) async fn peek(&mut self, deadline: Instant) -> Result<u8, Silence> {
        loop {
            if let Some(first) = self.buffer.first() {
                return Ok(*first);
            }
            self.receive(deadline).await?;
        }
    }

    /// The first bytes of an answer of another protocol, with a little of what follows them.
    pub(super) async fn foreign(&mut self) -> Vec<u8> {
        let deadline = Instant::now() + FOREIGN_REST;
        while self.buffer.len() < KEPT && self.receive(deadline).await.is_ok() {}
        self.first_bytes()
    }

    fn first_bytes(&self) -> Vec<u8> {
        self.buffer.iter().take(KEPT).copied().collect()
    }

    fn end_of_stream(&self) -> Closing {
        if let Stream::Tls(_) = self.stream {
            self.notes.close_notify();
        }
        self.closing(HowClosed::EndOfStream)
    }

    fn closing(&self, how: HowClosed) -> Closing {
        let noted = self.notes.traffic().closed;
        noted.unwrap_or_else(|| Closing {
            how,
            after: self.started.elapsed(),
        })
    }

    fn silence(&self, error: &io::Error) -> Silence {
        if let Some(alert) = alert_in(error) {
            return Silence::Alert(alert);
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Silence::Closed(self.closing(HowClosed::EndOfStream)),
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => Silence::Closed(self.closing(HowClosed::Reset)),
            _ => {
                let reason =
                    rustls_error(error).map_or_else(|| super::reason(error), ToString::to_string);
                Silence::Malformed {
                    reason,
                    bytes: Vec::new(),
                }
            }
        }
    }

    /// Says goodbye on every layer, briefly.
    pub(super) async fn close(mut self, last: &[u8]) {
        let goodbye = async {
            if !last.is_empty() {
                let _ = self.stream.write_all(last).await;
                let _ = self.stream.flush().await;
            }
            let _ = self.stream.shutdown().await;
        };
        let _ = before(Instant::now() + GOODBYE, goodbye).await;
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tap) => Pin::new(tap).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::WebSocket(socket) => Pin::new(socket).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tap) => Pin::new(tap).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::WebSocket(socket) => Pin::new(socket).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tap) => Pin::new(tap).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
            Self::WebSocket(socket) => Pin::new(socket).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tap) => Pin::new(tap).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
            Self::WebSocket(socket) => Pin::new(socket).poll_shutdown(context),
        }
    }
}
