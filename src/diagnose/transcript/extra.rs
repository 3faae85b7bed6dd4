//! What the extra probes saw: short, harmless questions that tell causes apart.

use std::time::Duration;

use super::{Alert, Closing, Connected, Reply, Silence, TcpFailure, Tls, TlsVersion};
use crate::mqtt::{Connack, Version};

/// The extra probes that were made; `None` for those that were not.
#[derive(Debug, Clone, Default)]
pub struct Extra {
    /// A CONNECT without credentials, in the clear.
    pub plain_connect: Option<Answer>,
    /// A TLS ClientHello, where the conversation was in the clear.
    pub tls_hello: Option<LegacyAnswer>,
    /// An HTTP request, in the clear.
    pub http: Option<Answer>,
    /// An HTTP request inside TLS.
    pub https: Option<Answer>,
    /// How the peer ended a connection over which nothing was sent, where it did so about as soon as
    /// the first one.
    pub silent: Option<Closing>,
    /// A handshake behind a PROXY header.
    pub proxy_header: Option<TlsAttempt>,
    /// A handshake without a server name.
    pub without_server_name: Option<TlsAttempt>,
    /// Handshakes with other server names: those asked for, and `localhost`-like guesses never.
    pub server_names: Vec<(String, TlsAttempt)>,
    /// A handshake without ALPN, where ALPN was asked for.
    pub without_alpn: Option<TlsAttempt>,
    /// Handshakes with one ALPN protocol each that brokers are known to multiplex by.
    pub alpns: Vec<(String, TlsAttempt)>,
    /// A ClientHello of old: TLS 1.0 to 1.2, legacy suites and groups.
    pub legacy: Option<LegacyAnswer>,
    /// A ClientHello of TLS 1.3 that offers every suite and group, where the handshake was refused.
    pub newest: Option<LegacyAnswer>,
    /// A handshake of at most TLS 1.2, where one that offered TLS 1.3 had no ServerHello in answer.
    pub without_tls13: Option<TlsAttempt>,
    /// A handshake with a small ClientHello (classic key share alone).
    pub small_hello: Option<TlsAttempt>,
    /// The same handshake once more.
    pub second_try: Option<TlsAttempt>,
    /// CONNECT with another version of MQTT, without credentials, where the first was refused.
    pub other_mqtt_version: Option<(Version, Reply<Connack>)>,
    /// What came after CONNACK in a second session in which nothing further was asked, where the
    /// first one ended there; [`Silence::TimedOut`] where that session stayed open.
    pub after_connack: Option<Silence>,
    /// A new connection, after the session had ended while it was held.
    pub reconnected: Option<Result<Connected, TcpFailure>>,
    /// The path at which a web server let MQTT over WebSocket in, where it had answered as one.
    pub websocket: Option<String>,
    /// Whether MQTT itself answered, where the WebSocket did not come about.
    pub bare_mqtt: bool,
    /// A ClientHello inside TLS, where CONNECT was not answered there.
    pub tls_in_tls: Option<Answer>,
    /// Handshakes with the other addresses of the name.
    pub addresses: Vec<(core::net::SocketAddr, TlsAttempt)>,
}

/// A handshake made only to compare; it was closed at once.
pub type TlsAttempt = Tls;

/// What came in answer to a few bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The first bytes, at most 512.
    pub bytes: Vec<u8>,
    /// When the first byte came.
    pub after: Option<Duration>,
    /// How the peer closed, where it did within the limit.
    pub closed: Option<Closing>,
}

/// What came in answer to a ClientHello that was written by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LegacyAnswer {
    /// A ServerHello.
    ServerHello(LegacyServerHello),
    /// An alert.
    Alert(Alert),
    /// The end of the connection.
    Closed(Closing),
    /// Nothing within the limit.
    Silent,
    /// Something else: the first bytes.
    Other(Vec<u8>),
}

/// A ServerHello or HelloRetryRequest, and what followed it in the clear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LegacyServerHello {
    /// The version chosen.
    pub version: Option<TlsVersion>,
    /// The number of the suite chosen.
    pub suite: u16,
    /// The name of the suite, where it is known.
    pub suite_name: Option<&'static str>,
    /// The key-exchange group, by its number.
    pub group: Option<u16>,
    /// The scheme with which an ECDHE ServerKeyExchange of TLS 1.2 is signed, by its number.
    pub signature_scheme: Option<u16>,
    /// How long the message with the certificates says that it is.
    pub certificate_bytes: Option<usize>,
    /// The certificates (DER), leaf first.
    pub chain: Vec<Vec<u8>>,
    /// Whether a client certificate was asked for.
    pub certificate_requested: bool,
    /// The names of the CAs that it accepts (DER `Name`).
    pub ca_names: Vec<Vec<u8>>,
}
