//! MQTT inside the binary messages of a WebSocket (MQTT 3.1.1 section 6).

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use futures_util::{Sink as _, Stream as _};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::{ProtocolError, SubProtocolError};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::clock::before;
use super::link::Stream;
use crate::diagnose::transcript::Upgrade;

/// So much of an answer's body is kept.
const MOST_BODY: usize = 512;

/// A WebSocket as a stream of bytes.
#[derive(Debug)]
pub(super) struct WebSocket {
    inner: WebSocketStream<Stream>,
    /// The rest of the last message.
    rest: Bytes,
    farewell: Farewell,
}

/// The code and the reason with which the peer ended the WebSocket.
pub(super) type Farewell = Arc<OnceLock<(u16, String)>>;

/// Asks for the upgrade, to read packets of up to `largest` bytes later; the evidence, and the WebSocket where it was granted.
pub(super) async fn upgrade(
    stream: Stream,
    authority: &str,
    path: &str,
    largest: usize,
    deadline: Instant,
) -> (Upgrade, Option<WebSocket>, Farewell) {
    let farewell = Farewell::default();
    let mut upgrade = Upgrade {
        path: path.to_owned(),
        ..Upgrade::default()
    };
    let scheme = if matches!(stream, Stream::Plain(_)) {
        "ws"
    } else {
        "wss"
    };
    let request = format!("{scheme}://{authority}{path}").into_client_request();
    let mut request = match request {
        Ok(request) => request,
        Err(error) => {
            upgrade.failure = Some(format!("the path is not usable: {error}"));
            return (upgrade, None, farewell);
        }
    };
    request
        .headers_mut()
        .insert("Sec-WebSocket-Protocol", HeaderValue::from_static("mqtt"));
    let limits = WebSocketConfig::default()
        .max_message_size(Some(2 * largest))
        .max_frame_size(Some(2 * largest));
    let asking = tokio_tungstenite::client_async_with_config(request, stream, Some(limits));
    match before(deadline, asking).await {
        None => upgrade.failure = Some("no answer to the upgrade within the limit".to_owned()),
        Some(Err(error)) => note_failure(&mut upgrade, error),
        Some(Ok((inner, response))) => {
            upgrade.status = Some(response.status().as_u16());
            let protocol = response.headers().get("Sec-WebSocket-Protocol");
            upgrade.protocol = protocol
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned);
            let socket = WebSocket {
                inner,
                rest: Bytes::new(),
                farewell: farewell.clone(),
            };
            return (upgrade, Some(socket), farewell);
        }
    }
    (upgrade, None, farewell)
}

fn note_failure(upgrade: &mut Upgrade, error: Error) {
    upgrade.failure = Some(match error {
        Error::Http(response) => {
            upgrade.status = Some(response.status().as_u16());
            let location = response.headers().get("Location");
            upgrade.location = location
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned);
            upgrade.body = beginning(response.body().as_deref().unwrap_or_default());
            format!("the server answered HTTP {}", response.status())
        }
        Error::Io(error) => match super::tls::alert_in(&error) {
            Some(alert) => format!("the server sent the TLS alert {alert}"),
            None => super::reason(&error),
        },
        Error::Protocol(error) => {
            if is_after_status(&error) {
                upgrade.status = Some(101);
            }
            refused(&error)
        }
        other => worded(&other),
    });
}

/// The first bytes of an answer, as text.
fn beginning(body: &[u8]) -> String {
    let bytes = body.get(..MOST_BODY).unwrap_or(body);
    String::from_utf8_lossy(bytes).into_owned()
}

/// The server said 101, and something in its answer is wrong.
fn is_after_status(error: &ProtocolError) -> bool {
    matches!(
        error,
        ProtocolError::SecWebSocketSubProtocolError(_)
            | ProtocolError::SecWebSocketAcceptKeyMismatch
            | ProtocolError::MissingConnectionUpgradeHeader
            | ProtocolError::MissingUpgradeWebSocketHeader
    )
}

fn refused(error: &ProtocolError) -> String {
    match error {
        ProtocolError::SecWebSocketSubProtocolError(SubProtocolError::NoSubProtocol) => {
            "the server does not choose the sub-protocol `mqtt`: clients end the connection then".to_owned()
        }
        ProtocolError::SecWebSocketSubProtocolError(_) => {
            "the server chooses another sub-protocol than `mqtt`".to_owned()
        }
        ProtocolError::HandshakeIncomplete => {
            "the server closed the connection instead of answering".to_owned()
        }
        ProtocolError::HttparseError(_) => "the answer is no HTTP/1.1".to_owned(),
        ProtocolError::WrongHttpVersion => {
            "the server answers with HTTP/1.0, which has no WebSocket".to_owned()
        }
        ProtocolError::SecWebSocketAcceptKeyMismatch => {
            "the answer does not fit the question (Sec-WebSocket-Accept): a cache or a fault in between".to_owned()
        }
        other => format!("the answer breaks the standard of WebSocket ({other})"),
    }
}

/// What went wrong, without the library's own words for attacks and formats.
fn worded(error: &Error) -> String {
    match error {
        Error::Capacity(_) => {
            "more came in answer, or in one message of WebSocket, than is read".to_owned()
        }
        Error::AttackAttempt => {
            "the answer to the upgrade does not end: more headers came than is read".to_owned()
        }
        Error::Protocol(error) => format!("the frames break the standard of WebSocket ({error})"),
        other => other.to_string(),
    }
}

fn io_error(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        // Whether the end was a reset is for the connection below to say.
        Error::ConnectionClosed
        | Error::AlreadyClosed
        | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            io::Error::from(io::ErrorKind::UnexpectedEof)
        }
        Error::Utf8(_) => io::Error::new(
            io::ErrorKind::InvalidData,
            "a text message of WebSocket came where MQTT has binary ones",
        ),
        other => io::Error::new(io::ErrorKind::InvalidData, worded(&other)),
    }
}

impl AsyncRead for WebSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.rest.is_empty() {
            match ready!(Pin::new(&mut self.inner).poll_next(context)) {
                None | Some(Ok(Message::Close(None))) => return Poll::Ready(Ok(())),
                Some(Ok(Message::Close(Some(frame)))) => {
                    let said = (u16::from(frame.code), frame.reason.as_str().to_owned());
                    let _ = self.farewell.set(said);
                    return Poll::Ready(Ok(()));
                }
                Some(Ok(Message::Binary(bytes))) => self.rest = bytes,
                Some(Ok(Message::Text(_))) => {
                    let text = "a text message of WebSocket came where MQTT has binary ones";
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, text)));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Err(io_error(error))),
            }
        }
        let count = buffer.remaining().min(self.rest.len());
        buffer.put_slice(self.rest.get(..count).unwrap_or_default());
        self.rest.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for WebSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(Pin::new(&mut self.inner).poll_ready(context)).map_err(io_error)?;
        let message = Message::Binary(Bytes::copy_from_slice(bytes));
        Pin::new(&mut self.inner)
            .start_send(message)
            .map_err(io_error)?;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner)
            .poll_flush(context)
            .map_err(io_error)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner)
            .poll_close(context)
            .map_err(io_error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_in_words_of_our_own() {
        let sub_protocol = ProtocolError::SecWebSocketSubProtocolError;
        for (error, words) in [
            (
                sub_protocol(SubProtocolError::NoSubProtocol),
                "does not choose",
            ),
            (
                sub_protocol(SubProtocolError::InvalidSubProtocol),
                "another sub-protocol",
            ),
            (ProtocolError::SecWebSocketAcceptKeyMismatch, "does not fit"),
            (ProtocolError::HandshakeIncomplete, "instead of answering"),
        ] {
            let text = refused(&error);
            assert!(text.contains(words) && !text.contains("rror"), "{text}");
        }
        let flood = worded(&Error::AttackAttempt);
        assert!(flood.contains("does not end"), "{flood}");
    }

    #[test]
    fn an_end_without_closing_handshake_is_an_end() {
        let cut = Error::Protocol(ProtocolError::ResetWithoutClosingHandshake);
        assert_eq!(io_error(cut).kind(), io::ErrorKind::UnexpectedEof);
    }
}
