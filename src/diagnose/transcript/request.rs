//! What was asked for, and with what in hand.

use std::fmt;
use std::time::Duration;

use crate::mqtt;
use crate::time::Timestamp;

/// What was asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The host as the user wrote it, white space and trailing dot included.
    pub typed_host: String,
    /// The host that is looked up: trimmed.
    pub host: String,
    /// The port.
    pub port: u16,
    /// TLS, or `None` for a conversation in the clear.
    pub tls: Option<TlsRequest>,
    /// MQTT over WebSocket, at this path.
    pub websocket: Option<String>,
    /// The MQTT session.
    pub mqtt: MqttRequest,
    /// End after the handshake, to look at the certificates alone: no MQTT.
    pub only_handshake: bool,
    /// Test every address of the name, not only until one answers.
    pub all_addresses: bool,
    /// The limit of each stage.
    pub stage_limit: Duration,
    /// Whether extra probes were allowed.
    pub probes: bool,
    /// The client whose rules are followed.
    pub emulate: Option<Client>,
}

/// A client whose rules can be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Client {
    /// Rhasspy Mobile: Paho on Android, BKS alone.
    Rhasspy,
    /// An Android app with Conscrypt.
    Android,
    /// Java's own TLS.
    Java,
    /// Python's ssl module.
    Python,
    /// ESP32 and other devices with Mbed TLS.
    Esp32,
}

impl Client {
    /// Every client.
    pub const ALL: [Self; 5] = [
        Self::Rhasspy,
        Self::Android,
        Self::Java,
        Self::Python,
        Self::Esp32,
    ];

    /// The name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rhasspy => "rhasspy",
            Self::Android => "android",
            Self::Java => "java",
            Self::Python => "python",
            Self::Esp32 => "esp32",
        }
    }

    /// Whether it sends this host as server name (SNI): Conscrypt and JSSE do so for names with a
    /// dot alone (Conscrypt for `localhost` too), nobody for addresses.
    #[must_use]
    pub fn sends_server_name(self, host: &str) -> bool {
        if host.parse::<core::net::IpAddr>().is_ok() {
            return false;
        }
        let has_dot = host.contains('.') && !host.ends_with('.');
        match self {
            Self::Rhasspy | Self::Android => has_dot || host == "localhost",
            Self::Java => has_dot,
            Self::Python | Self::Esp32 => true,
        }
    }
}

/// How TLS was asked for.
#[derive(Debug, Clone, Default)]
pub struct TlsRequest {
    /// The name to send and to check instead of the host.
    pub server_name: Option<String>,
    /// Send no server name at all (SNI), as the emulated client does for this host.
    pub no_sni: bool,
    /// Other names to try when the handshake fails.
    pub try_server_names: Vec<String>,
    /// Protocols offered by ALPN, most wanted first.
    pub alpn: Vec<String>,
    /// The lowest version allowed.
    pub minimum: Option<TlsVersion>,
    /// The highest version allowed.
    pub maximum: Option<TlsVersion>,
    /// Go on although the certificate was refused.
    pub insecure: bool,
    /// Without the large post-quantum key share, as the emulated client.
    pub small_hello: bool,
}

/// A version of TLS (or of SSL before it).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TlsVersion {
    /// SSL 3.0.
    Ssl30,
    /// TLS 1.0.
    Tls10,
    /// TLS 1.1.
    Tls11,
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

impl TlsVersion {
    /// From the number on the wire (RFC 8446 section 4.1.2).
    #[must_use]
    pub fn from_wire(number: u16) -> Option<Self> {
        Some(match number {
            0x0300 => Self::Ssl30,
            0x0301 => Self::Tls10,
            0x0302 => Self::Tls11,
            0x0303 => Self::Tls12,
            0x0304 => Self::Tls13,
            _ => return None,
        })
    }
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ssl30 => "SSL 3.0",
            Self::Tls10 => "TLS 1.0",
            Self::Tls11 => "TLS 1.1",
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        })
    }
}

/// How the MQTT session was asked for.
#[derive(Debug, Clone, Default)]
pub struct MqttRequest {
    /// The version.
    pub version: mqtt::Version,
    /// The version to try once more where the broker refuses the first, as the emulated client
    /// does.
    pub fallback: Option<mqtt::Version>,
    /// The client id; `None` for a random one.
    pub client_id: Option<String>,
    /// The user name.
    pub username: Option<String>,
    /// Whether a password was given too.
    pub has_password: bool,
    /// The topic of the test message; `None` for a random one.
    pub topic: Option<String>,
    /// Bytes of the test message.
    pub payload_size: usize,
    /// Quality of service of subscription and message.
    pub qos: u8,
    /// Whether the message is to come back.
    pub echo: bool,
    /// The keep-alive interval.
    pub keep_alive: Duration,
    /// How long to hold the session.
    pub hold: Option<Duration>,
}

/// What certgen had in hand.
#[derive(Debug, Clone, Default)]
pub struct Material {
    /// The moment that validity is judged at.
    pub now: Option<Timestamp>,
    /// Whether [`Material::now`] is the computer's own clock.
    pub now_is_clock: bool,
    /// Whom to trust.
    pub trust: Trust,
    /// Who certgen is; `None` for no client certificate.
    pub identity: Option<Identity>,
    /// Why there is no identity although one might be expected, such as
    /// ``the store `ts.bks` holds no private key``.
    pub without_identity: Option<String>,
    /// Revocation lists (DER), each with the file it came from.
    pub crls: Vec<(String, Vec<u8>)>,
}

/// The trust anchors.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Certificates (DER).
    pub anchors: Vec<Vec<u8>>,
    /// Where they come from.
    pub source: TrustSource,
    /// The file or store, where it is one; raw text.
    pub path: Option<String>,
}

/// Where trust anchors come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustSource {
    /// A file of certificates.
    File,
    /// A trust store.
    TrustStore,
    /// The trusted entries of the key store.
    KeyStore,
    /// The CA of the PKI folder.
    Folder,
    /// The system's roots.
    #[default]
    System,
}

/// The client's own certificate; its key is no part of the evidence.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// The chain (DER), leaf first, as it is sent.
    pub chain: Vec<Vec<u8>>,
    /// The file or store it comes from; raw text.
    pub path: String,
    /// The alias in the store.
    pub alias: Option<String>,
}
