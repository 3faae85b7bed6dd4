//! The misbehaviour of servers, by the numbers of the fault catalogue.

use std::fmt;
use std::io;
use std::str::FromStr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::finding::Code;
use crate::mqtt::Connack;

/// How long a connection is kept that nothing happens on.
const LONG: Duration = Duration::from_secs(120);
/// Larger than any ClientHello without a post-quantum key share, smaller than one with it.
const ONE_SEGMENT: usize = 1_024;

macro_rules! faults {
    ($($variant:ident = $id:literal, $code:ident, $title:literal;)*) => {
        /// A way in which a server misbehaves.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Fault { $(#[doc = $title] $variant,)* }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its number in the fault catalogue.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// What the server does.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// The finding that a check of it ends in.
            #[must_use]
            pub fn code(self) -> Code {
                match self { $(Self::$variant => Code::$code,)* }
            }
        }
    };
}

faults! {
    CloseAtOnce = "T05", ClosedBeforeTls, "accepts, then closes at once";
    ResetAtOnce = "T06", ClosedBeforeTls, "accepts, then resets at once";
    ResetOnHello = "T07", ClosedBeforeTls, "resets after the ClientHello";
    PlainMqtt = "W01", PlaintextMqttPort, "speaks MQTT without TLS";
    Http = "W03", OtherProtocol, "speaks HTTP without TLS";
    Https = "W04", OtherProtocol, "speaks HTTP inside TLS";
    Ssh = "W05", OtherProtocol, "sends an SSH banner";
    Amqp = "W06", OtherProtocol, "answers with an AMQP header";
    Silent = "L01", TlsNoAnswer, "accepts, and never answers the ClientHello";
    Stalling = "L02", TlsStalled, "stalls in the middle of the ServerHello";
    Dripping = "L03", TlsStalled, "drips one byte a second";
    OnlyTls13 = "L06", TlsVersionMismatch, "speaks TLS 1.3 alone";
    ResetOnLargeHello = "L15", LargeClientHelloDropped, "resets when the ClientHello is larger than one small segment";
    ResetAfterHandshake = "L16", ClosedOnConnect, "resets right after the handshake";
    CertificateRequired = "C01", ClientCertificateMissing, "requires a client certificate";
    CertificateRequired12 = "C02", ClientCertificateMissing, "requires a client certificate, with TLS 1.2 alone";
    CertificateNeverAsked = "C13", ClientCertificateNotRequested, "never asks for a client certificate";
    NotAuthorized = "M01", NotAuthorized, "answers CONNACK 5, not authorized";
    VersionRefused = "M03", ProtocolVersionRefused, "answers CONNACK 1, unacceptable protocol version";
    ClientIdRejected = "M04", ClientIdRejected, "answers CONNACK 2, client id rejected";
    ServerUnavailable = "M05", ServerUnavailable, "answers CONNACK 3, server unavailable";
    BadCredentials = "M06", BadCredentials, "answers CONNACK 4, bad user name or password";
    InvalidConnack = "M07", ConnackInvalid, "answers CONNACK 0x87 to MQTT 3.1.1";
    ReasonString = "M08", NotAuthorized, "answers CONNACK 0x87 with the reason string `token-expired`";
    AnotherServer = "M09", UseAnotherServer, "answers CONNACK 0x9C with another server's name";
    OnlyOldMqtt = "M10", ProtocolVersionRefused, "knows no MQTT 5";
    CloseOnConnect = "M11", ClosedOnConnect, "closes on CONNECT without an answer";
    NoConnack = "M12", NoConnack, "never answers CONNECT";
    SubscribeRefused = "M14", SubscribeRefused, "answers SUBACK 0x80";
    MessagesDropped = "M15", MessageNotDelivered, "accepts messages and delivers none";
    NoSuback = "M16", NoSuback, "never answers SUBSCRIBE";
    NoPuback = "M17", NoPuback, "never answers PUBLISH";
    SmallPackets = "M18", ClosedOnPublish, "closes on packets of more than 60 bytes";
    NoPingresp = "M19", NoPingresp, "never answers PINGREQ";
    OnlyQos0 = "M22", QosNotSupported, "supports quality of service 0 alone";
}

/// The text is the number of no fault.
#[derive(Debug, thiserror::Error)]
#[error("there is no fault `{0}` that a server makes")]
pub struct UnknownFault(String);

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let is_named = |fault: &&Self| fault.id().eq_ignore_ascii_case(text);
        Self::ALL
            .iter()
            .find(is_named)
            .copied()
            .ok_or_else(|| UnknownFault(text.to_owned()))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.id(), self.title())
    }
}

impl Fault {
    /// The only version of TLS, as 12 or 13.
    pub(super) fn tls_version(self) -> Option<u8> {
        match self {
            Self::OnlyTls13 => Some(13),
            Self::CertificateRequired12 => Some(12),
            _ => None,
        }
    }

    pub(super) fn asks_no_certificate(self) -> bool {
        self == Self::CertificateNeverAsked
    }

    pub(super) fn requires_certificate(self) -> bool {
        matches!(
            self,
            Self::CertificateRequired | Self::CertificateRequired12
        )
    }

    /// Whether MQTT is spoken without TLS.
    pub(super) fn is_plain(self) -> bool {
        self == Self::PlainMqtt
    }

    /// What happens below TLS; gives the stream back where TLS is to follow.
    pub(super) async fn before_tls(self, mut stream: TcpStream) -> Option<TcpStream> {
        match self {
            Self::CloseAtOnce => {}
            Self::ResetAtOnce => reset(&stream),
            Self::ResetOnHello => {
                let _ = first_bytes(&mut stream).await;
                reset(&stream);
            }
            Self::Http => {
                let _ = first_bytes(&mut stream).await;
                let _ = stream.write_all(BAD_REQUEST).await;
            }
            Self::Ssh => {
                let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await;
                drain(&mut stream).await;
            }
            Self::Amqp => {
                let _ = first_bytes(&mut stream).await;
                let _ = stream.write_all(b"AMQP\0\0\x09\x01").await;
                drain(&mut stream).await;
            }
            Self::Silent => drain(&mut stream).await,
            Self::Stalling => {
                let _ = first_bytes(&mut stream).await;
                let _ = stream.write_all(HALF_HELLO).await;
                drain(&mut stream).await;
            }
            Self::Dripping => drip(&mut stream).await,
            Self::ResetOnLargeHello => return small_hello(stream).await,
            _ => return Some(stream),
        }
        None
    }

    /// What happens after the handshake; gives the stream back where MQTT is to follow.
    pub(super) async fn after_tls(
        self,
        mut stream: tokio_rustls::server::TlsStream<TcpStream>,
    ) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
        match self {
            Self::ResetAfterHandshake => {
                reset(stream.get_ref().0);
                None
            }
            Self::Https => {
                let mut bytes = [0; 1_024];
                let _ = timeout(LONG, stream.read(&mut bytes)).await;
                let _ = stream.write_all(BAD_REQUEST).await;
                let _ = stream.shutdown().await;
                None
            }
            _ => Some(stream),
        }
    }

    /// The answer to CONNECT, where it is not the usual one.
    pub(super) fn connack(self, version: crate::mqtt::Version) -> Option<Connack> {
        let code = |code| {
            Some(Connack {
                code,
                ..Connack::default()
            })
        };
        let five = version == crate::mqtt::Version::V5;
        match self {
            Self::NotAuthorized => code(if five { 0x87 } else { 5 }),
            Self::VersionRefused => code(if five { 0x84 } else { 1 }),
            Self::ClientIdRejected => code(if five { 0x85 } else { 2 }),
            Self::ServerUnavailable => code(if five { 0x88 } else { 3 }),
            Self::BadCredentials => code(if five { 0x86 } else { 4 }),
            Self::InvalidConnack => code(if five { 0x55 } else { 0x87 }),
            Self::ReasonString => Some(Connack {
                code: if five { 0x87 } else { 5 },
                reason: Some("token-expired".into()),
                ..Connack::default()
            }),
            Self::AnotherServer if five => Some(Connack {
                code: 0x9c,
                server_reference: Some("other.example:8883".into()),
                ..Connack::default()
            }),
            Self::AnotherServer => code(3),
            Self::OnlyOldMqtt if five => Some(Connack {
                code: 1,
                without_properties: true,
                ..Connack::default()
            }),
            Self::OnlyQos0 if five => Some(Connack {
                maximum_qos: Some(0),
                ..Connack::default()
            }),
            Self::SmallPackets if five => Some(Connack {
                maximum_packet_size: Some(60),
                ..Connack::default()
            }),
            _ => None,
        }
    }
}

const BAD_REQUEST: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
/// The beginning of a ServerHello of 122 bytes.
const HALF_HELLO: &[u8] = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03";

/// Closing becomes a reset.
fn reset(stream: &TcpStream) {
    let _ = rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO));
}

async fn first_bytes(stream: &mut TcpStream) -> io::Result<usize> {
    let mut bytes = [0; 4_096];
    timeout(LONG, stream.read(&mut bytes)).await?
}

/// Reads until the client goes.
async fn drain(stream: &mut TcpStream) {
    let mut bytes = [0; 4_096];
    let reading = async { while !matches!(stream.read(&mut bytes).await, Ok(0) | Err(_)) {} };
    let _ = timeout(LONG, reading).await;
}

async fn drip(stream: &mut TcpStream) {
    let _ = first_bytes(stream).await;
    let bytes = HALF_HELLO.iter().chain([0; 100].iter());
    for byte in bytes {
        if stream.write_all(&[*byte]).await.is_err() {
            return;
        }
        sleep(Duration::from_secs(1)).await;
    }
}

async fn small_hello(stream: TcpStream) -> Option<TcpStream> {
    sleep(Duration::from_millis(50)).await;
    let mut bytes = [0; 4 * ONE_SEGMENT];
    let length = timeout(LONG, stream.peek(&mut bytes)).await.ok()?.ok()?;
    if length > ONE_SEGMENT {
        reset(&stream);
        return None;
    }
    Some(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_found_by_its_number() {
        for fault in Fault::ALL {
            assert_eq!(fault.id().to_lowercase().parse::<Fault>().unwrap(), *fault);
        }
        assert!("X99".parse::<Fault>().is_err());
    }
}
