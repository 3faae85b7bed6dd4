//! The options of `verify`, which `certgen.toml` may set too.

use std::path::PathBuf;
use std::time::Duration;

use certgen::diagnose::transcript::{Client, MqttVersion, TlsVersion};
use certgen::time::Span;

use crate::password::Source;

/// Several are in memory at once.
const LARGEST_PAYLOAD: i64 = 16 * 1_024 * 1_024;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    /// The broker: a name or an address, with or without port, or mqtts://host:port, wss://host/path
    #[arg(long, value_name = "H", required_unless_present_any = ["hosts", "config"])]
    pub(super) host: Option<String>,
    /// The port [default: 8883, or that of the scheme]
    #[arg(long)]
    pub(super) port: Option<u16>,
    /// Check every broker of this file: one host[:port] a line, `#` comments (`-` for standard input)
    #[arg(long, value_name = "FILE", conflicts_with = "host")]
    pub(super) hosts: Option<PathBuf>,
    /// How many brokers are checked at once
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1_024), requires = "hosts")]
    pub(super) jobs: u16,
    /// Take options from the table [verify] of this file; the command line goes first
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    #[command(flatten)]
    pub(super) credentials: Credentials,
    #[command(flatten)]
    pub(super) session: Session,
    #[command(flatten)]
    pub(super) network: Network,
    #[command(flatten)]
    pub(super) output: Output,
}

/// Whom to trust, and who to be
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Certificates")]
pub(crate) struct Credentials {
    /// A keystore with the client's key (PKCS#12, BKS, JKS …)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cert", "key"])]
    pub(crate) keystore: Option<PathBuf>,
    /// The password of the keystore
    #[arg(long, value_name = "SRC")]
    pub(crate) store_password: Option<Source>,
    /// The client's certificate, with its chain (PEM or DER)
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,
    /// The client's key (PEM or DER) [default: from the file of the certificate]
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
    /// The password of the key, in a PEM file or in a store where it differs from the store's
    #[arg(long, value_name = "SRC")]
    pub(crate) key_password: Option<Source>,
    /// The CA to trust (PEM or DER) [default: the keystore's, DIR/ca/ca.crt, or the system's]
    #[arg(long, value_name = "FILE")]
    pub(crate) cafile: Option<PathBuf>,
    /// A store with the CA to trust
    #[arg(long, value_name = "FILE", conflicts_with = "cafile")]
    pub(crate) truststore: Option<PathBuf>,
    /// The password of the trust store
    #[arg(long, value_name = "SRC")]
    pub(crate) truststore_password: Option<Source>,
    /// A certificate revocation list to check the broker's certificate against (PEM or DER)
    #[arg(long, value_name = "FILE")]
    pub(crate) crl: Vec<PathBuf>,
    /// Read stores that have no integrity check, or one that proves nothing
    #[arg(long)]
    pub(crate) allow_unauthenticated: bool,
}

/// The MQTT session
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "MQTT")]
pub(crate) struct Session {
    /// The version of MQTT: 3.1, 3.1.1 or 5
    #[arg(long, value_name = "V", default_value = "3.1.1", value_parser = mqtt_version)]
    pub(super) mqtt: MqttVersion,
    /// The user name
    #[arg(long, value_name = "U")]
    pub(super) username: Option<String>,
    /// The password of the user
    #[arg(long, value_name = "SRC", requires = "username")]
    pub(super) password: Option<Source>,
    /// The client id [default: a random one, which disturbs nobody]
    #[arg(long, value_name = "ID")]
    pub(super) client_id: Option<String>,
    /// The topic of the test message [default: a random one]
    #[arg(long, value_name = "T")]
    pub(super) topic: Option<String>,
    /// Bytes of the test message
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(0..=LARGEST_PAYLOAD))]
    pub(super) payload_size: u32,
    /// The quality of service
    #[arg(long, value_name = "0|1|2", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=2))]
    pub(super) qos: u8,
    /// Do not subscribe: send the message and wait for its acknowledgement alone
    #[arg(long)]
    pub(super) no_echo: bool,
    /// Keep the session for a while, with pings
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(super) hold: Option<Duration>,
    /// The keep-alive interval
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub(super) keep_alive: Duration,
    /// MQTT over WebSocket, at this path
    #[arg(long, value_name = "PATH")]
    pub(super) websocket: Option<String>,
}

/// The way to the broker
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Network and TLS")]
pub(crate) struct Network {
    /// The limit of each stage; everything but --hold and retries ends within 20 s
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    pub(super) connection_timeout: Duration,
    /// Try again so often while the check fails
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) retry: u32,
    /// The pause before each further try
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub(super) retry_interval: Duration,
    /// The name to send (SNI) and to check, instead of the host
    #[arg(long, value_name = "N")]
    pub(super) servername: Option<String>,
    /// Another name to try when the handshake fails
    #[arg(long, value_name = "N")]
    pub(super) try_servername: Vec<String>,
    /// A protocol to offer by ALPN
    #[arg(long, value_name = "P")]
    pub(super) alpn: Vec<String>,
    /// The lowest version of TLS: 1.2 or 1.3
    #[arg(long, value_name = "V", value_parser = tls_version)]
    pub(super) tls_min: Option<TlsVersion>,
    /// The highest version of TLS: 1.2 or 1.3
    #[arg(long, value_name = "V", value_parser = tls_version)]
    pub(super) tls_max: Option<TlsVersion>,
    /// Speak MQTT in the clear, to compare
    #[arg(long)]
    pub(super) no_tls: bool,
    /// Check every address of the name
    #[arg(long)]
    pub(super) all_addresses: bool,
    /// Make no further connections to tell causes apart
    #[arg(long)]
    pub(super) no_probes: bool,
    /// Go on although the broker's certificate is refused; what is wrong is reported all the same
    #[arg(long)]
    pub(super) insecure: bool,
    /// Write the secrets of the TLS session to this file, for Wireshark (`-` for standard output)
    #[arg(long, value_name = "FILE")]
    pub(super) keylog: Option<PathBuf>,
    /// Follow the rules of this client: rhasspy, android, java, python or esp32
    #[arg(long = "as", value_name = "CLIENT", value_parser = client)]
    pub(super) emulate: Option<Client>,
}

/// How to report
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Output {
    /// Print metrics for Prometheus (textfile collector)
    #[arg(long, conflicts_with_all = ["nagios", "json"])]
    pub(super) prometheus: bool,
    /// Print one line for Nagios, and exit with its statuses (0, 1, 2, 3)
    #[arg(long, conflicts_with = "json")]
    pub(super) nagios: bool,
    /// Write a report that stands for itself to this file (`-` for standard output)
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
}

fn duration(text: &str) -> Result<Duration, certgen::time::Error> {
    Span::parse(text).map(Span::as_duration)
}

fn mqtt_version(text: &str) -> Result<MqttVersion, String> {
    match text {
        "3.1" | "31" => Ok(MqttVersion::V31),
        "3.1.1" | "311" | "4" => Ok(MqttVersion::V311),
        "5" | "5.0" => Ok(MqttVersion::V5),
        _ => Err("write 3.1, 3.1.1 or 5".to_owned()),
    }
}

fn tls_version(text: &str) -> Result<TlsVersion, String> {
    match text.trim_start_matches("tls").trim_start_matches('v') {
        "1.2" => Ok(TlsVersion::Tls12),
        "1.3" => Ok(TlsVersion::Tls13),
        "1.0" | "1" | "1.1" => Err(
            "TLS 1.0 and 1.1 are broken and not spoken here; a server that knows nothing newer is recognised all the same"
                .to_owned(),
        ),
        _ => Err("write 1.2 or 1.3".to_owned()),
    }
}

fn client(text: &str) -> Result<Client, String> {
    let names = Client::ALL.map(Client::as_str);
    let known = Client::ALL
        .into_iter()
        .find(|client| client.as_str() == text);
    known.ok_or_else(|| format!("write one of {}", names.join(", ")))
}
