//! Evidence of a TLS handshake.

use std::fmt;
use std::time::Duration;

use super::{TlsVersion, Traffic};
use crate::time::Timestamp;

/// One handshake.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// The server name that was sent (SNI); none for addresses.
    pub server_name_sent: Option<String>,
    /// The name or address that the certificate was checked for.
    pub checked_name: String,
    /// Bytes of the first flight, the ClientHello.
    pub client_hello_bytes: u64,
    /// Why the handshake was not completed.
    pub failure: Option<TlsFailure>,
    /// Alerts received, in order; also after the handshake, and those salvaged from a connection
    /// whose writing side had failed.
    pub alerts: Vec<Alert>,
    /// What was agreed on; also where the handshake failed later.
    pub negotiated: Negotiated,
    /// The server's certificate, where it came.
    pub presented: Option<Presented>,
    /// The server's wish for a client certificate, where it had one.
    pub certificate_request: Option<CertificateRequest>,
    /// Which of the identities was chosen to answer it, where there are several; 0 is the first.
    pub identity: usize,
    /// TLS 1.3 session tickets received: after a client certificate was asked for, proof that it
    /// (or its absence) was accepted.
    pub tickets: usize,
    /// How long was read after the handshake, before CONNECT, for a late refusal.
    pub grace: Option<Duration>,
    /// What went over the wire, from the connection's beginning to its end.
    pub traffic: Traffic,
    /// How long the handshake took.
    pub duration: Duration,
}

impl Tls {
    /// Whether the handshake was completed (a late refusal may still have followed).
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failure.is_none()
    }

    /// Whether the certificate was accepted.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.presented.as_ref().is_some_and(|presented| {
            presented.chain_verdict.is_ok() && presented.name_verdict.is_ok()
        })
    }

    /// The last alert received, `close_notify` left aside.
    #[must_use]
    pub fn alert(&self) -> Option<Alert> {
        self.alerts.iter().rev().find(|alert| alert.0 != 0).copied()
    }
}

/// Why a handshake was not completed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsFailure {
    /// The limit of the stage passed.
    TimedOut,
    /// The peer closed or reset; [`Traffic::closed`] says how.
    Closed,
    /// The peer sent a fatal alert: the last of [`Tls::alerts`].
    Alert(Alert),
    /// certgen refused the certificate: see [`Presented`].
    CertificateRefused,
    /// What came is no TLS record: see [`Traffic::first`].
    NotTls,
    /// A handshake message is larger than 64 KiB.
    MessageTooLarge,
    /// Peer and certgen have nothing in common.
    Incompatible(Incompatible),
    /// The peer broke the protocol, in one sentence.
    Misbehaved(String),
    /// certgen could not begin, in one sentence: the host is no server name, and the like.
    Local(String),
}

/// What is not in common.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Incompatible {
    /// The versions of TLS.
    Version,
    /// The cipher suites.
    CipherSuite,
    /// The key-exchange groups.
    Group,
    /// The signature schemes.
    SignatureScheme,
    /// The ALPN protocols.
    Alpn,
    /// Something else, in one sentence.
    Other(String),
}

/// A TLS alert, by its number (RFC 8446 section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Alert(pub u8);

impl Alert {
    /// The standard's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            0 => "close_notify",
            10 => "unexpected_message",
            20 => "bad_record_mac",
            21 => "decryption_failed",
            22 => "record_overflow",
            30 => "decompression_failure",
            40 => "handshake_failure",
            41 => "no_certificate",
            42 => "bad_certificate",
            43 => "unsupported_certificate",
            44 => "certificate_revoked",
            45 => "certificate_expired",
            46 => "certificate_unknown",
            47 => "illegal_parameter",
            48 => "unknown_ca",
            49 => "access_denied",
            50 => "decode_error",
            51 => "decrypt_error",
            60 => "export_restriction",
            70 => "protocol_version",
            71 => "insufficient_security",
            80 => "internal_error",
            86 => "inappropriate_fallback",
            90 => "user_canceled",
            100 => "no_renegotiation",
            109 => "missing_extension",
            110 => "unsupported_extension",
            111 => "certificate_unobtainable",
            112 => "unrecognized_name",
            113 => "bad_certificate_status_response",
            114 => "bad_certificate_hash_value",
            115 => "unknown_psk_identity",
            116 => "certificate_required",
            120 => "no_application_protocol",
            121 => "ech_required",
            _ => "unknown alert",
        }
    }
}

impl fmt::Display for Alert {
    /// `certificate_required (116)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.0)
    }
}

/// What was agreed on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Negotiated {
    /// The version.
    pub version: Option<TlsVersion>,
    /// The cipher suite, by its standard name.
    pub suite: Option<String>,
    /// The key-exchange group, by its standard name.
    pub group: Option<String>,
    /// The ALPN protocol.
    pub alpn: Option<String>,
    /// The session was resumed.
    pub resumed: bool,
    /// The server asked for another key share (HelloRetryRequest).
    pub hello_retry: bool,
    /// The scheme with which the server signed the handshake, by its standard name.
    pub signature_scheme: Option<String>,
}

/// The server's certificate, and the verdicts on it.
#[derive(Debug, Clone)]
pub struct Presented {
    /// The chain as sent (DER), leaf first.
    pub chain: Vec<Vec<u8>>,
    /// The stapled OCSP response (DER), where there was one.
    pub ocsp: Option<Vec<u8>>,
    /// webpki's verdict on the chain, without the name.
    pub chain_verdict: Result<(), Refusal>,
    /// webpki's verdict on the name, judged even where the chain was refused.
    pub name_verdict: Result<(), Refusal>,
    /// webpki's verdict on the server's signature over the handshake, where it came to it.
    pub signature_verdict: Option<Result<(), Refusal>>,
}

impl Default for Presented {
    /// Nothing presented, nothing refused.
    fn default() -> Self {
        Self {
            chain: Vec::new(),
            ocsp: None,
            chain_verdict: Ok(()),
            name_verdict: Ok(()),
            signature_verdict: None,
        }
    }
}

/// Why webpki refuses a certificate. It reports one reason, and does not say of which certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Expired.
    Expired {
        /// The end of validity.
        not_after: Option<Timestamp>,
    },
    /// Not yet valid.
    NotYetValid {
        /// The start of validity.
        not_before: Option<Timestamp>,
    },
    /// No path to a trust anchor.
    UnknownIssuer,
    /// A signature does not verify: another key of the same name, or a key too short for webpki.
    BadSignature,
    /// The names do not cover the host.
    NotForName,
    /// The usages do not include a TLS server.
    WrongPurpose,
    /// On a revocation list.
    Revoked,
    /// No revocation list covers it.
    UnknownRevocationStatus,
    /// A revocation list is out of date.
    RevocationListExpired,
    /// Not X.509 v3.
    UnsupportedVersion,
    /// A CA certificate stands where a server certificate is expected.
    CaUsedAsEndEntity,
    /// A certificate that is no CA issued another.
    EndEntityUsedAsCa,
    /// Too many CAs below one another.
    PathLengthExceeded,
    /// A CA does not allow the name.
    NameConstraintViolated,
    /// A critical extension that webpki does not know.
    UnknownCriticalExtension,
    /// A signature algorithm, or a key for it, that is not supported.
    UnsupportedSignatureAlgorithm,
    /// The encoding is broken.
    BadEncoding,
    /// The chain asks for more work than the limits allow.
    TooComplex,
    /// No trust anchor at all.
    NoTrustAnchors,
    /// Anything else, by its name in webpki.
    Other(String),
}

/// The server's wish for a client certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateRequest {
    /// The names of the CAs it accepts (DER `Name`); often empty.
    pub ca_names: Vec<Vec<u8>>,
    /// The signature schemes it accepts, by their numbers (RFC 8446 section 4.2.3).
    pub schemes: Vec<u16>,
    /// What was sent.
    pub answer: ClientCertificate,
}

/// What was sent to a server that asked for a certificate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientCertificate {
    /// The identity's chain.
    Sent,
    /// An empty list: there is no identity.
    #[default]
    NoIdentity,
    /// An empty list: the server accepts no signature scheme of the identity's key.
    NoCommonScheme,
    /// An empty list, although there is an identity: the server's own certificate had been refused.
    Withheld,
}
