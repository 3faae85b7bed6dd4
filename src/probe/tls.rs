//! One TLS handshake, with everything written down.

mod failure;
pub(super) mod hello;
mod identities;
mod key_log;
mod record;
mod refusal;
mod trust;

use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, HandshakeKind, ProtocolVersion, SupportedProtocolVersion, version};
use tokio::io::AsyncReadExt as _;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(super) use self::failure::{alert_in, rustls_error};
pub(super) use self::identities::Identities;
pub(super) use self::key_log::KeyLog;
pub(super) use self::record::Recorder;
pub(super) use self::trust::Anchors;
use super::clock::before;
use super::tap::{Notes, Tap};
use crate::diagnose::transcript::{Alert, Negotiated, Tls, TlsFailure, TlsVersion};

/// How long the rest of a failed connection is read for an alert.
const SALVAGE: Duration = Duration::from_millis(150);

/// What all handshakes of a prober share.
#[derive(Debug)]
pub(super) struct Shared {
    /// With the post-quantum key share first: a large ClientHello, as current clients send it.
    modern: Arc<CryptoProvider>,
    /// Without: a small one.
    classic: Arc<CryptoProvider>,
    pub(super) anchors: Arc<Anchors>,
    pub(super) identities: Arc<Identities>,
    pub(super) key_log: Option<Arc<KeyLog>>,
}

impl Shared {
    pub(super) fn new(anchors: Anchors, identities: Identities, key_log: Option<KeyLog>) -> Self {
        use aws_lc_rs::kx_group::{SECP256R1, SECP384R1, X25519, X25519MLKEM768};
        let with = |kx_groups| {
            Arc::new(CryptoProvider {
                kx_groups,
                ..aws_lc_rs::default_provider()
            })
        };
        Self {
            modern: with(vec![X25519MLKEM768, X25519, SECP256R1, SECP384R1]),
            classic: with(vec![X25519, SECP256R1, SECP384R1]),
            anchors: Arc::new(anchors),
            identities: Arc::new(identities),
            key_log: key_log.map(Arc::new),
        }
    }
}

/// How to shake hands.
#[derive(Debug, Clone)]
pub(super) struct Hello {
    /// The name to check, and to send unless [`Self::send_name`] says no.
    pub(super) name: ServerName<'static>,
    pub(super) send_name: bool,
    pub(super) alpn: Vec<String>,
    pub(super) minimum: Option<TlsVersion>,
    pub(super) maximum: Option<TlsVersion>,
    /// Go on although the certificate is refused.
    pub(super) lenient: bool,
    /// Without the large post-quantum key share.
    pub(super) small: bool,
    /// Answer a request for a client certificate with the identity.
    pub(super) with_identity: bool,
}

/// A handshake that was completed.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) stream: TlsStream<Tap>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) notes: Notes,
}

/// Shakes hands over `tap`; the evidence, and the session where there is one.
pub(super) async fn shake(
    shared: &Shared,
    hello: &Hello,
    tap: Tap,
    deadline: Instant,
) -> (Tls, Option<Session>) {
    let started = Instant::now();
    let notes = tap.notes();
    let mut tls = Tls {
        server_name_sent: sent_name(hello),
        checked_name: hello.name.to_str().into_owned(),
        ..Tls::default()
    };
    let identities = shared.identities.clone();
    let algorithms = shared.modern.signature_verification_algorithms;
    let recorder = Recorder::new(shared.anchors.clone(), algorithms, identities, hello);
    let recorder = Arc::new(recorder);
    let session = match config(shared, hello, &recorder) {
        Err(reason) => {
            tls.failure = Some(TlsFailure::Local(reason));
            None
        }
        Ok(config) => handshake(&mut tls, config, hello, tap, deadline).await,
    };
    tls.duration = started.elapsed();
    let session = session.map(|stream| Session {
        stream,
        recorder: recorder.clone(),
        notes: notes.clone(),
    });
    note(&mut tls, &recorder, &notes);
    (tls, session)
}

/// Writes down what recorder and tap know by now.
pub(super) fn note(tls: &mut Tls, recorder: &Recorder, notes: &Notes) {
    let record = recorder.record();
    tls.presented.clone_from(&record.presented);
    tls.certificate_request.clone_from(&record.request);
    tls.tickets = record.tickets;
    tls.identity = record.identity;
    tls.negotiated.signature_scheme = record
        .signature_scheme
        .and_then(|scheme| scheme.as_str())
        .map(str::to_owned);
    drop(record);
    tls.traffic = notes.traffic();
    tls.client_hello_bytes = tls.traffic.first_flight;
    if tls.failure.is_some() {
        note_first_flight(tls);
    }
}

/// What a failed handshake had agreed on, from the bytes that came.
fn note_first_flight(tls: &mut Tls) {
    let Some(flight) = hello::read(&tls.traffic.first) else {
        return;
    };
    if let Some(hello) = flight.hello {
        tls.negotiated.version = hello.version;
        tls.negotiated.suite = hello.suite_name.map(str::to_owned);
        tls.negotiated.group = hello.group.and_then(hello::group_name).map(str::to_owned);
        tls.negotiated.hello_retry |= flight.hello_retry;
    }
    if let (Some(alert), []) = (flight.alert, tls.alerts.as_slice()) {
        tls.alerts.push(alert);
    }
}

fn sent_name(hello: &Hello) -> Option<String> {
    match &hello.name {
        ServerName::DnsName(name) if hello.send_name => Some(name.as_ref().to_owned()),
        _ => None,
    }
}

fn config(
    shared: &Shared,
    hello: &Hello,
    recorder: &Arc<Recorder>,
) -> Result<ClientConfig, String> {
    let provider = if hello.small {
        &shared.classic
    } else {
        &shared.modern
    };
    let versions = versions(hello)?;
    let mut config = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&versions)
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(recorder.clone())
        .with_client_cert_resolver(recorder.clone());
    config.resumption = Resumption::store(recorder.clone());
    config.enable_sni = hello.send_name;
    config.alpn_protocols = hello
        .alpn
        .iter()
        .map(|name| name.clone().into_bytes())
        .collect();
    if let Some(key_log) = &shared.key_log {
        config.key_log = key_log.clone();
    }
    Ok(config)
}

fn versions(hello: &Hello) -> Result<Vec<&'static SupportedProtocolVersion>, String> {
    let minimum = hello.minimum.unwrap_or(TlsVersion::Tls12);
    let maximum = hello.maximum.unwrap_or(TlsVersion::Tls13);
    let known = [
        (TlsVersion::Tls12, &version::TLS12),
        (TlsVersion::Tls13, &version::TLS13),
    ];
    let chosen: Vec<_> = known
        .into_iter()
        .filter(|(number, _)| (minimum..=maximum).contains(number))
        .map(|(_, version)| version)
        .collect();
    if chosen.is_empty() {
        return Err(format!(
            "no version from {minimum} to {maximum} can be spoken here"
        ));
    }
    Ok(chosen)
}

async fn handshake(
    tls: &mut Tls,
    config: ClientConfig,
    hello: &Hello,
    tap: Tap,
    deadline: Instant,
) -> Option<TlsStream<Tap>> {
    let connecting = TlsConnector::from(Arc::new(config)).connect(hello.name.clone(), tap);
    match before(deadline, connecting.into_fallible()).await {
        None => {
            tls.failure = Some(TlsFailure::TimedOut);
            None
        }
        Some(Ok(stream)) => {
            tls.negotiated = negotiated(&stream);
            Some(stream)
        }
        Some(Err((error, tap))) => {
            let failure = failure::failure(&error);
            let salvaged = salvage(&failure, tap).await;
            let alert = salvaged.or_else(|| alert_in(&error));
            tls.alerts.extend(alert);
            tls.failure = Some(match (failure, alert) {
                (TlsFailure::Closed, Some(alert)) => TlsFailure::Alert(alert),
                (failure, _) => failure,
            });
            None
        }
    }
}

/// The alert that is still to be read where writing failed first.
async fn salvage(failure: &TlsFailure, mut tap: Tap) -> Option<Alert> {
    if *failure != TlsFailure::Closed {
        return None;
    }
    let mut bytes = Vec::new();
    let mut limited = (&mut tap).take(4_096);
    let _ = before(Instant::now() + SALVAGE, limited.read_to_end(&mut bytes)).await;
    hello::read(&bytes)?.alert
}

fn negotiated(stream: &TlsStream<Tap>) -> Negotiated {
    let (_, connection) = stream.get_ref();
    let kind = connection.handshake_kind();
    Negotiated {
        version: connection
            .protocol_version()
            .and_then(|version| match version {
                ProtocolVersion::TLSv1_3 => Some(TlsVersion::Tls13),
                ProtocolVersion::TLSv1_2 => Some(TlsVersion::Tls12),
                _ => None,
            }),
        suite: connection
            .negotiated_cipher_suite()
            .map(|suite| suite_text(suite.suite())),
        group: connection
            .negotiated_key_exchange_group()
            .and_then(|group| hello::group_name(u16::from(group.name())))
            .map(str::to_owned),
        alpn: connection
            .alpn_protocol()
            .map(|name| String::from_utf8_lossy(name).into_owned()),
        resumed: kind == Some(HandshakeKind::Resumed),
        hello_retry: kind == Some(HandshakeKind::FullWithHelloRetryRequest),
        signature_scheme: None,
    }
}

fn suite_text(suite: rustls::CipherSuite) -> String {
    let number = u16::from(suite);
    hello::suite_name(number).map_or_else(|| format!("{number:#06x}"), str::to_owned)
}

/// Whether the server may still refuse the client after the handshake: only TLS 1.3 does, and only
/// where it asked for a certificate.
pub(super) fn may_refuse_late(tls: &Tls) -> bool {
    tls.certificate_request.is_some() && tls.negotiated.version == Some(TlsVersion::Tls13)
}
